import type {} from '@fastify/swagger'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type AccessRequest, findRequest } from '../approvals/index.ts'
import { askAgain, requireTask, type TaskCredential } from '../decisions/index.ts'
import { headerValues } from '../http/index.ts'
import { Problem } from '../lib/problem.ts'
import { closeTask, type Task } from '../tasks/index.ts'
import type { ApiParts } from './parts.ts'
import { requestShape, taskShape } from './shapes.ts'

const PREFIX = '/v1/tasks/:id'
const closed = { additionalProperties: false } as const

interface At {
  Params: { id: string; request: string }
  Body: { request_id: string }
}

/** What a task may ask about itself: by its task token and a proof of its key, checked live each time (contract 4). */
export function addAgentRoutes(app: FastifyInstance, parts: ApiParts): void {
  const about = (summary: string, operationId: string) => ({
    schema: { summary, operationId, tags: ['task itself'] },
  })

  app.get<At>(PREFIX, about('The task itself.', 'task.show'), async (request) =>
    taskShape(await taskOf(parts, request)),
  )
  app.delete<At>(
    PREFIX,
    about('Ends the task and everything below it, for good.', 'task.close'),
    async (request) => {
      const task = await taskOf(parts, request, { suspendedToo: true })
      return taskShape(
        await closeTask(parts.decisions, { taskId: task.id, by: task.agentId, reason: 'done' }),
      )
    },
  )
  app.get<At>(
    `${PREFIX}/requests/:request`,
    about('How an access request of this task stands.', 'task.request'),
    async (request) => {
      const task = await taskOf(parts, request)
      const found = await findRequest(parts.decisions, request.params.request)
      if (found?.taskId !== task.id)
        throw new Problem('approval.unknown', 'there is no such access request')
      return forAgent(found, parts.issuer)
    },
  )
  app.post<At>(
    `${PREFIX}/requests`,
    {
      schema: {
        summary: 'Asks people again about a call that was approved and executed before.',
        operationId: 'task.ask_again',
        tags: ['task itself'],
        body: Type.Object({ request_id: Type.String({ maxLength: 64 }) }, closed),
      },
    },
    async (request, reply) => {
      const task = await taskOf(parts, request)
      const asked = await askAgain(parts.decisions, task, request.body.request_id)
      return reply.code(201).send(forAgent(asked, parts.issuer))
    },
  )
}

/** The agent learns how it stands and why it was denied, not who else there is. */
function forAgent(request: AccessRequest, issuer: string) {
  const shape = requestShape(request, issuer)
  return {
    ...shape,
    url: `${issuer}/v1/tasks/${request.taskId}/requests/${request.id}`,
    reason: request.reason,
    usable_until: request.usableUntil === null ? null : new Date(request.usableUntil).toISOString(),
    used: request.usedBy !== null,
  }
}

async function taskOf(
  parts: ApiParts,
  request: FastifyRequest<At>,
  options: { suspendedToo?: boolean } = {},
): Promise<Task> {
  const task = await requireTask(parts.decisions, credentialOf(parts, request), options)
  // The token says which task it is; the address only repeats it.
  if (task.id !== request.params.id)
    throw new Problem('task.unknown', 'the token is of another task')
  return task
}

function credentialOf(parts: ApiParts, request: FastifyRequest): TaskCredential {
  const match = /^(dpop|bearer) (\S+)$/i.exec(request.headers.authorization ?? '')
  const [path = ''] = (request.raw.url ?? '').split('?')
  return {
    token: match?.[2],
    scheme:
      match?.[1] === undefined ? undefined : match[1].toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer',
    proof: headerValues(request.raw, 'dpop'),
    method: request.method,
    url: parts.issuer + path,
  }
}
