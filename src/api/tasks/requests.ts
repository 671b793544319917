import { Type } from 'typebox'
import {
  countForApprover,
  type ListedRequest,
  type ListPage,
  listForApprover,
  listForPerson,
} from '../../access-requests/index.ts'
import { AccessRequest, Name, Page } from '../../operations/schemas.ts'
import { operation } from '../operation.ts'
import { requestShape } from '../shapes.ts'

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 200

const Place = Type.Optional(Type.String({ maxLength: 64, description: 'id of a request' }))

/** One more is looked for than is shown; on the way back, the one too many is the first. */
async function partOf(
  { before, limit, ...page }: ListPage & { readonly limit: number },
  find: (page: ListPage) => Promise<readonly ListedRequest[]>,
) {
  const found = await find({ ...page, before, limit: limit + 1 })
  const more = found.length > limit
  return {
    more,
    requests: before === undefined ? found.slice(0, limit) : found.slice(more ? 1 : 0),
  }
}

export const REQUEST_OPERATIONS = [
  operation({
    id: 'requests.list',
    method: 'GET',
    path: '/access-requests',
    says: 'Requests that wait, oldest first: for the caller’s answer, and on the caller’s behalf. They are answered on their pages, never here.',
    who: 'person',
    widens: false,
    query: Type.Object(
      {
        ...Page,
        agent: Type.Optional(Name),
        after: Place,
        before: Place,
        for_me_after: Place,
        for_me_before: Place,
      },
      { additionalProperties: false },
    ),
    answer: Type.Object({
      to_answer: Type.Array(AccessRequest),
      more: Type.Boolean({ description: 'there are others in the direction that was asked for' }),
      agents: Type.Array(Type.Object({ agent: Type.String(), waiting: Type.Integer() }), {
        description: 'how many of each agent wait for the caller’s answer, whatever the page',
      }),
      for_me: Type.Array(AccessRequest),
      for_me_more: Type.Boolean(),
    }),
    run: async (parts, { caller: { person }, query }) => {
      const { agent: agentId, after, before, for_me_after, for_me_before } = query
      const limit = Math.min(Number(query.limit ?? DEFAULT_LIMIT), MAX_LIMIT)
      const mine = await partOf({ limit, after, before }, (page) =>
        listForApprover(parts.decisions, person, { ...page, agentId }),
      )
      const own = await partOf({ limit, after: for_me_after, before: for_me_before }, (page) =>
        listForPerson(parts.decisions, person.id, page),
      )
      const shape = (request: ListedRequest) => requestShape(request, parts.issuer)
      const counts = await countForApprover(parts.decisions, person)
      return {
        to_answer: mine.requests.map(shape),
        more: mine.more,
        agents: counts.map(({ agentId: agent, count }) => ({ agent, waiting: count })),
        for_me: own.requests.map(shape),
        for_me_more: own.more,
      }
    },
  }),
]
