import type { Detail } from '@remit/engine'
import type { Id } from '../../platform/lib/id.ts'
import { DAY, DAY_SECONDS } from '../../platform/lib/time-units.ts'
import type { Limit } from '../budgets/index.ts'
import type { Schedule } from './schedule.ts'

/**
 * Grant by which an agent opens tasks while no person is present (contract 5.2). Its sponsor answers
 * for them: the sponsor's own authority is the person gate of every call. Times are epoch
 * milliseconds.
 */
export interface SponsorGrant {
  readonly id: Id<'sponsor_grant'>
  readonly agentId: string
  /** The sponsor, who gave it. */
  readonly personId: Id<'person'>
  /** Purpose of every task under it. */
  readonly purpose: string
  /** The most a task may do. */
  readonly details: readonly Detail[]
  /** The most a task may hand on; `null`: what it was granted, within the agent's own list. */
  readonly mayDelegate: readonly Detail[] | null
  /** Limits of each task. */
  readonly budget: readonly Limit[]
  /** Times at which tasks may be opened; `null`: at any time. */
  readonly schedule: Schedule | null
  readonly rate: Rate | null
  readonly createdAt: number
  readonly expiresAt: number
  readonly endedAt: number | null
}

/** At most so many tasks opened within so many seconds, the last of them included. */
export interface Rate {
  readonly tasks: number
  readonly seconds: number
}

/** An end is required, and not further away than this. */
export const MAX_GRANT = 366 * DAY
export const RATE_LIMITS = { tasks: 10_000, seconds: 31 * DAY_SECONDS } as const

export function grantInForce(grant: SponsorGrant, now: number): boolean {
  return grant.endedAt === null && grant.expiresAt > now
}
