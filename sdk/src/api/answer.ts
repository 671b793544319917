/** Answer of an API that it gives instead of running a call. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** JSON text. */
  readonly body: string
}

/**
 * Problems of a call at an API: status and title. Where Remit has the same code they are the same.
 */
export const API_PROBLEMS = {
  'api.misconfigured': [500, 'The API is not set up for this call'],
  'api.not_decided': [503, 'The call could not be decided'],
  'input.duplicate_key': [400, 'The JSON has a duplicate member name'],
  'input.forbidden_key': [400, 'A JSON member name is not allowed'],
  'input.inexact_number': [400, 'A number has too many digits'],
  'input.malformed': [400, 'The input is malformed'],
  'input.too_deep': [400, 'The JSON is nested too deeply'],
  'input.too_large': [413, 'The input is too large'],
  'obligation.failed': [502, 'The response is withheld'],
  'proof.replayed': [401, 'The DPoP proof was already used'],
  'request.ambiguous_target': [400, 'The path or query is ambiguous'],
  'request.bad_header': [400, 'A header is repeated, malformed or not accepted'],
  'request.unsupported_media_type': [415, 'The media type is not accepted'],
  'token.missing': [401, 'The access token is missing'],
  'transaction.agent_token': [401, 'Agents do not call this API directly'],
  'transaction.invalid': [401, 'The transaction token does not hold'],
  'transaction.missing': [401, 'There is no transaction token'],
  'transaction.other_action': [403, 'The transaction token is for another operation'],
  'transaction.other_api': [403, 'The transaction token is for another API'],
  'transaction.other_arguments': [403, 'The transaction token is for other arguments'],
  'transaction.other_sender': [403, 'The transaction token was passed on by another service'],
  'transaction.used': [409, 'The transaction token was used before'],
} as const satisfies Record<string, readonly [number, string]>

export type ApiProblemCode = keyof typeof API_PROBLEMS

/** A call that the API refuses by itself; becomes an `Answer` in one place. */
export class ApiRefusal extends Error {
  readonly code: ApiProblemCode
  readonly detail: string
  constructor(code: ApiProblemCode, detail: string, options: { cause?: unknown } = {}) {
    super(`${code}: ${detail}`, options)
    this.name = 'ApiRefusal'
    this.code = code
    this.detail = detail
  }
}

/** The refusal as RFC 9457, like the gateway's. `identifier` is the API's: a 401 says where tokens for it come from. */
export function answerOf({ code, detail }: ApiRefusal, identifier: string): Answer {
  const [status, title] = API_PROBLEMS[code]
  const problem = { type: `urn:remit:problem:${code}`, title, status, detail, code }
  const headers = status === 401 ? { 'www-authenticate': challenge(identifier) } : {}
  return problemAnswer(status, problem, status === 503 ? { 'retry-after': '2' } : headers)
}

/** Problem details with what belongs beside them. */
export function problemAnswer(
  status: number,
  problem: object,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
      // As the gateway says it: Remit's word, and nothing of what the API itself would have said.
      'remit-answer': 'own',
    },
    body: JSON.stringify(problem),
  }
}

/** RFC 9449 section 7.1, RFC 9728 section 5.1. */
function challenge(identifier: string): string {
  const { origin, pathname } = new URL(identifier)
  const path = pathname === '/' ? '' : pathname
  return `DPoP resource_metadata="${origin}/.well-known/oauth-protected-resource${path}", algs="ES256 Ed25519 EdDSA"`
}
