import {
  AlreadyExecuted,
  ApprovalRequired,
  CallFailed,
  Denied,
  type RemitError,
} from '../errors.ts'
import { textOr, type WireProblem } from '../wire/problem.ts'
import { askAgain, pendingOf, waitForApproval } from './approval.ts'
import type { TaskConnection } from './held.ts'

/** Failures behind which provably nothing was executed. */
const NO_EFFECT = new Set([
  'upstream.unreachable',
  'upstream.busy',
  'api.not_decided',
  'api.misconfigured',
  'call.no_longer_live',
  'live.lease_over',
  'server.busy',
  'server.clock_off',
])
/** Words of servers that told of calls under way by the same codes. */
const MAY_HAVE_ACTED = 'is not known'

/** Makes the error that is thrown for an answer that is a problem of Remit's. */
export function refusalOf(
  held: TaskConnection,
  response: Response,
  problem: WireProblem,
): RemitError {
  const { code, decisionId, detail, enough, members } = problem
  const { status } = response
  const { retry_after } = members
  const retryAfter = typeof retry_after === 'number' ? retry_after : undefined
  const facts = { code, detail, enough, decisionId, retryAfter, status, response }
  if (code === 'approval.required') {
    const pending = pendingOf(members.access_request, held.server.issuer)
    if (pending)
      return new ApprovalRequired(facts, pending, (signal) =>
        waitForApproval(held, pending, signal),
      )
  }
  if (code === 'approval.executed') {
    const requestId = textOr(members.request_id) ?? ''
    const { upstream_status } = members
    return new AlreadyExecuted(facts, {
      state: textOr(members.state) ?? 'indeterminate',
      upstreamStatus: typeof upstream_status === 'number' ? upstream_status : undefined,
      askAgain: () => askAgain(held, requestId),
    })
  }
  // Nothing is wrong with the call: what it depends on changed before it was sent.
  if (status < 500 && code !== 'call.no_longer_live') return new Denied(facts)
  const isUnsent = NO_EFFECT.has(code) && !detail.includes(MAY_HAVE_ACTED)
  const effect = isUnsent ? 'none' : 'unknown'
  return new CallFailed(code, detail, { effect, status, decisionId, response })
}
