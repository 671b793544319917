import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { requireHolder, requireTask, type TaskCredential } from '../../../grants/issuance/index.ts'
import { headerValues, isUnfinished } from '../../../platform/http/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { Task } from '../../../tasks/tasks/index.ts'
import { refuseUnaskedBody } from '../credential-first.ts'
import { fastifySchema, plainJson } from '../document.ts'
import type { ApiParts } from '../parts.ts'
import { OF_TASKS, type TaskOperation } from './task-operations.ts'

const PREFIX = '/v1/tasks/:id'

/**
 * Adds the routes on which a task asks about itself: by its task token and a proof of its key,
 * checked live each time (contract 4).
 */
export function addTaskRoutes(app: FastifyInstance, parts: ApiParts): void {
  for (const operation of OF_TASKS) addRoute(app, parts, operation)
}

function addRoute(app: FastifyInstance, parts: ApiParts, operation: TaskOperation): void {
  const tasks = new WeakMap<FastifyRequest, Task>()
  app.route({
    method: operation.method,
    url: PREFIX + operation.path,
    schema: fastifySchema({ ...operation, security: 'task' }),
    serializerCompiler: plainJson,
    // The credential comes before the input is looked at; its proof is used up whatever the input is.
    onRequest: async (request, reply) => {
      if (isUnfinished(request.raw))
        await requireHolder(parts.decisions, credentialOf(parts, request)).catch(
          tellingNonce(parts, reply),
        )
    },
    preValidation: async (request, reply) => {
      const task = taskOf(parts, operation, request).catch(tellingNonce(parts, reply))
      tasks.set(request, await task)
      refuseUnaskedBody(request, operation)
    },
    handler: async (request, reply) => {
      const task = tasks.get(request)
      if (!task) throw new Error('a route about a task was reached without one')
      const { body, params } = request
      return reply
        .code(operation.status ?? 200)
        .send(await operation.run(parts, task, { body, params }))
    },
  })
}

/** RFC 9449 section 9: an answer that asks for a nonce has one. */
function tellingNonce(
  { decisions, issuer }: Pick<ApiParts, 'decisions' | 'issuer'>,
  reply: FastifyReply,
) {
  return (error: unknown): never => {
    const nonce = decisions.nonces?.current(issuer)
    if (error instanceof Problem && error.code === 'proof.nonce_required' && nonce !== undefined)
      reply
        .header('dpop-nonce', nonce)
        .header(
          'www-authenticate',
          `DPoP error="use_dpop_nonce", error_description="${error.detail}"`,
        )
    throw error
  }
}

async function taskOf(
  parts: Pick<ApiParts, 'certificates' | 'decisions' | 'issuer'>,
  { suspendedToo = false }: TaskOperation,
  request: FastifyRequest,
): Promise<Task> {
  const task = await requireTask(parts.decisions, credentialOf(parts, request), { suspendedToo })
  const { id } = request.params as { id: string } // the route names it
  // The token says which task it is; the address only repeats it.
  if (task.id !== id) throw new Problem('task.unknown', 'the token belongs to another task')
  return task
}

function credentialOf(
  parts: Pick<ApiParts, 'certificates' | 'issuer'>,
  request: FastifyRequest,
): TaskCredential {
  const match = /^(dpop|bearer) (\S+)$/i.exec(request.headers.authorization ?? '')
  const scheme = match?.[1]?.toLowerCase()
  const [path = ''] = (request.raw.url ?? '').split('?')
  return {
    token: match?.[2],
    scheme: scheme === undefined ? undefined : scheme === 'dpop' ? 'DPoP' : 'Bearer',
    proof: headerValues(request.raw, 'dpop'),
    certificate: parts.certificates?.read(request.raw),
    method: request.method,
    url: parts.issuer + path,
  }
}
