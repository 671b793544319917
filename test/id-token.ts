// ID tokens as the development identity provider gives them, without the six requests of a sign-in.
import { randomUUID } from 'node:crypto'
import { systemClock } from '../src/platform/lib/clock.ts'
import { SAMPLE_PEOPLE } from '../src/programs/dev/sample.ts'
import { jws, seconds, type TestKey } from './signing.ts'

const LIFETIME = 300

/** Signs an ID token of this sample person for this client, with the key of the provider. */
export async function signIdToken(
  key: TestKey,
  issuer: string,
  person: string,
  client: string,
): Promise<string> {
  const known = SAMPLE_PEOPLE.find(({ id }) => id === person)
  if (!known) throw new Error(`${person} is not known`)
  const iat = seconds(systemClock)
  return jws(
    key,
    { kid: key.thumbprint },
    {
      sub: known.id,
      auth_time: iat,
      jti: randomUUID(),
      name: known.name,
      email: known.email,
      email_verified: true,
      groups: [...known.groups],
      nonce: randomUUID(),
      aud: client,
      exp: iat + LIFETIME,
      iat,
      iss: issuer,
    },
  )
}
