import {
  type Algorithm,
  CLOCK_SKEW_MS,
  type Compact,
  fits,
  importPublicJwk,
  isAlgorithm,
  type PlainObject,
  type PublicKey,
  readCompact,
  readObject,
  verifySignature,
  wrongAlgorithm,
} from '../../platform/jose/index.ts'
import { sha256url } from '../../platform/lib/bytes.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'
import { isForUrl } from './dpop-proof-url.ts'

/** A DPoP proof that holds. It is used up only when `replayKey` has been consumed: `consumeOnce('dpop', …)`. */
export interface Proof {
  /** RFC 7638: compare with `cnf.jkt`, see `requireKey`. */
  readonly thumbprint: string
  /** One form for both ways in, so that no proof can be used once on each. */
  readonly replayKey: string
  /** Epoch milliseconds until when the use must be remembered: after that no replica accepts the proof any more. */
  readonly expiresAt: number
}

export interface ProofExpectation {
  /** Exactly as it was sent. */
  readonly method: string
  /** Our public URL of the request: configured origin and raw path, no query. */
  readonly url: string
  /** The token the proof came with, when it came with one. */
  readonly accessToken?: string
  /** Tells whether its nonce is good (`DpopNonces`), where one is demanded. */
  readonly nonce?: ((given: unknown) => boolean) | undefined
  readonly clock: Clock
}

/**
 * Elliptic curves only: a task key is made fresh for every task, and RSA keys take 100 ms to make and fill the header.
 * Both names of Ed25519 count (RFC 8037, RFC 9864).
 */
export const PROOF_ALGORITHMS: readonly Algorithm[] = ['ES256', 'Ed25519', 'EdDSA']

const TYPE = 'dpop+jwt'
const MAX_BYTES = 4096
const MAX_AGE_MS = MINUTE
const MAX_JTI_LENGTH = 128
/**
 * Members of a JWK that make the key, and those that only describe it; some libraries send both. A
 * JWK with any other member is refused.
 */
const JWK_MEMBERS = new Set(['kty', 'crv', 'x', 'y', 'alg', 'use', 'key_ops', 'kid', 'ext'])

/**
 * RFC 9449 section 4.3, all twelve checks but the replay of `jti`, which belongs in the transaction that acts on it.
 * `proof` is the value of the header `DPoP`, or every one of them.
 * @throws Problem `proof.missing`, `proof.malformed`, `proof.bad_key`, `proof.bad_signature`, `proof.wrong_request`,
 * `proof.not_now`, `proof.wrong_token`, `proof.nonce_required`
 */
export async function checkProof(
  proof: string | readonly string[] | undefined,
  expect: ProofExpectation,
): Promise<Proof> {
  const jws = decode(onlyOne(proof))
  const { alg, jwk, typ } = jws.header
  if (typ !== TYPE) throw malformed(`\`typ\` must be ${TYPE}`)
  if (!isAlgorithm(alg) || !PROOF_ALGORITHMS.includes(alg)) {
    throw malformed(wrongAlgorithm(alg, PROOF_ALGORITHMS))
  }
  const { key, thumbprint } = importKey(jwk)
  if (!fits(alg, key)) throw new Problem('proof.bad_key', `the key is not one for ${alg}`)
  if (!(await verifySignature(alg, key, jws.signingInput, jws.signature))) {
    throw new Problem('proof.bad_signature', 'the signature does not verify')
  }
  const { iat, jti } = checkClaims(
    reading(() => readObject(jws.payload, 'claims set')),
    expect,
  )
  return {
    thumbprint,
    replayKey: sha256url(`${thumbprint}\0${jti}`),
    // another replica's clock may be behind ours by as much as the proof's may be ahead
    expiresAt: iat * 1000 + MAX_AGE_MS + 2 * CLOCK_SKEW_MS,
  }
}

/** RFC 9449 section 7.1: the token is bound to the key that made the proof. @throws Problem `proof.wrong_key` */
export function requireKey(
  proof: Proof,
  token: { readonly cnf: { readonly jkt?: string; readonly 'x5t#S256'?: string } },
): void {
  if (proof.thumbprint !== token.cnf.jkt) {
    throw new Problem('proof.wrong_key', 'the token is bound to another key')
  }
}

function onlyOne(proof: string | readonly string[] | undefined): string {
  const [first, ...more] = typeof proof === 'string' ? [proof] : (proof ?? [])
  if (first === undefined) throw new Problem('proof.missing', 'there is no DPoP header')
  if (more.length > 0) throw malformed('there is more than one DPoP header')
  return first
}

function decode(proof: string): Compact {
  return reading(() => readCompact(proof, MAX_BYTES))
}

/** The strict decoder is the one of all tokens; what it finds is said of the proof. */
function reading<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof Problem) throw malformed(cause.detail, cause)
    throw cause
  }
}

function importKey(jwk: unknown): PublicKey {
  try {
    if (Object.keys(Object(jwk)).some((name) => !JWK_MEMBERS.has(name))) {
      throw new Problem(
        'keys.unacceptable_jwk',
        'it has members that do not belong to a public key',
      )
    }
    return importPublicJwk(jwk)
  } catch (cause) {
    if (cause instanceof Problem) throw new Problem('proof.bad_key', cause.detail, { cause })
    throw cause
  }
}

function checkClaims(claims: PlainObject, expect: ProofExpectation): { iat: number; jti: string } {
  const { ath, htm, htu, iat, jti } = claims
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI_LENGTH) {
    throw malformed(`\`jti\` must have 1 to ${MAX_JTI_LENGTH} characters`)
  }
  if (typeof iat !== 'number' || !Number.isSafeInteger(iat)) {
    throw malformed('`iat` must be a whole number of seconds')
  }
  if (htm !== expect.method) throw wrongRequest('`htm` is not the method')
  if (typeof htu !== 'string' || !isForUrl(htu, expect.url))
    throw wrongRequest('`htu` is not the URL')
  const age = expect.clock.now() - iat * 1000
  if (age > MAX_AGE_MS || age < -CLOCK_SKEW_MS) {
    throw new Problem('proof.not_now', 'it was not made within the last minute')
  }
  if (expect.accessToken !== undefined && ath !== sha256url(expect.accessToken)) {
    throw new Problem('proof.wrong_token', '`ath` is not the hash of the access token')
  }
  // Last: a client that is told to come again brings a proof that is otherwise right.
  if (expect.nonce && !expect.nonce(claims.nonce)) {
    throw new Problem(
      'proof.nonce_required',
      'the proof has to be made with a nonce of this server',
    )
  }
  return { iat, jti }
}

function wrongRequest(detail: string): Problem {
  return new Problem('proof.wrong_request', detail)
}

function malformed(detail: string, cause?: unknown): Problem {
  return new Problem('proof.malformed', detail, { cause })
}
