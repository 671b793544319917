import type { AnsweredRequest } from '../../../calls/calls/index.ts'
import type { GrantParts } from '../../../grants/grants/index.ts'
import type { GatheredRecords } from '../../../platform/ledger/index.ts'
import type { LiveView } from '../../../platform/revocation/index.ts'
import { type JudgedRequest, judgeIssuance } from './judge.ts'
import type { IssuanceAnswer, IssuanceRequest, IssuingAsker } from './question.ts'

/** Answers the requests of one server that asks before it issues. Takes nothing: the same question gets the same answer. */
export class IssuanceAnswerer {
  readonly #parts: GrantParts
  readonly #asker: IssuingAsker
  readonly #answered: Pick<GatheredRecords, 'append'>
  readonly #judged: { readonly request: IssuanceRequest; readonly found: JudgedRequest }[] = []

  constructor(parts: GrantParts, asker: IssuingAsker, answered: Pick<GatheredRecords, 'append'>) {
    this.#parts = parts
    this.#asker = asker
    this.#answered = answered
  }

  async answers(request: IssuanceRequest): Promise<readonly IssuanceAnswer[]> {
    const found = await judgeIssuance(this.#parts, this.#asker, request)
    this.#judged.push({ request, found })
    return found.answers
  }

  /** One record for the request, durable before anyone hears of the answers: for whom, by whom, and why not. */
  async book({ answers, id, kind, permitted, private: kept, reason }: AnsweredRequest) {
    const [first] = this.#judged
    const { parties } = first?.found ?? {}
    const reasons = first?.found.answers.map((each) => (each.permitted ? '' : each.reason))
    await this.#answered.append({
      type: 'evaluation.answered',
      decisionId: id,
      person: parties?.person.id,
      agent: parties?.agents[0]?.id,
      chain: parties?.agents.map((agent) => agent.id),
      ...(first?.request.tokenId === undefined ? {} : { tokenId: first.request.tokenId }),
      ...(reason === undefined ? {} : { reason, outcome: permitted > 0 ? 'permit' : 'deny' }),
      facts: { pep: this.#asker.pep, kind, answers, permitted, about: 'issuance' },
      private: reasons?.some((each) => each !== '')
        ? { ...kept, reasons: reasons.join(' ') }
        : kept,
    })
  }

  /** The last look, with nothing awaited after it. */
  stands(): boolean {
    const { live } = this.#parts
    return this.#rests.every((view) => live.holds(view))
  }

  /**
   * Looks again where the last look said no: a lease that ran out is no change.
   * @throws Problem `live.lease_over`, `server.clock_off`
   */
  stillStands(): Promise<boolean> {
    return this.#parts.live.stillHold(this.#rests)
  }

  /** Views of all that the permits rest on; a denial rests on nothing. */
  get #rests(): readonly LiveView[] {
    const permits = this.#judged.filter(({ found }) => found.answers.some((one) => one.permitted))
    if (permits.length === 0) return []
    return [this.#asker.view, ...permits.flatMap(({ found }) => found.views)]
  }

  async withdraw(id: AnsweredRequest['id']): Promise<void> {
    const facts = { pep: this.#asker.pep }
    await this.#answered.append({ type: 'evaluation.withdrawn', decisionId: id, facts })
  }
}
