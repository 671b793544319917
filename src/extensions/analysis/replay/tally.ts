import type { DecisionDifference, DifferenceCause, DifferenceKind } from './differ.ts'

/** Differences of one kind, of one agent and action, by the same rules. */
export interface DifferenceGroup {
  readonly kind: DifferenceKind
  readonly agent: string
  readonly action: string
  readonly rules: readonly string[]
  readonly because: DifferenceCause
  readonly count: number
  /** Ids of decisions. */
  readonly samples: readonly string[]
}

export interface DifferingDecision {
  readonly id: string
  readonly agentId: string | null
  readonly action: string | null
}

const MAX_GROUPS = 1_000
const MAX_SAMPLES = 5

/** Differences, counted in groups, in bounded memory. */
export class Tally {
  readonly #groups = new Map<string, { of: DifferenceGroup; count: number; samples: string[] }>()
  readonly #counts = { denied: 0, permitted: 0, asks: 0 }
  #ungrouped = 0

  add({ action, agentId, id }: DifferingDecision, difference: DecisionDifference): void {
    const { because, kind, rules } = difference
    this.#counts[kind]++
    const key = JSON.stringify([kind, agentId, action, because, rules])
    const known = this.#groups.get(key)
    if (known) {
      known.count++
      if (known.samples.length < MAX_SAMPLES) known.samples.push(id)
    } else if (this.#groups.size < MAX_GROUPS) {
      const of = { kind, agent: agentId ?? '', action: action ?? '', rules, because }
      this.#groups.set(key, { of: { ...of, count: 1, samples: [] }, count: 1, samples: [id] })
    } else this.#ungrouped++
  }

  get counts(): Readonly<Record<DifferenceKind, number>> {
    return { ...this.#counts }
  }

  /** Count of differences beyond as many groups as are kept: counted, and in none of them. */
  get ungrouped(): number {
    return this.#ungrouped
  }

  get size(): number {
    return this.#groups.size
  }

  /** The largest first. */
  groups(): readonly DifferenceGroup[] {
    return Array.from(this.#groups.values(), ({ count, of, samples }) => ({
      ...of,
      count,
      samples: [...samples],
    })).toSorted((a, b) => b.count - a.count || (replayGroupKey(a) < replayGroupKey(b) ? -1 : 1))
  }
}

function replayGroupKey({ action, agent, kind, rules }: DifferenceGroup): string {
  return [kind, agent, action, ...rules].join(' ')
}
