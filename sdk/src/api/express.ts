import { UsageError } from '../errors.ts'
import { tellNode } from './answers/node-answer.ts'
import { keepCall } from './call-of.ts'
import type { Guard, Route } from './guard.ts'
import { bytesOf, headOf, type NodeRequest, type NodeResponse } from './node-request.ts'

export { callOf } from './call-of.ts'

/** A request of Express, as far as it is needed. */
export interface ExpressRequest extends NodeRequest {
  readonly originalUrl: string
  readonly ip?: string | undefined
  readonly readableEnded: boolean
  body?: unknown
}

/** Middleware of Express 4 and 5. */
export type ExpressMiddleware = (
  request: ExpressRequest,
  response: NodeResponse,
  next: (error?: unknown) => void,
) => void

/**
 * Middleware for guarded routes: `app.post('/orders/:id/refunds', guarded({ action: 'orders.refund', … }), handler)`. It reads the
 * body itself, so it comes before any body parser; `request.body` is what was decided on, `callOf(request)` the call.
 */
export function expressGuard(guard: Guard): (route?: Route) => ExpressMiddleware {
  return (route) => {
    const admit = guard.for(route)
    return (request, response, next) => {
      if (request.readableEnded || request.body !== undefined)
        return next(new UsageError('the body was read already: put the guard before body parsers'))
      const { ip, originalUrl } = request
      const bytes = (most: number) => bytesOf(request, most)
      admit({ ...headOf(request, { target: originalUrl, ip }), bytes }).then((admission) => {
        if (!admission.admitted) return answer(response, admission.answer)
        if (response.destroyed) return admission.ended({ begun: false })
        tellNode(response, admission)
        request.body = admission.body
        keepCall(request, admission.call)
        next()
      }, next)
    }
  }
}

function answer(
  response: NodeResponse,
  {
    body,
    headers,
    status,
  }: { body: string; headers: Readonly<Record<string, string>>; status: number },
): void {
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  response.end(body)
}
