import type { Detail } from '@remit/engine'
import type { Id } from '../lib/id.ts'

export type BasisKind = 'consent' | 'admin'

/** Why this agent may act for this person, and within what. Times are epoch milliseconds. */
export interface Basis {
  readonly id: Id<'basis'>
  readonly personId: Id<'person'>
  readonly agentId: string
  readonly kind: BasisKind
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

/**
 * The bases as limits of the algebra. What a person consented to at different times adds up, and so does what
 * administrators granted; where there is both, both must allow it (contract 2: every basis).
 */
export function basisLimits(bases: readonly Basis[]): Detail[][] {
  return (['consent', 'admin'] as const)
    .map((kind) => bases.filter((basis) => basis.kind === kind))
    .filter((ofKind) => ofKind.length > 0)
    .map((ofKind) => ofKind.flatMap(({ details }) => details))
}
