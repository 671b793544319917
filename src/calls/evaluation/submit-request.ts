import {
  type AccessRequest,
  attachQuestion,
  cancelRequest,
  findRequest,
  requestsForCall,
  standingOf,
} from '../../access-requests/index.ts'
import { findDecision } from '../../decision-log/index.ts'
import type { LedgerEvent } from '../../ledger/index.ts'
import { newId } from '../../lib/id.ts'
import { Problem } from '../../lib/problem.ts'
import type { MachineClient } from '../../machine-clients/index.ts'
import type { Tx } from '../../storage/index.ts'
import { findTask } from '../../tasks/index.ts'
import type { CallParts } from '../parts.ts'
import {
  approvedUntil,
  type EvaluationDenial,
  type EvaluationRequest,
  KEPT_MS,
} from './evaluated.ts'
import { findEvaluationRequest, insertEvaluationRequest, readDenial } from './evaluated-store.ts'

/** Submission of an enforcement point about an evaluation that it was denied. */
export interface Submission {
  readonly evaluationId: string
  readonly bindingHash: string
  /** Expiry of the denial, as the submission gives it. */
  readonly expiresAt: number
  readonly requestedUntil: number | undefined
  /** Agents that it says act, the current one first. */
  readonly actors: readonly string[]
  readonly idempotencyKey: string | undefined
  readonly bodyDigest: string
  /** Private part of the record, behind a commitment. */
  readonly kept: LedgerEvent['private']
}

/** A submission, with the access request that it is of as that stands now. */
export interface SubmissionResult {
  readonly made: EvaluationRequest
  readonly request: AccessRequest
  /** End of its approval; nothing where there is none. */
  readonly approvedUntil: number | undefined
}

/**
 * Has people asked about what an evaluation denied: about that, as it was fixed with the denial, and nothing else. Repeated with the
 * same key it is the same submission.
 * @throws Problem `access_request.…`, `approval.too_many_pending`
 */
export async function submitRequest(
  parts: CallParts,
  pep: MachineClient<'pep'>,
  given: Submission,
): Promise<SubmissionResult> {
  const made = await parts.storage.transaction(async (tx) => {
    const before = await submittedBefore(tx, pep, given)
    if (before) return before
    const denial = await denialFor(parts, tx, pep, given)
    const { question } = denial
    await checkStill(parts, tx, denial)
    const attached = await attachQuestion(parts, tx, question, denial.insufficient)
    if (attached.outcome === 'too_many_pending')
      throw new Problem(
        'approval.too_many_pending',
        'too many calls of this task or agent are waiting for approval',
      )
    const { id: requestId } = attached.request
    const row = newRequest(parts, { denial, given, requestId })
    if (!(await insertEvaluationRequest(tx, row))) throw reused()
    await parts.ledger.append(tx, {
      type: 'approval.submitted',
      ...{ requestId, decisionId: denial.id, callHash: question.callHash },
      ...{ task: question.taskId, resource: question.resource, action: question.action },
      facts: { pep: pep.id, submission: row.id },
      private: given.kept,
    })
    return row
  })
  return withRequest(parts, made)
}

async function submittedBefore(
  tx: Tx,
  pep: MachineClient<'pep'>,
  { bodyDigest, idempotencyKey: key }: Submission,
): Promise<EvaluationRequest | undefined> {
  const before = key === undefined ? undefined : await findEvaluationRequest(tx, pep.id, { key })
  if (before && before.bodyDigest !== bodyDigest) throw reused()
  return before
}

/** INVARIANT: what was denied to this enforcement point, exactly that, and while it may be submitted. */
async function denialFor(
  parts: CallParts,
  tx: Tx,
  pep: MachineClient<'pep'>,
  given: Submission,
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
    throw new Problem('access_request.denial_expired', 'the denial can no longer be submitted')
  if (!mayAskAbout(pep, denial.question.resource))
    throw notRequestable('the enforcement point may not have people asked about this any more')
  return denial
}

function mayAskAbout({ settings }: MachineClient<'pep'>, resource: string): boolean {
  const { mode, resources, takes } = settings
  return mode === 'task' && !takes && (resources?.includes(resource) ?? true)
}

/**
 * Checks what may have changed since the denial: the task must be open, and nobody may have denied
 * the call a short while ago.
 */
async function checkStill(parts: CallParts, tx: Tx, { question }: EvaluationDenial): Promise<void> {
  // INVARIANT: read here, so that closing the task and asking about it cannot both go through (contract 5.9).
  const task = await findTask(tx, question.taskId)
  if (!task || task.state === 'closed') throw notRequestable('the task is closed')
  const standing = standingOf(
    await requestsForCall(tx, question.taskId, question.callHash),
    parts.clock.now(),
  )
  if (standing.state === 'denied') throw notRequestable('a person denied this a short while ago')
}

function newRequest(
  { clock, random }: CallParts,
  of: {
    readonly denial: EvaluationDenial
    readonly given: Submission
    readonly requestId: AccessRequest['id']
  },
): EvaluationRequest {
  const { denial, given, requestId } = of
  return {
    id: newId('evaluation_request', random),
    pep: denial.pep,
    evaluationId: denial.id,
    bindingHash: denial.bindingHash,
    requestId,
    approvalId: newId('evaluation_approval', random),
    requestedUntil: given.requestedUntil ?? null,
    idempotencyKey: given.idempotencyKey ?? null,
    bodyDigest: given.bodyDigest,
    createdAt: clock.now(),
    expiresAt: denial.question.deadline + KEPT_MS,
  }
}

/**
 * A submission of this enforcement point.
 * @throws Problem `access_request.unknown` (also when it is another's), `access_request.expired`
 */
export async function findSubmitted(
  parts: CallParts,
  pep: MachineClient<'pep'>,
  id: string,
): Promise<SubmissionResult> {
  const made = await findEvaluationRequest(parts.storage.read, pep.id, { id })
  if (!made) throw unknown()
  if (made.expiresAt <= parts.clock.now())
    throw new Problem('access_request.expired', 'the submission is no longer available')
  const submitted = await withRequest(parts, made)
  if (!mayAskAbout(pep, submitted.request.resource)) throw unknown()
  return submitted
}

/** Ends what waits. @throws Problem as `findSubmitted`, `access_request.not_pending` */
export async function cancelSubmitted(
  parts: CallParts,
  pep: MachineClient<'pep'>,
  { id, kept }: { readonly id: string; readonly kept: LedgerEvent['private'] },
): Promise<SubmissionResult> {
  const { made, request } = await findSubmitted(parts, pep, id)
  const done =
    request.state === 'pending' &&
    (await parts.storage.transaction((tx) =>
      cancelRequest(parts, tx, request, 'enforcement_point.cancelled', kept),
    ))
  if (!done) throw new Problem('access_request.not_pending', 'it is no longer pending')
  return withRequest(parts, made)
}

async function withRequest(parts: CallParts, made: EvaluationRequest): Promise<SubmissionResult> {
  const request = await findRequest(parts, made.requestId)
  if (!request) throw new Error('a submission is of no request')
  return { made, request, approvedUntil: approvedUntil(made, request) }
}

function unknown(): Problem {
  return new Problem('access_request.unknown', 'there is no such submission')
}

function unbound(detail: string): Problem {
  return new Problem('access_request.bad_binding', detail)
}

function notRequestable(detail: string): Problem {
  return new Problem('access_request.not_requestable', detail)
}

function reused(): Problem {
  return new Problem('access_request.duplicate', 'the key was used for another submission')
}
