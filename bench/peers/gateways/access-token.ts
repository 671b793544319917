import { generateKeyPairSync, sign } from 'node:crypto'
import { AGENT } from '../question.ts'

/** A token of a person who is of support, for gateways that check JWTs of any issuer; and the key that checks it. */
export class TokenIssuer {
  readonly issuer = 'http://127.0.0.1/issuer'
  readonly audience = 'orders'
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })

  get jwks(): object {
    const jwk = this.#keys.publicKey.export({ format: 'jwk' })
    return { keys: [{ ...jwk, kid: 'bench', alg: 'ES256', use: 'sig' }] }
  }

  tokenFor(person: string, groups: readonly string[]): string {
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      ...{ iss: this.issuer, aud: this.audience, sub: person, groups, agent: AGENT },
      ...{ iat: now, nbf: now, exp: now + 7_200, scope: 'orders.read' },
    }
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const input = `${part({ alg: 'ES256', typ: 'JWT', kid: 'bench' })}.${part(claims)}`
    const key = { key: this.#keys.privateKey, dsaEncoding: 'ieee-p1363' } as const
    return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
  }
}
