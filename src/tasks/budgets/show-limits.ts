import { countsOf } from './budget-store.ts'
import type { BudgetParts } from './limit.ts'
import { allLimits, limitsOn } from './limit-store.ts'
import { type LimitUse, useOf } from './show-budget.ts'
import { type LimitSubject, type StandingLimit, subjectsOf } from './standing-limit.ts'

/** A standing limit and how it stands; one of each task is counted there. */
export interface ShownLimit {
  readonly standing: StandingLimit
  readonly use: LimitUse | undefined
}

/** Up to so many, of everyone or of one kind or one subject, with the used amount of each. */
export async function showLimits(
  parts: Pick<BudgetParts, 'storage' | 'clock'>,
  filter: { readonly subject?: Partial<LimitSubject>; readonly most: number },
): Promise<ShownLimit[]> {
  return limitsWithUse(parts, await allLimits(parts.storage.read, filter))
}

/**
 * Lists the limits that the calls of a task fall under, as far as they are the viewer's to see: all
 * for administrators, for others their own. Limits of each task are in its budget.
 */
export async function showLimitsOver(
  parts: Pick<BudgetParts, 'storage' | 'clock'>,
  task: Parameters<typeof subjectsOf>[0],
  viewer: { readonly personId: string; readonly administrator: boolean },
): Promise<ShownLimit[]> {
  const subjects = subjectsOf(task).filter(
    ({ id, kind }) => viewer.administrator || (kind === 'person' && id === viewer.personId),
  )
  const limits = await limitsOn(parts.storage.read, subjects)
  return limitsWithUse(
    parts,
    limits.filter(({ eachTask }) => !eachTask),
  )
}

async function limitsWithUse(
  { clock, storage }: Pick<BudgetParts, 'storage' | 'clock'>,
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
