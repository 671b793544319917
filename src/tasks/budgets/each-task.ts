import { mostOf } from './amount.ts'
import type { Limit } from './limit.ts'
import type { StandingLimit } from './standing-limit.ts'

/**
 * The budget that a task opens with: the requested one, and the limits for each task of its parties. Where
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
