import {
  type Claims,
  type PlainObject,
  readCompact,
  readObject,
} from '../../platform/jose/index.ts'
import { sha256url } from '../../platform/lib/bytes.ts'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { IssuerUse, TrustedIssuer } from './trusted-issuer.ts'

const MAX_SUBJECT = 2048
const MAX_JTI = 256

/** Requirements on a token, besides being one of a trusted issuer. */
export interface TokenExpectation {
  readonly use: IssuerUse
  /** Types as in `JwtExpectation`; a neighbour's type is never listed. */
  readonly typ: readonly string[]
  /** Audience where the registration says none. `undefined`: such tokens name none. */
  readonly audience: string | undefined
}

/** A token that holds, and the registration that it matched: within that, and nowhere else, what it says has a meaning. */
export interface VerifiedToken {
  readonly issuer: TrustedIssuer
  readonly claims: Claims
  /** 1 to 2048 printable characters; only ever together with the registration. */
  readonly subject: string
  /**
   * Digest of the registration and `jti`, else of the signed part: the same token has the same one.
   */
  readonly digest: string
}

export function saysNoIssuer(token: string, attested: boolean): boolean {
  return attested && readObject(readCompact(token).payload, 'claims set').iss === undefined
}

/**
 * Beginnings of JWTs, and of what we give out: tokens, and secrets of enforcement points, surfaces
 * and sources of signals.
 */
const LIKE_OURS = /^(?:eyJ|(?:remit|enf|pep|sgs|srf)_)/

/**
 * INVARIANT: nothing that could be a credential of ours, or a damaged token, is sent to another server to ask about it: only
 * short plain text (RFC 6750 section 2.1) that is neither like a JWT nor like what we give out.
 */
export function mayBeShown(token: string): boolean {
  return /^[A-Za-z0-9._~+/-]{8,1024}=*$/.test(token) && !LIKE_OURS.test(token)
}

/** Claims of a JWT, before anything is believed; `undefined` for another text. */
export function claimed(token: string): PlainObject | undefined {
  try {
    return readObject(readCompact(token).payload, 'claims set')
  } catch (error) {
    if (error instanceof Problem) return undefined
    throw error
  }
}

/** RFC 7523bis: one audience, alone. Platforms send it as a list of one, which is the same. */
export function soleAudience(wanted: string): (audiences: readonly string[]) => boolean {
  return (audiences) => audiences.length === 1 && audiences[0] === wanted
}

export function foreignSubject({ subjectPrefix }: TrustedIssuer, { sub }: Claims): string {
  if (typeof sub !== 'string' || sub.length > MAX_SUBJECT || !/^[\x20-\x7e]+$/.test(sub))
    throw new Problem('token.malformed', '`sub` is missing, too long or not plain text')
  if (
    subjectPrefix !== null &&
    !(sub.startsWith(subjectPrefix) && sub.length > subjectPrefix.length)
  )
    throw new Problem('issuer.not_trusted', 'the subject does not have the registered prefix')
  return sub
}

/** Not of the signature: the holder of an ECDSA signature can make a second valid one, and with it a "new" token. */
export function foreignTokenDigest(
  { name }: TrustedIssuer,
  token: string,
  { jti }: Claims,
): string {
  if (jti !== undefined && (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI))
    throw new Problem('token.malformed', '`jti` is empty or too long')
  const signed = token.slice(0, token.lastIndexOf('.'))
  const id = jti === undefined ? { sha256: sha256url(signed) } : { jti }
  return sha256url(canonicalJson({ issuer: name, ...id }))
}
