import { agentIdOf, isClientUrl } from '../../platform/lib/client-url.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { type Agent, findAgent, hadKeys } from '../agents/index.ts'
import { findDescription } from '../client-metadata/index.ts'
import { activeIfSaid, inTheSameWords } from './authenticate.ts'
import type { AuthenticatingParts } from './authenticated.ts'
import { wasCertified } from './certificates/certificate-name-store.ts'

/**
 * The agent that a client says it is, where it has nothing to prove that with (`none`, RFC 7591 section 2). Failures are told as those
 * of `authenticateAgent`.
 * INVARIANT: a client that has, publishes or ever had a key, is or was known by a certificate, or is vouched for by an issuer, is no public client.
 */
export async function findPublicClient(
  parts: AuthenticatingParts,
  clientId: string,
): Promise<Agent> {
  const agent = await find(parts, clientId).catch(inTheSameWords)
  await activeIfSaid(parts, agent)
  return agent
}

async function find(parts: AuthenticatingParts, clientId: string): Promise<Agent> {
  const { read } = parts.storage
  const agent = await findAgent(read, agentIdOf(clientId))
  if (!agent) throw new Problem('agent.unknown', 'there is no such agent')
  const proves =
    parts.fapi2 ||
    agent.issuer !== null ||
    (await hadKeys(read, agent.id)) ||
    (await wasCertified(read, agent.id)) ||
    (await publishesKeys(parts, clientId)) ||
    (await isNamedByIssuer(parts, agent))
  if (proves)
    throw new Problem('agent.unauthenticated', 'it has a key and must authenticate with it')
  return agent
}

async function publishesKeys(parts: AuthenticatingParts, clientId: string): Promise<boolean> {
  const { documents, storage } = parts
  const methods = isClientUrl(clientId)
    ? (await documents?.find(clientId))?.methods
    : ((await findDescription(storage.read, clientId))?.proves.methods ?? ['none'])
  return methods === undefined || methods.some((method) => method !== 'none')
}

async function isNamedByIssuer({ issuers }: AuthenticatingParts, { id }: Agent): Promise<boolean> {
  return (await issuers.all()).some(
    ({ rules, state }) =>
      state !== 'revoked' && rules.some(({ gives }) => 'agent' in gives && gives.agent === id),
  )
}
