import { importPublicJwk, type PublicKey } from '../../../platform/jose/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { identifyWorkload, type VerifiedToken } from '../../issuers/index.ts'
import type { AuthenticatedAgent, AuthenticatingParts } from '../authenticated.ts'
import { checkInstanceProof, invalidAttestation } from './possession.ts'
import { readShown } from './shown.ts'

/**
 * Attestation-based client authentication (draft-ietf-oauth-attestation-based-client-auth-10): an attester that is a trusted issuer
 * says that a key is of an instance of the client `sub`, and the instance proves the key. Which agent that is the issuer's rules
 * say, as of every workload.
 * @throws Problem `attestation.…`, `issuer.…`
 */
export async function byAttestation(
  parts: AuthenticatingParts,
  shown: string,
): Promise<AuthenticatedAgent> {
  const { attestation, kind, proof } = readShown(shown)
  const { challenges } = parts
  if (!challenges) throw invalidAttestation('attestations are not accepted here')
  const vouched = await parts.issuers.checkAttestation(attestation).catch(inItsWords)
  const instance = instanceKey(vouched)
  const used = await checkInstanceProof({ kind, proof }, instance, { ...parts, challenges }).catch(
    inItsWords,
  )
  const agent = await identifyWorkload(parts, vouched)
  const others = (await parts.issuers.behind(agent)).filter(
    ({ name }) => name !== vouched.issuer.name,
  )
  return { agent, issuers: [vouched.issuer, ...others], vouched, ...used, heldBy: null }
}

/** The key of the instance (section 4: `cnf` with `jwk`), and not one that could sign for it. */
function instanceKey({ claims }: VerifiedToken): PublicKey {
  const { cnf } = claims
  const jwk = typeof cnf === 'object' && cnf !== null ? Reflect.get(cnf, 'jwk') : undefined
  try {
    return importPublicJwk(jwk)
  } catch (cause) {
    throw invalidAttestation('`cnf` does not name a public key', cause)
  }
}

/**
 * Throws in the draft's words where it has some (section 7.4); the rest is as with every
 * credential.
 */
function inItsWords(cause: unknown): never {
  if (!(cause instanceof Problem) || cause.status >= 500) throw cause
  if (cause.code === 'token.expired' || cause.code === 'token.too_old')
    throw new Problem('attestation.stale', 'the attestation has expired', { cause })
  if (cause.code.startsWith('token.'))
    throw invalidAttestation(`the attestation: ${cause.detail}`, cause)
  throw cause
}
