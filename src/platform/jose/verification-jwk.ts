import { Problem } from '../lib/problem.ts'
import { importPublicJwk, type PublicKey } from './public-jwk.ts'
import { type Algorithm, fits, isAlgorithm } from './signature.ts'

/**
 * A key with which signatures of another party are checked, and the one algorithm that its owner
 * permits for it.
 */
export interface VerificationKey extends PublicKey {
  readonly alg: Algorithm | undefined
}

/**
 * Imports a public key and obeys its owner's restrictions (RFC 7517 sections 4.2 to 4.4): `use` and
 * `key_ops` must allow checking signatures, `alg` must be one that the key fits. This holds for
 * keys from a file, an address, a document or a request alike.
 * @throws Problem `keys.unacceptable_jwk`
 */
export function importVerificationJwk(value: unknown, use = 'sig'): VerificationKey {
  const imported = importPublicJwk(value)
  const said: { use?: unknown; key_ops?: unknown; alg?: unknown } = { ...Object(value) }
  if (said.use !== undefined && said.use !== use) throw unacceptable(`\`use\` is not \`${use}\``)
  if (said.key_ops !== undefined && !allowsVerifying(said.key_ops))
    throw unacceptable('`key_ops` does not have `verify`')
  return { ...imported, alg: algorithmOf(said.alg, imported) }
}

/** Checks `key_ops` (section 4.3): different operations, and none that is for secrets. */
function allowsVerifying(operations: unknown): boolean {
  return (
    Array.isArray(operations) &&
    operations.includes('verify') &&
    new Set(operations).size === operations.length
  )
}

function algorithmOf(alg: unknown, { key }: PublicKey): Algorithm | undefined {
  if (alg === undefined) return undefined
  if (typeof alg !== 'string' || !isAlgorithm(alg) || !fits(alg, key))
    throw unacceptable('`alg` is not one that the key can check')
  return alg
}

function unacceptable(detail: string): Problem {
  return new Problem('keys.unacceptable_jwk', detail)
}
