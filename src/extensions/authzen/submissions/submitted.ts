import {
  type ApprovalParts,
  cancelRequest,
  findRequest,
} from '../../../approvals/access-requests/index.ts'
import type { MachineClient } from '../../../identity/machine-clients/index.ts'
import type { LedgerEvent } from '../../../platform/ledger/index.ts'
import type { Problem } from '../../../platform/lib/problem.ts'
import { AuthzenProblem } from '../problems.ts'
import type { EvaluationRequest, SubmissionResult, SubmittedItem } from './submission.ts'
import { findSubmission } from './submission-store.ts'

/** Tells whether an enforcement point may have people asked about a resource. */
export function mayAskAbout({ settings }: MachineClient<'pep'>, resource: string): boolean {
  const { mode, resources, takes } = settings
  return mode === 'task' && !takes && (resources?.includes(resource) ?? true)
}

/**
 * A submission of this enforcement point.
 * @throws Problem `access_request.unknown` (also when it is another's), `access_request.expired`
 */
export async function findSubmitted(
  parts: ApprovalParts,
  pep: MachineClient<'pep'>,
  id: string,
): Promise<SubmissionResult> {
  const made = await findSubmission(parts.storage.read, pep.id, { id })
  if (made.length === 0) throw unknownSubmission()
  if (made.some(({ expiresAt }) => expiresAt <= parts.clock.now()))
    throw new AuthzenProblem('access_request.expired', 'the submission is no longer available')
  const submitted = await withRequests(parts, made)
  if (!submitted.every(({ request }) => mayAskAbout(pep, request.resource)))
    throw unknownSubmission()
  return submitted
}

/** Cancels every pending item. @throws Problem as `findSubmitted`, `access_request.not_pending` */
export async function cancelSubmitted(
  parts: ApprovalParts,
  pep: MachineClient<'pep'>,
  { id, kept }: { readonly id: string; readonly kept: LedgerEvent['private'] },
): Promise<SubmissionResult> {
  const submitted = await findSubmitted(parts, pep, id)
  const cancelled = await parts.storage.transaction(async (tx) => {
    let isAny = false
    for (const { request } of submitted)
      if (
        request.state === 'pending' &&
        (await cancelRequest(parts, tx, request, 'enforcement_point.cancelled', kept))
      )
        isAny = true
    return isAny
  })
  if (!cancelled) throw new AuthzenProblem('access_request.not_pending', 'it is no longer pending')
  return withRequests(
    parts,
    submitted.map(({ made }) => made),
  )
}

/** Reads the access requests of the items of a submission. */
export async function withRequests(
  parts: Pick<ApprovalParts, 'clock' | 'storage'>,
  made: readonly EvaluationRequest[],
): Promise<SubmissionResult> {
  const items: SubmittedItem[] = []
  for (const each of made) {
    const request = await findRequest(parts, each.requestId)
    if (!request) throw new Error('a submission is of no request')
    items.push({ made: each, request })
  }
  const [first, ...more] = items
  if (!first) throw new Error('a submission has no items')
  return [first, ...more]
}

function unknownSubmission(): Problem {
  return new AuthzenProblem('access_request.unknown', 'there is no such submission')
}
