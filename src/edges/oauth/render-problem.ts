import { type Problem, type ProblemCode, problemKind } from '../../platform/lib/problem.ts'

/** Error codes of RFC 6749 sections 4.1.2.1 and 5.2, OpenID Connect Core section 3.1.2.6, RFC 7591 section 3.2.2 and of the documents that extend it. */
type OAuthError =
  | 'access_denied'
  | 'authorization_pending'
  | 'consent_required'
  | 'expired_login_hint_token'
  | 'expired_token'
  | 'insufficient_user_authentication'
  | 'interaction_required'
  | 'invalid_authorization_details'
  | 'invalid_binding_message'
  | 'invalid_client'
  | 'invalid_client_attestation'
  | 'invalid_client_metadata'
  | 'invalid_dpop_proof'
  | 'invalid_grant'
  | 'invalid_redirect_uri'
  | 'invalid_request'
  | 'invalid_request_uri'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_token'
  | 'registration_not_supported'
  | 'request_not_supported'
  | 'server_error'
  | 'slow_down'
  | 'temporarily_unavailable'
  | 'unauthorized_client'
  | 'unknown_user_id'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'use_dpop_nonce'
  | 'use_attestation_challenge'
  | 'use_fresh_attestation'

/** Exact codes first, families (the part before the dot) second. A code of neither is the caller's malformed request, or ours. */
const BY_CODE: Partial<Record<ProblemCode, OAuthError>> = {
  'agent.quarantined': 'unauthorized_client',
  'agent.suspended': 'unauthorized_client',
  'agent.owner_suspended': 'unauthorized_client',
  'agent.unauthenticated': 'invalid_client',
  'assertion.replayed': 'invalid_client',
  'attestation.challenge_needed': 'use_attestation_challenge',
  'attestation.invalid': 'invalid_client_attestation',
  'attestation.stale': 'use_fresh_attestation',
  'authorization.person_needed': 'consent_required',
  'authorization.registration': 'registration_not_supported',
  'authorization.request_object': 'request_not_supported',
  'authorization.request_uri': 'invalid_request_uri',
  'authorization.response_type': 'unsupported_response_type',
  'authorization.too_many': 'temporarily_unavailable',
  'backchannel.bad_message': 'invalid_binding_message',
  'backchannel.hint_expired': 'expired_login_hint_token',
  'backchannel.unknown_person': 'unknown_user_id',
  'client_document.invalid': 'unauthorized_client',
  'client_document.refused': 'unauthorized_client',
  'client_document.too_many': 'temporarily_unavailable',
  'client_document.unavailable': 'temporarily_unavailable',
  'certificate.missing': 'invalid_request',
  'certificate.wrong': 'invalid_grant',
  'consent.denied': 'access_denied',
  'consent.required': 'interaction_required',
  'consent.too_many_pending': 'access_denied',
  'deferral.denied': 'access_denied',
  'deferral.expired': 'expired_token',
  'deferral.pending': 'authorization_pending',
  'deferral.person_needed': 'interaction_required',
  'deferral.too_fast': 'slow_down',
  'deferral.too_many': 'temporarily_unavailable',
  'client.unauthenticated': 'invalid_client',
  'introspection.unauthenticated': 'invalid_client',
  'approval.denied': 'access_denied',
  'approval.nobody_to_ask': 'access_denied',
  'approval.too_many_pending': 'access_denied',
  'issuance.approval_needed': 'interaction_required',
  'issuance.approval_pending': 'authorization_pending',
  'issuance.forbidden': 'invalid_target',
  'issuer.people_too_fast': 'temporarily_unavailable',
  'keys.nothing_signs': 'temporarily_unavailable',
  'keys.signer_unavailable': 'temporarily_unavailable',
  'keys.signer_wrong': 'temporarily_unavailable',
  'live.lease_over': 'temporarily_unavailable',
  'oauth.unsupported_grant': 'unsupported_grant_type',
  'organization.suspended': 'access_denied',
  'proof.nonce_required': 'use_dpop_nonce',
  'registration.bad_metadata': 'invalid_client_metadata',
  'registration.bad_redirect': 'invalid_redirect_uri',
  'registration.not_permitted': 'access_denied',
  'registration.too_many': 'temporarily_unavailable',
  'registration.unauthorized': 'invalid_token',
  'resource.suspended': 'invalid_target',
  'resource.unknown': 'invalid_target',
  'server.busy': 'temporarily_unavailable',
  'server.clock_off': 'temporarily_unavailable',
  'storage.reserved': 'temporarily_unavailable',
  'storage.unavailable': 'temporarily_unavailable',
  'sponsor_grant.ambiguous': 'invalid_request',
  'step_up.required': 'insufficient_user_authentication',
  'task.bad_budget': 'invalid_request',
  'task.bad_details': 'invalid_authorization_details',
  'task.bad_purpose': 'invalid_request',
  'task.bad_scope': 'invalid_scope',
  'transaction.other_domain': 'invalid_target',
  'grant.incomplete': 'invalid_authorization_details',
  'task.beyond_basis': 'invalid_authorization_details',
  'task.beyond_ceiling': 'invalid_authorization_details',
  'task.beyond_parent': 'invalid_authorization_details',
  'task.beyond_space': 'invalid_authorization_details',
  'task.key_used': 'invalid_request',
  'task.nothing_requested': 'invalid_authorization_details',
  'task.resource_not_granted': 'invalid_target',
  'token.chain_too_deep': 'invalid_request',
}

const BY_FAMILY: Readonly<Record<string, OAuthError>> = {
  actor: 'invalid_grant',
  agent: 'invalid_client',
  assertion: 'invalid_client',
  code: 'invalid_grant',
  deferral: 'invalid_grant',
  grant: 'invalid_grant',
  issuer: 'invalid_grant',
  person: 'invalid_grant',
  proof: 'invalid_dpop_proof',
  provider: 'temporarily_unavailable',
  refresh_token: 'invalid_grant',
  space: 'invalid_grant',
  sponsor_grant: 'invalid_grant',
  subject_token: 'invalid_grant',
  task: 'invalid_grant',
  thread: 'invalid_grant',
  ticket: 'invalid_grant',
  token: 'invalid_grant',
}

/** Codes of which those who are told them have a secret, and are no agents. */
const OF_SERVICES: ReadonlySet<ProblemCode> = new Set([
  'client.unauthenticated',
  'introspection.unauthenticated',
])

export function oauthError(code: ProblemCode): OAuthError {
  const exact = BY_CODE[code] ?? BY_FAMILY[code.split('.')[0] ?? '']
  if (exact) return exact
  return problemKind(code).status >= 500 ? 'server_error' : 'invalid_request'
}

/** The error answer (RFC 6749 section 5.2): our code beside theirs. 401 for failed client authentication only. */
export function oauthAnswer(problem: Problem, requestId: string) {
  const error = oauthError(problem.code)
  // Services are told how they authenticate; no client is told why it failed.
  const hidden = error === 'invalid_client' && !OF_SERVICES.has(problem.code)
  const { fault, ...members } = problem.members
  const description = hidden ? hiddenDetail(fault) : problem.detail
  return {
    status: statusOf(error, problem),
    body: {
      error,
      error_description: description
        .replaceAll(/[‐-―−]/g, '-')
        .replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "'"),
      code: hidden ? 'agent.unauthenticated' : problem.code,
      request_id: requestId,
      ...members,
    },
  }
}

/** Names the fault of an assertion itself: that does not reveal who is known here. */
function hiddenDetail(fault: unknown): string {
  const words = 'the client could not be authenticated'
  return typeof fault === 'string' ? `${words}: ${fault}` : words
}

const UNAUTHORIZED: ReadonlySet<OAuthError> = new Set([
  'invalid_client',
  'invalid_client_attestation',
  'invalid_token',
])

function statusOf(error: OAuthError, { status }: Problem): number {
  if (UNAUTHORIZED.has(error)) return 401
  return status >= 500 || status === 405 || status === 413 || status === 415 || status === 429
    ? status
    : 400
}
