import type { PublicJwk } from '../../platform/jose/index.ts'
import type { Id } from '../../platform/lib/id.ts'
import type { LiveKey } from '../../platform/revocation/index.ts'
import type { ClientKind } from './kinds.ts'
import type { ClientSettings } from './settings.ts'

interface AnyKind {
  /** Name that an administrator gave it. It is unique among all kinds, and never given again. */
  readonly id: string
  readonly createdBy: string
  readonly createdAt: number
  /** May lag by a minute; never for a surface. */
  readonly lastUsedAt: number | null
  readonly removedAt: number | null
}

/** A program that authenticates to Remit and is no agent. Its kind says what it may do, and what its settings are. */
export type MachineClient<K extends ClientKind = ClientKind> = {
  [P in K]: AnyKind & { readonly kind: P; readonly settings: ClientSettings[P] }
}[K]

/** A secret or a key by which a machine client is known. */
export interface ClientCredential {
  readonly id: Id<'client_credential'>
  readonly client: string
  /** `secret`: Bearer or Basic. `key`: it signs a JWT (`private_key_jwt`). */
  readonly kind: 'secret' | 'key'
  /** Digest of the secret; for a key, its thumbprint. */
  readonly digest: string
  readonly jwk: PublicJwk | null
  readonly kid: string | null
  readonly createdBy: string
  readonly createdAt: number
  /** May lag by a minute. */
  readonly lastUsedAt: number | null
  /** Time from which it is no longer accepted, possibly in the future; `null`: it does not expire. */
  readonly endsAt: number | null
}

/** Answers the live key of a client and its settings: what it stated, and what it is answered, stands on it. */
export function clientKey(id: string): LiveKey {
  return { kind: 'client', id }
}

/** Answers the live key of its credentials. Exchanging them changes nothing that the client has stated. */
export function credentialsKey(id: string): LiveKey {
  return { kind: 'client', id: `${id}/credentials` }
}

/** Time when it was last heard of. */
export function heardAt({ createdAt, lastUsedAt }: MachineClient): number {
  return Math.max(createdAt, lastUsedAt ?? 0)
}
