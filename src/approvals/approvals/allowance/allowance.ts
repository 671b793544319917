import type { Ask } from '@remit/engine'
import type { Id } from '../../../platform/lib/id.ts'
import { DAY_SECONDS, MINUTE_SECONDS } from '../../../platform/lib/time-units.ts'
import type { Pattern } from './pattern.ts'

export const ALLOWANCE_LIMITS = {
  uses: { least: 2, most: 50 },
  /** Seconds. */
  life: { least: MINUTE_SECONDS, most: 7 * DAY_SECONDS },
} as const

/** Choice of an approver beyond *once*. Plain data: it is hashed, stored and shown. */
export type Choice = {
  /** Tie to this task only, or to every task of this agent on behalf of this person. */
  readonly tie: 'task' | 'agent'
  /** `null`: as often as needed. */
  readonly uses: number | null
  /** From the answer on; `null`: until the task ends. */
  readonly lifeSeconds: number | null
  readonly pattern: Pattern
}

/**
 * Answer of people that counts for more than one call (contract 1): so many times, or as often as needed, for calls that are in its pattern, until it
 * ends. It answers for exactly the policies that asked when it was given, and for one action as that was described and
 * reached then. Times are epoch milliseconds.
 */
export interface Allowance {
  readonly id: Id<'allowance'>
  /** The request whose answer it was. Its approvers are those who gave it. */
  readonly requestId: Id<'request'>
  /** The task it is tied to; `null`: to agent and person, across tasks. */
  readonly taskId: Id<'task'> | null
  readonly agentId: string
  readonly personId: Id<'person'>
  /** All agents behind the call, the current one first: another line of agents is another call. */
  readonly chain: readonly string[]
  /** True when no person was present: `personId` is the sponsor. */
  readonly sponsored: boolean
  /** Catalog names. */
  readonly resource: string
  readonly upstream: string
  readonly action: string
  /** Digest of the action's definition. */
  readonly definition: string
  readonly pattern: Pattern
  readonly ask: Ask
  /** Calls that it is for, as people read it. */
  readonly text: string
  /** `null`: as often as needed. */
  readonly uses: number | null
  readonly usesLeft: number | null
  readonly createdAt: number
  readonly expiresAt: number
  readonly lastUsedAt: number | null
  readonly endedAt: number | null
  /** A person's id, or a code. */
  readonly endedBy: string | null
}

/** Tells whether it could be used now, by its own fields alone. */
export function isInForce(allowance: Allowance, now: number): boolean {
  const { endedAt, expiresAt, usesLeft } = allowance
  return endedAt === null && expiresAt > now && (usesLeft === null || usesLeft > 0)
}
