import type { KeyObject } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { Problem } from '../lib/problem.ts'
import { type JoseHeader, type PlainObject, readCompact, readObject } from './compact.ts'
import { type Algorithm, fits, isAlgorithm, verifySignature } from './signature.ts'
import { wrongAlgorithm } from './wrong-algorithm.ts'

/**
 * A verified claims set (RFC 7519). Claims that are not listed here are for the caller to check.
 */
export interface Claims extends PlainObject {
  readonly iss: string
  readonly aud: string | readonly string[]
  /** Seconds since the epoch, as `iat`. */
  readonly exp: number
  readonly iat: number
}

export interface JwtExpectation {
  /** Media types the header may name, without `application/`; `''` allows none. A neighbour's type is never listed. */
  readonly typ: readonly string[]
  /**
   * Required issuer. `undefined`: not checked. The key alone says who issued it, as of a SPIFFE
   * trust domain.
   */
  readonly issuer: string | undefined
  /**
   * Required audience. A string: `aud` is exactly that string, not a list. A function is given the
   * list (a string counts as a list of one), for tokens of other issuers whose audience is not ours
   * to choose. `undefined`: the token names no audience; it is for the server to which its holder proves the key
   * that it names.
   */
  readonly audience: string | ((audiences: readonly string[]) => boolean) | undefined
  readonly algorithms: readonly Algorithm[]
  /**
   * Finds the key by `kid`, in configured trust or our own records; never in the token.
   * `undefined`: no such key.
   */
  keyFor(header: JoseHeader): KeyObject | undefined | Promise<KeyObject | undefined>
  readonly clock: Clock
  readonly maxBytes?: number
  /** Maximum seconds from `iat` to `exp`. */
  readonly maxLifeSeconds?: number
  /** Maximum seconds since `iat`. */
  readonly maxAgeSeconds?: number
  /**
   * True: `iat` may be absent. Then the token counts as issued now, and may live on for
   * `maxLifeSeconds` at most.
   */
  readonly iatOptional?: true
  /**
   * True for tokens of other issuers: a NumericDate may have a fraction (RFC 7519 section 2). It is
   * cut off, also in the returned claims.
   */
  readonly fractions?: true
}

/** Requirements on claims, however they came. */
export type ClaimsExpectation = Omit<JwtExpectation, 'typ' | 'algorithms' | 'keyFor' | 'maxBytes'>

/**
 * Maximum time that `iat` and `nbf` may lie in the future, because clocks of different machines
 * differ. `exp` is never stretched.
 */
export const CLOCK_SKEW_MS = 10_000

/**
 * Time until which the use of something that ends at `end` has to be remembered, in epoch
 * milliseconds. The replica whose clock is ahead must not forget it before it has ended for the
 * replica whose clock is behind.
 */
export function rememberedUntil(end: number): number {
  return end + 2 * CLOCK_SKEW_MS
}

/**
 * Checks a JWT, as the one check for every JWT (RFC 7519 section 7.2, RFC 8725): type, algorithm,
 * key, signature, and only then the content: issuer, audience, times. `exp` and `iat` are required.
 * @throws Problem `token.malformed`, `token.wrong_type`, `token.wrong_algorithm`,
 * `token.unknown_key`, `token.bad_signature`, `token.wrong_issuer`, `token.wrong_audience`,
 * `token.expired`, `token.not_yet_valid`, `token.too_long_lived`, `token.too_old`; and whatever
 * `keyFor` throws
 */
export async function checkJwt(token: string, expect: JwtExpectation): Promise<Claims> {
  const { header, payload, signature, signingInput } = readCompact(token, expect.maxBytes)
  if (!expect.typ.includes(mediaType(header.typ))) {
    throw new Problem(
      'token.wrong_type',
      `\`typ\` must be ${expect.typ.filter(Boolean).join(' or ')}`,
    )
  }
  const { alg } = header
  if (!isAlgorithm(alg) || !expect.algorithms.includes(alg)) {
    throw new Problem('token.wrong_algorithm', wrongAlgorithm(alg, expect.algorithms))
  }
  const key = await expect.keyFor(header)
  if (!key) throw new Problem('token.unknown_key', 'no key with this `kid` is known for the issuer')
  if (!fits(alg, key)) throw new Problem('token.wrong_algorithm', `the key is not one for ${alg}`)
  if (!(await verifySignature(alg, key, signingInput, signature))) {
    throw new Problem('token.bad_signature', 'the signature does not verify')
  }
  return checkClaims(readObject(payload, 'claims set'), expect)
}

/**
 * Reads the issuer a token claims, to choose which configured trust to check it against, and for
 * nothing else.
 * @throws Problem `token.malformed`
 */
export function unverifiedIssuer(token: string): string | undefined {
  const { iss } = readObject(readCompact(token).payload, 'claims set')
  return typeof iss === 'string' ? iss : undefined
}

/**
 * Normalises `typ` (RFC 7515 section 4.1.9): `application/` may be left out; media types compare
 * without case. `JWT` stays as it is.
 */
function mediaType(typ: string): string {
  if (typ === 'JWT') return typ
  const lower = typ.toLowerCase()
  if (lower === 'jwt') return 'JWT'
  return lower.startsWith('application/') ? lower.slice('application/'.length) : lower
}

/**
 * Checks claims alone, without a token. For claims that came another way, from a source that vouches
 * for them.
 */
export function checkClaims(claims: PlainObject, expect: ClaimsExpectation): Claims {
  const { iss, aud } = claims
  const seconds = (name: string) => secondsIn(claims, name, expect.fractions)
  const exp = seconds('exp')
  const now = expect.clock.now()
  const iat =
    claims.iat === undefined && expect.iatOptional ? Math.floor(now / 1000) : seconds('iat')
  const nbf = claims.nbf === undefined ? iat : seconds('nbf')
  if (expect.issuer !== undefined && iss !== expect.issuer)
    throw new Problem('token.wrong_issuer', `\`iss\` must be ${expect.issuer}`)
  const wanted = expect.audience
  const named = isAudience(aud) ? aud : undefined
  if (wanted !== undefined && (named === undefined || !isFor(named, wanted))) {
    throw new Problem('token.wrong_audience', 'the token has another audience')
  }
  if (now >= exp * 1000) throw new Problem('token.expired', 'the token has expired')
  if (Math.max(iat, nbf) * 1000 > now + CLOCK_SKEW_MS) {
    throw new Problem('token.not_yet_valid', 'the token is from the future')
  }
  if (exp - iat > (expect.maxLifeSeconds ?? Number.POSITIVE_INFINITY)) {
    throw new Problem(
      'token.too_long_lived',
      `it may live at most ${expect.maxLifeSeconds} seconds`,
    )
  }
  if (now - iat * 1000 > (expect.maxAgeSeconds ?? Number.POSITIVE_INFINITY) * 1000) {
    throw new Problem('token.too_old', `it may be at most ${expect.maxAgeSeconds} seconds old`)
  }
  return {
    ...claims,
    iss: expect.issuer ?? (typeof iss === 'string' ? iss : ''),
    aud: named ?? [],
    exp,
    iat,
  }
}

/**
 * Reads a NumericDate (RFC 7519 section 2), whole and positive. Our own tokens have no fractions,
 * so there they are refused.
 */
function secondsIn(claims: PlainObject, name: string, fractions: true | undefined): number {
  const said = claims[name]
  const value = fractions && typeof said === 'number' ? Math.floor(said) : said
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new Problem('token.malformed', `\`${name}\` must be a whole number of seconds`)
  }
  return value
}

function isAudience(aud: unknown): aud is string | readonly string[] {
  if (typeof aud === 'string') return aud !== ''
  return Array.isArray(aud) && aud.length > 0 && aud.every((item) => typeof item === 'string')
}

function isFor(
  aud: string | readonly string[],
  audience: Exclude<JwtExpectation['audience'], undefined>,
): boolean {
  if (typeof audience === 'string') return aud === audience
  return audience(typeof aud === 'string' ? [aud] : aud)
}
