import type { CountKey, CountState } from './budget-store.ts'
import type { BudgetedTask, Limit } from './limit.ts'
import type { LimitSubject, StandingLimit } from './standing-limit.ts'

/** One limit that a call may fall under, and where it is counted. */
export interface CountedLimit {
  readonly owner: CountKey['owner']
  readonly limit: Limit
  /** Owner of the limit: this task, one above it, or the subject of a standing limit. */
  readonly whose: 'own' | 'above' | LimitSubject
}

/** One limit that concerns the call, as it stands. */
export interface LimitView {
  readonly counted: CountedLimit
  readonly state: CountState
  readonly used: bigint
  readonly most: bigint
  /** Amount that the call takes; `undefined`: it cannot be counted. */
  readonly amount: bigint | undefined
  readonly fits: boolean
  /** Time from which on it would fit if nothing else is taken, where time helps. */
  readonly freeAt?: number | undefined
}

/**
 * Every limit that the calls of a task fall under: of its budget, of those above, and those set for its parties. `tasks`: the
 * task itself, then those above it; none where no task is open.
 */
export function limitsOver(
  tasks: readonly BudgetedTask[],
  standing: readonly StandingLimit[],
): readonly CountedLimit[] {
  const [own] = tasks
  return [
    ...tasks.flatMap(({ budget, id }) =>
      budget.map((limit) => ({
        owner: id,
        limit,
        whose: id === own?.id ? ('own' as const) : ('above' as const),
      })),
    ),
    ...standing
      .filter(({ eachTask }) => !eachTask)
      .map(({ id, limit, subject }) => ({ owner: id, limit, whose: subject })),
  ]
}

export function isStanding({ whose }: CountedLimit): boolean {
  return typeof whose !== 'string'
}
