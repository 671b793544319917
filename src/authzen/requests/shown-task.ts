import type { RequestState } from '../../access-requests/index.ts'
import type { SubmissionResult } from '../../calls/index.ts'

/** ARAP: submissions are posted here, and each has its own address below. */
export const REQUESTS_PATH = '/access/v1/requests'

/** State of a submission (ARAP, Task Status Values): ours are among them. */
type TaskStatus = RequestState

/** ARAP, Access Request Response and Task Status: how a submission stands, and what came of it. */
export interface ShownTask {
  readonly status: TaskStatus
  readonly statusEndpoint: string
  readonly text: string
}

export function shownTask(
  issuer: string,
  { approvedUntil: until, made, request }: SubmissionResult,
): ShownTask {
  const { state: status } = request
  const statusEndpoint = `${issuer}${REQUESTS_PATH}/${made.id}`
  const waits = status === 'pending'
  const task = {
    id: made.id,
    status,
    status_endpoint: statusEndpoint,
    ...(waits ? { expires_at: timeOf(request.expiresAt) } : {}),
    links: {
      review: `${issuer}/approvals/${request.id}`,
      ...(waits ? { cancel: `${statusEndpoint}/cancel` } : {}),
    },
  }
  const result = until !== undefined && {
    mode: 'reevaluate',
    approval: {
      id: made.approvalId,
      ...(request.answeredAt === null ? {} : { approved_at: timeOf(request.answeredAt) }),
      approved_until: timeOf(until),
    },
  }
  const text = JSON.stringify({ task, ...(result ? { result } : {}) })
  return { status, statusEndpoint, text }
}

function timeOf(at: number): string {
  return new Date(at).toISOString()
}
