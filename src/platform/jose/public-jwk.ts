import { createPublicKey, type KeyObject } from 'node:crypto'
import { fromBase64url, sha256url } from '../lib/bytes.ts'
import { Problem } from '../lib/problem.ts'
import { weaknessOf } from './key-strength.ts'

/** The members that make a public key (RFC 7518 section 6, RFC 8037 section 2), and nothing else. */
export type PublicJwk =
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string }
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string }
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string }

export interface PublicKey {
  readonly key: KeyObject
  readonly jwk: PublicJwk
  /** Thumbprint of RFC 7638, SHA-256, base64url: the value of `cnf.jkt` and `dpop_jkt`. */
  readonly thumbprint: string
}

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']
const RSA_BYTES = { min: 256, max: 512 }
/**
 * Maximum of imported keys that are kept. Imports cost about 50 µs; agents come back with the same
 * keys.
 */
const CACHE_SIZE = 2_000
const imported = new Map<string, PublicKey>()

/**
 * Imports a public key from a JWK: P-256, Ed25519, or RSA of 2048 to 4096 bits. Members that only describe the key are
 * ignored; private ones are refused, because a key that was shown is no longer its owner's. Imports are remembered.
 * @throws Problem `keys.unacceptable_jwk`
 */
export function importPublicJwk(value: unknown): PublicKey {
  const same = typeof value === 'object' && value !== null && Object.isFrozen(value)
  const before = same ? ofObject.get(value) : undefined
  if (before) return before
  const key = importMembers(value)
  if (same) ofObject.set(value, key)
  return key
}

/** Keys by the very object that they were imported from, where it cannot change: a header that is read once (`readCompact`). */
const ofObject = new WeakMap<object, PublicKey>()

function importMembers(value: unknown): PublicKey {
  const jwk = publicMembers(value)
  const thumbprint = sha256url(thumbprintText(jwk))
  const known = imported.get(thumbprint)
  if (known) return remember(thumbprint, known)
  checkSizes(jwk)
  const key = importKey(jwk)
  const weakness = weaknessOf(key)
  if (weakness !== undefined) throw unacceptable(weakness)
  return remember(thumbprint, { key, jwk, thumbprint })
}

/** Keeps the most recently used. */
function remember(thumbprint: string, key: PublicKey): PublicKey {
  imported.delete(thumbprint)
  imported.set(thumbprint, key)
  if (imported.size > CACHE_SIZE) {
    for (const oldest of imported.keys()) {
      imported.delete(oldest)
      break
    }
  }
  return key
}

function publicMembers(value: unknown): PublicJwk {
  if (typeof value !== 'object' || value === null) throw unacceptable('not an object')
  const members: { readonly [name: string]: unknown } = { ...value }
  const secret = PRIVATE_MEMBERS.find((name) => Object.hasOwn(members, name))
  if (secret) throw unacceptable(`it has the private member \`${secret}\``)
  const { kty, crv } = members
  if (kty === 'EC' && crv === 'P-256')
    return { kty, crv, x: base64urlMember(members, 'x'), y: base64urlMember(members, 'y') }
  if (kty === 'OKP' && crv === 'Ed25519') return { kty, crv, x: base64urlMember(members, 'x') }
  if (kty === 'RSA')
    return { kty, n: base64urlMember(members, 'n'), e: base64urlMember(members, 'e') }
  throw unacceptable('it is none of EC P-256, OKP Ed25519 and RSA')
}

/** INVARIANT: nothing but the base64url alphabet, so that the thumbprint text below is the key's own JSON. */
function base64urlMember(members: { readonly [name: string]: unknown }, name: string): string {
  const value = members[name]
  if (typeof value !== 'string' || !/^[A-Za-z0-9_-]+$/.test(value)) {
    throw unacceptable(`\`${name}\` is not base64url`)
  }
  return value
}

/** RFC 7638 section 3.2: required members only, in lexicographic order, without white space. */
function thumbprintText(jwk: PublicJwk): string {
  switch (jwk.kty) {
    case 'EC':
      return `{"crv":"P-256","kty":"EC","x":"${jwk.x}","y":"${jwk.y}"}`
    case 'OKP':
      return `{"crv":"Ed25519","kty":"OKP","x":"${jwk.x}"}`
    case 'RSA':
      return `{"e":"${jwk.e}","kty":"RSA","n":"${jwk.n}"}`
  }
}

/**
 * Checks that a key has one spelling: full-length coordinates, a modulus without leading zeros, and
 * the usual exponent.
 */
function checkSizes(jwk: PublicJwk): void {
  if (jwk.kty === 'RSA') {
    const modulus = fromBase64url(jwk.n)
    const size = modulus?.byteLength ?? 0
    if (!modulus?.[0] || size < RSA_BYTES.min || size > RSA_BYTES.max || jwk.e !== 'AQAB') {
      throw unacceptable('RSA keys have 2048 to 4096 bits and the exponent 65537')
    }
    return
  }
  for (const coordinate of jwk.kty === 'EC' ? [jwk.x, jwk.y] : [jwk.x]) {
    if (fromBase64url(coordinate)?.byteLength !== 32)
      throw unacceptable('a coordinate is not 32 bytes')
  }
}

function importKey(jwk: PublicJwk): KeyObject {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' })
  } catch (cause) {
    throw unacceptable('it is not a point on its curve', cause)
  }
}

function unacceptable(detail: string, cause?: unknown): Problem {
  return new Problem('keys.unacceptable_jwk', detail, { cause })
}
