import {
  type ApprovalParts,
  attachQuestion,
  requestsForCall,
  standingOf,
} from '../../../approvals/access-requests/index.ts'
import type { EvaluationDenial } from '../../../calls/calls/index.ts'
import type { MachineClient } from '../../../identity/machine-clients/index.ts'
import type { LedgerEvent } from '../../../platform/ledger/index.ts'
import { newId } from '../../../platform/lib/id.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { Tx } from '../../../platform/storage/index.ts'
import { findDecision } from '../../../tasks/decision-log/index.ts'
import { findTask } from '../../../tasks/tasks/index.ts'
import { AuthzenProblem } from '../problems.ts'
import type { CallbackWish } from './callbacks/callback.ts'
import { findCallback, insertPendingCallback } from './callbacks/callback-store.ts'
import {
  type EvaluationRequest,
  SUBMISSION_RETENTION_MS,
  type SubmissionResult,
} from './submission.ts'
import { findSubmission, insertSubmission, readDenial } from './submission-store.ts'
import { mayAskAbout, withRequests } from './submitted.ts'

/** One denied evaluation of a submission. */
export interface SubmissionItem {
  readonly evaluationId: string
  readonly bindingHash: string
  /** Expiry of the denial, as the submission gives it. */
  readonly expiresAt: number
  readonly requestedUntil: number | undefined
  /** Resource and action as they were sent, JSON, of a submission with `items`. */
  readonly item: string | undefined
}

/** Submission of an enforcement point about evaluations that it was denied. */
export interface Submission {
  /** At least one. */
  readonly items: readonly SubmissionItem[]
  readonly callback: CallbackWish | undefined
  /** Agents that act according to the submission, the current one first. */
  readonly actors: readonly string[]
  readonly idempotencyKey: string | undefined
  readonly bodyDigest: string
  /** Private part of the record, behind a commitment. */
  readonly kept: LedgerEvent['private']
}

type Pep = MachineClient<'pep'>

/**
 * Asks people about denied evaluations, exactly as they were recorded with each denial. Submits all items, or none. A second
 * submission with the same key returns the first one.
 * @throws Problem `access_request.…`, `approval.too_many_pending`, `approval.nobody_to_ask`
 */
export async function submitRequest(
  parts: ApprovalParts,
  pep: Pep,
  given: Submission,
): Promise<SubmissionResult> {
  const made = await parts.storage.transaction(async (tx) => {
    const before = await submittedBefore(tx, pep, given)
    if (before.length > 0) return before
    if (given.callback) await requireRegistered(tx, pep.id, given.callback)
    const id = newId('evaluation_request', parts.random)
    const made: EvaluationRequest[] = []
    for (const item of given.items) {
      const denial = await denialFor(parts, tx, pep, { ...given, ...item })
      const { question } = denial
      await checkStill(parts, tx, denial)
      const attached = await attachQuestion(parts, tx, question, denial.insufficient)
      if ('refusal' in attached) throw new Problem(attached.refusal.reason, attached.refusal.detail)
      const { id: requestId } = attached.request
      made.push(newItem(parts, { id, position: made.length, requestId }, { denial, given, item }))
      await parts.ledger.append(tx, {
        type: 'approval.submitted',
        ...{ requestId, decisionId: denial.id, callHash: question.callHash },
        ...{ task: question.taskId, resource: question.resource, action: question.action },
        facts: { pep: pep.id, submission: id },
        private: given.kept,
      })
    }
    const expiresAt = Math.max(...made.map((each) => each.expiresAt))
    const items = made.map((each) => ({ ...each, expiresAt }))
    if (!(await insertSubmission(tx, items))) throw reused()
    if (given.callback) {
      const now = parts.clock.now()
      const waiting = { id, pep: pep.id, attempts: 0, nextAt: now, expiresAt }
      await insertPendingCallback(tx, { ...given.callback, ...waiting })
    }
    return items
  })
  return withRequests(parts, made)
}

async function submittedBefore(
  tx: Tx,
  pep: Pep,
  { bodyDigest, idempotencyKey: key }: Submission,
): Promise<EvaluationRequest[]> {
  const before = key === undefined ? [] : await findSubmission(tx, pep.id, { key })
  if (before.some((each) => each.bodyDigest !== bodyDigest)) throw reused()
  return before
}

/**
 * INVARIANT: a submission can only ask to be called back. The address is the one that an administrator registered.
 */
async function requireRegistered(tx: Tx, pep: string, { endpoint }: CallbackWish): Promise<void> {
  if ((await findCallback(tx, pep))?.url !== endpoint)
    throw new AuthzenProblem(
      'access_request.unknown_callback',
      '`callback.endpoint` is not the address that is registered for this enforcement point',
    )
}

/** INVARIANT: only an exact denial of this enforcement point can be submitted, and only until the denial expires. */
async function denialFor(
  parts: ApprovalParts,
  tx: Tx,
  pep: Pep,
  given: SubmissionItem & Pick<Submission, 'actors'>,
): Promise<EvaluationDenial> {
  const denial = await readDenial(tx, given.evaluationId)
  if (denial?.pep !== pep.id) {
    if (await findDecision(tx, given.evaluationId))
      throw notRequestable('no denial of this evaluation could be lifted by people')
    throw unbound('there is no such evaluation')
  }
  if (denial.bindingHash !== given.bindingHash)
    throw unbound('subject, resource, action or context differ from what was evaluated')
  if (denial.expiresAt !== given.expiresAt)
    throw unbound('`denial.expires_at` is not that of the denial')
  const { chain } = JSON.parse(denial.question.call) as { chain: string[] } // written by `frozenText`
  if (given.actors.some((actor, i) => actor !== chain[i]))
    throw unbound('`client.actor` is not who acts under the task')
  if (denial.expiresAt <= parts.clock.now())
    throw new AuthzenProblem(
      'access_request.denial_expired',
      'the denial can no longer be submitted',
    )
  if (!mayAskAbout(pep, denial.question.resource))
    throw notRequestable('the enforcement point may not have people asked about this any more')
  return denial
}

/**
 * Checks what may have changed since the denial: the task must be open, and no person may have denied
 * the call a short while ago.
 */
async function checkStill(
  parts: ApprovalParts,
  tx: Tx,
  { question }: EvaluationDenial,
): Promise<void> {
  // INVARIANT: read here, so that closing the task and asking about it cannot both go through (contract 5.9).
  const task = await findTask(tx, question.taskId)
  if (!task || task.state === 'closed') throw notRequestable('the task is closed')
  const standing = standingOf(
    await requestsForCall(tx, question.taskId, question.callHash),
    parts.clock.now(),
  )
  if (standing.state === 'denied') throw notRequestable('a person denied this a short while ago')
}

function newItem(
  { clock, random }: ApprovalParts,
  names: Pick<EvaluationRequest, 'id' | 'position' | 'requestId'>,
  of: {
    readonly denial: EvaluationDenial
    readonly given: Submission
    readonly item: SubmissionItem
  },
): EvaluationRequest {
  const { denial, given, item } = of
  return {
    ...names,
    item: item.item ?? null,
    pep: denial.pep,
    evaluationId: denial.id,
    bindingHash: denial.bindingHash,
    approvalId: newId('evaluation_approval', random),
    requestedUntil: item.requestedUntil ?? null,
    idempotencyKey: names.position === 0 ? (given.idempotencyKey ?? null) : null,
    bodyDigest: given.bodyDigest,
    createdAt: clock.now(),
    expiresAt: denial.question.deadline + SUBMISSION_RETENTION_MS,
  }
}

function unbound(detail: string): Problem {
  return new AuthzenProblem('access_request.bad_binding', detail)
}

function notRequestable(detail: string): Problem {
  return new AuthzenProblem('access_request.not_requestable', detail)
}

function reused(): Problem {
  return new AuthzenProblem('access_request.duplicate', 'the key was used for another submission')
}
