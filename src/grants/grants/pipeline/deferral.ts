import type { Id } from '../../../platform/lib/id.ts'
import { MINUTE } from '../../../platform/lib/time-units.ts'

/**
 * Protocol by which the agent waits. `deferred`: a token request that it allowed to be deferred
 * (Deferred Token Response). `ciba`: it asked the person itself (OpenID CIBA). `device`: a person
 * types a code (RFC 8628).
 */
export type Flow = 'deferred' | 'ciba' | 'device'

export type DeferralState = 'pending' | 'redeemed' | 'cancelled'

/**
 * A token request that people have to answer first. It gives nothing: when the answer is there, the request is judged again, as
 * everything is then, and opens one task at most. Times are epoch milliseconds.
 */
export interface Deferral {
  /** Digest of the code that the agent asks with. */
  readonly digest: string
  readonly flow: Flow
  readonly agentId: string
  /** The key of the task that it opens, and the only one that may ask; `null` until the agent first asks. */
  readonly thumbprint: string | null
  /** `null` until the user code is typed. */
  readonly personId: Id<'person'> | null
  /** The question that it waits for. */
  readonly consentId: Id<'consent'> | null
  /** Request as it was made: JSON text, fixed for good. */
  readonly request: string
  /** Hash by which the same request is known again. */
  readonly requestHash: string
  /** The code, sealed: for the same request sent again, and for telling the agent. */
  readonly code: Uint8Array
  readonly state: DeferralState
  readonly taskId: Id<'task'> | null
  /** Seconds to wait between two polls. */
  readonly pause: number
  readonly polledAt: number | null
  /** Digest of what the person types. */
  readonly userCode: string | null
  /** Address at which the agent is told that there is an answer, with what it shall be told by. */
  readonly notify: { readonly at: string; readonly token: Uint8Array | null } | null
  readonly createdAt: number
  readonly expiresAt: number
}

/** After the last moment in which the person can answer, the agent has this long to fetch what came of it. */
export const FETCHED_WITHIN = 5 * MINUTE
/** The last moment in which a person can answer. */
export function answerableUntil({ expiresAt }: Pick<Deferral, 'expiresAt'>): number {
  return expiresAt - FETCHED_WITHIN
}
/** Seconds. */
export const PAUSE = 5
/** Seconds by which polling too fast lengthens the pause, and how far. */
export const SLOWER = 5
export const MAX_PAUSE = 60
