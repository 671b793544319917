import { createPrivateKey, randomBytes, sign } from 'node:crypto'
import type { JWK } from 'jose'
import { rawOf } from '../../src/platform/jose/signature.ts'
import { base64url, sha256url } from '../../src/platform/lib/bytes.ts'
import { ISSUER, TOKEN_URL } from './world.ts'

/** A compact JWS by ES256. */
function signed(key: JWK, header: object, claims: object): string {
  const part = (value: object) => base64url(Buffer.from(JSON.stringify(value)))
  const input = `${part({ alg: 'ES256', ...header })}.${part(claims)}`
  const privateKey = createPrivateKey({ key: { ...key }, format: 'jwk' })
  return `${input}.${base64url(rawOf(sign('sha256', Buffer.from(input), privateKey)))}`
}

function seconds(): number {
  return Math.floor(Date.now() / 1000)
}

function newJti(): string {
  return base64url(randomBytes(16))
}

export function publicPart({ crv, kty, x, y }: JWK): JWK {
  return { kty: kty ?? '', crv: crv ?? '', x: x ?? '', y: y ?? '' }
}

/** RFC 9449. */
export function proofOf(
  key: JWK,
  about: { readonly method: string; readonly url: string; readonly token?: string },
): string {
  const { method, token, url } = about
  const ath = token === undefined ? {} : { ath: sha256url(token) }
  const header = { typ: 'dpop+jwt', jwk: publicPart(key) }
  return signed(key, header, { jti: newJti(), htm: method, htu: url, iat: seconds(), ...ath })
}

/** RFC 7523. */
export function assertionOf(agent: { readonly id: string; readonly key: JWK }): string {
  const now = seconds()
  const who = { iss: agent.id, sub: agent.id, aud: ISSUER, jti: newJti() }
  return signed(agent.key, { typ: 'JWT' }, { ...who, iat: now, exp: now + 60 })
}

/** ID token that the provider issues about somebody to a client of its own. */
export function idTokenOf(
  provider: { readonly issuer: string; readonly key: JWK },
  of: { readonly subject: string; readonly client: string },
): string {
  const now = seconds()
  return signed(
    provider.key,
    { kid: 'key-1' },
    {
      ...{ iss: provider.issuer, sub: of.subject, aud: of.client, jti: newJti() },
      ...{ iat: now, exp: now + 300, groups: ['support'] },
    },
  )
}

/** Members that every request to the token endpoint has beside its own. */
export function presenting(key: JWK) {
  const at = { method: 'POST', url: TOKEN_URL }
  return { ...at, proof: proofOf(key, at), origin: { ip: '192.0.2.7' } }
}
