import { Readable } from 'node:stream'
import type {} from '@fastify/swagger'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../lib/problem.ts'
import { endSession, readConfirmation } from '../people/index.ts'
import { addAgentRoutes } from './agent-routes.ts'
import { authorize } from './authenticate.ts'
import { confirmWidening } from './confirm.ts'
import type { Caller, Input, Operation } from './operation.ts'
import { OPERATIONS } from './operations.ts'
import type { ApiParts } from './parts.ts'

export const API_PREFIX = '/api/v1'

/** Registers every operation of the table, and the agents' own routes about their tasks. */
export function addApi(app: FastifyInstance, parts: ApiParts): void {
  for (const operation of OPERATIONS) addOperation(app, parts, operation)
  addSessionRoutes(app, parts)
  addAgentRoutes(app, parts)
}

function addOperation(app: FastifyInstance, parts: ApiParts, operation: Operation): void {
  const { body, id, method, params, path, query, says } = operation
  app.route({
    method,
    url: API_PREFIX + path,
    schema: {
      operationId: id,
      summary: says,
      tags: [id.split('.')[0] ?? id],
      ...(params ? { params } : {}),
      ...(query ? { querystring: query } : {}),
      ...(body ? { body } : {}),
    },
    // Permission comes before the body is looked at, so that a stranger learns nothing from how it is refused.
    preValidation: async (request) => {
      CALLERS.set(request, await authorize(parts, operation, request))
    },
    handler: (request, reply) => run(parts, operation, request, reply),
  })
}

const CALLERS = new WeakMap<FastifyRequest, Caller | undefined>()

async function run(
  parts: ApiParts,
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const caller = CALLERS.get(request)
  const input: Input = { params: request.params, query: request.query, body: request.body ?? {} }
  if (caller) {
    const confirmation = headerOf(request, 'remit-confirmation')
    const needed = await confirmWidening(parts, operation, { caller, input, confirmation })
    if (needed) return reply.code(202).send(needed)
  }
  const answer = await operation.run(parts, caller, input)
  return answer instanceof Readable
    ? reply.type('application/x-ndjson').send(answer)
    : reply.send(answer)
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}

/** Of a session about itself; outside the table because they need the token, not only who it is. */
function addSessionRoutes(app: FastifyInstance, parts: ApiParts): void {
  const session = { id: 'session.end', who: 'person' } as Operation // only these two members are read
  app.delete(
    `${API_PREFIX}/session`,
    { schema: { operationId: 'session.end', summary: 'Signs out.', tags: ['session'] } },
    async (request) => {
      await authorize(parts, session, request)
      await endSession(parts.people, (request.headers.authorization ?? '').slice('Bearer '.length))
      return {}
    },
  )
  app.get<{ Params: { id: string } }>(
    `${API_PREFIX}/confirmations/:id`,
    {
      schema: {
        operationId: 'confirmations.show',
        summary: 'Whether the caller has confirmed.',
        tags: ['confirmations'],
      },
    },
    async (request) => {
      const caller = await authorize(parts, session, request)
      if (!caller) throw new Problem('session.required', 'sign in with `remit login`')
      const { id, state } = await readConfirmation(
        parts.people,
        request.params.id,
        caller.person.id,
      )
      return { id, state }
    },
  )
}
