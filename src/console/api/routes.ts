import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isUnfinished } from '../../platform/http/index.ts'
import { addSurfaceRoutes } from './add-surface-routes.ts'
import { authorize } from './authenticate.ts'
import { addCallRoutes } from './calls/add-call-routes.ts'
import { addInProcessRoutes } from './calls/add-in-process-routes.ts'
import { confirmWidening } from './confirm.ts'
import { refuseUnaskedBody } from './credential-first.ts'
import { fastifySchema, plainJson } from './document.ts'
import type { ApiCaller, Input, Operation } from './operation.ts'
import type { ApiParts } from './parts.ts'
import { addSignalRoutes } from './risk/add-signal-routes.ts'
import { addTaskRoutes } from './tasks/add-task-routes.ts'

export const API_PREFIX = '/api/v1'

/** Registers the operations, the agents' own routes about their tasks, those of APIs about their calls, and those of surfaces. */
export function addApi(
  app: FastifyInstance,
  parts: ApiParts,
  operations: readonly Operation[],
): void {
  for (const operation of operations) addOperation(app, parts, operation)
  addTaskRoutes(app, parts)
  addCallRoutes(app, parts)
  addInProcessRoutes(app, parts)
  addSignalRoutes(app, parts)
  addSurfaceRoutes(app, parts)
}

function addOperation(app: FastifyInstance, parts: ApiParts, operation: Operation): void {
  const callers = new WeakMap<FastifyRequest, ApiCaller>()
  /** Their body had not arrived when they were let in: they are asked again when it is there. */
  const late = new WeakSet<FastifyRequest>()
  app.route({
    method: operation.method,
    url: API_PREFIX + operation.path,
    schema: fastifySchema({
      ...operation,
      security: operation.who === 'anyone' ? undefined : 'session',
    }),
    serializerCompiler: plainJson,
    ...bodyLimitOf(operation),
    // Permission comes before the input is read: a stranger learns nothing from how it is refused, and cannot make us read much.
    onRequest: async (request) => {
      if (isUnfinished(request.raw)) late.add(request)
      const caller = await authorize(parts, operation, request)
      if (caller) callers.set(request, caller)
    },
    preValidation: async (request) => {
      if (late.has(request)) await authorize(parts, operation, request)
      refuseUnaskedBody(request, operation)
    },
    handler: (request, reply) => run(parts, operation, callers.get(request), { request, reply }),
  })
}

/** Maximum size of a body of what anyone may call: the caller is not known before it is read. */
const MAX_BYTES_OF_STRANGERS = 16_384

function bodyLimitOf({ bodyBytes, textMembers = [], who }: Operation) {
  if (bodyBytes !== undefined) return { bodyLimit: bodyBytes, config: { textMembers } }
  return who === 'anyone' ? { bodyLimit: MAX_BYTES_OF_STRANGERS } : {}
}

async function run(
  parts: ApiParts,
  operation: Operation,
  caller: ApiCaller | undefined,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<FastifyReply> {
  const input: Input = { params: request.params, query: request.query, body: request.body }
  const confirmation = headerOf(request, 'remit-confirmation')
  const widening =
    caller && (await confirmWidening(parts, operation, { caller, input, confirmation }))
  if (widening && 'needed' in widening) return reply.code(202).send(widening.needed)
  const answer = await operation.run(parts, caller, { ...input, confirmed: widening?.confirmed })
  return answer instanceof Readable
    ? reply.type(operation.mediaType ?? 'application/octet-stream').send(answer)
    : reply.send(answer)
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}
