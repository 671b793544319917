import {
  ATTESTED,
  authenticateClient,
  credentialStep,
  type ProspectiveClient,
} from '../../identity/agent-authentication/index.ts'
import type { Step } from '../../platform/storage/index.ts'
import { proofStep } from '../../tasks/facts/index.ts'
import { type GrantParts, readProof, type TokenRequestContext } from '../grants/index.ts'
import { proveClient } from './prove-client.ts'

/** Pushed authorization request, as far as it says who sends it. */
export interface PushedRequest extends TokenRequestContext {
  readonly clientId: string
  readonly client: ProspectiveClient | undefined
  readonly assertion: string | undefined
  readonly assertionType: string | undefined
}

/**
 * Checks the proof and the client authentication of a pushed authorization request (RFC 9126 section 2.1), and uses them up. Answers
 * the thumbprint of the key that the code is to be bound to, where one was proved.
 * @throws Problem `proof.…`, `attestation.…`, `agent.unauthenticated`, `assertion.replayed`, `oauth.invalid_request`
 */
export async function provePushed(
  parts: GrantParts,
  request: PushedRequest,
): Promise<string | undefined> {
  const proof = await readProof(parts, request)
  const steps = [
    ...(proof ? [proofStep(parts, proof)] : []),
    ...(await authenticate(parts, request)),
  ]
  const done = await parts.storage.commit(steps)
  if (!done.committed) throw done.failed.problem()
  return proof?.thumbprint
}

/** Answers the steps that use the credential up. */
async function authenticate(
  parts: GrantParts,
  { assertion, assertionType = '', client, clientId }: PushedRequest,
): Promise<readonly Step[]> {
  if (assertion !== undefined && assertionType === ATTESTED && !client?.fapi2)
    return (await proveClient(parts, { clientId, assertion, assertionType })).steps
  const shown = assertion === undefined ? undefined : { assertion, assertionType }
  const used = await authenticateClient(parts, client, shown)
  return used ? [credentialStep(parts.storage.read, used)] : []
}
