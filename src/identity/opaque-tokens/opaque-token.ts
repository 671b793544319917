import { base64url, fromBase64url, sha256url } from '../../platform/lib/bytes.ts'
import type { Random } from '../../platform/lib/random.ts'

const BYTES = 32

/** An opaque token: 256 random bits behind a word by which people and leak scanners know its kind. */
export type OpaqueKind = 'remit_at' | 'remit_rt' | 'remit_rm' | DeferralKind

/**
 * Prefix of the code that an agent waits with: a deferral code, an `auth_req_id`, a device code.
 */
export type DeferralKind = 'remit_dc' | 'remit_ar' | 'remit_vc'

/** Makes a new token; only its digest is ever stored. */
export function newOpaqueToken(
  kind: OpaqueKind,
  random: Random,
): { readonly token: string; readonly digest: string } {
  const token = `${kind}_${base64url(random.bytes(BYTES))}`
  return { token, digest: sha256url(token) }
}

/** The digest of something that looks like one of ours of this kind; `undefined` for anything else. */
export function opaqueDigest(kind: OpaqueKind, token: string): string | undefined {
  if (!token.startsWith(`${kind}_`)) return undefined
  const bytes = fromBase64url(token.slice(kind.length + 1))
  return bytes?.byteLength === BYTES ? sha256url(token) : undefined
}
