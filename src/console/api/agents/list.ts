import {
  type Agent as AgentNoun,
  findAgent,
  listAgents,
  listDated,
} from '../../../identity/agents/index.ts'
import { agentIdOf } from '../../../platform/lib/client-url.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { personNames } from '../names.ts'
import type { ApiCaller } from '../operation.ts'
import { type PageOfList, pageOf } from '../paging.ts'
import type { ApiParts } from '../parts.ts'
import { agentShape } from '../shapes.ts'

/** Agents of the caller, or all for administrators, a page at a time. */
export async function listedAgents(
  parts: Pick<ApiParts, 'agents' | 'people'>,
  { caller, query }: { readonly caller: ApiCaller; readonly query: PageOfList & AgentListFilter },
) {
  const { items, more } = await pageOf(query, (limit) =>
    caller.administrator
      ? find(parts, { ...query, limit })
      : findOwn(parts, caller.person.id, { ...query, limit }),
  )
  const nameOf = await personNames(
    parts,
    items.map(({ ownerId }) => ownerId),
  )
  return { agents: items.map((agent) => agentShape(agent, nameOf(agent.ownerId))), more }
}

interface AgentListFilter {
  readonly client?: string
  readonly dated?: 'yes'
}

type AgentListQuery = { readonly limit: number } & Pick<PageOfList, 'after'> & AgentListFilter

/** Lists the agents that an owner has: few enough to look through. */
async function findOwn(
  { agents }: Pick<ApiParts, 'agents'>,
  ownerId: string,
  query: AgentListQuery,
) {
  const { after, client, dated, limit } = query
  const { read } = agents.storage
  if (client !== undefined) {
    const found = await findAgent(read, agentIdOf(client))
    return found?.ownerId === ownerId ? [found] : []
  }
  if (dated === undefined)
    return listAgents(read, { ownerId, limit, ...(after === undefined ? {} : { after }) })
  const own = await listAgents(read, { ownerId, limit: MAX_OWN })
  const due = own
    .filter(({ certification }) => certification)
    .toSorted((a, b) => untilOf(a) - untilOf(b) || (a.id < b.id ? -1 : 1))
  const from = after === undefined ? 0 : due.findIndex(({ id }) => id === after) + 1
  return due.slice(from, from + limit)
}

const MAX_OWN = 1000

function untilOf({ certification }: AgentNoun): number {
  return certification?.until ?? 0
}

async function find({ agents }: Pick<ApiParts, 'agents'>, query: AgentListQuery) {
  const { after, client, dated, limit } = query
  const { read } = agents.storage
  if (client !== undefined) {
    const found = await findAgent(read, agentIdOf(client))
    return found ? [found] : []
  }
  if (dated === undefined)
    return listAgents(read, { limit, ...(after === undefined ? {} : { after }) })
  if (after === undefined) return listDated(read, { limit })
  const last = await findAgent(read, after)
  if (!last?.certification)
    throw new Problem('agent.unknown', `there is no agent \`${after}\` with a date`)
  return listDated(read, { limit, after: { by: last.certification.until, id: last.id } })
}
