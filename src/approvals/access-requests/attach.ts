import type { Ask } from '@remit/engine'
import { addEvent } from '../../identity/notifications/index.ts'
import { base64url } from '../../platform/lib/bytes.ts'
import { type Id, newId } from '../../platform/lib/id.ts'
import type { Tx } from '../../platform/storage/index.ts'
import { type AccessRequest, type Leaf, WAITS } from './access-request.ts'
import { cancel, expire } from './end.ts'
import { callHash, type FrozenCall, frozenText } from './frozen-call.ts'
import type { ApprovalParts } from './parts.ts'
import { isWithinQuota } from './pending-quota-store.ts'
import { askedNames } from './present-question.ts'
import { aboutRequest } from './record.ts'
import { insertRequest, requestsForCall } from './request-store.ts'
import { asksTheSame, isUnused, isWaiting, standingOf } from './standing.ts'

/** A call that people shall be asked about. The text comes from the catalog's template, never from the agent. */
export interface RequestDraft {
  readonly call: FrozenCall
  readonly taskId: Id<'task'>
  readonly personId: Id<'person'>
  /** Requester, as in `AccessRequest`. */
  readonly requesterId?: string
  readonly agentId: string
  readonly deadline: number
  readonly text: string
  readonly templateDigest: string
  readonly ask: Ask
  /** Leaves that were inspected, as in `AccessRequest`. */
  readonly inspected: readonly Leaf[] | null
  readonly sponsored: boolean
  readonly policyVersion: number
  readonly decisionId: Id<'decision'>
  /** Approvals in hand that turned out not to be enough (other policies by now, or approvers who may no longer). */
  readonly insufficient: readonly Id<'request'>[]
}

export type AttachResult =
  | { readonly outcome: 'created' | 'attached'; readonly request: AccessRequest }
  | { readonly outcome: keyof typeof REFUSALS; readonly refusal: AttachRefusal }

/** Reason why no one is asked, in the words of the answer to the agent. */
export interface AttachRefusal {
  readonly reason: 'approval.nobody_to_ask' | 'approval.too_many_pending'
  readonly detail: string
  readonly enough: string
}

const REFUSALS = {
  too_many_pending: {
    reason: 'approval.too_many_pending',
    detail:
      'too many calls of this task, or of this agent for this person, are waiting for approval',
    enough: 'answers to the requests that are pending, then the same call again',
  },
  nobody_to_ask: {
    reason: 'approval.nobody_to_ask',
    detail: 'the rule asks a manager or an owner, and no one who could answer is known',
    enough: 'a known manager or owner, or a rule that names others as well',
  },
} as const satisfies Record<string, AttachRefusal>

const attachRefusal = (outcome: keyof typeof REFUSALS) =>
  ({ outcome, refusal: REFUSALS[outcome] }) as const

/**
 * Makes an access request, or attaches to the one that is open for the same call and asks the same. An open one that
 * asks something else is cancelled first: people shall not answer a question that decides nothing any more.
 * INVARIANT: of one call of one task, at most one request waits or can be used.
 */
export async function attachRequest(
  parts: Pick<ApprovalParts, 'clock' | 'ledger' | 'random'>,
  tx: Tx,
  asking: RequestDraft,
): Promise<AttachResult> {
  return attachQuestion(parts, tx, questionOf(asking), asking.insufficient)
}

/** Makes or attaches to a request for a question that was fixed before. */
export async function attachQuestion(
  parts: Pick<ApprovalParts, 'clock' | 'ledger' | 'random'>,
  tx: Tx,
  question: FrozenQuestion,
  insufficient: readonly string[],
): Promise<AttachResult> {
  const now = parts.clock.now()
  for (const known of await requestsForCall(tx, question.taskId, question.callHash)) {
    if (known.state === 'pending' && !isWaiting(known, now)) {
      await expire(parts, tx, known)
    } else if (known.state === 'pending' || isUnused(known, now)) {
      if (asksTheSame(known, question) && !insufficient.includes(known.id))
        return { outcome: 'attached', request: known }
      await cancel(parts, tx, known, 'superseded')
    }
  }
  return create(parts, tx, question)
}

export type RepeatResult = AttachResult | { readonly outcome: 'denied'; readonly until: number }

/**
 * Asks people again about the call of an earlier request, for instance because it shall be executed a second time. An open
 * request is the answer; after a denial no one is asked for a while.
 */
export async function attachAgain(
  parts: Pick<ApprovalParts, 'clock' | 'ledger' | 'random'>,
  tx: Tx,
  earlier: AccessRequest,
): Promise<RepeatResult> {
  const now = parts.clock.now()
  const known = await requestsForCall(tx, earlier.taskId, earlier.callHash)
  const standing = standingOf(known, now)
  if (standing.state === 'pending' || standing.state === 'approved')
    return { outcome: 'attached', request: standing.request }
  if (standing.state === 'denied') return { outcome: 'denied', until: standing.until }
  for (const each of known) if (each.state === 'pending') await expire(parts, tx, each)
  return create(parts, tx, earlier)
}

/** Question about a request, fixed before the request is made. */
export type FrozenQuestion = Pick<
  AccessRequest,
  | 'taskId'
  | 'personId'
  | 'requesterId'
  | 'agentId'
  | 'resource'
  | 'action'
  | 'callHash'
  | 'call'
  | 'text'
  | 'templateDigest'
  | 'ask'
  | 'deadline'
  | 'inspected'
  | 'sponsored'
  | 'policyVersion'
  | 'decisionId'
  | 'editedFrom'
>

export function questionOf(asking: RequestDraft): FrozenQuestion {
  const { call, insufficient: _, ...rest } = asking
  return {
    ...rest,
    resource: call.resource,
    action: call.action,
    callHash: callHash(call),
    call: frozenText(call),
  }
}

async function create(
  parts: Pick<ApprovalParts, 'clock' | 'ledger' | 'random'>,
  tx: Tx,
  question: FrozenQuestion,
): Promise<AttachResult> {
  const { ask, taskId, callHash: hash } = question
  const now = parts.clock.now()
  const asked = await askedNames(tx, { ...question, createdAt: now })
  if (!(await isWithinQuota(tx, question, { names: asked.from.keys(), now })))
    return attachRefusal('too_many_pending')
  if (asked.isEmpty && ask.approvers.length > 0) return attachRefusal('nobody_to_ask')
  const request = newRequest(parts, question)
  if (!(await insertRequest(tx, request, asked))) {
    const known = await requestsForCall(tx, taskId, hash)
    const other = known.find(({ state }) => state === 'pending')
    if (!other) throw new Error('a pending request stood in the way and is gone')
    return { outcome: 'attached', request: other }
  }
  const { createdAt: at, id: subject } = request
  await addEvent(parts, tx, { kind: 'request', subject, at })
  const after = Math.floor((request.expiresAt - at) / 2)
  await addEvent(parts, tx, { kind: 'reminder', subject, at, after })
  await parts.ledger.append(
    tx,
    aboutRequest('approval.requested', request, {
      decisionId: request.decisionId,
      facts: {
        forbids: request.ask.forbids,
        template_digest: request.templateDigest,
        risk: request.risk,
        expires_at: request.expiresAt,
        edited_from: request.editedFrom,
      },
      private: { text: request.text },
    }),
  )
  return { outcome: 'created', request }
}

/** Member by member: an earlier request can be the question, and nothing of its answer may come along. */
function newRequest(
  parts: Pick<ApprovalParts, 'clock' | 'random'>,
  question: FrozenQuestion,
): AccessRequest {
  const now = parts.clock.now()
  const { risk } = question.ask
  return {
    id: newId('request', parts.random),
    taskId: question.taskId,
    personId: question.personId,
    ...(question.requesterId === undefined ? {} : { requesterId: question.requesterId }),
    agentId: question.agentId,
    resource: question.resource,
    action: question.action,
    callHash: question.callHash,
    call: question.call,
    text: question.text,
    templateDigest: question.templateDigest,
    ask: question.ask,
    deadline: question.deadline,
    inspected: question.inspected,
    sponsored: question.sponsored,
    policyVersion: question.policyVersion,
    risk,
    nonce: base64url(parts.random.bytes(16)),
    decisionId: question.decisionId,
    state: 'pending',
    reason: null,
    createdAt: now,
    expiresAt: Math.min(now + WAITS[risk], question.deadline),
    answeredAt: null,
    answerHash: null,
    usesLeft: 0,
    usedBy: null,
    usableUntil: null,
    ...(question.editedFrom === undefined ? {} : { editedFrom: question.editedFrom }),
  }
}
