import { instancesOf } from '../../../grants/code-grant/index.ts'
import { findAgent, listKeys } from '../../../identity/agents/index.ts'
import { findDescription } from '../../../identity/client-metadata/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { countUnclosed } from '../../../tasks/tasks/index.ts'
import { personNames } from '../names.ts'
import type { ApiParts } from '../parts.ts'
import { agentShape, time } from '../shapes.ts'

const MAX_INSTANCES = 50

/**
 * `ownerId`: only where this person answers for it; to others there is none.
 * @throws Problem `agent.unknown`
 */
export async function requireAgent(
  parts: Pick<ApiParts, 'agents'>,
  name: string,
  ownerId?: string,
) {
  const agent = await findAgent(parts.agents.storage.read, name)
  if (agent && (ownerId === undefined || agent.ownerId === ownerId)) return agent
  throw new Problem('agent.unknown', `there is no agent \`${name}\``)
}

/**
 * An agent with its keys, clients and what it says of itself.
 * @throws Problem `agent.unknown`
 */
export async function shownAgent(
  parts: Pick<ApiParts, 'agents' | 'people'>,
  name: string,
  ownerId?: string,
) {
  const agent = await requireAgent(parts, name, ownerId)
  const keys = await listKeys(parts.agents.storage.read, name)
  const nameOf = await personNames(parts, [agent.ownerId])
  return {
    ...agentShape(agent, nameOf(agent.ownerId)),
    may_delegate: agent.mayDelegate && [...agent.mayDelegate],
    idle_minutes: agent.idleMinutes,
    open_tasks: await countUnclosed(parts.agents.storage.read, { agentId: agent.id }),
    clients: agent.clients.map(({ clientId, issuer }) => ({ issuer, client_id: clientId })),
    keys: keys.map(({ createdAt, kid, revokedAt, thumbprint }) => ({
      thumbprint,
      kid,
      created_at: time(createdAt),
      revoked: revokedAt !== undefined,
    })),
    described: await describedShape(parts, name),
    instances: (await instancesOf(parts.agents.storage.read, name, MAX_INSTANCES)).map(
      ({ clientId, lastLetInAt, people }) => ({
        ...{ client_id: clientId, people },
        last_let_in_at: time(lastLetInAt),
      }),
    ),
  }
}

async function describedShape(parts: Pick<ApiParts, 'agents'>, agentId: string) {
  const found = await findDescription(parts.agents.storage.read, agentId)
  if (!found) return null
  const { changedAt, clientName, noticedAt, proves, redirectUris } = found
  return {
    client_name: clientName,
    redirect_uris: [...redirectUris],
    redirect_hosts: [...new Set(redirectUris.map((uri) => new URL(uri).host))],
    methods: [...proves.methods],
    keys: [...proves.keys],
    noticed_at: time(noticedAt),
    changed_at: changedAt === null ? null : time(changedAt),
  }
}
