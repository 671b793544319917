import { countsOf } from '../budget/budget-store.ts'
import { type LimitUse, useOf } from '../budget/show-budget.ts'
import type { TaskParts } from '../parts.ts'
import { allLimits, limitsOn } from './limit-store.ts'
import type { LimitSubject, StandingLimit } from './standing-limit.ts'

/** A standing limit and how it stands; one of each task is counted there. */
export interface ShownLimit {
  readonly standing: StandingLimit
  readonly use: LimitUse | undefined
}

/** Up to so many, of everyone or of one kind or one subject, with what is used of each. */
export async function showLimits(
  parts: Pick<TaskParts, 'storage' | 'clock'>,
  filter: { readonly subject?: Partial<LimitSubject>; readonly most: number },
): Promise<ShownLimit[]> {
  return shown(parts, await allLimits(parts.storage.read, filter))
}

/** Those that any of these fall under. */
export async function showLimitsOn(
  parts: Pick<TaskParts, 'storage' | 'clock'>,
  subjects: readonly LimitSubject[],
): Promise<ShownLimit[]> {
  return shown(parts, await limitsOn(parts.storage.read, subjects))
}

async function shown(
  { clock, storage }: Pick<TaskParts, 'storage' | 'clock'>,
  limits: readonly StandingLimit[],
): Promise<ShownLimit[]> {
  const counted = limits.filter(({ eachTask }) => !eachTask).map(({ id }) => id)
  const states = await countsOf(storage.read, counted, clock.now())
  return limits.map((standing) => {
    const { eachTask, id, limit } = standing
    const isCounted = !eachTask && states.some(({ owner }) => owner === id)
    return { standing, use: isCounted ? useOf(limit, id, states) : undefined }
  })
}
