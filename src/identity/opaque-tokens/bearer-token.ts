import type { Detail } from '@remit/engine'
import type { Id } from '../../platform/lib/id.ts'

/**
 * An opaque resource token: its meaning is in our own books. For one resource, for 300 seconds at most. Of a client that
 * cannot prove possession (contract 4) its holder is the client, so such a one is never given to an agent that has keys; of
 * a resource that wants its tokens opaque it is bound like any other. Times are epoch milliseconds.
 */
export interface BearerToken {
  readonly digest: string
  /** Id of the token in the ledger. */
  readonly id: string
  readonly taskId: Id<'task'>
  /** Identifier of the one resource it is good at. */
  readonly resource: string
  /** `task.ep`: hash of the epochs read when it was issued; must still be equal when it is used. */
  readonly epochs: string
  readonly details: readonly Detail[]
  readonly scope: string | null
  /** Thumbprint of the task's key; `null`: a bearer token. */
  readonly thumbprint: string | null
  readonly issuedAt: number
  readonly expiresAt: number
}

/**
 * Gets the next resource token of a task. Ends with the task. Bound to a `client` that authenticates, it stays the same (RFC 9449
 * section 5, FAPI 2.0 Security Profile 5.3.2.1). Any other is bound to the `key` of its task, if that has one, and used once.
 */
export interface RefreshToken {
  readonly digest: string
  readonly taskId: Id<'task'>
  readonly clientId: string
  readonly resource: string
  readonly scope: string | null
  readonly issuedAt: number
  readonly expiresAt: number
  readonly boundTo: 'client' | 'key'
  /** Time when it was used; for one that stays the same, the last time. */
  readonly usedAt: number | null
  /** The refresh token that it was exchanged for, sealed: a client that did not get it asks again. Empty: none was given. */
  readonly successor: Uint8Array | null
}
