import { agentIdOf, isClientUrl } from '../../platform/lib/client-url.ts'
import { isName } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Reader } from '../../platform/storage/index.ts'
import { findPerson } from '../people/index.ts'
import { type Agent, type AgentClient, BEGINNING } from './agent.ts'
import { readAgentKey } from './agent-key.ts'
import { insertKey } from './agent-key-store.ts'
import { insertAgent, insertAgentClient } from './agent-store.ts'
import { readCeiling, readMayDelegate, readTrust } from './limits.ts'
import type { AgentParts } from './parts.ts'

/** An agent as an administrator describes it. `unknown` members are read strictly. */
export interface Registration {
  /** Or the address of the metadata document of a client that is to be known before it comes. */
  readonly name: string
  readonly description: string
  readonly ownerId: string
  readonly trust: unknown
  /** `remit_call` details: the most it may ever be given. */
  readonly ceiling: unknown
  /** `remit_delegate` details, or `null` for "whatever it holds". */
  readonly mayDelegate?: unknown
  /** Public keys as JWK. More can be added later. */
  readonly keys?: readonly unknown[]
  readonly clients?: readonly AgentClient[]
  readonly by: string
}

/**
 * Registers an agent; it may act from now on. Throws `agent.bad_name`, `agent.exists`, `agent.bad_owner`,
 * `agent.bad_trust`, `agent.bad_ceiling`, `agent_key.unacceptable`, `agent_key.taken`, `agent_client.taken`.
 */
export async function registerAgent(parts: AgentParts, registration: Registration): Promise<Agent> {
  const { description, ownerId, clients = [], by } = registration
  const clientUrl = isClientUrl(registration.name) ? registration.name : null
  const name = agentIdOf(registration.name)
  if (!isName(name))
    throw new Problem(
      'agent.bad_name',
      `\`${name}\` is not a name: lower-case letters, digits, hyphens; nor the address of a metadata document`,
    )
  const now = parts.clock.now()
  const agent: Agent = {
    id: name,
    name: clientUrl ?? name,
    description,
    ownerId,
    trust: readTrust(registration.trust),
    ceiling: readCeiling(registration.ceiling),
    mayDelegate: readMayDelegate(registration.mayDelegate ?? null),
    status: 'active',
    createdAt: now,
    admission: null,
    notifyAt: null,
    issuer: null,
    clientUrl,
    clients,
    ...BEGINNING,
  }
  const keys = (registration.keys ?? []).map(readAgentKey)
  await parts.storage.transaction(async (tx) => {
    await requireOwner(tx, ownerId)
    if (!(await insertAgent(tx, agent)))
      throw new Problem('agent.exists', `the name \`${name}\` was used before`)
    for (const key of keys)
      if (!(await insertKey(tx, { ...key, agentId: name, createdAt: now }))) throw keyTaken()
    for (const client of clients)
      if (!(await insertAgentClient(tx, name, client))) throw clientTaken(client)
    await parts.live.begin(tx, { kind: 'agent', id: name })
    await parts.ledger.append(tx, {
      type: 'agent.registered',
      agent: name,
      by,
      facts: {
        owner: ownerId,
        trust: agent.trust,
        ceiling: agent.ceiling,
        may_delegate: agent.mayDelegate,
        keys: keys.map(({ thumbprint }) => thumbprint),
        client_url: clientUrl ?? undefined,
        clients: clients.map(({ issuer, clientId }) => ({ issuer, client_id: clientId })),
      },
    })
  })
  return agent
}

/** INVARIANT: an active person answers for every agent. */
export async function requireOwner(reader: Reader, ownerId: string): Promise<void> {
  const owner = await findPerson(reader, ownerId)
  if (owner?.status !== 'active')
    throw new Problem('agent.bad_owner', 'the owner must be a person who is not suspended')
}

export function keyTaken(): Problem {
  return new Problem('agent_key.taken', 'this key, or its `kid`, was registered before')
}

export function clientTaken({ issuer, clientId }: AgentClient): Problem {
  return new Problem(
    'agent_client.taken',
    `\`${clientId}\` at ${issuer} belongs to an agent already`,
  )
}
