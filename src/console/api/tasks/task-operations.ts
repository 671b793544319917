import { type Static, type TSchema, Type } from 'typebox'
import {
  findRequest,
  type AccessRequest as Noun,
} from '../../../approvals/access-requests/index.ts'
import { editedArguments } from '../../../approvals/call-edits/index.ts'
import { askAgain } from '../../../calls/calls/index.ts'
import { issueTicket } from '../../../grants/grants/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { closeTask, type Task as TaskNoun } from '../../../tasks/tasks/index.ts'
import { AccessRequest, Budget, Detail, Name, Task, Time } from '../../operation-kit/schemas.ts'
import type { ApiParts } from '../parts.ts'
import { requestShape, taskShape, time } from '../shapes.ts'
import { shownTask } from './shown-task.ts'

const closed = { additionalProperties: false } as const
const Id = Type.String({ minLength: 1, maxLength: 64 })
const OfTask = Type.Object({ id: Id }, closed)
const OfRequest = Type.Object({ id: Id, request: Id }, closed)

/**
 * Access request as its agent learns of it: how it stands and why it was denied, not who else there
 * is.
 */
const OwnRequest = Type.Intersect([
  AccessRequest,
  Type.Object({
    url: Type.String(),
    reason: Type.Union([Type.String(), Type.Null()]),
    usable_until: Type.Union([Time, Type.Null()]),
    used: Type.Boolean(),
    edited: Type.Union(
      [
        Type.Object({
          request: Type.String(),
          url: Type.String(),
          changes: Type.Array(
            Type.Object({ path: Type.String(), from: Type.String(), to: Type.String() }),
          ),
        }),
        Type.Null(),
      ],
      { description: 'the call as an approver changed it: it can be sent, and this one not' },
    ),
  }),
])

/** One thing that a task may ask about itself. */
export interface TaskOperation {
  readonly id: string
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Below `/v1/tasks/:id`. */
  readonly path: string
  readonly says: string
  readonly params: TSchema
  readonly body?: TSchema
  readonly answer: TSchema
  readonly status?: 201
  /** Works while the task is suspended: it only reduces. */
  readonly suspendedToo?: boolean
  readonly run: (parts: ApiParts, task: TaskNoun, input: TaskInput) => Promise<unknown>
}

interface TaskInput {
  readonly params: unknown
  readonly body: unknown
}

type SchemaValue<S> = S extends TSchema ? Static<S> : undefined

/** Describes one with the types of its schemas; the router validates before `run` sees anything. */
function taskOperation<
  P extends TSchema,
  A extends TSchema,
  B extends TSchema | undefined = undefined,
>(
  described: Omit<TaskOperation, 'params' | 'body' | 'answer' | 'run'> & {
    readonly params: P
    readonly body?: B
    readonly answer: A
    readonly run: (
      parts: ApiParts,
      task: TaskNoun,
      input: { readonly params: Static<P>; readonly body: SchemaValue<B> },
    ) => Promise<Static<A>>
  },
): TaskOperation {
  const { body, run, ...rest } = described
  return {
    ...rest,
    ...(body === undefined ? {} : { body }),
    run: (parts, task, input) => run(parts, task, input as Parameters<typeof run>[2]), // validated against these very schemas
  }
}

/** All that a task may do at Remit itself, with its task token and a proof of its key (contract 4). */
export const OF_TASKS: readonly TaskOperation[] = [
  taskOperation({
    id: 'task.show',
    method: 'GET',
    path: '',
    says: 'The task itself.',
    params: OfTask,
    answer: Task,
    run: (parts, task) => shownTask(parts, task),
  }),
  taskOperation({
    id: 'task.close',
    method: 'DELETE',
    path: '',
    says: 'Ends the task and its child tasks for good. When the answer arrives, no replica permits their calls.',
    params: OfTask,
    answer: Task,
    suspendedToo: true,
    run: async (parts, { id: taskId, agentId: by }) =>
      taskShape(await closeTask(parts.decisions, { taskId, by, reason: 'done' })),
  }),
  taskOperation({
    id: 'task.request',
    method: 'GET',
    path: '/requests/:request',
    says: 'How an access request of this task stands.',
    params: OfRequest,
    answer: OwnRequest,
    run: async (parts, task, { params }) => {
      const found = await findRequest(parts.decisions, params.request)
      if (found?.taskId !== task.id)
        throw new Problem('approval.unknown', 'there is no such access request')
      return ownRequest(parts, found)
    },
  }),
  taskOperation({
    id: 'task.ask_again',
    method: 'POST',
    path: '/requests',
    says: 'Asks people again about a call that was approved and executed before.',
    params: OfTask,
    body: Type.Object({ request_id: Id }, closed),
    answer: OwnRequest,
    status: 201,
    run: async (parts, task, { body }) =>
      ownRequest(parts, await askAgain(parts.decisions, task, body.request_id)),
  }),
  taskOperation({
    id: 'task.spawn',
    method: 'POST',
    path: '/children',
    says: 'A ticket with which another agent opens a task below this one, once, within a minute.',
    params: OfTask,
    body: Type.Object(
      {
        agent: Name,
        authorization_details: Type.Array(Detail, { minItems: 1, maxItems: 64 }),
        purpose: Type.String({ maxLength: 800 }),
        budget: Type.Optional(Budget),
        space: Type.Optional(Name),
        requested_lifetime: Type.Optional(
          Type.Integer({ minimum: 1, description: 'whole seconds; never longer than the parent' }),
        ),
      },
      closed,
    ),
    answer: Type.Object({
      ticket: Type.String(),
      expires_in: Type.Integer({ description: 'seconds' }),
    }),
    status: 201,
    run: async (parts, task, { body }) => {
      const { token, expiresIn } = await issueTicket(parts.decisions, task, {
        agent: body.agent,
        details: body.authorization_details,
        purpose: body.purpose,
        budget: body.budget,
        space: body.space,
        lifeSeconds: body.requested_lifetime,
      })
      return { ticket: token, expires_in: expiresIn }
    },
  }),
]

async function ownRequest(
  { decisions, issuer }: Pick<ApiParts, 'decisions' | 'issuer'>,
  request: Noun,
): Promise<Static<typeof OwnRequest>> {
  const { editedTo, id, reason, taskId, usableUntil, usedBy } = request
  const edited = editedTo && (await findRequest(decisions, editedTo))
  return {
    ...requestShape(request, issuer),
    url: `${issuer}/v1/tasks/${taskId}/requests/${id}`,
    reason,
    usable_until: usableUntil === null ? null : time(usableUntil),
    used: usedBy !== null,
    edited: edited
      ? {
          request: edited.id,
          url: `${issuer}/v1/tasks/${taskId}/requests/${edited.id}`,
          changes: [...editedArguments(request, edited)],
        }
      : null,
  }
}
