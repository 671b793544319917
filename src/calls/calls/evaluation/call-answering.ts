import { returnSteps, USE_GUARD, useSteps } from '../../../approvals/approvals/index.ts'
import type { GatheredRecords, LedgerEvent } from '../../../platform/ledger/index.ts'
import type { CallParts } from '../parts.ts'
import { bookingOf } from '../refuse.ts'
import { bookkeepingFor, isStranger } from '../refused-caller.ts'
import type { AnsweredRequest } from './answered-request.ts'
import { evaluateCall, identifyCase } from './evaluate-call.ts'
import { type ConsumedApproval, deniedBecause, type WeighedAnswer } from './evaluation-answer.ts'
import type { EvaluationDenial } from './people-desk.ts'
import type { Asker, CallQuestion, EvaluatedCall, ReevaluationDenial } from './question.ts'

/** Looks at all permits of a request, before the answer is that too much changed. */
const MAX_LOOKS = 3

/** Answers the questions of one request about calls. */
export class CallAnswerer {
  readonly #parts: CallParts
  readonly #asker: Asker
  readonly #answered: Pick<GatheredRecords, 'append'>
  readonly #permits: WeighedAnswer[] = []
  #used: ConsumedApproval | undefined
  readonly #weighed = new Map<EvaluatedCall, WeighedAnswer>()

  constructor(parts: CallParts, asker: Asker, answered: Pick<GatheredRecords, 'append'>) {
    this.#parts = parts
    this.#answered = answered
    this.#asker = asker
  }

  async answer(question: CallQuestion): Promise<EvaluatedCall> {
    const weighed = await evaluateCall(this.#parts, this.#asker, question)
    if (weighed.finding.outcome === 'permit') this.#permits.push(weighed)
    return this.#told(weighed)
  }

  /**
   * Answers why the caller of a question is not known, which is told before the faults of the call
   * itself; `undefined` when it is about one.
   */
  async unidentified(question: CallQuestion): Promise<EvaluatedCall | undefined> {
    const asked = await identifyCase(this.#parts, this.#asker, question)
    return 'finding' in asked ? this.#told(asked) : undefined
  }

  #told(weighed: WeighedAnswer): EvaluatedCall {
    const { each, finding, obligations, offer, unhelped, word } = weighed
    const answer: EvaluatedCall = {
      outcome: finding.outcome,
      reason: finding.reason,
      detail: finding.detail,
      enough: finding.enough,
      obligations,
      stepUp: finding.gates.find(({ reason }) => reason === finding.reason)?.stepUp,
      ask: finding.ask,
      taskId: each.who.known ? each.who.held.task.id : undefined,
      requestableUntil: offer?.expiresAt,
      approval: word && { id: word.id, until: word.until },
      unhelped,
    }
    this.#weighed.set(answer, weighed)
    return answer
  }

  /**
   * One record for the request. A single answer that the gates gave is a decision of its own, which can be explained; of several,
   * and of a question that no gate saw, the record is all there is. An approval that the answer rests on is used up with it: where
   * another one was first, the answer is the one that comes back.
   */
  async book(
    answered: AnsweredRequest,
    single?: EvaluatedCall,
  ): Promise<EvaluatedCall | undefined> {
    const weighed = single && this.#weighed.get(single)
    if (!weighed) {
      await this.#answered.append(this.#recordOf(answered))
      return undefined
    }
    const { offer, word } = weighed
    const { live, storage } = this.#parts
    const each = { ...weighed.each, id: answered.id }
    // The caller is unknown, and their words do not go into the books.
    if (
      isStranger(each) &&
      bookkeepingFor(this.#parts, each, weighed.finding.reason).as === 'stranger'
    )
      return undefined
    const booking = bookingOf(this.#parts, each, weighed.finding)
    const done = await live.commit(storage, [
      // INVARIANT: one approval, one permit, however often the question is repeated, and by any caller.
      ...(word ? useSteps(this.#parts, word.request, answered.id) : []),
      ...booking.steps,
      ...(offer ? [this.#asker.desk.offerStep(offerOf(offer, answered.id))] : []),
    ])
    if (!done.committed && done.failed === USE_GUARD) {
      this.#permits.length = 0
      const gone = this.#told({ ...deniedBecause(each, { ...USED, gates: [] }), unhelped: OVER })
      await this.book({ ...answered, permitted: 0, reason: gone.reason }, gone)
      return gone
    }
    if (!done.committed) throw done.failed.problem()
    booking.done()
    if (word) this.#used = word
    return undefined
  }

  /** The last look, with nothing awaited after it. */
  stands(): boolean {
    return this.#permits.every((permit) => permit.stands())
  }

  /** Looks again where the last look said no. INVARIANT: when it says true, nothing was awaited since the check. */
  async stillStands(): Promise<boolean> {
    for (let looks = 0; looks < MAX_LOOKS; looks++) {
      for (const permit of this.#permits) if (!(await permit.stillStands())) return false
      if (this.stands()) return true
    }
    return false
  }

  async withdraw(id: AnsweredRequest['id']): Promise<void> {
    const facts = { pep: this.#asker.pep }
    const withdrawn = { type: 'evaluation.withdrawn', decisionId: id, facts }
    // The permit was not told, so the approval that it used comes back; unless that ended meanwhile.
    const returned = this.#used && returnSteps(this.#parts, this.#used.request, id)
    if (!returned) return this.#answered.append(withdrawn)
    const { ledger, storage } = this.#parts
    const done = await storage.commit([ledger.appendStep(withdrawn), ...returned])
    if (!done.committed) await this.#answered.append(withdrawn)
  }

  #recordOf({ answers, id, kind, permitted, private: kept, reason }: AnsweredRequest): LedgerEvent {
    return {
      type: 'evaluation.answered',
      decisionId: id,
      ...(reason === undefined ? {} : { reason, outcome: permitted > 0 ? 'permit' : 'deny' }),
      facts: { pep: this.#asker.pep, kind, answers, permitted },
      private: kept,
    }
  }
}

/** The request is made by the decision that people were asked about: as it is in the books. */
function offerOf(
  { question, ...rest }: Omit<EvaluationDenial, 'id'>,
  id: AnsweredRequest['id'],
): EvaluationDenial {
  return { ...rest, id, question: { ...question, decisionId: id } }
}

const USED = {
  reason: 'approval.used',
  detail: 'another evaluation used the approval at the same time',
  enough: 'a new access request',
} as const
const OVER: ReevaluationDenial = { reason: 'approval_expired', next: 'none' }
