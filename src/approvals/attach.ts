import type { Ask } from '@remit/engine'
import { base64url } from '../lib/bytes.ts'
import { type Id, newId } from '../lib/id.ts'
import type { Tx } from '../storage/index.ts'
import { type AccessRequest, MOST_PENDING, WAITS } from './access-request.ts'
import { cancel, expire } from './end.ts'
import { callHash, type FrozenCall, frozenText } from './frozen-call.ts'
import type { ApprovalParts } from './parts.ts'
import { aboutRequest } from './record.ts'
import { countPending, insertRequest, requestsForCall } from './request-store.ts'
import { asksTheSame, isUnused, isWaiting } from './standing.ts'

/** A call that people shall be asked about. The text comes from the catalog's template, never from the agent. */
export interface Asking {
  readonly call: FrozenCall
  readonly taskId: Id<'task'>
  readonly personId: Id<'person'>
  readonly agentId: string
  readonly deadline: number
  readonly text: string
  readonly templateDigest: string
  readonly ask: Ask
  readonly policyVersion: number
  readonly decisionId: Id<'decision'>
  /** Approvals in hand that turned out not to be enough (other policies by now, or approvers who may no longer). */
  readonly insufficient: readonly Id<'request'>[]
}

export type Attached =
  | { readonly outcome: 'created' | 'attached'; readonly request: AccessRequest }
  | { readonly outcome: 'too_many_pending' }

/**
 * Makes an access request, or attaches to the one that is open for the same call and asks the same. What is open and
 * asks something else is cancelled first: nobody shall answer a question that decides nothing any more.
 * INVARIANT: of one call of one task, at most one request waits or can be used.
 */
export async function attachRequest(
  parts: ApprovalParts,
  tx: Tx,
  asking: Asking,
): Promise<Attached> {
  const now = parts.clock.now()
  const hash = callHash(asking.call)
  for (const known of await requestsForCall(tx, asking.taskId, hash)) {
    if (known.state === 'pending' && !isWaiting(known, now)) {
      await expire(parts, tx, known)
    } else if (known.state === 'pending' || isUnused(known, now)) {
      if (asksTheSame(known, asking) && !asking.insufficient.includes(known.id))
        return { outcome: 'attached', request: known }
      await cancel(parts, tx, known, 'superseded')
    }
  }
  if ((await countPending(tx, asking.taskId, now)) >= MOST_PENDING)
    return { outcome: 'too_many_pending' }
  return create(parts, tx, asking, hash)
}

async function create(
  parts: ApprovalParts,
  tx: Tx,
  asking: Asking,
  hash: string,
): Promise<Attached> {
  const request = newRequest(parts, asking, hash)
  if (!(await insertRequest(tx, request))) {
    const other = (await requestsForCall(tx, asking.taskId, hash)).find(
      ({ state }) => state === 'pending',
    )
    if (!other) throw new Error('a pending request stood in the way and is gone')
    return { outcome: 'attached', request: other }
  }
  await parts.ledger.append(
    tx,
    aboutRequest('approval.requested', request, {
      decisionId: request.decisionId,
      facts: {
        forbids: request.ask.forbids,
        template_digest: request.templateDigest,
        risk: request.risk,
        expires_at: request.expiresAt,
      },
      private: { text: request.text },
    }),
  )
  return { outcome: 'created', request }
}

function newRequest(parts: ApprovalParts, asking: Asking, hash: string): AccessRequest {
  const now = parts.clock.now()
  return {
    id: newId('request', parts.random),
    taskId: asking.taskId,
    personId: asking.personId,
    agentId: asking.agentId,
    resource: asking.call.resource,
    action: asking.call.action,
    callHash: hash,
    call: frozenText(asking.call),
    text: asking.text,
    templateDigest: asking.templateDigest,
    ask: asking.ask,
    deadline: asking.deadline,
    policyVersion: asking.policyVersion,
    risk: asking.ask.risk,
    nonce: base64url(parts.random.bytes(16)),
    decisionId: asking.decisionId,
    state: 'pending',
    reason: null,
    createdAt: now,
    expiresAt: Math.min(now + WAITS[asking.ask.risk], asking.deadline),
    answeredAt: null,
    answerHash: null,
    usesLeft: 0,
    usedBy: null,
    usableUntil: null,
  }
}
