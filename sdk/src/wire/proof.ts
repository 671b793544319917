import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

/** The key of one task. Its private half never leaves this process. */
export interface TaskKey {
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

/** A fresh key: a task key is never used for a second task. */
export async function newTaskKey(): Promise<TaskKey> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: false })
  const { crv, kty, x, y } = await exportJWK(publicKey)
  return { privateKey, publicJwk: { kty, crv, x, y } as JWK } // an EC public key has all four
}

/** A DPoP proof for one request (RFC 9449 section 4.2): fresh `jti`, `ath` when a token goes with it. */
export async function proofFor(
  key: TaskKey,
  request: {
    readonly method: string
    readonly url: string
    readonly now: number
    readonly token?: string | undefined
    readonly nonce?: string | undefined
  },
): Promise<string> {
  const { method, nonce, now, token, url } = request
  const { origin, pathname } = new URL(url)
  return new SignJWT({
    jti: crypto.randomUUID(),
    htm: method,
    htu: origin + pathname,
    ...(token === undefined ? {} : { ath: await sha256url(token) }),
    ...(nonce === undefined ? {} : { nonce }),
  })
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: key.publicJwk })
    .setIssuedAt(Math.floor(now / 1000))
    .sign(key.privateKey)
}

/** The digest as base64url without padding. */
export async function sha256url(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return base64url(new Uint8Array(digest))
}

export function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}
