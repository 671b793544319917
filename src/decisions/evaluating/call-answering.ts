import type { GatheredRecords, LedgerEvent } from '../../ledger/index.ts'
import type { AnsweredRequest } from '../../policy/index.ts'
import type { DecisionParts } from '../parts.ts'
import { bookingOf } from '../refuse.ts'
import { evaluateCall, type Weighed } from './evaluate-call.ts'
import type { Asker, CallQuestion, EvaluatedCall } from './question.ts'

/** Answers the questions of one request about calls. */
export class CallAnswering {
  readonly #parts: DecisionParts
  readonly #asker: Asker
  readonly #answered: Pick<GatheredRecords, 'append'>
  readonly #permits: Weighed[] = []
  readonly #weighed = new WeakMap<EvaluatedCall, Weighed>()

  constructor(parts: DecisionParts, asker: Asker, answered: Pick<GatheredRecords, 'append'>) {
    this.#parts = parts
    this.#answered = answered
    this.#asker = asker
  }

  async answer(question: CallQuestion): Promise<EvaluatedCall> {
    const weighed = await evaluateCall(this.#parts, this.#asker, question)
    const { each, finding, obligations } = weighed
    if (finding.outcome === 'permit') this.#permits.push(weighed)
    const answer: EvaluatedCall = {
      outcome: finding.outcome,
      reason: finding.reason,
      detail: finding.detail,
      enough: finding.enough,
      obligations,
      stepUp: finding.gates.find(({ reason }) => reason === finding.reason)?.stepUp,
      ask: finding.ask,
      taskId: each.who.known ? each.who.held.task.id : undefined,
    }
    this.#weighed.set(answer, weighed)
    return answer
  }

  /**
   * One record for the request. A single answer that the gates gave is a decision of its own, which can be explained; of several,
   * and of a question that no gate saw, the record is all there is.
   */
  async book(answered: AnsweredRequest, single?: EvaluatedCall): Promise<void> {
    const weighed = single && this.#weighed.get(single)
    if (!weighed) return this.#answered.append(this.#recordOf(answered))
    const each = { ...weighed.each, id: answered.id }
    const booking = bookingOf(this.#parts, each, weighed.finding)
    const done = await this.#parts.storage.commit(booking.steps)
    if (!done.committed) throw new Error(`an answer could not be recorded: ${done.failed}`)
    booking.done()
  }

  /** The last look, with nothing awaited after it. */
  stands(): boolean {
    return this.#permits.every((permit) => permit.stands())
  }

  async withdraw(id: AnsweredRequest['id']): Promise<void> {
    const facts = { pep: this.#asker.pep }
    await this.#answered.append({ type: 'evaluation.withdrawn', decisionId: id, facts })
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
