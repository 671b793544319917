import { base64url, fromBase64url, sha256url } from '../../lib/bytes.ts'
import type { Id } from '../../lib/id.ts'
import type { Random } from '../../lib/random.ts'
import { Secret } from '../../lib/secret.ts'

/** An enforcement point: a `direct` API that asks before it runs a call. It speaks for one resource and for no agent. */
export interface Enforcer {
  readonly id: Id<'enforcer'>
  /** Catalog name. */
  readonly resource: string
  readonly createdBy: string
  readonly createdAt: number
  /** May lag by a minute. */
  readonly lastUsedAt: number | null
  readonly revokedAt: number | null
}

const PREFIX = 'enf_'
const BYTES = 32

/** 256 random bits behind a word that tells people and leak scanners what it is. Only the digest is ever stored. */
export function newEnforcerSecret(random: Random): { secret: Secret; digest: string } {
  const secret = PREFIX + base64url(random.bytes(BYTES))
  return { secret: new Secret(secret), digest: sha256url(secret) }
}

/** The digest of something that looks like one; `undefined` for anything else. */
export function enforcerDigest(secret: string): string | undefined {
  if (!secret.startsWith(PREFIX)) return undefined
  const bytes = fromBase64url(secret.slice(PREFIX.length))
  return bytes?.byteLength === BYTES ? sha256url(secret) : undefined
}
