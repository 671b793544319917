import { Type } from 'typebox'
import { agentIdOf, findAgent, listAgents, listDated } from '../../agents/index.ts'
import { Problem } from '../../lib/problem.ts'
import { personNames } from '../names.ts'
import { operation } from '../operation.ts'
import { Along, along, pageOf } from '../paging.ts'
import type { ApiParts } from '../parts.ts'
import { Agent } from '../schemas.ts'
import { agentShape } from '../shapes.ts'

const Query = Type.Object(
  {
    ...Along,
    client: Type.Optional(
      Type.String({
        maxLength: 512,
        description: 'only the agent that this address of a metadata document means',
      }),
    ),
    dated: Type.Optional(
      Type.Literal('yes', {
        description:
          'only those that have to be recertified, those that are due first before the others',
      }),
    ),
  },
  { additionalProperties: false },
)

export const listOperation = operation({
  id: 'agents.list',
  method: 'GET',
  path: '/agents',
  says: 'Agents by name, a page at a time.',
  who: 'person',
  widens: false,
  query: Query,
  answer: along('agents', Agent),
  run: async (parts, { query }) => {
    const { items, more } = await pageOf(query, (limit) => find(parts, { ...query, limit }))
    const nameOf = await personNames(
      parts,
      items.map(({ ownerId }) => ownerId),
    )
    return { agents: items.map((agent) => agentShape(agent, nameOf(agent.ownerId))), more }
  },
})

async function find(
  { agents }: ApiParts,
  query: { readonly limit: number } & Pick<Along, 'after'> & { client?: string; dated?: 'yes' },
) {
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
