import { approvedUntil } from '../../../calls/calls/index.ts'
import { type Canonical, canonicalJson } from '../../../platform/lib/canonical-json.ts'
import { isObject, parseJson } from '../../../platform/lib/json.ts'
import {
  type SubmissionResult,
  type SubmissionStatus,
  type SubmittedItem,
  statusOf,
} from '../submissions/index.ts'

/** ARAP: submissions are posted here, and each has its own address below. */
export const REQUESTS_PATH = '/access/v1/requests'

/** ARAP, Access Request Response and Task Status: how a submission stands, and what came of it. */
export interface ShownTask {
  readonly status: SubmissionStatus
  readonly statusEndpoint: string
  readonly text: string
}

export function shownTask(issuer: string, submitted: SubmissionResult): ShownTask {
  const [first] = submitted
  const status = statusOf(submitted)
  const { id, item } = first.made
  const statusEndpoint = `${issuer}${REQUESTS_PATH}/${id}`
  const waiting = submitted.filter(({ request }) => request.state === 'pending')
  const ends = waiting.map(({ request }) => request.expiresAt)
  const review = (waiting[0] ?? first).request.id
  const text = canonicalJson({
    task: {
      ...{ id, status, status_endpoint: statusEndpoint },
      expires_at: waiting.length > 0 ? timeOf(Math.max(...ends)) : undefined,
      links: {
        review: `${issuer}/approvals/${review}${waiting.length > 1 ? '/together' : ''}`,
        cancel: waiting.length > 0 ? `${statusEndpoint}/cancel` : undefined,
      },
      items: item === null ? undefined : submitted.map(shownItem),
    },
    result: item === null ? resultOf(first) : undefined,
  })
  return { status, statusEndpoint, text }
}

function shownItem(each: SubmittedItem): Canonical {
  const sent = parseJson(each.made.item ?? '')
  if (!isObject(sent)) throw new Error('an item was not stored as it was sent')
  const [resource = null, action = null] = [sent.get('resource'), sent.get('action')]
  const { state: status } = each.request
  return { ...{ resource, action, status }, result: resultOf(each) }
}

/** ARAP, Completion Semantics. */
function resultOf({ made, request }: SubmittedItem): Canonical | undefined {
  const until = approvedUntil(made, request)
  if (until === undefined) return undefined
  const { answeredAt: at } = request
  return {
    mode: 'reevaluate',
    approval: {
      id: made.approvalId,
      approved_at: at === null ? undefined : timeOf(at),
      approved_until: timeOf(until),
    },
  }
}

function timeOf(at: number): string {
  return new Date(at).toISOString()
}
