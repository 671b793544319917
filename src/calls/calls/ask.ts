import type { CallFacts, GateResult, RequestableDeny } from '@remit/engine'
import { type AccessRequest, attachRequest } from '../../approvals/access-requests/index.ts'
import { countedRisk, renderSentence } from '../../catalog/catalog/index.ts'
import { templateDigest } from '../../catalog/catalog-changes/index.ts'
import type { Bookkeeping } from '../../platform/ledger/index.ts'
import type { Id } from '../../platform/lib/id.ts'
import { consumeOnce, type Tx } from '../../platform/storage/index.ts'
import { findTask } from '../../tasks/tasks/index.ts'
import { type Case, type Finding, recordOf } from './case.ts'
import type { KnownIdentity } from './identify.ts'
import { inspectedOf } from './judgment/inspected.ts'
import type { CallParts } from './parts.ts'
import { bookQueries, deniedOf, likeOf, refuseReplay } from './refuse.ts'
import { bookkeepingFor } from './refused-caller.ts'
import type { DenyVerdict, Requestable } from './verdict.ts'

type RequestDraft = Parameters<typeof attachRequest>[2]

interface AskContext {
  /** Approvals in hand that turned out not to be enough. */
  readonly insufficient: readonly Id<'request'>[]
  /** Person who asked. */
  readonly requester: string | undefined
}

/**
 * Asks people, when nothing else stands in the way: makes the access request, or attaches to it, in
 * the transaction that uses up the proof and records the answer.
 */
export async function askPeople(
  parts: CallParts,
  each: Case & { readonly who: KnownIdentity },
  decision: RequestableDeny & { readonly facts: CallFacts },
  about: AskContext,
): Promise<Requestable | DenyVerdict> {
  const { facts, gates } = decision
  let booked = () => {}
  let kept: ReturnType<typeof likeOf> = { id: each.id, as: 'decision' }
  const asked = await parts.storage.transaction(async (tx) => {
    booked = () => {} // of an attempt that was rolled back
    kept = { id: each.id, as: 'decision' }
    if (!(await useProof(tx, each))) return () => refuseReplay(parts, each)
    // INVARIANT: read here, so that closing the task and asking about it cannot both go through (contract 5.9).
    const task = await findTask(tx, each.who.held.task.id)
    if (task?.state === 'closed') {
      booked = await book(parts, tx, each, { ...CLOSED, outcome: 'deny', gates, facts })
      return () => deniedOf(each, { ...CLOSED, gates })
    }
    const attached = await attachRequest(parts, tx, askingOf(each, decision, about))
    if ('refusal' in attached) {
      const { refusal } = attached
      const keeping = bookkeepingFor(parts, each, refusal.reason)
      const finding = { ...refusal, outcome: 'deny', gates, facts } as const
      if (keeping.as === 'record') booked = await book(parts, tx, each, finding, keeping)
      else kept = likeIn(keeping, each)
      return () => deniedOf(kept, { ...refusal, gates })
    }
    const { outcome, request } = attached
    const finding = { ...decision, requestId: request.id }
    const keeping = bookkeepingFor(parts, each, decision.reason)
    // What people are asked about names its decision; only asking again for the same call can repeat itself.
    if (keeping.as === 'record') booked = await book(parts, tx, each, finding, keeping)
    else if (outcome === 'created') booked = await book(parts, tx, each, finding)
    else kept = likeIn(keeping, each)
    return request
  })
  booked()
  if (typeof asked === 'function') return asked()
  return requestable(parts, kept.as === 'count' ? asked.decisionId : kept.id, decision, asked)
}

/** INVARIANT: only who is known gets as far as asking people. */
function likeIn(keeping: Bookkeeping, { id }: Case): ReturnType<typeof likeOf> {
  return keeping.as === 'repeat' ? likeOf(keeping, id) : { id, as: 'decision' }
}

/** Uses up the proof as `usedProofSteps` does, within the transaction that asks. */
async function useProof(tx: Tx, { proofUsed, who }: Case): Promise<boolean> {
  const { proof } = who
  return !proof || proofUsed || consumeOnce(tx, 'dpop', proof.replayKey, proof.expiresAt)
}

const CLOSED = {
  reason: 'task.closed',
  detail: 'the task was closed during the call',
  enough: 'a new task',
} as const

/** Answers the function to call after the commit. */
async function book(
  parts: Pick<CallParts, 'facts' | 'ledger' | 'observer' | 'shadow'>,
  tx: Tx,
  each: Case,
  finding: Finding,
  keeping?: Extract<Bookkeeping, { as: 'record' }>,
): Promise<() => void> {
  const { done, queries } = bookQueries(parts, tx, each, finding)
  for (const { query } of queries) await tx.executeQuery(query.compile())
  await parts.ledger.append(tx, recordOf(each, finding))
  return () => {
    done()
    keeping?.done(each.id)
  }
}

/** Builds the question that people would be asked. */
export function askingOf(
  each: Case & { readonly who: KnownIdentity },
  decision: RequestableDeny,
  { insufficient, requester }: AskContext,
): RequestDraft {
  const { call, frozen, policyVersion } = each
  const { task } = each.who.held
  if (!frozen || policyVersion === undefined)
    throw new Error('asked about a call that cannot be made')
  return {
    call: frozen,
    taskId: task.id,
    personId: task.personId,
    ...(requester === undefined || requester === task.personId ? {} : { requesterId: requester }),
    agentId: task.agentId,
    deadline: task.deadline,
    // INVARIANT: what people read is made here from typed arguments, never from words of the agent.
    text: renderSentence(call.action, call.arguments),
    templateDigest: templateDigest(call.action),
    ask: isForOnce(each) ? { ...decision.ask, once: true } : decision.ask,
    inspected: inspectedOf(call) ?? null,
    sponsored: task.sponsored,
    policyVersion,
    decisionId: each.id,
    insufficient,
  }
}

/** Tells whether no answer to a call may be for others: without a key, each of high risk is looked at (contract 13.7). */
function isForOnce({ call, who }: Case & { readonly who: KnownIdentity }): boolean {
  return who.held.task.keyThumbprint === null && countedRisk(call.action) === 'high'
}

/** An access request, as it is told to the agent that asks. */
export function toldRequest(
  { issuer }: Pick<CallParts, 'issuer'>,
  { expiresAt, id, state, taskId, usableUntil }: AccessRequest,
): Requestable['request'] {
  return {
    ...{ id, state },
    url: `${issuer}/v1/tasks/${taskId}/requests/${id}`,
    page: `${issuer}/approvals/${id}`,
    expiresAt: usableUntil ?? expiresAt,
  }
}

function requestable(
  parts: Pick<CallParts, 'issuer'>,
  decisionId: Id<'decision'>,
  decision: { detail: string; enough: string; gates: readonly GateResult[] },
  request: AccessRequest,
): Requestable {
  const { detail, enough, gates } = decision
  return {
    outcome: 'requestable',
    decisionId,
    reason: 'approval.required',
    detail,
    enough,
    gates,
    request: toldRequest(parts, request),
  }
}
