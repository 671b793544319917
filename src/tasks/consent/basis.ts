import { callsIn, type Detail, delegatesIn, intersect, type KindOf } from '@remit/engine'
import type { Id } from '../../platform/lib/id.ts'

export type BasisKind = 'consent' | 'admin'

/**
 * Basis on which this agent may act for this person, and its bounds. Times are epoch milliseconds.
 */
export interface Basis {
  readonly id: Id<'basis'>
  readonly personId: Id<'person'>
  readonly agentId: string
  readonly kind: BasisKind
  /**
   * Details that may be done (`remit_call`) and handed on (`remit_delegate`). Neither is a basis
   * for the other.
   */
  readonly details: readonly Detail[]
  /** The person himself, or the administrator. */
  readonly grantedBy: string
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly endedAt: number | null
}

export function inForce(basis: Basis, now: number): boolean {
  return basis.endedAt === null && (basis.expiresAt === null || basis.expiresAt > now)
}

/** Lists that all have to cover the granted details: to do, and to hand on. */
export interface BasisLimits {
  readonly calls: readonly (readonly Detail[])[]
  readonly delegates: readonly (readonly Detail[])[]
}

/**
 * The bases as limits of the algebra. What a person consented to at different times adds up, and so does what
 * administrators granted; where there is both, both must allow it (contract 2: every basis).
 *
 * INVARIANT: a basis for doing something is none for handing it on, and the other way round (contract 12.8).
 */
export function basisLimits(bases: readonly Basis[]): BasisLimits {
  const lists = (['consent', 'admin'] as const)
    .map((kind) => bases.filter((basis) => basis.kind === kind))
    .filter((ofKind) => ofKind.length > 0)
    .map((ofKind) => ofKind.flatMap(({ details }) => details))
  return limitsOfLists(lists)
}

/** Lists that hold both types, as limits of each. */
export function limitsOfLists(lists: readonly (readonly Detail[])[]): BasisLimits {
  return { calls: lists.map(callsIn), delegates: lists.map(delegatesIn) }
}

/** All of these limits at once. */
export function joinLimits(...limits: readonly BasisLimits[]): BasisLimits {
  return {
    calls: limits.flatMap(({ calls }) => calls),
    delegates: limits.flatMap(({ delegates }) => delegates),
  }
}

/** Lists the bases that anything of it comes from: when one of them ends, so does the task. */
export function standsOn(
  { details, mayDelegate }: Readonly<Record<'details' | 'mayDelegate', readonly Detail[]>>,
  bases: readonly Basis[],
  kindOf: KindOf,
): Basis[] {
  return bases.filter(
    (basis) =>
      intersect(details, callsIn(basis.details), kindOf).length > 0 ||
      intersect(mayDelegate, delegatesIn(basis.details), kindOf).length > 0,
  )
}
