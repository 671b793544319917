import { importVerificationJwk } from '../../platform/jose/index.ts'
import { newId } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Secret } from '../../platform/lib/secret.ts'
import type { ClientCredential } from './client.ts'
import type { ClientKind } from './kinds.ts'
import type { ClientChange, ClientParts } from './parts.ts'
import { newClientSecret } from './secret.ts'

type CredentialParts = Pick<ClientParts, 'clock' | 'random'>

/** Makes a secret and the row that knows it. */
export function newSecretCredential(
  parts: CredentialParts,
  change: ClientChange,
  kind: ClientKind,
): { credential: ClientCredential; secret: Secret } {
  const { digest, secret } = newClientSecret(kind, parts.random)
  const credential = newCredential(parts, change, {
    ...{ kind: 'secret', digest, jwk: null, kid: null },
  })
  return { credential, secret }
}

/** Reads the public key by which a client's assertions are verified. @throws Problem `client.bad_key` */
export function newKeyCredential(
  parts: CredentialParts,
  change: ClientChange,
  value: unknown,
): ClientCredential {
  const { jwk, thumbprint } = importKey(value)
  const { kid = null }: { kid?: unknown } = { ...Object(value) }
  if (kid !== null && (typeof kid !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(kid)))
    throw new Problem(
      'client.bad_key',
      '`kid` must be 1 to 128 printable characters without spaces',
    )
  return newCredential(parts, change, { kind: 'key', digest: thumbprint, jwk, kid })
}

function newCredential(
  { clock, random }: CredentialParts,
  { by, id }: ClientChange,
  made: Pick<ClientCredential, 'kind' | 'digest' | 'jwk' | 'kid'>,
): ClientCredential {
  return {
    id: newId('client_credential', random),
    client: id,
    ...made,
    createdBy: by,
    createdAt: clock.now(),
    lastUsedAt: null,
    endsAt: null,
  }
}

function importKey(jwk: unknown) {
  try {
    return importVerificationJwk(jwk)
  } catch (cause) {
    throw cause instanceof Problem ? new Problem('client.bad_key', cause.detail, { cause }) : cause
  }
}
