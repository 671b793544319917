import type { PublicJwk } from '../../jose/index.ts'
import type { Id } from '../../lib/id.ts'
import type { LiveKey } from '../../revocation/index.ts'

/** Settings of an enforcement point: what it may ask about, and how it is answered. */
export interface PepSettings {
  /**
   * `task`: calls of tasks, by all gates. `policy-only`: whatever it says, by one set of policies and nothing else. `issuance`: an
   * authorization server, about the tokens that it is to issue.
   */
  readonly mode: 'task' | 'policy-only' | 'issuance'
  /** Name of the policy set, in the mode `policy-only`. */
  readonly policySet: string | null
  /** Settings for the mode `issuance`. */
  readonly issuing: IssuingSettings | null
  /** Catalog names, in the modes `task` and `issuance`; `null`: all. */
  readonly resources: readonly string[] | null
  /** Whether `properties` of its requests count. */
  readonly properties: boolean
  /**
   * Trust, in the mode `task`, that the agent of the task it names is the one that calls, without a
   * token and a proof.
   */
  readonly namesTasks: boolean
  /**
   * Right, in the mode `task`, to ask about the call itself (`/v1/calls`) before it runs, where
   * what was promised is taken.
   */
  readonly takes: boolean
}

/**
 * Settings of an authorization server of others: how it names whom and what it issues tokens for.
 */
export interface IssuingSettings {
  /**
   * Identifier of the server: `sub` of its tokens is that of people known through it, and its
   * clients those linked to agents there.
   */
  readonly issuer: string
  /** Agents that act as its clients and workloads, before those that are linked. */
  readonly parties: readonly IssuingParty[]
  /** Audiences that its tokens are for, beside the identifiers of resources. */
  readonly audiences: readonly IssuingAudience[]
}

export interface IssuingParty {
  readonly type: 'client' | 'workload'
  readonly id: string
  readonly agent: string
}

/** Catalog names behind one audience: of a trust domain, of a peer authorization server, or one by another name. */
export interface IssuingAudience {
  readonly id: string
  readonly resources: readonly string[]
}

/**
 * A policy enforcement point of others that asks through AuthZEN. It asks and takes nothing; an `Enforcer` asks about a call and
 * takes what the call needs.
 */
export interface Pep extends PepSettings {
  readonly name: string
  readonly createdBy: string
  readonly createdAt: number
  /** May lag by a minute. */
  readonly lastUsedAt: number | null
  readonly revokedAt: number | null
}

/** One of the ways in which it says who it is. Several may be in use, so that they can be exchanged. */
export interface PepCredential {
  readonly id: Id<'pep_credential'>
  readonly pep: string
  /** `secret`: Bearer or Basic. `key`: it signs a JWT. */
  readonly kind: 'secret' | 'key'
  /** Digest of the secret; for a key, its thumbprint. */
  readonly digest: string
  readonly jwk: PublicJwk | null
  readonly kid: string | null
  readonly createdBy: string
  readonly createdAt: number
  readonly endedAt: number | null
}

/** Answers the live key on which every answer to it stands, but for what the question is about. */
export function pepKey(name: string): LiveKey {
  return { kind: 'pep', id: name }
}
