import { ATTESTED } from '../agent-authentication/index.ts'
import { PROOF_STEP, proofStep } from '../facts/index.ts'
import { type GrantParts, type Presenting, readProof } from '../grants/index.ts'
import { Problem } from '../lib/problem.ts'
import { proveClient } from './prove-client.ts'

/** An authorization request that is pushed, as far as it says who sends it in headers. */
export interface PushedRequest extends Presenting {
  readonly attested: { readonly clientId: string; readonly assertion: string } | undefined
}

/**
 * Checks the proof and the attestation of a pushed authorization request, and uses them up. Answers the key that the code is to be bound
 * to, where one was proved.
 * @throws Problem `proof.…`, `attestation.…`, `agent.unauthenticated`, `assertion.replayed`
 */
export async function provePushed(
  parts: GrantParts,
  request: PushedRequest,
): Promise<string | undefined> {
  const proof = await readProof(parts, request)
  if (proof instanceof Problem) throw proof
  const { attested } = request
  const client = attested && (await proveClient(parts, { ...attested, assertionType: ATTESTED }))
  const steps = [...(proof ? [proofStep(parts, proof)] : []), ...(client?.steps ?? [])]
  const done = steps.length === 0 ? undefined : await parts.storage.commit(steps)
  if (done && !done.committed)
    throw done.failed === PROOF_STEP
      ? new Problem('proof.replayed', 'the proof was used before')
      : new Problem('assertion.replayed', 'the client assertion was used before')
  return proof?.thumbprint
}
