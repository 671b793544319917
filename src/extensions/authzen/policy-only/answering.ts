import type { AnsweredRequest } from '../../../calls/calls/index.ts'
import type { KnownClient } from '../../../identity/machine-clients/index.ts'
import type { GatheredRecords } from '../../../platform/ledger/index.ts'
import type { Id } from '../../../platform/lib/id.ts'
import type { Live, LiveView } from '../../../platform/revocation/index.ts'
import type { LoadedOnlySet, OnlyAnswer, PolicyOnlyQuestion } from './loaded-set.ts'
import type { CurrentSet, OnlySets } from './only-sets.ts'

export interface OnlyAnsweringParts {
  readonly answered: Pick<GatheredRecords, 'append' | 'appendAnswer'>
  readonly live: Pick<Live, 'holds' | 'stillHold'>
  readonly onlySets: Pick<OnlySets, 'atHand' | 'current'>
}

const ANSWERED = 'evaluation.answered'
const SUSPENDED: OnlyAnswer = {
  permitted: false,
  reason: 'organization.suspended',
  policies: [],
}

/** Answers the questions of one request by a policy-only set, all by the same version. */
export class OnlyAnswerer {
  readonly set: LoadedOnlySet
  readonly #parts: OnlyAnsweringParts
  readonly #known: KnownClient<'pep'>
  readonly #view: LiveView
  readonly #suspended: boolean

  private constructor(parts: OnlyAnsweringParts, known: KnownClient<'pep'>, current: CurrentSet) {
    this.#parts = parts
    this.#known = known
    this.set = current.set
    this.#view = current.view
    this.#suspended = known.view.dead.length > 0
  }

  /** Opens without waiting where nothing has to be read. @throws Problem `policy_set.unknown` */
  static open(
    parts: OnlyAnsweringParts,
    known: KnownClient<'pep'>,
  ): OnlyAnswerer | Promise<OnlyAnswerer> {
    const { policySet } = known.client.settings
    if (policySet === null) throw new Error('the enforcement point names no policy set')
    const current = parts.onlySets.atHand(policySet)
    if (current) return new OnlyAnswerer(parts, known, current)
    return parts.onlySets.current(policySet).then((read) => new OnlyAnswerer(parts, known, read))
  }

  /** @throws Problem `evaluation.does_not_fit` */
  answer(question: PolicyOnlyQuestion): OnlyAnswer {
    if (this.#suspended) return SUSPENDED
    return this.set.evaluate(question, this.#known.client.settings.properties)
  }

  /**
   * Books the answers before anyone hears of them: a request with several in a record of its own, a
   * single answer in one with others that this enforcement point got in the same moment, by the
   * same version.
   */
  book(answered: AnsweredRequest): Promise<undefined> {
    const { answers, id, kind, permitted, private: kept, reason } = answered
    const facts = { ...this.#facts, kind }
    if (reason === undefined) {
      const event = { type: ANSWERED, decisionId: id, private: kept }
      return this.#parts.answered.append({ ...event, facts: { ...facts, answers, permitted } })
    }
    const { pep, set, set_version } = facts
    const mark = `${kind} ${pep} ${set} ${set_version}`
    const answer = { decisionId: id, permitted: permitted > 0, reason, private: kept }
    return this.#parts.answered.appendAnswer({ mark, type: ANSWERED, facts }, answer)
  }

  get #facts() {
    const { name, version } = this.set
    return { pep: this.#known.client.id, set: name, set_version: version }
  }

  /** The last look, with nothing awaited after it. A suspended organization permits nothing, and says so. */
  stands(): boolean {
    const { live } = this.#parts
    return this.#suspended || (live.holds(this.#known.view) && live.holds(this.#view))
  }

  /**
   * Looks again where the last look said no: a lease that ran out is no change.
   * @throws Problem `live.lease_over`, `server.clock_off`
   */
  async stillStands(): Promise<boolean> {
    return this.#suspended || this.#parts.live.stillHold([this.#known.view, this.#view])
  }

  /** The answers of a request were not given after all: something changed meanwhile. */
  async withdraw(id: Id<'decision'>): Promise<void> {
    const facts = { pep: this.#known.client.id }
    await this.#parts.answered.append({ type: 'evaluation.withdrawn', decisionId: id, facts })
  }
}
