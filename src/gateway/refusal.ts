import type { Denied, Executed, Requestable } from '../decisions/index.ts'
import { PROBLEMS, Problem } from '../lib/problem.ts'
import type { OwnAnswer } from './ended.ts'
import { challenge } from './metadata.ts'

/** A decision that is no permit, as RFC 9457 with the decision's id, the reason and what would be enough. */
export function refusal(verdict: Denied | Requestable | Executed, identifier: string): OwnAnswer {
  if (verdict.outcome === 'deny') return denied(verdict, identifier)
  return verdict.outcome === 'requestable' ? requestable(verdict) : executed(verdict)
}

function denied(verdict: Denied, identifier: string): OwnAnswer {
  const { challenge: asked, decisionId, detail, enough, reason } = verdict
  const error = asked?.error ? { code: asked.error, description: detail } : undefined
  return {
    status: asked ? 401 : PROBLEMS[reason].status,
    headers: {
      'remit-decision': decisionId,
      ...(asked ? { 'www-authenticate': challenge(identifier, error) } : {}),
    },
    problem: new Problem(reason, detail, { members: { decision_id: decisionId, enough } }),
  }
}

/** Not executed; people can lift it. The same call again after that goes through once. */
function requestable(verdict: Requestable): OwnAnswer {
  const { decisionId, detail, enough, reason, request } = verdict
  return {
    status: 403,
    headers: { 'remit-decision': decisionId },
    problem: new Problem(reason, detail, {
      members: {
        decision_id: decisionId,
        enough,
        access_request: {
          id: request.id,
          state: request.state,
          url: request.url,
          page: request.page,
          expires_at: new Date(request.expiresAt).toISOString(),
        },
      },
    }),
  }
}

function executed(verdict: Executed): OwnAnswer {
  const { decisionId, requestId, requestUrl, state, status } = verdict
  const ended = status === undefined ? `its outcome is \`${state}\`` : `the API answered ${status}`
  return {
    status: 409,
    headers: { 'remit-decision': decisionId },
    problem: new Problem(
      'approval.executed',
      `this call was approved and executed once; ${ended}`,
      {
        members: {
          decision_id: decisionId,
          enough: 'a new approval: POST {"request_id": …} to `request_url`',
          state,
          ...(status === undefined ? {} : { upstream_status: status }),
          request_id: requestId,
          request_url: requestUrl,
        },
      },
    ),
  }
}
