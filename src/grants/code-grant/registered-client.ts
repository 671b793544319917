import { findAgent, retireAgent } from '../../identity/agents/index.ts'
import {
  findDescription,
  noticeDescription,
  redirectsStay,
  type SelfRegisteredClient,
  softwareDigest,
} from '../../identity/client-metadata/index.ts'
import { forgetRegistration } from '../../identity/opaque-tokens/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { endBasis, endConsentsOf } from '../../tasks/tasks/index.ts'
import type { GrantParts } from '../grants/index.ts'
import { consentsOfClient, hasInstances } from './authorization-store.ts'

/**
 * A client that registered says something else of itself (RFC 7592 section 2.2). Nothing, while it is no agent. Of an agent: what
 * people allowed it as it was ends, and so does nothing that an administrator decided by where its answers go.
 * @throws Problem `registration.bad_redirect`
 */
export async function describeClient(
  parts: Pick<GrantParts, 'clock' | 'ledger' | 'live' | 'storage'>,
  client: SelfRegisteredClient,
): Promise<void> {
  const { read } = parts.storage
  const agent = await findAgent(read, client.clientId)
  if (!agent) return endConsentsOfInstance(parts, client.clientId)
  const before = await findDescription(read, agent.id)
  // INVARIANT: no instance says for all the others what the agent is.
  if (before?.softwareDigest !== softwareDigest(client) && (await hasInstances(read, agent.id)))
    throw new Problem(
      'registration.bad_metadata',
      'other registrations are the same agent: register again to be called otherwise, or for other addresses',
    )
  // INVARIANT: a client that was admitted for its redirect addresses does not send answers elsewhere afterwards.
  if (!(await redirectsStay(read, agent, { before, client })))
    throw new Problem(
      'registration.bad_redirect',
      'the client was admitted for its redirect hosts: register again for another host',
    )
  const endConsents = (agentId: string) => endConsentsOf(parts, { agentId, by: agentId })
  await noticeDescription({ ...parts, endConsents }, client)
}

/**
 * The client is gone by its own word (section 2.3): its agent, if it is one, is retired, and its tasks end. Answers when no replica
 * permits any more.
 */
export async function deregisterClient(
  parts: Pick<GrantParts, 'clock' | 'ledger' | 'live' | 'storage'>,
  clientId: string,
): Promise<void> {
  await endRegisteredClient(parts, clientId)
  await parts.storage.transaction((tx) => forgetRegistration(tx, clientId))
  // INVARIANT: a client that a person let in meanwhile is found here; and none is let in without a registration.
  await endRegisteredClient(parts, clientId)
}

/** Ends the agent of a client; of an agent with other instances, what this one was allowed. */
async function endRegisteredClient(
  parts: Pick<GrantParts, 'clock' | 'ledger' | 'live' | 'storage'>,
  clientId: string,
): Promise<void> {
  if (await hasInstances(parts.storage.read, clientId))
    return endConsentsOfInstance(parts, clientId)
  await retire(parts, clientId)
  await endConsentsOfInstance(parts, clientId)
}

async function endConsentsOfInstance(
  parts: Pick<GrantParts, 'clock' | 'ledger' | 'live' | 'storage'>,
  clientId: string,
): Promise<void> {
  for (const basisId of await consentsOfClient(parts.storage.read, clientId))
    await endBasis(parts, { basisId, by: clientId })
}

async function retire(
  parts: Pick<GrantParts, 'clock' | 'ledger' | 'live' | 'storage'>,
  clientId: string,
): Promise<void> {
  const agent = await findAgent(parts.storage.read, clientId)
  if (!agent || agent.status === 'retired') return
  await retireAgent(parts, { agentId: agent.id, by: agent.id, reason: 'it deregistered' })
}
