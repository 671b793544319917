import { importVerificationJwk } from '../../platform/jose/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { AgentKey } from './agent.ts'

/**
 * Reads a public key that an agent will sign its assertions with: EC P-256 (ES256) or OKP Ed25519, as JWK. `kid` is kept
 * when there is one. `use`, `key_ops` and `alg`, when present, must fit. Throws `agent_key.unacceptable`.
 */
export function readAgentKey(value: unknown): Pick<AgentKey, 'jwk' | 'kid' | 'thumbprint'> {
  const { alg, jwk, thumbprint } = importKey(value)
  if (jwk.kty === 'RSA') throw unacceptable('keys of agents are EC P-256 or OKP Ed25519')
  const { kid = thumbprint }: { kid?: unknown } = { ...Object(value) }
  if (typeof kid !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(kid))
    throw unacceptable('`kid` must be 1 to 128 printable characters without spaces')
  const algorithms: readonly string[] = ALGORITHMS_OF[jwk.kty]
  if (alg !== undefined && !algorithms.includes(alg))
    throw unacceptable(`\`alg\` must be ${algorithms.join(' or ')}`)
  return { jwk, kid, thumbprint }
}

/**
 * Algorithms that keys sign with: they follow from the key. `EdDSA` is the older name of what
 * `Ed25519` says exactly (RFC 9864).
 */
export const ALGORITHMS_OF = {
  EC: ['ES256'],
  OKP: ['Ed25519', 'EdDSA'],
  // No agent has one; machine clients may.
  RSA: ['RS256', 'PS256'],
} as const

function importKey(value: unknown) {
  try {
    return importVerificationJwk(value)
  } catch (cause) {
    throw cause instanceof Problem ? unacceptable(cause.detail, cause) : cause
  }
}

function unacceptable(detail: string, cause?: unknown): Problem {
  return new Problem('agent_key.unacceptable', detail, { cause })
}
