import type { Detail } from '@remit/engine'
import type { TrustLevel } from '../agent.ts'
import type { ClientMethod } from '../documents/client-document.ts'

/**
 * How a client made itself known. `dynamic`: it registered at `/oauth/register` (RFC 7591). `document`: its client id is the address
 * of a metadata document.
 */
export type AdmissionMode = 'dynamic' | 'document'

/** What follows when a document has a key that it had not: nothing, people are asked anew, or the agent is suspended. */
export type KeyChange = 'accept' | 'ask' | 'suspend'

/**
 * What agents that registered themselves are given when they match (contract 1). Nothing is ever given to an agent that
 * matches no rule: it is quarantined.
 */
export interface AdmissionRule {
  readonly name: string
  readonly mode: AdmissionMode
  /**
   * Where answers may be sent: an exact host, with a port if it is not the usual one; `*.example.com` for those below one;
   * `localhost` for this very computer. Of documents: beside the origin that the document is at.
   */
  readonly redirectHosts: readonly string[]
  /** Of documents: where they are, written likewise. */
  readonly documentHosts: readonly string[]
  /** Of clients that registered: the software that they say they are; any, when empty. It only ever narrows. */
  readonly softwareIds: readonly string[]
  readonly keyChange: KeyChange
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

/** How a client can authenticate. */
export interface Proving {
  readonly methods: readonly ClientMethod[]
  /** Thumbprints of its keys, sorted. */
  readonly keys: readonly string[]
  /** The keys, of a client that registered them with us. */
  readonly jwks?: readonly object[] | undefined
  readonly jwksUri?: string | undefined
  /** It holds itself to the FAPI 2.0 Security Profile. */
  readonly fapi2?: boolean | undefined
}

/**
 * What is known of a client before anyone let it in. All of it is its own word but where answers can be sent, and of a document
 * where it is.
 */
export interface SelfRegistered {
  readonly clientId: string
  readonly clientName: string
  /** All that it registered, as they passed registration. */
  readonly redirectUris: readonly string[]
  /** Left out of a public client that registered. */
  readonly proves?: Proving | null | undefined
  readonly softwareId?: string | undefined
}
