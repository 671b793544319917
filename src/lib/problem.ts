/**
 * The catalogue of what can go wrong, by stable code. One page per code in `docs/problems/`, and a check that both
 * lists are equal. Kept sorted. A denial is not a problem: it is a decision.
 */
export const PROBLEMS = {
  'approval.already_answered': { status: 409, title: 'You have answered already' },
  'approval.bad_reason': { status: 400, title: 'The reason cannot be accepted' },
  'approval.expired': { status: 409, title: 'The request expired' },
  'approval.not_an_approver': { status: 403, title: 'You may not answer this request' },
  'approval.not_pending': { status: 409, title: 'The request is not waiting for an answer' },
  'approval.own_request': { status: 403, title: 'You cannot approve a call made for yourself' },
  'approval.shown_differs': { status: 409, title: 'The page showed something else' },
  'approval.unknown': { status: 404, title: 'There is no such access request' },
  'arguments.missing': { status: 400, title: 'A required argument is missing' },
  'arguments.not_allowed': {
    status: 400,
    title: 'An argument has a value that the API does not know',
  },
  'arguments.out_of_range': { status: 400, title: 'An argument is outside its limits' },
  'arguments.repeated': { status: 400, title: 'An argument was given more than once' },
  'arguments.too_long': { status: 400, title: 'An argument is too long' },
  'arguments.unexpected_body': { status: 400, title: 'The operation takes no body' },
  'arguments.unknown': { status: 400, title: 'The API does not know an argument' },
  'arguments.wrong_kind': { status: 400, title: 'An argument is of the wrong kind' },
  'artefact.used': { status: 400, title: 'It was used before' },
  'basis.unknown': { status: 404, title: 'There is no such delegation basis' },
  'call.no_longer_live': { status: 403, title: 'The task no longer permits the call' },
  'catalog.bad_document': { status: 400, title: 'The OpenAPI document cannot be used' },
  'catalog.bad_resource': { status: 400, title: 'The resource cannot be described like this' },
  'catalog.bad_risk': { status: 400, title: 'That is not a risk class' },
  'catalog.bad_sentence': { status: 400, title: 'The sentence does not fit the action' },
  'catalog.changed': { status: 409, title: 'The catalog or the policies changed meanwhile' },
  'catalog.exists': { status: 409, title: 'The name or the identifier is taken' },
  'catalog.unknown_action': { status: 404, title: 'There is no such action' },
  'catalog.unknown_resource': { status: 404, title: 'There is no such resource' },
  'cli_code.bad_request': { status: 400, title: 'The login request is not acceptable' },
  'cli_code.invalid': { status: 400, title: 'The login code is not valid' },
  'config.invalid': { status: 500, title: 'The configuration cannot be used' },
  'confirmation.answered': { status: 409, title: 'It was answered already' },
  'confirmation.missing': { status: 403, title: 'It has not been confirmed' },
  'confirmation.needs_browser': { status: 403, title: 'This is confirmed in a browser' },
  'confirmation.unknown': { status: 404, title: 'Nothing waits to be confirmed here' },
  'connection.bad': { status: 400, title: 'The connection cannot be described like this' },
  'connection.exists': { status: 409, title: 'There is a connection with this name already' },
  'connection.in_use': { status: 409, title: 'A resource still uses the connection' },
  'connection.sealed': { status: 500, title: 'The credential cannot be opened' },
  'connection.unknown': { status: 404, title: 'There is no such connection' },
  'consent.not_pending': { status: 409, title: 'The consent request is not waiting for an answer' },
  'consent.nothing_granted': { status: 400, title: 'Nothing is left to consent to' },
  'consent.unknown': { status: 404, title: 'There is no such consent request' },
  'consent.widened': { status: 400, title: 'A consent can only narrow' },
  'group.bad_name': { status: 400, title: 'The group name is not acceptable' },
  'group.exists': { status: 409, title: 'There is such a group already' },
  'group.unknown': { status: 404, title: 'There is no such group' },
  'input.duplicate_key': { status: 400, title: 'A JSON member name is repeated' },
  'input.forbidden_key': { status: 400, title: 'A JSON member name is not allowed' },
  'input.malformed': { status: 400, title: 'The input is not valid JSON' },
  'input.too_deep': { status: 400, title: 'The JSON is nested too deeply' },
  'input.too_large': { status: 413, title: 'The input is too large' },
  'keys.cannot_open': { status: 500, title: 'A sealed value cannot be opened' },
  'keys.master_key_exposed': { status: 500, title: 'Others can read the master key' },
  'keys.master_key_malformed': { status: 500, title: 'The master key is not a master key' },
  'keys.rotation_under_way': { status: 409, title: 'A rotation is already under way' },
  'keys.unacceptable_jwk': { status: 400, title: 'The public key cannot be accepted' },
  'live.stopped': { status: 503, title: 'The server is stopping' },
  'oauth.invalid_request': { status: 400, title: 'The OAuth request is malformed' },
  'outbound.refused': { status: 502, title: 'The address may not be reached from here' },
  'outbound.timed_out': { status: 504, title: 'The other server did not answer in time' },
  'outbound.too_large': { status: 502, title: 'The answer of the other server is too large' },
  'outbound.unexpected_answer': { status: 502, title: 'The other server answered something else' },
  'outbound.unreachable': { status: 502, title: 'The other server could not be reached' },
  'person.bad_claims': {
    status: 400,
    title: 'The identity provider says too little about the person',
  },
  'person.suspended': { status: 403, title: 'The person is suspended' },
  'person.unknown': { status: 404, title: 'There is no such person' },
  'policy.invalid': { status: 400, title: 'The policies have mistakes' },
  'policy.unknown_version': { status: 404, title: 'There is no such policy version' },
  'policy.would_break': { status: 409, title: 'The policies in force do not fit the change' },
  'proof.bad_key': { status: 401, title: 'The key of the DPoP proof cannot be accepted' },
  'proof.bad_signature': { status: 401, title: 'The signature of the DPoP proof does not verify' },
  'proof.malformed': { status: 401, title: 'The DPoP proof cannot be read' },
  'proof.missing': { status: 401, title: 'A DPoP proof is required' },
  'proof.not_now': { status: 401, title: 'The DPoP proof is not from this moment' },
  'proof.replayed': { status: 401, title: 'The DPoP proof was used before' },
  'proof.wrong_key': { status: 401, title: 'The DPoP proof is by another key' },
  'proof.wrong_request': { status: 401, title: 'The DPoP proof is for another request' },
  'proof.wrong_token': { status: 401, title: 'The DPoP proof is for another token' },
  'provider.bad_issuer': { status: 400, title: 'The issuer cannot be used' },
  'provider.unknown': { status: 404, title: 'The identity provider is not configured' },
  'provider.unreachable': { status: 502, title: 'The identity provider cannot be reached' },
  'request.ambiguous_target': {
    status: 400,
    title: 'The request target can be read in more than one way',
  },
  'request.bad_header': { status: 400, title: 'A header is repeated, malformed or not accepted' },
  'request.cross_site': { status: 403, title: 'The request came from another site' },
  'request.incomplete': { status: 400, title: 'The body ended before it was complete' },
  'request.malformed': { status: 400, title: 'The request cannot be read' },
  'request.method_not_allowed': { status: 405, title: 'The method is not offered' },
  'request.not_found': { status: 404, title: 'There is nothing at this address' },
  'request.target_too_long': { status: 414, title: 'The request target is too long' },
  'request.unsupported_media_type': { status: 415, title: 'The body is not JSON' },
  'request.wrong_host': { status: 421, title: 'The Host header does not name this server' },
  'server.failed': { status: 500, title: 'Something went wrong on our side' },
  'server.not_ready': { status: 503, title: 'The server is not ready' },
  'server.port_in_use': { status: 500, title: 'The port is taken by another program' },
  'setup.closed': { status: 409, title: 'There is an administrator already' },
  'setup.link_invalid': { status: 410, title: 'The setup link does not work any more' },
  'sign_in.failed': { status: 502, title: 'The sign-in could not be completed' },
  'sign_in.refused': { status: 403, title: 'The identity provider refused' },
  'sign_in.unknown': { status: 400, title: 'The sign-in is over' },
  'sign_in.wrong_browser': { status: 403, title: 'The sign-in was begun in another browser' },
  'storage.locked': { status: 500, title: 'The data directory is in use by another process' },
  'storage.newer': { status: 500, title: 'The schema is newer than this build' },
  'storage.outdated': { status: 500, title: 'The schema is older than this build' },
  'storage.unavailable': { status: 503, title: 'The store cannot be reached' },
  'subject_token.issued_by_remit': { status: 400, title: 'The token was issued by Remit' },
  'subject_token.not_for_agent': { status: 400, title: 'The token was not issued to this agent' },
  'subject_token.unknown_issuer': { status: 400, title: 'The token comes from an unknown issuer' },
  'subject_token.unsupported_type': { status: 400, title: 'The token type is not accepted' },
  'task.already_closed': { status: 409, title: 'The task is closed' },
  'task.bad_purpose': { status: 400, title: 'The purpose cannot be accepted' },
  'task.unknown': { status: 404, title: 'There is no such task' },
  'token.bad_signature': { status: 401, title: 'The signature of the token does not verify' },
  'token.chain_too_deep': { status: 400, title: 'The chain of agents is too long' },
  'token.expired': { status: 401, title: 'The token has expired' },
  'token.malformed': { status: 401, title: 'The token cannot be read' },
  'token.not_yet_valid': { status: 401, title: 'The token is not valid yet' },
  'token.too_large': { status: 400, title: 'The token would be too large' },
  'token.too_long_lived': { status: 401, title: 'The token lives longer than it may' },
  'token.too_old': { status: 401, title: 'The token is too old' },
  'token.unknown_key': { status: 401, title: 'The key of the token is not known' },
  'token.wrong_algorithm': { status: 401, title: 'The algorithm of the token is not accepted' },
  'token.wrong_audience': { status: 401, title: 'The token is meant for someone else' },
  'token.wrong_issuer': { status: 401, title: 'The token is from someone else' },
  'token.wrong_type': { status: 401, title: 'The token is of another type' },
  'upstream.cut': { status: 502, title: 'The API ended the connection without an answer' },
  'upstream.timeout': { status: 504, title: 'The API did not answer in time' },
  'upstream.unreachable': { status: 502, title: 'The API could not be reached' },
} as const satisfies Record<string, { status: number; title: string }>

export type ProblemCode = keyof typeof PROBLEMS

/** A failure with a stable code. `detail` is for the caller: lower case, no full stop, never a secret. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly detail: string
  readonly members: Readonly<Record<string, unknown>>

  constructor(
    code: ProblemCode,
    detail: string,
    options: { cause?: unknown; members?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(`${code}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Problem'
    this.code = code
    this.detail = detail
    this.members = options.members ?? {}
  }

  get status(): number {
    return PROBLEMS[this.code].status
  }

  /** RFC 9457 problem details. */
  toJSON(): Record<string, unknown> {
    const { status, title } = PROBLEMS[this.code]
    return {
      type: `urn:remit:problem:${this.code}`,
      title,
      status,
      detail: this.detail,
      code: this.code,
      ...this.members,
    }
  }
}
