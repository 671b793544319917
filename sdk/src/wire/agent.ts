import { type CryptoKey, importJWK, type JWK, SignJWT } from 'jose'
import { UsageError } from '../errors.ts'

/** Identity of the agent that opens the task: its registration, and how it proves that. */
export interface AgentIdentity {
  /** Its name at Remit, such as `refund-bot`. */
  readonly id: string
  /** Its private key (ES256 or Ed25519), as JWK or `CryptoKey`. */
  readonly key?: JWK | CryptoKey
  /** Or whatever makes a client assertion for it (RFC 7523): a key in an HSM, a workload identity. */
  readonly assertion?: () => Promise<string>
}

const LIFE_SECONDS = 60

/** `client_assertion` and its type (RFC 7523 section 2.2): for Remit alone, for a minute, used once. */
export async function clientAssertion(
  agent: AgentIdentity,
  issuer: string,
  now: number,
): Promise<Record<string, string>> {
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: agent.assertion
      ? await agent.assertion()
      : await signed(agent.id, keyOf(agent), { issuer, now }),
  }
}

function keyOf({ id, key }: AgentIdentity): JWK | CryptoKey {
  if (key === undefined)
    throw new UsageError(`\`${id}\` needs a \`key\`, or an \`assertion\` that proves who it is`)
  return key
}

async function signed(
  id: string,
  key: JWK | CryptoKey,
  { issuer, now }: { issuer: string; now: number },
): Promise<string> {
  const alg = algorithmOf(key)
  const iat = Math.floor(now / 1000)
  return new SignJWT({ jti: crypto.randomUUID() })
    .setProtectedHeader({ typ: 'client-authentication+jwt', alg })
    .setIssuer(id)
    .setSubject(id)
    .setAudience(issuer)
    .setIssuedAt(iat)
    .setExpirationTime(iat + LIFE_SECONDS)
    .sign(isJwk(key) ? await importJWK(key, alg) : key)
}

function algorithmOf(key: JWK | CryptoKey): 'ES256' | 'EdDSA' {
  const name = isJwk(key) ? (key.crv ?? '') : curveOf(key)
  if (name === 'P-256') return 'ES256'
  if (name === 'Ed25519') return 'EdDSA'
  throw new UsageError('the key of an agent is one for ES256 (P-256) or for Ed25519')
}

function isJwk(key: JWK | CryptoKey): key is JWK {
  return 'kty' in key
}

function curveOf({ algorithm }: CryptoKey): string {
  return 'namedCurve' in algorithm ? String(algorithm.namedCurve) : algorithm.name
}
