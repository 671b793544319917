import {
  countForApprover,
  type ListedRequest,
  type ListPage,
  listForApprover,
  listForPerson,
} from '../../access-requests/index.ts'
import { APPROVALS } from '../../api-operations/approvals.ts'
import { acts } from '../operation.ts'
import { requestShape } from '../shapes.ts'

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 200

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

export const REQUEST_OPERATIONS = acts(APPROVALS, {
  list: async (parts, { caller: { person }, query }) => {
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
})
