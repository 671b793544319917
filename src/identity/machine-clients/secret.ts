import { base64url, fromBase64url, sha256url } from '../../platform/lib/bytes.ts'
import type { Random } from '../../platform/lib/random.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { CLIENT_KINDS, type ClientKind } from './kinds.ts'

const BYTES = 32
const PREFIXES: readonly string[] = Object.values(CLIENT_KINDS).map(({ prefix }) => prefix)

/** 256 random bits. Only the digest (SHA-256, base64url) is ever stored. */
export function newClientSecret(
  kind: ClientKind,
  random: Random,
): { secret: Secret; digest: string } {
  const secret = CLIENT_KINDS[kind].prefix + base64url(random.bytes(BYTES))
  return { secret: new Secret(secret), digest: sha256url(secret) }
}

/** Digest of a text that has the form of a secret of ours; `undefined` for every other text. */
export function clientSecretDigest(secret: string): string | undefined {
  const prefix = PREFIXES.find((each) => secret.startsWith(each))
  if (prefix === undefined) return undefined
  const bytes = fromBase64url(secret.slice(prefix.length))
  return bytes?.byteLength === BYTES ? sha256url(secret) : undefined
}
