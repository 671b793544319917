import {
  type AccessRequest,
  countForApprover,
  type ListedRequest,
  type ListPage,
  listForApprover,
  listForPerson,
} from '../../../approvals/access-requests/index.ts'
import {
  answeringOf,
  answerRequest,
  shownDigest,
  shownTo,
} from '../../../approvals/approvals/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import {
  answerFigures,
  denyRequest,
  needsPage,
  requireVisibleRequest,
} from '../../../tasks/approval-desk/index.ts'
import { findDecision } from '../../../tasks/decision-log/index.ts'
import { APPROVALS } from '../../api-operations/approvals.ts'
import { personNames } from '../names.ts'
import { type ApiCaller, acts } from '../operation.ts'
import type { ApiParts } from '../parts.ts'
import { requestShape, time } from '../shapes.ts'
import { meaningOfApproval } from './meaning-of-approval.ts'

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

async function wholeShape(
  parts: Pick<ApiParts, 'decisions' | 'issuer' | 'people'>,
  { person }: ApiCaller,
  request: AccessRequest,
) {
  const { decisions, issuer } = parts
  const now = decisions.clock.now()
  const { read } = decisions.storage
  const { answerer, answers, may } = await answeringOf(read, { request, person, now })
  const used = request.usedBy && (await findDecision(read, request.usedBy))
  const nameOf = await personNames(parts, [
    request.personId,
    ...answers.flatMap(({ personId, standsInFor }) => [personId, standsInFor]),
  ])
  return {
    ...requestShape(request, issuer),
    person_name: nameOf(request.personId),
    shown: shownTo(answerer, shownDigest(request)),
    stands_in_for: may.may ? absentShape(answerer) : null,
    call: request.call,
    prompts: [...request.ask.prompts],
    rules: request.ask.forbids.map(({ id }) => id),
    approvers: request.ask.approvers.map((rule) => [...rule]),
    quorum: request.ask.quorum,
    may: may.may ? [...may.answers] : [],
    why_not: may.may ? null : may.detail,
    page_required: needsPage(request),
    answers: answers.map(({ answer, answeredAt, consequence, personId, reason, standsInFor }) => ({
      ...{ person: personId, name: nameOf(personId), answer, consequence, reason },
      answered_at: time(answeredAt),
      stands_in_for: standsInFor,
      stands_in_for_name: nameOf(standsInFor),
    })),
    executed: used
      ? {
          ...{ decision: used.id, state: used.state, status: used.status },
          ended_at: used.endedAt === null ? null : time(used.endedAt),
        }
      : null,
    edited_from: request.editedFrom ?? null,
    edited_to: request.editedTo ?? null,
  }
}

function absentShape({ standsInFor }: Awaited<ReturnType<typeof answeringOf>>['answerer']) {
  if (!standsInFor) return null
  return { person: standsInFor.id, name: standsInFor.name, until: time(standsInFor.until) }
}

/** Parts of an answer that both kinds have. */
function commonAnswer(
  { person, session }: ApiCaller,
  requestId: string,
  { reason, shown }: { readonly reason?: string | undefined; readonly shown: string },
) {
  const { authTime, proved } = session
  return { requestId, person, reason, shown, authTime, proved }
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
    const nameOf = await personNames(
      parts,
      mine.requests.map(({ standsInFor = null }) => standsInFor),
    )
    const inboxShape = (request: ListedRequest) => {
      const { standsInFor = null } = request
      const away = { stands_in_for: standsInFor, stands_in_for_name: nameOf(standsInFor) }
      return { ...shape(request), ...away }
    }
    const counts = await countForApprover(parts.decisions, person)
    return {
      to_answer: mine.requests.map(inboxShape),
      more: mine.more,
      agents: counts.map(({ agentId: agent, count }) => ({ agent, waiting: count })),
      for_me: own.requests.map(shape),
      for_me_more: own.more,
    }
  },
  show: async (parts, { caller, params }) =>
    wholeShape(
      parts,
      caller,
      await requireVisibleRequest(parts.decisions, caller.person, params.id),
    ),
  approve: {
    means: meaningOfApproval,
    run: async (parts, { body, caller, params }) => {
      const request = await requireVisibleRequest(parts.decisions, caller.person, params.id)
      // INVARIANT: a call that is risky, or needs a certain sign-in, is answered with all of it on the screen.
      if (needsPage(request))
        throw new Problem('approval.page_required', 'this call is approved on its page', {
          members: { page: `${parts.issuer}/approvals/${request.id}` },
        })
      const given = { ...commonAnswer(caller, request.id, body), answer: 'approve' } as const
      return wholeShape(parts, caller, await answerRequest(parts.decisions, given))
    },
  },
  deny: async (parts, { body, caller, params }) => {
    const { id } = await requireVisibleRequest(parts.decisions, caller.person, params.id)
    const { consequence } = body
    const given = commonAnswer(caller, id, body)
    const denied = consequence
      ? await denyRequest(parts.decisions, { ...given, consequence })
      : await answerRequest(parts.decisions, { ...given, answer: 'deny' })
    return wholeShape(parts, caller, denied)
  },
  figures: async (parts, { caller: { administrator, person } }) => {
    const figures = await answerFigures(parts.decisions, administrator ? undefined : person.id)
    const nameOf = await personNames(
      parts,
      figures.map(({ personId }) => personId),
    )
    return {
      figures: figures.map(({ busiestHour, personId, ...counts }) => ({
        ...{ person: personId, name: nameOf(personId), ...counts },
        busiest_hour: busiestHour,
      })),
    }
  },
})
