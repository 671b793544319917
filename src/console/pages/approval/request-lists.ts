import {
  countForApprover,
  type ListedRequest,
  type ListPage,
  listForApprover,
  listForPerson,
} from '../../../approvals/access-requests/index.ts'
import { Names } from '../names.ts'
import type { PageParts } from '../parts.ts'
import type { Visit, Visitor } from '../visit.ts'
import type { ApprovalsView, RequestItem, RequestPage } from './approvals-page.ts'

const IN_A_PAGE = 25

export async function requestItems(
  parts: Pick<PageParts, 'people'>,
  requests: readonly ListedRequest[],
): Promise<RequestItem[]> {
  const names = new Names(parts)
  return Promise.all(
    requests.map(async (request) => ({
      id: request.id,
      sentence: request.text,
      risk: request.risk,
      agent: await names.agent(request.agentId),
      person: await names.person(request.personId),
      absent:
        request.standsInFor === undefined ? undefined : await names.person(request.standsInFor),
      createdAt: request.createdAt,
      expiresAt: request.expiresAt,
    })),
  )
}

/** The lists of the page of approvals. One of them is gone along at a time: `list=own` is the second. */
export async function requestLists(
  parts: Pick<PageParts, 'decisions' | 'people'>,
  { person }: Visitor,
  query: Visit['query'],
): Promise<Pick<ApprovalsView, 'agents' | 'agent' | 'mine' | 'others'>> {
  const agent = query.get('agent')
  const along = { after: query.get('after'), before: query.get('before') }
  const inOthers = query.get('list') === 'own'
  const names = new Names(parts)
  const counts = await countForApprover(parts.decisions, person)
  return {
    agent,
    agents: await Promise.all(
      counts.map(async ({ agentId, count }) => ({
        id: agentId,
        name: await names.agent(agentId),
        count,
      })),
    ),
    mine: await pageOf(
      parts,
      inOthers ? {} : along,
      agent === undefined ? '' : `agent=${encodeURIComponent(agent)}&`,
      (page) => listForApprover(parts.decisions, person, { ...page, agentId: agent }),
    ),
    others: await pageOf(parts, inOthers ? along : {}, 'list=own&', (page) =>
      listForPerson(parts.decisions, person.id, { ...page, except: person }),
    ),
  }
}

/** The first requests that wait for a person, as the home page has them. */
export async function firstRequests(
  parts: Pick<PageParts, 'decisions' | 'people'>,
  { person }: Visitor,
): Promise<RequestPage> {
  return pageOf(parts, {}, '', (page) => listForApprover(parts.decisions, person, page))
}

/** One more is looked for than is shown, so that the page knows whether there are more. */
async function pageOf(
  parts: Pick<PageParts, 'people'>,
  { after, before }: { readonly after?: string | undefined; readonly before?: string | undefined },
  query: string,
  find: (page: ListPage) => Promise<readonly ListedRequest[]>,
): Promise<RequestPage> {
  const found = await find({ after, before, limit: IN_A_PAGE + 1 })
  const more = found.length > IN_A_PAGE
  const back = before !== undefined
  const shown = back ? found.slice(more ? 1 : 0) : found.slice(0, IN_A_PAGE)
  const [first, last] = [shown.at(0), shown.at(-1)]
  const isEarlier = back ? more : after !== undefined
  const isLater = back || more
  return {
    items: await requestItems(parts, shown),
    ...(isEarlier && first && { earlier: `/approvals?${query}before=${first.id}` }),
    ...(isLater && last && { later: `/approvals?${query}after=${last.id}` }),
  }
}
