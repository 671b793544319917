import type { Id } from '../../lib/id.ts'

/** An enforcement point: a `direct` API that asks before it runs a call. It speaks for one resource and for no agent. */
export interface Enforcer {
  readonly id: Id<'enforcer'>
  /** Catalog name. */
  readonly resource: string
  readonly createdBy: string
  readonly createdAt: number
  /** May lag by a minute. */
  readonly lastUsedAt: number | null
  readonly revokedAt: number | null
}
