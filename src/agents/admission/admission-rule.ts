import type { Detail } from '@remit/engine'
import type { TrustLevel } from '../agent.ts'

/** How a client made itself known. `dynamic`: it registered at `/oauth/register` (RFC 7591). */
export type AdmissionMode = 'dynamic'

/**
 * What agents that registered themselves are given when they match (contract 1). Nothing is ever given to an agent that
 * matches no rule: it is quarantined.
 */
export interface AdmissionRule {
  readonly name: string
  readonly mode: AdmissionMode
  /**
   * Where answers may be sent: an exact host, with a port if it is not the usual one; `*.example.com` for those below one;
   * `localhost` for this very computer.
   */
  readonly redirectHosts: readonly string[]
  readonly trust: TrustLevel
  /** The most such an agent may ever be given. */
  readonly ceiling: readonly Detail[]
  /** The most it may hand out; `null`: whatever it holds. */
  readonly mayDelegate: readonly Detail[] | null
  /** Who answers for it. */
  readonly ownerId: string
  readonly createdBy: string
  readonly createdAt: number
}

/** What is known of a client before anyone let it in. All of it is its own word but where answers can be sent. */
export interface SelfRegistered {
  readonly clientId: string
  readonly clientName: string
  /** All that it registered, as they passed registration. */
  readonly redirectUris: readonly string[]
}
