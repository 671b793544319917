import { constants, type KeyObject, sign, type VerifyKeyObjectInput, verify } from 'node:crypto'

/** JWS algorithms we accept anywhere (RFC 7518, RFC 8037, RFC 9864). `EdDSA` is only ever Ed25519. */
export type Algorithm = 'ES256' | 'Ed25519' | 'EdDSA' | 'PS256' | 'RS256'

const KEY_TYPE = {
  ES256: 'ec',
  Ed25519: 'ed25519',
  EdDSA: 'ed25519',
  PS256: 'rsa',
  RS256: 'rsa',
} as const satisfies Record<Algorithm, string>

/** Minimum bits of RSA keys: shorter ones no longer count (NIST SP 800-131A). */
const MIN_RSA_BITS = 2048
const P256_BYTES = 32

/** Checks whether a header's `alg` is one we know. */
export function isAlgorithm(alg: string): alg is Algorithm {
  return Object.hasOwn(KEY_TYPE, alg)
}

/**
 * Checks whether a key may be used with an algorithm.
 * INVARIANT: what a signature is verified with follows from the key we hold; the token can only
 * agree or be refused.
 */
export function fits(alg: Algorithm, key: KeyObject): boolean {
  const known = fitting.get(key)
  if (known?.alg === alg) return known.fits
  const found = { alg, fits: isFor(alg, key) }
  fitting.set(key, found)
  return found.fits
}

/** Findings about a key, which never change; asking OpenSSL about it takes longer than the rest of a check. */
const fitting = new WeakMap<KeyObject, { readonly alg: Algorithm; readonly fits: boolean }>()

function isFor(alg: Algorithm, key: KeyObject): boolean {
  if (key.type === 'secret' || key.asymmetricKeyType !== KEY_TYPE[alg]) return false
  const details = key.asymmetricKeyDetails
  if (KEY_TYPE[alg] === 'ec') return details?.namedCurve === 'prime256v1'
  return KEY_TYPE[alg] !== 'rsa' || (details?.modulusLength ?? 0) >= MIN_RSA_BITS
}

/**
 * Verifies on the thread pool. `signature` is in JOSE form (ES256: r ‖ s). False for everything that does not verify.
 * The key is passed bare and ECDSA converted here: asking OpenSSL for `ieee-p1363` costs about 30 µs more per call.
 */
export function verifySignature(
  alg: Algorithm,
  key: KeyObject,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (!fits(alg, key)) return Promise.resolve(false)
  if (alg !== 'ES256') return verifyWith(hashOf(alg), inputOf(alg, key), data, signature)
  if (signature.byteLength !== 2 * P256_BYTES) return Promise.resolve(false)
  return verifyWith('sha256', key, data, derOf(signature))
}

function verifyWith(
  hash: 'sha256' | null,
  key: KeyObject | VerifyKeyObjectInput,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    verify(hash, data, key, signature, (error, valid) => (error ? reject(error) : resolve(valid)))
  })
}

function hashOf(alg: Algorithm): 'sha256' | null {
  return KEY_TYPE[alg] === 'ed25519' ? null : 'sha256'
}

function inputOf(alg: Algorithm, key: KeyObject): KeyObject | VerifyKeyObjectInput {
  if (alg !== 'PS256') return key
  return {
    key,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  }
}

/** Signs on the thread pool; the signature is in JOSE form. Only for our own signatures. */
export function signData(
  alg: 'ES256' | 'Ed25519',
  key: KeyObject,
  data: Uint8Array,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    sign(hashOf(alg), data, key, (error, signature) => {
      if (error) reject(error)
      else resolve(alg === 'ES256' ? rawOf(signature) : signature)
    })
  })
}

/** r ‖ s → SEQUENCE { INTEGER r, INTEGER s } (RFC 3279 section 2.2.3), 72 bytes at most. */
export function derOf(raw: Uint8Array): Uint8Array {
  const der = Buffer.allocUnsafe(2 * P256_BYTES + 8)
  let end = writeInteger(der, 2, raw, 0)
  end = writeInteger(der, end, raw, P256_BYTES)
  der[0] = 0x30
  der[1] = end - 2
  return der.subarray(0, end)
}

/** DER integers are as short as possible, and a set top bit would mean a negative number. */
function writeInteger(der: Buffer, at: number, raw: Uint8Array, from: number): number {
  let start = from
  const end = from + P256_BYTES
  while (start < end - 1 && raw[start] === 0) start++
  const pad = ((raw[start] ?? 0) & 0x80) === 0 ? 0 : 1
  der[at] = 0x02
  der[at + 1] = end - start + pad
  der[at + 2] = 0
  for (let i = start; i < end; i++) der[at + 2 + pad + i - start] = raw[i] ?? 0
  return at + 2 + pad + end - start
}

/** Converts back, for signatures OpenSSL has just made: they are well-formed. */
export function rawOf(der: Uint8Array): Uint8Array {
  const raw = Buffer.alloc(2 * P256_BYTES)
  const rEnd = 4 + (der[3] ?? 0)
  readInteger(der.subarray(4, rEnd), raw, P256_BYTES)
  readInteger(der.subarray(rEnd + 2), raw, 2 * P256_BYTES)
  return raw
}

function readInteger(integer: Uint8Array, raw: Buffer, end: number): void {
  const digits = integer.subarray(Math.max(0, integer.byteLength - P256_BYTES))
  raw.set(digits, end - digits.byteLength)
}
