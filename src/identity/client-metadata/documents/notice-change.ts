import { agentIdOf } from '../../../platform/lib/client-url.ts'
import {
  type Agent,
  type AgentParts,
  findAgent,
  listKeys,
  suspendAgent,
} from '../../agents/index.ts'
import type { KeyChange } from '../admission/admission-rule.ts'
import { findRule } from '../admission/admission-store.ts'
import type { ClientDocument } from '../client-document.ts'
import { type Description, descriptionDigest, provingOf, selfOf } from '../description.ts'
import { findDescription, insertDescription, replaceDescription } from '../description-store.ts'
import type { SelfRegisteredClient } from '../self-registered.ts'

export interface NoticingParts extends AgentParts {
  readonly endConsents: (agentId: string) => Promise<void>
}

/**
 * Compares a document that was just fetched with the last description of its agent. Another name, address or way to authenticate ends
 * consents, so that people are asked again; a key that was not there does what the admission rule of the agent says. What an
 * administrator granted stays. When it has returned, that is done and written down.
 * INVARIANT: first the consequences, then the description: a process that stops in between does it again at the next fetch.
 */
export function noticeChange(parts: NoticingParts, document: ClientDocument): Promise<void> {
  return noticeDescription(parts, selfOf(document))
}

/**
 * Compares a client's description with the last one of its agent, however the client describes
 * itself; as `noticeChange`.
 */
export async function noticeDescription(
  parts: NoticingParts,
  client: SelfRegisteredClient,
): Promise<void> {
  const { read } = parts.storage
  const agent = await findAgent(read, agentIdOf(client.clientId))
  if (!agent) return
  const before = await findDescription(read, agent.id)
  if (!before) {
    await parts.storage.transaction((tx) => insertDescription(tx, client, parts.clock.now()))
    return
  }
  const { keys } = provingOf(client)
  const told = before.digest !== descriptionDigest(client)
  if (!told && before.proves.keys.join() === keys.join()) return
  const added = keys.filter((key) => !before.proves.keys.includes(key))
  const follows = await whatFollows(parts, agent, { told, added })
  if (follows !== 'accept') await parts.endConsents(agent.id)
  if (follows === 'suspend' && agent.status === 'active')
    await suspendAgent(parts, { agentId: agent.id, by: 'system', reason: 'its keys changed' })
  await writeDown(parts, agent, { before, client, follows, added })
}

async function whatFollows(
  parts: NoticingParts,
  agent: Agent,
  { added, told }: { told: boolean; added: readonly string[] },
): Promise<KeyChange> {
  const { read } = parts.storage
  // Keys that an administrator registered count instead of those of the document.
  const counts = added.length > 0 && (await listKeys(read, agent.id)).length === 0
  const rule = agent.admission ? await findRule(read, agent.admission) : undefined
  const forKeys = counts ? (rule?.keyChange ?? 'ask') : 'accept'
  return told && forKeys === 'accept' ? 'ask' : forKeys
}

async function writeDown(
  parts: NoticingParts,
  agent: Agent,
  {
    added,
    before,
    client,
    follows,
  }: {
    before: Description
    client: SelfRegisteredClient
    follows: KeyChange
    added: readonly string[]
  },
): Promise<void> {
  const proves = provingOf(client)
  const raised = await parts.storage.lanes.revocation.transaction(async (tx) => {
    if (!(await replaceDescription(tx, before, client, parts.clock.now()))) return undefined
    await parts.ledger.append(tx, {
      type: 'agent.described_anew',
      agent: agent.id,
      by: 'system',
      outcome: follows,
      facts: {
        redirect_uris: client.redirectUris,
        methods: proves.methods,
        keys_added: added,
        keys_gone: before.proves.keys.filter((key) => !proves.keys.includes(key)),
      },
      private: { name: client.clientName, before: before.clientName },
    })
    return parts.live.raise(tx, [{ kind: 'agent', id: agent.id }])
  })
  if (raised) await parts.live.settle(raised)
}
