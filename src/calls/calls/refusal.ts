import { type ChallengedResource, challenge } from '../../identity/possession/index.ts'
import { Problem, problemKind } from '../../platform/lib/problem.ts'
import type { CallParts } from './parts.ts'
import type { DenyVerdict, ExecutedVerdict, Requestable } from './verdict.ts'

/** Answer to a caller over HTTP, with the headers that belong to it. */
interface ToldRefusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly problem: Problem
}

/**
 * Tells a caller about a call that was not permitted. `origin`: of the address that proofs name,
 * which has nonces of its own.
 */
export function tellRefusal(
  { nonces }: Pick<CallParts, 'nonces'>,
  verdict: DenyVerdict | Requestable | ExecutedVerdict,
  { origin, resource }: { readonly origin: string; readonly resource: ChallengedResource },
): ToldRefusal {
  const { challenge, problem, retryAfter, status, wantsNonce } = refusalOf(verdict, resource)
  const nonce = wantsNonce && nonces?.current(origin)
  return {
    status,
    headers: {
      ...(isRecorded(verdict) ? { 'remit-decision': verdict.decisionId } : {}),
      ...(challenge === undefined ? {} : { 'www-authenticate': challenge }),
      ...(nonce ? { 'dpop-nonce': nonce } : {}),
      ...(retryAfter === undefined ? {} : { 'retry-after': `${retryAfter}` }),
    },
    problem,
  }
}

/** Answer about a call that was not permitted, before it is told. */
export interface Refusal {
  readonly status: number
  /** Problem with the decision's id, the reason and what would be enough. */
  readonly problem: Problem
  /** Value of `WWW-Authenticate`, when the fault is the credential's. */
  readonly challenge?: string
  /** A nonce is demanded: `DPoP-Nonce` has to be told along with it. */
  readonly wantsNonce?: true
  /** Value of `Retry-After`, in seconds, where nothing but time is missing. */
  readonly retryAfter?: number
}

/** Tells whether there is a decision of that id. */
export function isRecorded(verdict: DenyVerdict | Requestable | ExecutedVerdict): boolean {
  return verdict.outcome !== 'deny' || verdict.unrecorded !== true
}

/** A decision that is no permit, as RFC 9457 has it. */
export function refusalOf(
  verdict: DenyVerdict | Requestable | ExecutedVerdict,
  resource: ChallengedResource,
): Refusal {
  if (verdict.outcome === 'deny') return denied(verdict, resource)
  return verdict.outcome === 'requestable' ? requestable(verdict) : executed(verdict)
}

function denied(verdict: DenyVerdict, resource: ChallengedResource): Refusal {
  const { challenge: asked, decisionId, detail, edited, enough, reason } = verdict
  const { retryAfter, unrecorded } = verdict
  const retry = retryAfter === undefined ? {} : { retry_after: retryAfter }
  const { acrValues, error: code, maxAge } = asked ?? {}
  const error = code ? { code, description: detail, acrValues, maxAge } : undefined
  return {
    status: asked ? 401 : problemKind(reason).status,
    problem: new Problem(reason, detail, {
      members: {
        ...(unrecorded ? {} : { decision_id: decisionId }),
        enough,
        ...retry,
        ...editedMembers(edited),
      },
    }),
    ...(asked ? { challenge: challenge(resource, error) } : {}),
    ...(code === 'use_dpop_nonce' ? { wantsNonce: true } : {}),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  }
}

/**
 * Answers a call that was not executed, and that people can lift. The same call again after that
 * goes through once.
 */
function requestable(verdict: Requestable): Refusal {
  const { decisionId, detail, enough, reason, request } = verdict
  return {
    status: 403,
    problem: new Problem(reason, detail, {
      members: {
        decision_id: decisionId,
        enough,
        access_request: requestMembers(request),
      },
    }),
  }
}

function requestMembers({ expiresAt, id, page, state, url }: Requestable['request']) {
  return { id, state, url, page, expires_at: new Date(expiresAt).toISOString() }
}

function editedMembers(edited: DenyVerdict['edited']) {
  if (!edited) return {}
  return { access_request: requestMembers(edited.request), changes: edited.changes }
}

function executed(verdict: ExecutedVerdict): Refusal {
  const { decisionId, requestId, requestUrl, state, status } = verdict
  const detail = whatBecame(state, status)
  return {
    status: 409,
    problem: new Problem('approval.executed', detail, {
      members: {
        decision_id: decisionId,
        enough:
          state === 'sending'
            ? 'the same call again in a moment, to be told what became of it'
            : 'a new approval: POST {"request_id": …} to `request_url`',
        state,
        ...(status === undefined ? {} : { upstream_status: status }),
        request_id: requestId,
        request_url: requestUrl,
      },
    }),
  }
}

/** INVARIANT: nothing that is not known is told as if it were. */
function whatBecame(state: ExecutedVerdict['state'], status: number | undefined): string {
  const approved = 'this call was approved'
  switch (state) {
    case 'sending':
      return `${approved}, and an earlier request is using the approval; whether the call is executed is not known yet`
    case 'answered':
      return `${approved} and executed once; the API answered${status === undefined ? '' : ` ${status}`}`
    case 'failed':
      return `${approved} and sent once; no whole answer came, so whether it was executed is not known`
    case 'indeterminate':
      return `${approved}, and its approval was used once; whether the call was sent is not known`
  }
}
