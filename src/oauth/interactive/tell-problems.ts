import type Provider from 'oidc-provider'
import { Problem } from '../../lib/problem.ts'
import { oauthAnswer } from '../render-problem.ts'

/** Of whoever may come again, in seconds (RFC 9110 section 10.2.3). */
const RETRY_AFTER = '2'

/**
 * What stopped a request inside the provider is told to its client as at every other endpoint: that the store cannot be reached is
 * no `server_error`, and passes. The provider itself knows only that something was thrown.
 */
export function tellProblems(provider: Provider, onError: (error: unknown) => void): void {
  const thrown = new WeakMap<object, Problem>()
  provider.on('server_error', (context, error) => {
    if (error instanceof Problem) thrown.set(context, error)
    onError(error)
  })
  provider.use(async (context, next) => {
    await next()
    const problem = thrown.get(context)
    if (!problem || typeof context.body !== 'object') return
    const requestId = String(context.res.getHeader('request-id') ?? '')
    const { body, status } = oauthAnswer(problem, requestId)
    context.status = status
    context.body = body
    if (status === 503) context.set('retry-after', RETRY_AFTER)
  })
}
