import { createPrivateKey, type KeyObject, randomBytes, sign } from 'node:crypto'
import { rawOf } from '../../src/platform/jose/signature.ts'
import { base64url, sha256url } from '../../src/platform/lib/bytes.ts'
import type { OpenTask } from '../../src/programs/cli/agent/client.ts'

/** Makes DPoP proofs of one task (RFC 9449) as fast as they can be made: bare key, DER, no library. */
export class ProofMaker {
  readonly #key: KeyObject
  readonly #header: string

  constructor(task: { readonly key: Pick<OpenTask['key'], 'privateJwk' | 'publicJwk'> }) {
    this.#key = createPrivateKey({ key: { ...task.key.privateJwk }, format: 'jwk' })
    const { crv, kty, x, y } = task.key.publicJwk
    const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } }
    this.#header = base64url(Buffer.from(JSON.stringify(header)))
  }

  make(request: {
    method: string
    url: string
    accessToken?: string
    nonce?: string | undefined
  }): string {
    const claims = {
      jti: base64url(randomBytes(16)),
      htm: request.method,
      htu: request.url,
      iat: Math.floor(Date.now() / 1000),
      ...(request.nonce === undefined ? {} : { nonce: request.nonce }),
      ...(request.accessToken === undefined ? {} : { ath: sha256url(request.accessToken) }),
    }
    const input = `${this.#header}.${base64url(Buffer.from(JSON.stringify(claims)))}`
    const signature = rawOf(sign('sha256', Buffer.from(input), this.#key))
    return `${input}.${base64url(signature)}`
  }
}

/** A whole HTTP/1.1 request as bytes. */
export function requestBytes(request: {
  method: string
  url: string
  headers: Readonly<Record<string, string>>
  body?: string
}): Buffer {
  const { host, pathname } = new URL(request.url)
  const { body = '' } = request
  const fields = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const length = body === '' ? '' : `content-length: ${Buffer.byteLength(body)}\r\n`
  return Buffer.from(
    `${request.method} ${pathname} HTTP/1.1\r\nhost: ${host}\r\n${fields.join('')}${length}\r\n${body}`,
  )
}
