import { ApiRefusal } from './answer.ts'
import { tellNode } from './answers/node-answer.ts'
import { keepCall } from './call-of.ts'
import { readExactJson } from './exact-json.ts'
import type { Guard, Route } from './guard.ts'
import { headOf, type NodeRequest, type NodeResponse } from './node-request.ts'

export { callOf } from './call-of.ts'

/** A request of Fastify, as far as it is needed. */
export interface FastifyRequest {
  readonly raw: NodeRequest
  readonly originalUrl: string
  readonly ip: string
  readonly routeOptions: { readonly config: object }
  body?: unknown
}

/** A reply of Fastify, as far as it is needed. */
export interface FastifyReply {
  readonly raw: NodeResponse
  code(status: number): FastifyReply
  headers(values: Record<string, string>): FastifyReply
  send(body: string): FastifyReply
}

/** An instance of Fastify 5, as far as it is needed. */
export interface FastifyInstance {
  addContentTypeParser(
    type: string,
    options: { parseAs: 'buffer'; bodyLimit: number },
    parser: (
      request: FastifyRequest,
      body: Uint8Array,
      done: (error: Error | null, value?: unknown) => void,
    ) => void,
  ): unknown
}

/** Options of a route: `app.post(path, { ...guarded({ action: … }) }, handler)`. */
export interface GuardedRoute {
  readonly config: { readonly remitGuard: true }
  readonly preValidation: (
    request: FastifyRequest,
    reply: FastifyReply,
  ) => Promise<FastifyReply | undefined>
}

/**
 * Guards routes of this instance: `app.post('/orders/:id/refunds', { ...guarded({ action:
 * 'orders.refund', … }) }, handler)`. `request.body` is what was decided on, `callOf(request)` the
 * call. Other routes of the instance get JSON bodies as ever, read strictly.
 */
export function fastifyGuard(app: FastifyInstance, guard: Guard): (route?: Route) => GuardedRoute {
  const bodies = new WeakMap<FastifyRequest, Uint8Array>()
  const limits = { parseAs: 'buffer', bodyLimit: guard.maxBodyBytes } as const
  app.addContentTypeParser('application/json', limits, (request, body, done) => {
    if ('remitGuard' in request.routeOptions.config) {
      bodies.set(request, body)
      return done(null, undefined)
    }
    try {
      done(null, parsed(body))
    } catch (cause) {
      done(Object.assign(new Error('the body is not JSON', { cause }), { statusCode: 400 }))
    }
  })
  return (route) => {
    const admit = guard.for(route)
    const preValidation: GuardedRoute['preValidation'] = async (request, reply) => {
      const { ip, originalUrl, raw } = request
      const bytes = async () => bodies.get(request) ?? unread(request)
      const admission = await admit({ ...headOf(raw, { target: originalUrl, ip }), bytes })
      if (!admission.admitted) {
        const { body, headers, status } = admission.answer
        return reply
          .code(status)
          .headers({ ...headers })
          .send(body)
      }
      if (reply.raw.destroyed) {
        await admission.ended({ begun: false })
        return reply.code(CLIENT_IS_GONE).send('')
      }
      tellNode(reply.raw, admission)
      request.body = admission.body
      keepCall(request, admission.call)
      return undefined
    }
    return { config: { remitGuard: true }, preValidation }
  }
}

/** Status that reaches no client; it ends the route. */
const CLIENT_IS_GONE = 499

/** Another parser of the instance has read it: its bytes are gone. */
function unread({ body }: FastifyRequest): Uint8Array {
  if (body === undefined || body === null) return new Uint8Array()
  throw new ApiRefusal(
    'request.unsupported_media_type',
    'only plain `application/json` is read here',
  )
}

function parsed(body: Uint8Array): unknown {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(body)
  readExactJson(text)
  return JSON.parse(text)
}
