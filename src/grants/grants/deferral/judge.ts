import type { ForbidRef } from '@remit/engine'
import type { AccessRequest, FrozenQuestion } from '../../../approvals/access-requests/index.ts'
import { usableApproval } from '../../../approvals/approvals/index.ts'
import { findAgent } from '../../../identity/agents/index.ts'
import { findPerson } from '../../../identity/people/index.ts'
import { newId } from '../../../platform/lib/id.ts'
import { findConsent } from '../../../tasks/consent/index.ts'
import { type GrantRefusal, issuingBy, openingQuestion, refused } from '../../issuance/index.ts'
import { readFrozenRequest } from '../frozen-request.ts'
import type { OpeningRequest } from '../opening.ts'
import { grantOf, lineOf, planOpening } from '../openings/plan-opening.ts'
import type { GrantParts } from '../parts.ts'
import { MAX_APPROVAL } from '../pipeline/ask-approvers.ts'
import type { AuthenticatedRequester } from '../pipeline/authenticate-requester.ts'
import { answerableUntil, type Deferral } from '../pipeline/deferral.ts'
import type { UnapprovedGrant } from '../pipeline/grant.ts'
import type { Plan, PlannedGrant, PlanRequest, PlanResult } from '../pipeline/plan.ts'
import { directQuestion } from './ask-directly.ts'
import { type AskingParties, isAllowedBefore } from './standing-consent.ts'

export interface PendingDeferral {
  readonly outcome: 'waiting'
  /** Page on which the person answers. */
  readonly page: string | undefined
}

export interface GrantedDeferral {
  readonly outcome: 'granted'
  readonly plan: Plan
  readonly waiter: PlanRequest
  /** Approval by the people whom rules wanted to be asked; used up with the task. */
  readonly approval: AccessRequest | undefined
}

/** Question that people have to be asked, or asked again in its present form. */
export interface QuestionToAsk {
  readonly outcome: 'ask'
  readonly question: FrozenQuestion
  readonly insufficient: readonly string[]
}

/** `denied`: whatever the reason, which is for the books alone. */
export type JudgedDeferral =
  | GrantedDeferral
  | QuestionToAsk
  | PendingDeferral
  | GrantRefusal
  | { readonly outcome: 'denied'; readonly why: GrantRefusal }

export const EXPIRED = refused('deferral.expired', 'the code has expired')
const WAITING: PendingDeferral = { outcome: 'waiting', page: undefined }

/** Judges a deferred request as things are now. Reads, and writes nothing. */
export async function judgeDeferral(
  parts: GrantParts,
  own: Deferral,
  {
    requester,
    origin,
  }: { readonly requester: AuthenticatedRequester; readonly origin: OpeningRequest['origin'] },
): Promise<JudgedDeferral> {
  const { read } = parts.storage
  const consent = own.consentId === null ? undefined : await findConsent(read, own.consentId)
  const person = own.personId === null ? undefined : await findPerson(read, own.personId)
  const agent = await findAgent(read, own.agentId)
  if (!agent) throw new Error(`agent ${own.agentId} of a deferral has no row`)
  // Where the agent put a question itself, nothing but the answer to that counts. None was put where an earlier consent covers it.
  const allowedBefore = own.flow === 'ciba' && own.consentId === null
  const byThis = own.flow !== 'deferred' && !allowedBefore
  if (!person || (byThis && !consent)) return WAITING
  const over = consent?.state === 'pending' && consent.expiresAt <= parts.clock.now()
  if (over || consent?.state === 'expired') return EXPIRED
  if (consent?.state === 'denied')
    return denied(refused('consent.denied', 'the person denied this'))
  if (byThis && consent?.state === 'pending') return WAITING
  const waiter: PlanRequest = {
    ...{ person, consent, origin, flow: own.flow, request: readFrozenRequest(own.request) },
    requester: { ...requester, agent },
    only: byThis ? (consent?.basisId ?? 'nothing') : undefined,
  }
  if (allowedBefore) {
    const over = await whyNotAllowed(parts, waiter, { agent, person })
    if (over) return denied(over)
  }
  const planned = (lifted: readonly ForbidRef[]) =>
    planOpening(parts, waiter, { lifted, asksPeople: true })
  const first = await planned([])
  if (first.outcome !== 'needs_approval') return standingOf(parts, first, waiter, undefined)
  const people = await withPeople(parts, own, waiter, first)
  if (people.outcome !== 'approved') return people
  const { approval } = people
  const lifted = await planned(approval.ask.forbids)
  if (lifted.outcome === 'needs_approval') return WAITING
  return standingOf(parts, lifted, waiter, approval)
}

/** Finds why what the person allowed before no longer covers all of the request. */
async function whyNotAllowed(
  parts: GrantParts,
  { origin, request }: PlanRequest,
  who: Omit<AskingParties, 'issuing'>,
): Promise<GrantRefusal | undefined> {
  const asking = { ...who, issuing: issuingBy('ciba', { origin }) }
  const details = await directQuestion(parts, request, asking)
  if ('outcome' in details) return details
  if (await isAllowedBefore(parts, request, asking, details)) return undefined
  return WITHDRAWN
}

const WITHDRAWN = refused('consent.required', 'the person has withdrawn the consent')

function standingOf(
  { issuer }: Pick<GrantParts, 'issuer'>,
  plan: Exclude<PlanResult, UnapprovedGrant<PlannedGrant>>,
  waiter: PlanRequest,
  approval: AccessRequest | undefined,
): JudgedDeferral {
  const { consent } = waiter
  if (plan.outcome === 'refused') return denied(plan)
  if (plan.outcome === 'planned') return { outcome: 'granted', plan, waiter, approval }
  if (consent?.state === 'pending')
    return { outcome: 'waiting', page: `${issuer}/consent/${consent.id}` }
  return denied(WITHDRAWN)
}

function denied(why: GrantRefusal): Extract<JudgedDeferral, { outcome: 'denied' }> {
  return { outcome: 'denied', why }
}

/** Looks how people stand to an opening that rules make wait for them. */
async function withPeople(
  parts: GrantParts,
  own: Deferral,
  waiter: PlanRequest,
  unapproved: UnapprovedGrant<PlannedGrant>,
): Promise<
  | { readonly outcome: 'approved'; readonly approval: AccessRequest }
  | Exclude<JudgedDeferral, GrantedDeferral>
> {
  const { requester, request } = waiter
  const { details, mayDelegate, person } = unapproved.grant
  const now = parts.clock.now()
  const { version: policyVersion } = await parts.policies.active()
  const question = openingQuestion(
    parts,
    {
      ...{ details, mayDelegate, person, request, ...(await lineOf(parts, waiter)) },
      grant: grantOf(waiter),
      thumbprint: requester.proof?.thumbprint,
      taskId: own.taskId ?? newId('task', parts.random),
      deadline: own.createdAt + MAX_APPROVAL,
    },
    unapproved.forbids,
    { catalog: unapproved.catalog, policyVersion },
  )
  const { callHash, taskId } = question
  const standing = await usableApproval(parts, taskId, callHash, now)
  switch (standing.state) {
    case 'pending':
      return WAITING
    case 'usable': {
      const { request: approval } = standing.approval
      if (covers(approval, unapproved.forbids)) return { outcome: 'approved', approval }
      // Other rules ask by now, or these in other words.
      return { outcome: 'ask', question, insufficient: [approval.id] }
    }
    case 'none':
      if (answerableUntil(own) <= now) return EXPIRED
      return { outcome: 'ask', question, insufficient: [] }
    default: {
      const said = standing.state === 'denied' ? standing.request.reason : null
      const detail = 'approvers denied it, or may no longer approve it'
      return denied(
        refused('approval.denied', said === null ? detail : `approvers denied it: ${said}`),
      )
    }
  }
}

export function covers({ ask }: AccessRequest, forbids: readonly ForbidRef[]): boolean {
  return forbids.every(({ digest, id }) =>
    ask.forbids.some((each) => each.id === id && each.digest === digest),
  )
}
