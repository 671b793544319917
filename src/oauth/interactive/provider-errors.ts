import type Provider from 'oidc-provider'
import { Problem, type ProblemCode } from '../../lib/problem.ts'
import { oauthAnswer } from '../render-problem.ts'

/** Of whoever may come again, in seconds (RFC 9110 section 10.2.3). */
const RETRY_AFTER = '2'

/** What the provider's errors are called among ours. Everything else of it is a malformed request. */
const CODES: Readonly<Record<string, ProblemCode>> = {
  access_denied: 'authorization.bad_request',
  invalid_authorization_details: 'task.bad_details',
  invalid_client: 'agent.unauthenticated',
  invalid_dpop_proof: 'proof.malformed',
  invalid_redirect_uri: 'authorization.bad_request',
  invalid_scope: 'task.bad_scope',
  invalid_target: 'resource.unknown',
  unsupported_grant_type: 'oauth.unsupported_grant',
  use_dpop_nonce: 'proof.nonce_required',
}

/**
 * What stopped a request inside the provider is told to its client as at every other endpoint: beside `error` and
 * `error_description` a stable `code` and the id of the request; and that the store cannot be reached is no `server_error`, and passes.
 * The provider itself knows only that something was thrown. What a browser is shown is a page of ours, and what is sent back in an
 * address has only what RFC 6749 has.
 */
export function tellProblems(provider: Provider, onError: (error: unknown) => void): void {
  const known = new WeakMap<object, Problem>()
  const note = (context: object, error: Error) => {
    const problem = error instanceof Problem ? error : error.cause
    if (problem instanceof Problem) known.set(context, problem)
  }
  provider.on('server_error', (context, error) => {
    note(context, error)
    // A refusal of ours is no failure, although the provider takes everything for one that it does not know.
    if (!(error instanceof Problem) || error.status >= 500) onError(error)
  })
  provider.on('pushed_authorization_request.error', note)
  provider.on('grant.error', note)
  provider.use(async (context, next) => {
    await next()
    const { error, error_description: why } = Object(context.body)
    if (context.status < 400 || typeof error !== 'string') return
    const requestId = String(context.res.getHeader('request-id') ?? '')
    const problem = known.get(context)
    if (problem) {
      const { body, status } = oauthAnswer(problem, requestId)
      context.status = status
      context.body = body
      if (status === 503) context.set('retry-after', RETRY_AFTER)
      return
    }
    const unknown = context.status >= 500 ? 'server.failed' : 'oauth.invalid_request'
    const named = new Problem(CODES[error] ?? unknown, String(why ?? error))
    // INVARIANT: its own error stays as it is; clients act on it.
    context.body = { ...oauthAnswer(named, requestId).body, error }
  })
}
