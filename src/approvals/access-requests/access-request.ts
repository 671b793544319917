import type { ArgumentKind, Ask, Risk } from '@remit/engine'
import type { Id } from '../../platform/lib/id.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'

/**
 * One argument of a call as an allowance speaks of it: a single value, a whole list, or an object that holds
 * nothing. `text` is the value as it was sent; of lists and empty objects their canonical JSON.
 */
export type Leaf = {
  /** JSON Pointer into the typed arguments. */
  readonly path: string
  readonly kind: ArgumentKind | 'list' | 'object'
  readonly text: string
}

/** Every state but `pending` is reached once and never left, except that a deny still ends an approval not yet used. */
export type RequestState = 'pending' | 'approved' | 'denied' | 'expired' | 'cancelled'

/** One call that people are asked about. Everything but its answer is frozen when it is made. */
export interface AccessRequest {
  readonly id: Id<'request'>
  readonly taskId: Id<'task'>
  /** On whose behalf the call is made. */
  readonly personId: Id<'person'>
  /** Person who asked in the conversation, where that is another person. */
  readonly requesterId?: string
  readonly agentId: string
  /** Catalog names. */
  readonly resource: string
  readonly action: string
  readonly callHash: string
  /** The frozen call, RFC 8785: `frozenText`. */
  readonly call: string
  /** The sentence, rendered by Remit from the typed arguments. */
  readonly text: string
  readonly templateDigest: string
  readonly ask: Ask
  /** The task's: no approval outlives it. Epoch milliseconds, as all times here. */
  readonly deadline: number
  /** Every argument of the call, where all of it has a type: what an allowance can speak of. */
  readonly inspected: readonly Leaf[] | null
  /** True when no person is present: `personId` is the sponsor. */
  readonly sponsored: boolean
  readonly policyVersion: number
  readonly risk: Risk
  readonly nonce: string
  /** The decision that asked. */
  readonly decisionId: Id<'decision'>
  readonly state: RequestState
  /** Reason for which it was denied (a person's words) or cancelled (a code). */
  readonly reason: string | null
  readonly createdAt: number
  /** Time when waiting for an answer ends; that denies. */
  readonly expiresAt: number
  readonly answeredAt: number | null
  readonly answerHash: string | null
  /**
   * Number of executions that are left: 1 after approval, 0 after use, and after an allowance,
   * which counts for itself.
   */
  readonly usesLeft: number
  /** The decision that used it. */
  readonly usedBy: Id<'decision'> | null
  readonly usableUntil: number | null
  /** Request that an approver answered with a changed call, which is this one. */
  readonly editedFrom?: Id<'request'> | undefined
  /** Request with the call as an approver changed it; this one was denied by that. */
  readonly editedTo?: Id<'request'> | undefined
}

/** Times that people have to answer, by risk class. */
export const WAITS: Readonly<Record<Risk, number>> = {
  low: 60 * MINUTE,
  medium: 60 * MINUTE,
  high: 60 * MINUTE,
  critical: 15 * MINUTE,
}
/**
 * Numbers of questions that may wait at once; a further one is denied without asking anyone.
 * `agentAndApprover`: of one agent for one name of a rule, a group or a person. The places of an agent are
 * shared among the people for whom it asks (`hasRoom`).
 */
export const MAX_PENDING = { task: 10, agent: 100, agentAndApprover: 50 } as const
/** After a person denied a call, the same call asks no one for this long. */
export const QUIET_AFTER_DENIAL = 10 * MINUTE
