import {
  breakGlass,
  findBreakGlass,
  type ListedBreakGlass,
  listBreakGlass,
  planBreakGlass,
  reviewBreakGlass,
} from '../../../approvals/approvals/break-glass/index.ts'
import { answeringOf, shownDigest, shownTo } from '../../../approvals/approvals/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { needsPage, requireVisibleRequest } from '../../../tasks/approval-desk/index.ts'
import { BREAK_GLASS, BreakGlass as BreakGlassJson } from '../../api-operations/break-glass.ts'
import * as kit from '../../operation-kit/schemas.ts'
import { toJson } from '../json.ts'
import { personNames } from '../names.ts'
import { type ApiCaller, acts } from '../operation.ts'
import type { ApiParts } from '../parts.ts'
import { meaningOfBreakGlass } from './meaning-of-approval.ts'

const BREAK_GLASS_JSON = BreakGlassJson(kit)
const DEFAULT_LIMIT = 50
const MAX_LIMIT = 200

async function shapesOf(
  parts: Pick<ApiParts, 'issuer' | 'people'>,
  listed: readonly ListedBreakGlass[],
) {
  const ids = listed.flatMap(({ broken }) => [broken.personId, broken.reviewedBy ?? ''])
  const nameOf = await personNames(parts, ids)
  return listed.map(({ broken, request: { action, agentId: agent, text, usedBy } }) =>
    toJson(BREAK_GLASS_JSON, broken, {
      ...{ action, agent, text, used: usedBy !== null, name: nameOf(broken.personId) },
      reviewer: broken.reviewedBy === null ? null : nameOf(broken.reviewedBy),
      page: `${parts.issuer}/break-glass/${broken.id}`,
    }),
  )
}

async function shapeOf(
  parts: Pick<ApiParts, 'decisions' | 'issuer' | 'people'>,
  { person }: ApiCaller,
  id: string,
) {
  const [shape] = await shapesOf(parts, [await findBreakGlass(parts.decisions, person, id)])
  if (!shape) throw new Error('an emergency approval without a shape')
  return shape
}

export const BREAK_GLASS_OPERATIONS = acts(BREAK_GLASS, {
  list: async (parts, { caller: { person }, query: { after, limit } }) => {
    const page = { after, limit: Math.min(Number(limit ?? DEFAULT_LIMIT), MAX_LIMIT) }
    const listed = await listBreakGlass(parts.decisions, person, page)
    return { approvals: await shapesOf(parts, listed) }
  },
  open: {
    means: meaningOfBreakGlass,
    run: async (parts, { body: { reason, request: requestId, shown }, caller }) => {
      const { decisions, issuer } = parts
      const { person, session } = caller
      const request = await requireVisibleRequest(decisions, person, requestId)
      // INVARIANT: as for other approvals: a call that is risky, or has to be signed, is approved with all of it on the screen.
      if (needsPage(request) || decisions.passkeys?.acts.has('break_glass'))
        throw new Problem('approval.page_required', 'this call is approved on its page', {
          members: { page: `${issuer}/approvals/${request.id}` },
        })
      const { clock, storage } = decisions
      const asked = { request, person, now: clock.now() }
      const { answerer } = await answeringOf(storage.read, asked)
      if (shown !== shownTo(answerer, shownDigest(request)))
        throw new Problem('approval.shown_differs', 'something else was shown; look again')
      const plan = await planBreakGlass(decisions, { person, reason, request })
      const { authTime, proved } = session
      const { id } = await breakGlass(decisions, {
        ...{ requestId: request.id, person, reason, shown: plan.shown, authTime, proved },
      })
      return shapeOf(parts, caller, id)
    },
  },
  review: async (parts, { body: { note, verdict }, caller, params: { id } }) => {
    const { person, session } = caller
    const { proved } = session
    await reviewBreakGlass(parts.decisions, { id, person, verdict, note, proved })
    return shapeOf(parts, caller, id)
  },
})
