import { mostOf } from './amount.ts'
import type { Limit } from './limit.ts'
import type { StandingLimit } from './standing-limit.ts'

/**
 * The budget that a task opens with: what was asked for, and what each task of those who take part in it is limited to. Where
 * both limit the same, the smaller counts.
 */
export function budgetWithin(
  asked: readonly Limit[],
  standing: readonly StandingLimit[],
): readonly Limit[] {
  const byName = new Map(asked.map((limit) => [limit.name, limit]))
  for (const { eachTask, limit } of standing) {
    if (!eachTask) continue
    const known = byName.get(limit.name)
    if (!known || mostOf(limit) < mostOf(known)) byName.set(limit.name, limit)
  }
  return [...byName.values()]
}
