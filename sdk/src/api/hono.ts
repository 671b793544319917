import { UsageError } from '../errors.ts'
import { tellResponse } from './answers/web-answer.ts'
import { keepCall } from './call-of.ts'
import type { Guard, Route } from './guard.ts'
import { incomingOf, responseOf, withBody } from './web.ts'

export { callOf } from './call-of.ts'

/** A context of Hono, as far as it is needed. */
export interface HonoContext {
  readonly req: { raw: Request }
  get res(): Response
  set res(response: Response | undefined)
  readonly error?: Error | undefined
}

/** Middleware of Hono 4. */
export type HonoMiddleware = (
  context: HonoContext,
  next: () => Promise<void>,
) => Promise<Response | undefined>

/**
 * Middleware for guarded routes: `app.post('/orders/:id/refunds', guarded({ action: 'orders.refund', … }), handler)`. `c.req.json()`
 * gives what was decided on, `callOf(c)` the call.
 */
export function honoGuard(guard: Guard): (route?: Route) => HonoMiddleware {
  return (route) => {
    const admit = guard.for(route)
    return async (context, next) => {
      const { raw } = context.req
      if (raw.bodyUsed) throw new UsageError('the body was read already: put the guard first')
      const admission = await admit(incomingOf(raw))
      if (!admission.admitted) return responseOf(admission.answer)
      if (raw.signal.aborted) {
        await admission.ended({ begun: false })
        throw raw.signal.reason
      }
      context.req.raw = withBody(raw, admission.text)
      keepCall(context, admission.call)
      try {
        await next()
      } catch (error) {
        await admission.ended({})
        throw error
      }
      const told = await tellResponse(context.res, admission)
      if (told !== context.res) {
        // Hono adds the headers of the one before otherwise.
        context.res = undefined
        context.res = told
      }
      return undefined
    }
  }
}
