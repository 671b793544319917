import type { ForbidRef } from '@remit/engine'
import { type Agent, findAgent } from '../../agents/index.ts'
import { type AccessRequest, type FrozenQuestion, usableApproval } from '../../approvals/index.ts'
import { newId } from '../../lib/id.ts'
import { Problem } from '../../lib/problem.ts'
import { findPerson, type Person } from '../../people/index.ts'
import {
  answerableUntil,
  type ConsentRequest,
  type Deferral,
  findConsent,
} from '../../tasks/index.ts'
import type { Issuing } from '../issuance/gate.ts'
import type { BroughtAgent } from '../opening/bring.ts'
import { type Granted, grantOrAsk, type Unapproved } from '../opening/grant.ts'
import { type Refused, refused } from '../opening/opening.ts'
import { detailsAt } from '../opening/wanted.ts'
import type { DecisionParts } from '../parts.ts'
import { problemOr } from '../reasons.ts'
import { LONGEST_APPROVAL } from './ask-approvers.ts'
import { type FrozenRequest, thaw } from './frozen-request.ts'
import { openingQuestion } from './opening-question.ts'

export interface StillWaiting {
  readonly outcome: 'waiting'
  /** Where the person answers. */
  readonly page: string | undefined
}

export interface Allowed {
  readonly outcome: 'granted'
  readonly grant: Granted
  readonly request: FrozenRequest
  readonly consent: ConsentRequest | undefined
  /** Of people whom rules wanted to be asked; used up with the task. */
  readonly approval: AccessRequest | undefined
}

/** People have to be asked, or asked anew about what it is by now. */
export interface ToAsk {
  readonly outcome: 'ask'
  readonly question: FrozenQuestion
  readonly insufficient: readonly string[]
}

/** `denied`: whatever the reason, which is for the books alone. */
export type Standing =
  | Allowed
  | ToAsk
  | StillWaiting
  | Refused
  | { readonly outcome: 'denied'; readonly why: Refused }

export const EXPIRED = refused('deferral.expired', 'the code has expired')
const WAITING: StillWaiting = { outcome: 'waiting', page: undefined }

/** What a deferred request comes to now. Reads, and writes nothing. */
export async function judgeDeferral(
  parts: DecisionParts,
  own: Deferral,
  { brought, issuing }: { readonly brought: BroughtAgent; readonly issuing: Issuing },
): Promise<Standing> {
  const { read } = parts.storage
  const consent = own.consentId === null ? undefined : await findConsent(read, own.consentId)
  const person = own.personId === null ? undefined : await findPerson(read, own.personId)
  const agent = await findAgent(read, own.agentId)
  if (!agent) throw new Error(`agent ${own.agentId} of a deferral has no row`)
  // Where the agent put the question itself, nothing but the answer to that counts.
  const byThis = own.flow !== 'deferred'
  if (!person || (byThis && !consent)) return WAITING
  const over = consent?.state === 'pending' && consent.expiresAt <= parts.clock.now()
  if (over || consent?.state === 'expired') return EXPIRED
  if (consent?.state === 'denied')
    return denied(refused('consent.denied', 'the person said no to this'))
  if (byThis && consent?.state === 'pending') return WAITING
  const request = thaw(own.request)
  const only = byThis ? (consent?.basisId ?? 'nothing') : undefined
  const who = { agent, subject: { person }, issuers: brought.issuers, issuing }
  const judged = (lifted: readonly ForbidRef[]) =>
    problemOr(grantOrAsk(parts, request, who, { only, lifted, asking: byThis ? undefined : [] }))
  const first = await judged([])
  if (first instanceof Problem || first.outcome !== 'needs_approval')
    return standingOf(parts, first, { consent, request, approval: undefined })
  const people = await withPeople(parts, own, { agent, person, request, unapproved: first })
  if (people.outcome !== 'approved') return people
  const { approval } = people
  const lifted = await judged(approval.ask.forbids)
  if (!(lifted instanceof Problem) && lifted.outcome === 'needs_approval') return WAITING
  return standingOf(parts, lifted, { consent, request, approval })
}

type Judged = Problem | Exclude<Awaited<ReturnType<typeof grantOrAsk>>, Unapproved>

function standingOf(
  { issuer }: DecisionParts,
  grant: Judged,
  known: Pick<Allowed, 'approval' | 'consent' | 'request'>,
): Standing {
  const { consent, request } = known
  if (grant instanceof Problem) return denied(refused(grant.code, grant.detail))
  if (grant.outcome === 'refused') return denied(grant)
  if (grant.outcome === 'needs_consent') {
    if (consent?.state === 'pending')
      return { outcome: 'waiting', page: `${issuer}/consent/${consent.id}` }
    return denied(refused('consent.required', 'the person has taken the consent back'))
  }
  if (request.resource !== undefined && detailsAt(grant.details, request.resource).length === 0)
    return denied(refused('task.resource_not_granted', 'nothing was granted at this resource'))
  return { ...known, outcome: 'granted', grant }
}

function denied(why: Refused): Extract<Standing, { outcome: 'denied' }> {
  return { outcome: 'denied', why }
}

/** How people stand to an opening that rules make wait for them. */
async function withPeople(
  parts: DecisionParts,
  own: Deferral,
  asked: {
    readonly agent: Agent
    readonly person: Person
    readonly request: FrozenRequest
    readonly unapproved: Unapproved
  },
): Promise<
  { readonly outcome: 'approved'; readonly approval: AccessRequest } | Exclude<Standing, Allowed>
> {
  const { agent, person, request, unapproved } = asked
  const { details, mayDelegate } = unapproved.grant
  const now = parts.clock.now()
  const { version: policyVersion } = await parts.policies.active()
  const question = openingQuestion(
    parts,
    {
      ...{ agent, details, mayDelegate, person, request },
      taskId: own.taskId ?? newId('task', parts.random),
      deadline: own.createdAt + LONGEST_APPROVAL,
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
    default:
      return denied(refused('approval.denied', 'people said no, or may not say yes any more'))
  }
}

function covers({ ask }: AccessRequest, forbids: readonly ForbidRef[]): boolean {
  return forbids.every(({ digest, id }) =>
    ask.forbids.some((each) => each.id === id && each.digest === digest),
  )
}
