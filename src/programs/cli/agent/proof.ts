import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  SignJWT,
} from 'jose'
import { sha256url } from '../../../platform/lib/bytes.ts'

/** A key of one task: made for it, never used for another. */
export interface TaskKey {
  readonly publicJwk: JWK
  readonly privateJwk: JWK
  readonly thumbprint: string
}

export async function newTaskKey(): Promise<TaskKey> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const publicJwk = await exportJWK(publicKey)
  return {
    publicJwk,
    privateJwk: await exportJWK(privateKey),
    thumbprint: await calculateJwkThumbprint(publicJwk),
  }
}

/** A DPoP proof (RFC 9449 section 4.2) for one request. `url` without query and fragment. */
export async function proofFor(
  key: TaskKey,
  request: { method: string; url: string; accessToken?: string; nonce?: string | undefined },
): Promise<string> {
  return new SignJWT({
    jti: crypto.randomUUID(),
    htm: request.method,
    htu: request.url,
    ...(request.nonce === undefined ? {} : { nonce: request.nonce }),
    ...(request.accessToken === undefined ? {} : { ath: sha256url(request.accessToken) }),
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: key.publicJwk })
    .setIssuedAt()
    .sign(await importJWK(key.privateJwk, 'ES256'))
}

/** A client assertion (RFC 7523, with the issuer as only audience) by the agent's own long-lived key. */
export async function assertionBy(
  agent: { id: string; privateJwk: JWK & { alg?: string } },
  issuer: string,
): Promise<string> {
  const alg = agent.privateJwk.alg ?? (agent.privateJwk.kty === 'OKP' ? 'EdDSA' : 'ES256')
  return new SignJWT({ jti: crypto.randomUUID() })
    .setProtectedHeader({
      alg,
      typ: 'client-authentication+jwt',
      ...(agent.privateJwk.kid === undefined ? {} : { kid: agent.privateJwk.kid }),
    })
    .setIssuer(agent.id)
    .setSubject(agent.id)
    .setAudience(issuer)
    .setIssuedAt()
    .setExpirationTime('2m')
    .sign(await importJWK(agent.privateJwk, alg))
}
