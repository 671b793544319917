import type { Detail } from '@remit/engine'
import type { PublicJwk } from '../../platform/jose/index.ts'

/** 0 quarantined, 1 external, 2 partner, 3 internal (contract 1). */
export type TrustLevel = 0 | 1 | 2 | 3

/** `suspended` may be taken back, `retired` is final. */
export type AgentStatus = 'active' | 'suspended' | 'retired'

/**
 * A registered non-human actor. Its id is its name, its OAuth `client_id` and its id in policies, and is never given to
 * another one. (Where the `client_id` is an address, the id is made from it: `agentIdOf`.)
 */
export interface Agent {
  readonly id: string
  readonly name: string
  readonly description: string
  /** The person who answers for it. */
  readonly ownerId: string
  readonly trust: TrustLevel
  /** The most it may ever be given (contract 2). */
  readonly ceiling: readonly Detail[]
  /** The most it may hand out to a child task; `null`: whatever it holds itself. */
  readonly mayDelegate: readonly Detail[] | null
  readonly status: AgentStatus
  readonly createdAt: number
  /**
   * Name of the admission rule that let in an agent that registered itself; empty when none did and
   * it began quarantined. `null`: an administrator registered it.
   */
  readonly admission: string | null
  /** Address at which it is told that a person has answered; `null`: it asks by itself. */
  readonly notifyAt: string | null
  /** The trusted issuer that vouches for it, where one does. When the trust in that ends, so does the agent. */
  readonly issuer: string | null
  /** Its OAuth client id, where that is not its own id: the address of its metadata document. */
  readonly clientUrl: string | null
  /** Its clients at identity providers: a token issued to one of them was given to this agent. */
  readonly clients: readonly AgentClient[]
  /**
   * Days for which the owner's word for it counts, and until when (ms) the last one does. `null`:
   * no date is set.
   */
  readonly certification: { readonly days: number; readonly until: number } | null
  /** Reason for which it was suspended, where no person did that. */
  readonly suspendedFor: SelfSuspension | null
  /** Time when it was last let go on. */
  readonly resumedAt: number | null
  /** Minutes without use after which a task ends that a code opened for a client without a key; 0: it does not. */
  readonly idleMinutes: number
}

/** `dormant`: too long without a task. `uncertified`: its owner did not say in time that it is still wanted. */
export type SelfSuspension = 'dormant' | 'uncertified'

/** Members of an agent that begins. */
export const BEGINNING = {
  certification: null,
  suspendedFor: null,
  resumedAt: null,
  idleMinutes: 10,
} as const satisfies Partial<Agent>

export interface AgentClient {
  readonly issuer: string
  readonly clientId: string
}

/** A key the agent proves with who it is. We only ever see its public half. */
export interface AgentKey {
  readonly agentId: string
  /** RFC 7638. Belongs to the first agent that registered it, also after it was revoked. */
  readonly thumbprint: string
  /** Key id in an assertion's header; the thumbprint unless another was chosen. */
  readonly kid: string
  readonly jwk: Exclude<PublicJwk, { readonly kty: 'RSA' }>
  readonly createdAt: number
  readonly revokedAt?: number
}

/** Tells whether its owner should have said by now that it is still wanted. */
export function isOverdue({ certification }: Pick<Agent, 'certification'>, now: number): boolean {
  return certification !== null && certification.until <= now
}
