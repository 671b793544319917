import type { KindOf } from './arguments.ts'
import type { Detail } from './detail.ts'
import { intersect } from './intersect.ts'

/** Limits that a request is cut down to. */
export interface GrantLimits {
  /** The most the agent may ever be given. Absent: nothing is granted. */
  readonly ceiling: readonly Detail[] | undefined
  /** Every basis on which the agent may act for this person. None: nothing is granted. */
  readonly bases: readonly (readonly Detail[])[]
  /** Absent: the task is in no space, which restricts nothing. */
  readonly space?: readonly Detail[] | undefined
  /** The parent task's may-delegate list. Absent: the task has no parent, which restricts nothing. */
  readonly parent?: readonly Detail[] | undefined
}

/**
 * Granted = requested ∩ ceiling ∩ space ∩ parent ∩ every basis (contract 2).
 * INVARIANT: every call that the result covers is covered by each of these lists.
 */
export function granted(
  requested: readonly Detail[],
  { ceiling, bases, space, parent }: GrantLimits,
  kindOf: KindOf,
): Detail[] {
  if (!ceiling || bases.length === 0) return []
  const limits = [ceiling, space, parent, ...bases].filter((limit) => limit !== undefined)
  return limits.reduce<Detail[]>((left, limit) => intersect(left, limit, kindOf), [...requested])
}
