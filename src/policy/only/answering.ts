import type { GatheredRecords } from '../../ledger/index.ts'
import type { Canonical } from '../../lib/canonical-json.ts'
import type { Id } from '../../lib/id.ts'
import type { Live, LiveView } from '../../live/index.ts'
import type { KnownPep } from '../peps/identify-pep.ts'
import type { LoadedOnlySet, OnlyAnswer, OnlyQuestion } from './loaded-set.ts'
import type { OnlySets } from './only-sets.ts'

export interface OnlyAnsweringParts {
  readonly answered: Pick<GatheredRecords, 'append'>
  readonly live: Pick<Live, 'holds'>
  readonly onlySets: Pick<OnlySets, 'current'>
}

/** What the books say of one request of an enforcement point, however many answers it got. */
export interface AnsweredRequest {
  readonly id: Id<'decision'>
  /** `evaluation`, `evaluations`, `search.subject` … */
  readonly kind: string
  /** Of a single one. */
  readonly reason?: string | undefined
  readonly answers: number
  readonly permitted: number
  /** Kept behind commitments: what was asked, or its digest, and what was answered. */
  readonly private: Readonly<Record<string, Canonical | undefined>>
}

const SUSPENDED: OnlyAnswer = {
  permitted: false,
  reason: 'organization.suspended',
  policies: [],
}

/** Answers the questions of one request by a policy-only set, all by the same version. */
export class OnlyAnswering {
  readonly set: LoadedOnlySet
  readonly #parts: OnlyAnsweringParts
  readonly #known: KnownPep
  readonly #view: LiveView
  readonly #suspended: boolean

  private constructor(
    parts: OnlyAnsweringParts,
    known: KnownPep,
    current: { readonly set: LoadedOnlySet; readonly view: LiveView },
  ) {
    this.#parts = parts
    this.#known = known
    this.set = current.set
    this.#view = current.view
    this.#suspended = known.view.dead.length > 0
  }

  /** @throws Problem `policy_set.unknown` */
  static async open(parts: OnlyAnsweringParts, known: KnownPep): Promise<OnlyAnswering> {
    const { policySet } = known.pep
    if (policySet === null) throw new Error('the enforcement point names no policy set')
    return new OnlyAnswering(parts, known, await parts.onlySets.current(policySet))
  }

  /** @throws Problem `evaluation.does_not_fit` */
  answer(question: OnlyQuestion): OnlyAnswer {
    if (this.#suspended) return SUSPENDED
    return this.set.evaluate(question, this.#known.pep.properties)
  }

  /** One record for the whole request, durable before anyone hears of the answers. */
  async book(answered: AnsweredRequest): Promise<void> {
    const { answers, id, kind, permitted, reason } = answered
    await this.#parts.answered.append({
      type: 'evaluation.answered',
      decisionId: id,
      ...(reason === undefined ? {} : { reason, outcome: permitted > 0 ? 'permit' : 'deny' }),
      facts: {
        pep: this.#known.pep.name,
        set: this.set.name,
        set_version: this.set.version,
        kind,
        answers,
        permitted,
      },
      private: answered.private,
    })
  }

  /** The last look, with nothing awaited after it. A suspended organization permits nothing, and says so. */
  stands(): boolean {
    const { live } = this.#parts
    return this.#suspended || (live.holds(this.#known.view) && live.holds(this.#view))
  }

  /** The answers of a request were not given after all: something changed meanwhile. */
  async withdraw(id: Id<'decision'>): Promise<void> {
    const facts = { pep: this.#known.pep.name }
    await this.#parts.answered.append({ type: 'evaluation.withdrawn', decisionId: id, facts })
  }
}
