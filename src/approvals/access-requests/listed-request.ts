import type { AccessRequest } from './access-request.ts'

/** Length of a sentence in a list. */
export const MAX_LISTED_TEXT = 300

/**
 * A request as lists, sweeps and endings have it. INVARIANT: nothing in it grows with what the agent sent: the call and its
 * arguments stay where they are.
 */
export type ListedRequest = Pick<
  AccessRequest,
  | 'id'
  | 'taskId'
  | 'personId'
  | 'agentId'
  | 'resource'
  | 'action'
  | 'callHash'
  | 'policyVersion'
  | 'risk'
  | 'decisionId'
  | 'state'
  | 'reason'
  | 'createdAt'
  | 'expiresAt'
  | 'usesLeft'
  | 'usedBy'
  | 'usableUntil'
> & {
  /** The sentence, cut to `MAX_LISTED_TEXT` characters. */
  readonly text: string
  /** Person in whose place the owner of this list would answer it. */
  readonly standsInFor?: string
}
