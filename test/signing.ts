import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { sha256url } from '../src/platform/lib/bytes.ts'
import type { Clock } from '../src/platform/lib/clock.ts'

/** A key pair that tests sign with. */
export interface TestKey {
  readonly publicJwk: JWK
  readonly privateJwk: JWK
  readonly thumbprint: string
}

export async function newKey(alg: 'ES256' | 'EdDSA' = 'ES256'): Promise<TestKey> {
  const { privateKey } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('ed25519')
  const privateJwk = privateKey.export({ format: 'jwk' })
  signers.set(privateJwk, privateKey)
  return keyFrom(privateJwk)
}

/** Signers by private JWK: most of the work of a signature is to read its key. */
const signers = new WeakMap<JWK, KeyObject>()

function signerOf({ privateJwk }: TestKey): KeyObject {
  const known = signers.get(privateJwk)
  if (known) return known
  const signer = createPrivateKey({ key: { ...privateJwk }, format: 'jwk' })
  signers.set(privateJwk, signer)
  return signer
}

export async function keyFrom(privateJwk: JWK): Promise<TestKey> {
  const { d: _, ...publicJwk } = privateJwk
  return { publicJwk, privateJwk, thumbprint: await calculateJwkThumbprint(publicJwk) }
}

/** Deviations from a valid token; `undefined` leaves a member out. */
export interface TokenDeviations {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  /** Signs instead of the key that is named. */
  readonly signer?: TestKey
}

/** A JWS in compact form (RFC 7515 section 7.1); tests make wrong ones too. */
export async function jws(
  key: TestKey,
  header: Readonly<Record<string, unknown>>,
  claims: Readonly<Record<string, unknown>>,
): Promise<string> {
  const alg = key.privateJwk.kty === 'OKP' ? 'EdDSA' : 'ES256'
  const signed = `${text({ alg, ...header })}.${text(claims)}`
  const signer = { key: signerOf(key), dsaEncoding: 'ieee-p1363' } as const
  const signature = sign(alg === 'EdDSA' ? null : 'sha256', Buffer.from(signed), signer)
  return `${signed}.${signature.toString('base64url')}`
}

/** A DPoP proof (RFC 9449 section 4.2). */
export function proof(
  clock: Clock,
  key: TestKey,
  request: { readonly method: string; readonly url: string; readonly token?: string | undefined },
  wrong: TokenDeviations = {},
): Promise<string> {
  const { method, token, url } = request
  return jws(
    wrong.signer ?? key,
    { typ: 'dpop+jwt', jwk: key.publicJwk, ...wrong.header },
    {
      jti: randomUUID(),
      htm: method,
      htu: url,
      iat: seconds(clock),
      ...(token === undefined ? {} : { ath: sha256url(token) }),
      ...wrong.claims,
    },
  )
}

/** A client assertion (RFC 7523, RFC 7523bis). */
export function assertion(
  clock: Clock,
  agent: { readonly id: string; readonly key: TestKey },
  issuer: string,
  wrong: TokenDeviations = {},
): Promise<string> {
  const iat = seconds(clock)
  return jws(
    wrong.signer ?? agent.key,
    { typ: 'client-authentication+jwt', ...wrong.header },
    {
      iss: agent.id,
      sub: agent.id,
      aud: issuer,
      iat,
      exp: iat + 120,
      jti: randomUUID(),
      ...wrong.claims,
    },
  )
}

export function seconds(clock: Clock): number {
  return Math.floor(clock.now() / 1000)
}

/** The parts of a compact JWS, decoded and not verified. */
export function decode(token: string): {
  readonly header: Record<string, unknown>
  readonly claims: Record<string, unknown>
} {
  const [header = '', claims = ''] = token.split('.')
  return { header: part(header), claims: part(claims) }
}

/** Puts other contents into a token under the old signature. */
export function tampered(
  token: string,
  change: { header?: Record<string, unknown>; claims?: Record<string, unknown> },
): string {
  const { header, claims } = decode(token)
  const signature = token.split('.')[2] ?? ''
  return `${text({ ...header, ...change.header })}.${text({ ...claims, ...change.claims })}.${signature}`
}

/** An unsecured JWT (RFC 7519 section 6) with the contents of this one. */
export function unsecured(token: string): string {
  const { header, claims } = decode(token)
  return `${text({ ...header, alg: 'none' })}.${text(claims)}.`
}

function part(encoded: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8')) as Record<string, unknown> // a header or claims set
}

function text(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
