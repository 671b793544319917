import { findAgent } from '../../agents/index.ts'
import {
  type AccessRequest,
  answerRequest,
  findRequest,
  isEligible,
  listAnswers,
  listForApprover,
  listForPerson,
  mayAnswer,
  shownDigest,
} from '../../approvals/index.ts'
import { Problem } from '../../lib/problem.ts'
import { findTask } from '../../tasks/index.ts'
import { TRUST } from '../frame/authority.ts'
import { Names } from '../names.ts'
import type { PageParts } from '../parts.ts'
import { roleOf } from '../task/task-role.ts'
import { type Desk, mistakeOf, notFound, type Visit, type Visitor } from '../visit.ts'
import { type ApprovalView, approvalPage, type Standing } from './approval-page.ts'
import { approvalsPage, type RequestItem } from './approvals-page.ts'
import { callRows, isUninspectable } from './call-rows.ts'

export function addApprovals(desk: Desk, parts: PageParts): void {
  desk.get('/approvals', async ({ visitor, now }) => {
    const mine = await listForApprover(parts.decisions, visitor.person)
    const own = await listForPerson(parts.decisions, visitor.person.id)
    const ids = new Set(mine.map(({ id }) => id))
    const others = own.filter(({ id }) => !ids.has(id))
    return approvalsPage({
      now,
      viewer: visitor.viewer,
      mine: await requestItems(parts, mine),
      others: await requestItems(parts, others),
    })
  })

  desk.get('/approvals/:id', async (visit) => approvalPage(await viewOf(parts, visit)))

  desk.post('/approvals/:id', async (act) => {
    const { visitor, fields, id } = act
    await requireVisible(parts, visitor, id)
    const answer = fields.get('answer')
    if (answer !== 'approve' && answer !== 'deny') {
      throw new Problem('request.malformed', '`answer` is neither approve nor deny')
    }
    try {
      await answerRequest(parts.decisions, {
        requestId: id,
        person: visitor.person,
        answer,
        reason: fields.get('reason') || undefined,
        shown: fields.get('shown') ?? '',
        authTime: visitor.session.authTime,
      })
    } catch (error) {
      const { detail, status } = mistakeOf(error, 'approval.')
      return { page: approvalPage({ ...(await viewOf(parts, act)), mistake: detail }), status }
    }
    return { to: `/approvals/${id}` }
  })
}

export async function requestItems(
  parts: PageParts,
  requests: readonly AccessRequest[],
): Promise<RequestItem[]> {
  const names = new Names(parts)
  return Promise.all(
    requests.map(async (request) => ({
      id: request.id,
      sentence: request.text,
      risk: request.risk,
      agent: await names.agent(request.agentId),
      person: await names.person(request.personId),
      createdAt: request.createdAt,
      expiresAt: request.expiresAt,
    })),
  )
}

/**
 * A request for the eyes of those it concerns: who may answer it or did, the represented person, administrators. Others
 * are told why not, and nothing about the call.
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
  throw new Problem(
    'approval.not_an_approver',
    'the policy that asks does not name you or a group of yours',
  )
}

function standingOf(request: AccessRequest): Standing {
  return request.state === 'approved' && request.usedBy !== null
    ? { state: 'used', decision: request.usedBy }
    : { state: request.state }
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
    call: request.call,
    rows: callRows(request.call),
    uninspectable: isUninspectable(request.call),
    usableUntil: request.usableUntil ?? undefined,
    deadline: request.deadline,
    createdAt: request.createdAt,
    expiresAt: request.expiresAt,
    answers: await Promise.all(
      answers.map(async ({ personId, answer, reason, answeredAt }) => ({
        name: await names.person(personId),
        answer,
        reason,
        at: answeredAt,
      })),
    ),
    standing: standingOf(request),
    may: may.may ? { answers: may.answers } : { why: may.detail },
    shown: shownDigest(request),
  }
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
    resource: catalog.resources.get(request.resource)?.title ?? request.resource,
    person: await names.person(request.personId),
    agent: {
      name: agent?.name ?? request.agentId,
      owner: agent ? await names.person(agent.ownerId) : '',
      trust: TRUST[agent?.trust ?? 0][0],
    },
    chain: await chainOf(request, names),
    task: { id: request.taskId, purpose: task?.purpose ?? '' },
    prompts: ask.prompts,
    rules: ask.forbids.map(({ id }) => id),
    approvers: await Promise.all(ask.approvers.map((rule) => ruleInWords(rule, names))),
    quorum: ask.quorum,
    lifetimeMs: ask.lifetimeSeconds * 1000,
  }
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
