import { type Detail, parseDetails } from '@remit/engine'
import {
  calculateJwkThumbprint,
  compactVerify,
  decodeProtectedHeader,
  importJWK,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose'
import { recordOf, textOr } from '../../wire/problem.ts'
import { ExactNumber, readExactJson } from '../exact-json.ts'
import type { RemitCall } from '../guard.ts'
import { parties } from '../transaction-token.ts'

/** Resource token that holds. Times in seconds. */
export interface ResourceToken {
  readonly jti: string
  readonly exp: number
  readonly kid: string
  readonly jkt: string
  readonly task: string
  readonly purpose: string
  readonly ep: string
  readonly sub: string
  readonly details: readonly Detail[]
  readonly parties: Pick<RemitCall, 'actors' | 'chain' | 'person'>
}

const MAX_TOKEN = 16_384
const MAX_AHEAD_SECONDS = 10

/**
 * Checks a resource token of Remit (RFC 9068) for this API. It has to name its key, and nothing but
 * this API.
 * @throws whatever is wrong with it
 */
export async function checkToken(
  token: string,
  {
    issuer,
    keys,
    now,
    resource,
  }: { issuer: string; resource: string; keys: JWTVerifyGetKey; now: number },
): Promise<ResourceToken> {
  if (token.length > MAX_TOKEN) throw new Error('too long')
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    ...{ issuer, audience: resource, typ: 'at+jwt', algorithms: ['ES256'] },
    requiredClaims: [
      'iat',
      'exp',
      'sub',
      'jti',
      'client_id',
      'cnf',
      'task',
      'authorization_details',
    ],
    currentDate: new Date(now),
  })
  const { cnf, exp = 0, iat = 0, jti, sub } = payload
  const [jkt, ...others] = Object.values(recordOf(cnf))
  const task = recordOf(payload.task)
  const [id, purpose, ep] = [textOr(payload.client_id), textOr(task.purpose), textOr(task.ep)]
  const details = parseDetails(payload.authorization_details, 'remit_call', 256)
  const { kid } = protectedHeader
  const isBound = typeof jkt === 'string' && others.length === 0 && jkt === recordOf(cnf).jkt
  if (payload.aud !== resource || !isBound || !details.ok)
    throw new Error('not one that is decided on here')
  if (!id || !purpose || !ep || !jti || !sub || !kid) throw new Error('a claim is missing')
  if (iat * 1000 > now + MAX_AHEAD_SECONDS * 1000) throw new Error('not yet valid')
  return {
    ...{ jti, exp, kid, jkt, task: id, purpose, ep, sub, details: details.details },
    parties: parties(payload),
  }
}

/** DPoP proof that holds. */
export interface DpopProof {
  readonly jkt: string
  /** Digest by which Remit knows the proof as well. */
  readonly replayKey: string
  /** Time of its making by its own word, and time until which its use has to be remembered. Epoch milliseconds. */
  readonly madeAt: number
  readonly expiresAt: number
}

const MAX_PROOF = 4096
const ALGORITHMS = ['ES256', 'Ed25519', 'EdDSA']
const HEADER = new Set(['alg', 'jwk', 'kid', 'typ'])
const PUBLIC = new Set(['kty', 'crv', 'x', 'y', 'alg', 'use', 'key_ops', 'kid', 'ext'])
const MAX_AGE_MS = 60_000
/** A second more than Remit takes: what counts there is known here. */
const MAX_AHEAD_MS = (MAX_AHEAD_SECONDS + 1) * 1000
const MAX_JTI = 128

/**
 * Checks a DPoP proof (RFC 9449 section 4.3) but for its single use.
 * @throws whatever is wrong with it
 */
export async function checkProof(
  proof: string,
  expected: {
    readonly method: string
    /** Without query. */
    readonly url: string
    readonly token: string
    /** Epoch milliseconds. */
    readonly now: number
  },
): Promise<DpopProof> {
  if (proof.length > MAX_PROOF) throw new Error('too long')
  const header = decodeProtectedHeader(proof)
  const { alg = '', jwk, typ } = header
  if (typ !== 'dpop+jwt' || !ALGORITHMS.includes(alg) || !jwk) throw new Error('no proof')
  if (!Object.keys(header).every((name) => HEADER.has(name))) throw new Error('no proof')
  if (!Object.keys(jwk).every((name) => PUBLIC.has(name))) throw new Error('no public key')
  const { payload } = await compactVerify(proof, await importJWK(jwk, alg), {
    algorithms: ALGORITHMS,
  })
  const claims = readExactJson(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  if (!(claims instanceof Map)) throw new Error('no claims')
  const [htm, htu, ath, jti, iat] = ['htm', 'htu', 'ath', 'jti', 'iat'].map((name) =>
    claims.get(name),
  )
  if (htm !== expected.method || htu !== expected.url) throw new Error('for another request')
  if (ath !== (await sha256url(expected.token))) throw new Error('for another token')
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI) throw new Error('no `jti`')
  const made =
    iat instanceof ExactNumber && /^\d{1,12}$/.test(iat.text) ? Number(iat.text) * 1000 : NaN
  const age = expected.now - made
  if (!(age <= MAX_AGE_MS && age >= -MAX_AHEAD_MS)) throw new Error('not of now')
  const jkt = await calculateJwkThumbprint(jwk)
  return {
    ...{ jkt, madeAt: made },
    replayKey: await sha256url(`${jkt}\0${jti}`),
    expiresAt: made + MAX_AGE_MS + 2 * MAX_AHEAD_MS,
  }
}

async function sha256url(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return btoa(String.fromCharCode(...new Uint8Array(digest)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}
