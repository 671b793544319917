import {
  type AccessRequest,
  findRequest,
  isEligible,
  mayAnswer,
} from '../../access-requests/index.ts'
import { findAgent } from '../../agents/index.ts'
import {
  allowanceOfRequest,
  answerRequest,
  giversOf,
  listAnswers,
  onlyOnce,
  patternInWords,
  shownDigest,
  stepUpsOf,
  stillMissing,
} from '../../approvals/index.ts'
import { Problem } from '../../lib/problem.ts'
import { findTask } from '../../tasks/index.ts'
import { choiceFromFields, choiceFromText, partFields } from '../allowance/allowance-fields.ts'
import { allowancePage } from '../allowance/allowance-page.ts'
import { allowanceItems, allowancesOf } from '../allowance/allowance-routes.ts'
import { usesInWords } from '../allowance/allowance-words.ts'
import { TRUST } from '../frame/authority.ts'
import { roleOf } from '../frame/task-role.ts'
import { Names } from '../names.ts'
import { toldOf } from '../notification/told.ts'
import type { PageParts } from '../parts.ts'
import { signInFirst } from '../sign-in/again.ts'
import {
  type Act,
  mistakeOf,
  notFound,
  type PageRouter,
  statusHere,
  type Visit,
  type Visitor,
} from '../visit.ts'
import { type ApprovalView, approvalPage, type RequestStatus } from './approval-page.ts'
import { approvalsPage } from './approvals-page.ts'
import { isUninspectable } from './call-rows.ts'
import { issuanceIn } from './issuance-words.ts'
import { requestLists } from './request-lists.ts'
import { showCall } from './shown-call.ts'

export function addApprovals(desk: PageRouter, parts: PageParts): void {
  desk.get('/approvals', async ({ visitor, now, query }) => {
    return approvalsPage({
      now,
      viewer: visitor.viewer,
      ...(await requestLists(parts, visitor, query)),
      allowances: await allowancesOf(parts, visitor),
    })
  })

  // The exact bytes that are shown, hashed and sent, for what is too long for a page.
  desk.get('/approvals/:id/call', async ({ visitor, id }) => {
    const { call } = await requireVisible(parts, visitor, id)
    return { file: call, name: `${id}.json`, type: 'application/json' }
  })

  desk.get('/approvals/:id', async (visit) => approvalPage(await viewOf(parts, visit)))

  desk.post('/approvals/:id', async (act) => {
    const { visitor, fields, id } = act
    await requireVisible(parts, visitor, id)
    const answer = fields.get('answer')
    if (answer !== 'approve' && answer !== 'deny') {
      throw new Problem('request.malformed', '`answer` is neither approve nor deny')
    }
    const allowance = fields.get('allowance')
    try {
      await answerRequest(parts.decisions, {
        requestId: id,
        person: visitor.person,
        answer,
        reason: fields.get('reason') || undefined,
        ...(allowance === undefined ? {} : { allowance: choiceFromText(allowance) }),
        shown: fields.get('shown') ?? '',
        authTime: visitor.session.authTime,
        proved: visitor.session.proved,
      })
    } catch (error) {
      const mistake = mistakeOf(error, 'approval.', 'allowance.', 'step_up.')
      const page = approvalPage({ ...(await viewOf(parts, act)), mistake: mistake.detail })
      return { page, status: statusHere(mistake) }
    }
    return { to: `/approvals/${id}` }
  })

  // Grants nothing: it spells out what would be granted.
  desk.post('/approvals/:id/allowance', async (act) => {
    await requireVisible(parts, act.visitor, act.id)
    const view = await viewOf(parts, act)
    if (view.first || !('answers' in view.may) || !view.may.answers.includes('approve'))
      return { page: approvalPage(view), status: 409 }
    try {
      return await spelledOut(parts, act, view)
    } catch (error) {
      const { detail, status } = mistakeOf(error, 'allowance.')
      const more =
        'why' in view.more ? view.more : { ...view.more, fields: act.fields, mistake: detail }
      return { page: approvalPage({ ...view, more }), status }
    }
  })
}

async function spelledOut(parts: PageParts, act: Act, view: ApprovalView): Promise<string> {
  const request = await requireVisible(parts, act.visitor, act.id)
  const choice = choiceFromFields(request, act.fields)
  const shown = shownDigest(request, choice)
  return allowancePage({ ...view, agent: view.agent.name, choice, shown })
}

/**
 * A request for the eyes of those it concerns: who may answer it or did, the represented person, administrators. To others
 * there is none.
 */
async function requireVisible(
  parts: PageParts,
  { person, administrator }: Visitor,
  id: string,
): Promise<AccessRequest> {
  const request = await findRequest(parts.decisions, id)
  if (!request) throw notFound()
  const why = isEligible(person, request)
  if (why === undefined || request.personId === person.id || administrator) return request
  const answers = await listAnswers(parts.decisions, id)
  if (answers.some(({ personId }) => personId === person.id)) return request
  throw notFound()
}

async function standingOf(
  parts: PageParts,
  visitor: Visitor,
  request: AccessRequest,
): Promise<RequestStatus> {
  if (request.state !== 'approved') return { state: request.state }
  if (request.usedBy !== null) return { state: 'used', decision: request.usedBy }
  if (request.usesLeft > 0) return { state: 'approved' }
  const allowance = await allowanceOfRequest(parts.decisions, request.id)
  if (!allowance) return { state: 'allowance', allowance: undefined }
  const givenBy = await giversOf(parts.decisions, request.id)
  const [item] = await allowanceItems(parts, visitor, [{ allowance, givenBy }])
  return { state: 'allowance', allowance: item }
}

async function viewOf(parts: PageParts, { visitor, now, id }: Visit): Promise<ApprovalView> {
  const request = await requireVisible(parts, visitor, id)
  const names = new Names(parts)
  const answers = await listAnswers(parts.decisions, id)
  const may = mayAnswer(visitor.person, request, { answers, now })
  return {
    ...(await whoAndWhy(parts, request, names)),
    now,
    viewer: visitor.viewer,
    id,
    insider: (await roleOf(parts, visitor, request)) !== undefined,
    sentence: request.text,
    call: await showCall(request.call, `/approvals/${id}/call`),
    uninspectable: isUninspectable(request.call),
    usableUntil: request.usableUntil ?? undefined,
    deadline: request.deadline,
    createdAt: request.createdAt,
    expiresAt: request.expiresAt,
    answers: await Promise.all(
      answers.map(async ({ personId, answer, reason, answeredAt, allowance }) => ({
        name: await names.person(personId),
        answer,
        reason,
        at: answeredAt,
        more: allowance
          ? `${usesInWords(allowance.uses)}, ${patternInWords(request.action, allowance.pattern)}`
          : undefined,
      })),
    ),
    told: await toldOf(parts, { names, now, personId: visitor.person.id, subject: id }),
    missing: answers.length > 0 ? await missingInWords(parts, request, names) : [],
    standing: await standingOf(parts, visitor, request),
    more: moreOf(request),
    may: may.may ? { answers: may.answers } : { why: may.detail },
    first: signInFirst(visitor.session, wantedOf(parts, request, now), `/approvals/${id}`),
    shown: shownDigest(request),
  }
}

function wantedOf(parts: PageParts, request: AccessRequest, at: number) {
  return stepUpsOf(parts.decisions, request).map((stepUp) => ({ stepUp, at }))
}

function moreOf(request: AccessRequest): ApprovalView['more'] {
  const why = onlyOnce(request)
  return why === undefined
    ? { parts: partFields(request.inspected ?? []), fields: new Map() }
    : { why }
}

/** People, agents and rules around a request, by their names. */
async function whoAndWhy(parts: PageParts, request: AccessRequest, names: Names) {
  const { read } = parts.decisions.storage
  const agent = await findAgent(read, request.agentId)
  const task = await findTask(read, request.taskId)
  const catalog = await parts.decisions.catalog.current()
  const { ask } = request
  return {
    risk: request.risk,
    action: request.action,
    issuance: issuanceIn(request),
    titleOf: (location: string) => catalog.byIdentifier.get(location)?.title,
    sponsored: request.sponsored,
    resource: catalog.resources.get(request.resource)?.title ?? request.resource,
    person: await names.person(request.personId),
    agent: {
      name: agent?.name ?? request.agentId,
      owner: agent ? await names.person(agent.ownerId) : '',
      trust: TRUST[agent?.trust ?? 0][0],
    },
    chain: await chainOf(request, names),
    actors: task?.actors ?? [],
    task: { id: request.taskId, purpose: task?.purpose ?? purposeIn(request) },
    prompts: ask.prompts,
    rules: ask.forbids.map(({ id }) => id),
    approvers: await Promise.all(ask.approvers.map((rule) => ruleInWords(rule, names))),
    quorum: ask.quorum,
    lifetimeMs: ask.lifetimeSeconds * 1000,
  }
}

/** Approvals that a request lacks, once somebody has answered and others have to as well. */
async function missingInWords(
  { decisions }: PageParts,
  request: AccessRequest,
  names: Names,
): Promise<string[]> {
  if (request.state !== 'pending') return []
  const missing = await stillMissing(decisions.storage.read, request)
  return Promise.all(
    missing.map(async ({ count, names: rule }) => {
      const words = await ruleInWords(rule, names)
      return count > 1 ? `${words} (${count} people)` : words
    }),
  )
}

/** Purpose of a task that is to open, as the frozen request says it; empty for anything else. */
function purposeIn({ call }: AccessRequest): string {
  const { body } = JSON.parse(call) as { body?: { value?: { purpose?: unknown } } } // written by `frozenText`
  return typeof body?.value?.purpose === 'string' ? body.value.purpose : ''
}

async function ruleInWords(rule: readonly string[], names: Names): Promise<string> {
  const words = await Promise.all(rule.map((name) => names.approver(name)))
  return words.join(' or ')
}

/** From the first agent to the one that acts: the frozen call has them the other way round. */
async function chainOf(request: AccessRequest, names: Names): Promise<string[]> {
  const { chain } = JSON.parse(request.call) as { chain: string[] } // written by `frozenText`
  return Promise.all(chain.toReversed().map((id) => names.agent(id)))
}
