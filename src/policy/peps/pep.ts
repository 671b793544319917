import type { PepSettings } from '../../clients/index.ts'
import type { PublicJwk } from '../../jose/index.ts'
import type { Id } from '../../lib/id.ts'
import type { LiveKey } from '../../revocation/index.ts'

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
