import { base64url, fromBase64url, sha256url } from '../../lib/bytes.ts'
import type { Id } from '../../lib/id.ts'
import type { Random } from '../../lib/random.ts'
import { Secret } from '../../lib/secret.ts'

/**
 * A chat adapter or application that sees who talks in a space. It alone may say who asks and who is there: an agent says
 * neither, nor does a person. It speaks for one space and all below it, and for no agent.
 */
export interface Surface {
  readonly id: Id<'surface'>
  readonly name: string
  readonly spaceId: string
  /** Milliseconds. Silent for longer, nothing that it said counts any more. */
  readonly silentAfter: number
  readonly createdBy: string
  readonly createdAt: number
  /** When it last said anything. */
  readonly heardAt: number
  readonly revokedAt: number | null
}

export const SILENT_AFTER = { least: 60_000, default: 15 * 60_000, most: 24 * 60 * 60_000 } as const

const PREFIX = 'srf_'
const BYTES = 32

/** 256 random bits behind a word that tells people and leak scanners what it is. Only the digest is ever stored. */
export function newSurfaceSecret(random: Random): { secret: Secret; digest: string } {
  const secret = PREFIX + base64url(random.bytes(BYTES))
  return { secret: new Secret(secret), digest: sha256url(secret) }
}

/** The digest of something that looks like one; `undefined` for anything else. */
export function surfaceDigest(secret: string): string | undefined {
  if (!secret.startsWith(PREFIX)) return undefined
  const bytes = fromBase64url(secret.slice(PREFIX.length))
  return bytes?.byteLength === BYTES ? sha256url(secret) : undefined
}
