import { base64url, fromBase64url, sha256url } from '../../platform/lib/bytes.ts'
import type { Random } from '../../platform/lib/random.ts'
import { Secret } from '../../platform/lib/secret.ts'

const TOKEN_BYTES = 32

/** A fresh 256-bit token. Only its digest is ever stored. */
export function newToken(random: Random): { token: Secret; digest: string } {
  const token = base64url(random.bytes(TOKEN_BYTES))
  return { token: new Secret(token), digest: sha256url(token) }
}

/** The digest of something that looks like one of our tokens; `undefined` for anything else. */
export function tokenDigest(token: string): string | undefined {
  return fromBase64url(token)?.byteLength === TOKEN_BYTES ? sha256url(token) : undefined
}
