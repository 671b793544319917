import type { Detail } from '@remit/engine'
import type { TrustLevel } from '../../agents/index.ts'

/**
 * Way in which a client made itself known. `dynamic`: it registered at `/oauth/register` (RFC
 * 7591). `document`: its client id is the address of a metadata document.
 */
export type AdmissionMode = 'dynamic' | 'document'

/**
 * Consequence of a key that is new in a document: none, people are asked again, or the agent is
 * suspended.
 */
export type KeyChange = 'accept' | 'ask' | 'suspend'

/**
 * Rule for agents that registered themselves: what they are given when they match (contract 1).
 * Nothing is ever given to an agent that matches no rule: it is quarantined.
 */
export interface AdmissionRule {
  readonly name: string
  readonly mode: AdmissionMode
  /**
   * Hosts that answers may be sent to: an exact host, with a port if it is not the usual one;
   * `*.example.com` for those below one; `localhost` for this very computer. Of documents: beside
   * the origin that the document is at.
   */
  readonly redirectHosts: readonly string[]
  /** Hosts of documents, written likewise. */
  readonly documentHosts: readonly string[]
  /** Software that clients which registered say they are; any, when empty. It only ever narrows. */
  readonly softwareIds: readonly string[]
  readonly keyChange: KeyChange
  readonly trust: TrustLevel
  /** The most such an agent may ever be given. */
  readonly ceiling: readonly Detail[]
  /** The most it may hand out; `null`: whatever it holds. */
  readonly mayDelegate: readonly Detail[] | null
  /** Person who answers for it. */
  readonly ownerId: string
  readonly createdBy: string
  readonly createdAt: number
}
