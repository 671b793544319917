import {
  type AccessRequest,
  findRequest,
  requestsForCall,
} from '../../../approvals/access-requests/index.ts'
import {
  choiceFromFields,
  choiceFromText,
  partFields,
  patternInWords,
} from '../../../approvals/approvals/allowance/index.ts'
import { breakGlass } from '../../../approvals/approvals/break-glass/index.ts'
import {
  allowanceApprovers,
  allowanceOfRequest,
  answeringOf,
  answerRequest,
  onlyOnce,
  proofsFor,
  shownDigest,
  shownTo,
  stillMissing,
  usableApproval,
} from '../../../approvals/approvals/index.ts'
import {
  editableArguments,
  editCall,
  editedArguments,
} from '../../../approvals/call-edits/index.ts'
import { findAgent } from '../../../identity/agents/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import {
  answerableBeside,
  answerFigures,
  approversInWords,
  denyRequest,
  findVisibleRequest,
  isUninspectable,
  laterWords,
  type PreviewAnswer,
  ruleWords,
  standInsInWords,
} from '../../../tasks/approval-desk/index.ts'
import { findDecision } from '../../../tasks/decision-log/index.ts'
import { unusualIn } from '../../../tasks/risk/index.ts'
import { findTask } from '../../../tasks/tasks/index.ts'
import { allowancePage } from '../allowance/allowance-page.ts'
import { allowanceItems, allowancesOf } from '../allowance/allowance-routes.ts'
import { usesInWords } from '../allowance/allowance-words.ts'
import { TRUST, titlesIn } from '../frame/authority.ts'
import { roleOf } from '../frame/task-role.ts'
import { Names } from '../names.ts'
import { notifiedPeople } from '../notification/notified-people.ts'
import type { PageParts } from '../parts.ts'
import { signInFirst } from '../sign-in/required-sign-in.ts'
import {
  type Act,
  mistakeOf,
  notFound,
  type PageRouter,
  signatureFrom,
  statusHere,
  type Visit,
  type Visitor,
} from '../visit.ts'
import { type ApprovalView, approvalPage, type RequestStatus } from './approval-page.ts'
import { approvalsPage } from './approvals-page.ts'
import { addBreakGlass, aloneOn } from './break-glass-routes.ts'
import { changesIn, editPage, editsFrom } from './edit-form.ts'
import { issuanceIn, purposeIn } from './issuance-words.ts'
import { offeredPreview } from './preview-section.ts'
import { requestLists } from './request-lists.ts'
import { showRequest } from './shown-call.ts'

export function addApprovals(desk: PageRouter, parts: PageParts): void {
  desk.get('/approvals', async ({ visitor, now, query }) => {
    return approvalsPage({
      now,
      viewer: visitor.viewer,
      ...(await requestLists(parts, visitor, query)),
      allowances: await allowancesOf(parts, visitor),
      figures: (await answerFigures(parts.decisions, visitor.person.id)).at(0),
    })
  })

  // The exact bytes that are shown, hashed and sent, for a call that is too long for a page.
  desk.get('/approvals/:id/call', async ({ visitor, id }) => {
    const { call } = await requireVisible(parts, visitor, id)
    return { file: call, name: `${id}.json`, type: 'application/json' }
  })

  desk.get('/approvals/:id', async (visit) => approvalPage(await viewOf(parts, visit)))

  addBreakGlass(desk, parts, async (visit, alone) =>
    approvalPage({ ...(await viewOf(parts, visit)), alone }),
  )

  desk.post('/approvals/:id', async (act) => {
    const { visitor, fields, id } = act
    const request = await requireVisible(parts, visitor, id)
    const answer = fields.get('answer') ?? ''
    if (!['approve', 'deny', 'end_task', 'report', 'break_glass'].includes(answer))
      throw new Problem('request.malformed', '`answer` is none that there is')
    const allowance = fields.get('allowance')
    const edits = fields.get('edits')
    const given = {
      requestId: id,
      person: visitor.person,
      reason: reasonIn(fields),
      shown: fields.get('shown') ?? '',
      shownAt: shownAtIn(act, request),
      authTime: visitor.session.authTime,
      proved: visitor.session.proved,
      signature: signatureFrom(fields),
    }
    try {
      if (answer === 'break_glass') {
        const broken = { ...given, reason: fields.get('emergency') ?? '' }
        const { id: alone } = await breakGlass(parts.decisions, broken)
        return { to: `/break-glass/${alone}` }
      }
      const answered =
        answer === 'end_task' || answer === 'report'
          ? await denyRequest(parts.decisions, { ...given, consequence: answer })
          : await answerRequest(parts.decisions, {
              ...given,
              answer: answer === 'approve' ? 'approve' : 'deny',
              ...(allowance === undefined ? {} : { allowance: choiceFromText(allowance) }),
              ...(edits === undefined
                ? {}
                : { edits: { changes: changesIn(edits), action: await actionOf(parts, request) } }),
            })
      return { to: `/approvals/${answered.id}` }
    } catch (error) {
      const mistake = mistakeOf(
        error,
        'approval.',
        'allowance.',
        'break_glass.',
        'step_up.',
        'passkey.',
      )
      const page = approvalPage({ ...(await viewOf(parts, act)), mistake: mistake.detail })
      return { page, status: statusHere(mistake) }
    }
  })

  // Grants nothing: it reads from the API. A form of this session, so that no other site makes Remit read.
  desk.post('/approvals/:id/preview', async (act) => {
    const request = await requireVisible(parts, act.visitor, act.id)
    const view = await viewOf(parts, act)
    if (!view.preview || !parts.fetchPreview) return { page: approvalPage(view), status: 409 }
    const answer = await parts.fetchPreview({ request, by: act.visitor.person.id })
    return approvalPage(await viewOf(parts, act, answer))
  })

  // Grants nothing: it shows the call as it would be approved.
  desk.post('/approvals/:id/edit', async (act) => {
    const request = await requireVisible(parts, act.visitor, act.id)
    const view = await viewOf(parts, act)
    if (!mayApprove(view)) return { page: approvalPage(view), status: 409 }
    const edit = { ...view.edit, fields: act.fields }
    try {
      const edits = editsFrom(edit)
      const edited = editCall(request, await actionOf(parts, request), edits)
      const shown = shownTo(view, shownDigest(request, undefined, edited))
      const approval = { ...approvalBy(act, view), request, shown, allowance: undefined, edited }
      const { signing: sign } = await proofsFor(parts.decisions, approval)
      return editPage({
        ...{ ...view, sign, shown },
        ...{ edits, sentence: edited.text, changes: editedArguments(request, edited) },
        call: await showRequest(parts, { ...request, ...edited }, act.visitor.viewer),
      })
    } catch (error) {
      const { detail, status } = mistakeOf(error, 'approval.')
      return { page: approvalPage({ ...view, edit: { ...edit, mistake: detail } }), status }
    }
  })

  // Grants nothing: it spells out what would be granted.
  desk.post('/approvals/:id/allowance', async (act) => {
    await requireVisible(parts, act.visitor, act.id)
    const view = await viewOf(parts, act)
    if (!mayApprove(view)) return { page: approvalPage(view), status: 409 }
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

function mayApprove({ first, may }: ApprovalView): boolean {
  return !first && 'answers' in may && may.answers.includes('approve')
}

/** Reason as the form has it: one that was picked, and the words of the person. */
function reasonIn(fields: Act['fields']): string | undefined {
  const [picked, words] = [fields.get('canned') ?? '', fields.get('reason') ?? '']
  return [picked, words].filter((each) => each !== '').join('. ') || undefined
}

/** Time when the page was made. It comes with the form, so it is believed as far as it is possible. */
function shownAtIn({ fields, now }: Act, { createdAt }: AccessRequest): number | undefined {
  const at = Number(fields.get('shown_at') ?? Number.NaN)
  return Number.isSafeInteger(at) && at >= createdAt && at <= now ? at : undefined
}

async function actionOf({ decisions }: Pick<PageParts, 'decisions'>, request: AccessRequest) {
  return (await decisions.catalog.current()).actions.get(request.action)
}

/** The request that an approver made of this one, or made this one of. */
async function editedOf(
  { decisions }: Pick<PageParts, 'decisions'>,
  request: AccessRequest,
): Promise<ApprovalView['edited']> {
  const { editedFrom, editedTo } = request
  const other = await findRequest(decisions, editedTo ?? editedFrom ?? '')
  if (!other) return undefined
  const [before, after] = editedTo === undefined ? [other, request] : [request, other]
  const changes = editedArguments(before, after)
  return { id: other.id, original: editedTo !== undefined, changes }
}

/** Person who gives an approval, and in whose place. */
const approvalBy = ({ visitor }: Visit, { standsInFor }: Pick<ApprovalView, 'standsInFor'>) => ({
  ...{ personId: visitor.person.id, standsInFor: standsInFor?.id },
})

async function spelledOut(
  parts: Pick<PageParts, 'decisions'>,
  act: Act,
  view: ApprovalView,
): Promise<string> {
  const request = await requireVisible(parts, act.visitor, act.id)
  const choice = choiceFromFields(request, act.fields)
  const shown = shownTo(view, shownDigest(request, choice))
  const approval = { ...approvalBy(act, view), request, allowance: choice, shown }
  const { signing: sign } = await proofsFor(parts.decisions, approval)
  return allowancePage({ ...view, agent: view.agent.name, choice, shown, sign })
}

async function requireVisible(
  { decisions }: Pick<PageParts, 'decisions'>,
  { person }: Visitor,
  id: string,
): Promise<AccessRequest> {
  const request = await findVisibleRequest(decisions, person, id)
  if (!request) throw notFound()
  return request
}

async function standingOf(
  parts: Pick<PageParts, 'decisions' | 'people'>,
  visitor: Visitor,
  request: AccessRequest,
): Promise<RequestStatus> {
  if (request.state === 'cancelled' && request.reason === 'superseded')
    return supersededBy(parts, visitor, request)
  if (request.state !== 'approved') return { state: request.state }
  if (request.usedBy !== null) {
    const ran = await findDecision(parts.decisions.storage.read, request.usedBy)
    return { state: 'used', decision: request.usedBy, ran }
  }
  if (request.usesLeft > 0) return { state: await unusedStanding(parts, request) }
  const allowance = await allowanceOfRequest(parts.decisions, request.id)
  if (!allowance) return { state: 'allowance', allowance: undefined }
  const givenBy = await allowanceApprovers(parts.decisions, request.id)
  const [item] = await allowanceItems(parts, visitor, [{ allowance, givenBy }])
  return { state: 'allowance', allowance: item }
}

/** Tells whether an unused approval would still let something through, as far as that shows before the call. */
async function unusedStanding(
  { decisions }: Pick<PageParts, 'decisions'>,
  { callHash, taskId, usableUntil }: AccessRequest,
): Promise<'approved' | 'lapsed' | 'unused'> {
  const now = decisions.clock.now()
  if ((usableUntil ?? 0) <= now) return 'unused'
  const { state } = await usableApproval(decisions, taskId, callHash, now)
  return state === 'lapsed' ? 'lapsed' : 'approved'
}

async function supersededBy(
  { decisions }: Pick<PageParts, 'decisions'>,
  { person }: Visitor,
  { callHash, createdAt, taskId, usableUntil }: AccessRequest,
): Promise<RequestStatus> {
  const known = await requestsForCall(decisions.storage.read, taskId, callHash)
  const latest = known.find((each) => each.reason !== 'superseded' && each.createdAt >= createdAt)
  const visible = latest && (await findVisibleRequest(decisions, person, latest.id))
  return { state: 'superseded', approved: usableUntil !== null, by: visible?.id }
}

async function viewOf(
  parts: PageParts,
  visit: Visit,
  fetched?: PreviewAnswer,
): Promise<ApprovalView> {
  const { visitor, now, id } = visit
  const request = await requireVisible(parts, visitor, id)
  const names = new Names(parts)
  const { companionsOf, decisions } = parts
  const { read } = decisions.storage
  const { person } = visitor
  const { answerer, answers, may } = await answeringOf(read, { request, person, now })
  const catalog = await decisions.catalog.current()
  const shown = shownTo(answerer, shownDigest(request))
  const approval = { ...approvalBy(visit, answerer), request, allowance: undefined, shown }
  const { signing, stepUps } = await proofsFor(parts.decisions, approval)
  const wanted = stepUps.map((stepUp) => ({ stepUp, at: now }))
  const first = signInFirst(visitor.session, wanted, `/approvals/${id}`)
  // INVARIANT: only who may approve sees what Remit reads for it.
  const looks = !first && may.may && may.answers.includes('approve')
  return {
    ...(await whoAndWhy(parts, request, names)),
    now,
    viewer: visitor.viewer,
    id,
    insider: (await roleOf(parts, visitor, request)) !== undefined,
    sentence: request.text,
    ...unusualIn((await findDecision(read, request.decisionId))?.explanation.risk),
    call: await showRequest(parts, request, visitor.viewer),
    uninspectable: isUninspectable(request.call),
    usableUntil: request.usableUntil ?? undefined,
    deadline: request.deadline,
    createdAt: request.createdAt,
    expiresAt: request.expiresAt,
    answers: await Promise.all(
      answers.map(async ({ personId, standsInFor, answer, allowance, ...given }) => ({
        ...given,
        name: await names.person(personId),
        absent: standsInFor === null ? undefined : await names.person(standsInFor),
        answer,
        more: allowance
          ? `${usesInWords(allowance.uses)}, ${patternInWords(request.action, allowance.pattern)}`
          : undefined,
      })),
    ),
    told: await notifiedPeople(parts, { names, now, personId: person.id, subject: id }),
    missing: answers.length > 0 ? await missingInWords(parts, request) : [],
    standing: await standingOf(parts, visitor, request),
    more: moreOf(request),
    edit: {
      editable: editableArguments(request, await actionOf(parts, request)),
      fields: new Map(),
    },
    edited: await editedOf(parts, request),
    together: (await answerableBeside({ ...decisions, companionsOf }, { id, person })).length,
    standsInFor: answerer.standsInFor,
    standIns: await standInsInWords(parts.decisions, request),
    may: may.may ? { answers: may.answers } : { why: may.detail },
    first,
    habitual: looks ? await parts.approvalsLike(request) : undefined,
    preview: looks && parts.fetchPreview ? offeredPreview(catalog, request, fetched) : undefined,
    shown,
    sign: may.may ? signing : undefined,
    ...(await aloneOn(parts, visit, request)),
  }
}

function moreOf(request: AccessRequest): ApprovalView['more'] {
  const why = onlyOnce(request)
  return why === undefined
    ? { parts: partFields(request.inspected ?? []), fields: new Map() }
    : { why }
}

/** People, agents and rules around a request, by their names. */
async function whoAndWhy(
  parts: Pick<PageParts, 'decisions'>,
  request: AccessRequest,
  names: Names,
) {
  const { read } = parts.decisions.storage
  const agent = await findAgent(read, request.agentId)
  const task = await findTask(read, request.taskId)
  const catalog = await parts.decisions.catalog.current()
  const { ask } = request
  const titleOf = titlesIn(catalog)
  return {
    risk: request.risk,
    action: titleOf.nameOf?.(request.action) ?? request.action,
    issuance: issuanceIn(request),
    titleOf,
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
    approvers: await approversInWords(read, request),
    later: await laterWords(read, request),
    quorum: ask.quorum,
    lifetimeMs: ask.lifetimeSeconds * 1000,
  }
}

/** Puts into words the approvals that a request lacks, once one person has answered and others have to as well. */
async function missingInWords(
  { decisions }: Pick<PageParts, 'decisions'>,
  request: AccessRequest,
): Promise<string[]> {
  if (request.state !== 'pending') return []
  const { read } = decisions.storage
  const missing = await stillMissing(read, request, decisions.clock.now())
  return Promise.all(
    missing.map(async ({ count, names: rule }) => {
      const words = await ruleWords(read, rule, request)
      return count > 1 ? `${words} (${count} people)` : words
    }),
  )
}

/** From the first agent to the one that acts: the frozen call has them the other way round. */
async function chainOf(request: AccessRequest, names: Names): Promise<string[]> {
  const { chain } = JSON.parse(request.call) as { chain: string[] } // written by `frozenText`
  return Promise.all(chain.toReversed().map((id) => names.agent(id)))
}
