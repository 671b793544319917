import { describe, noun, type SchemaKit } from '../operation-kit/operation.ts'
import { change, limit, person, reason } from '../operation-kit/shared-sources.ts'
import { input } from '../operation-kit/source.ts'
import { StandingLimit } from './limits.ts'

const id = input('<id>', 'the task')

const Change = ({ ById, Reason, Task }: SchemaKit) => ({ params: ById, body: Reason, answer: Task })

export const Notice = ({ Time, Type }: SchemaKit) =>
  Type.Object({
    id: Type.String(),
    recipient: Type.String({ description: '`group:…` or `person:…`' }),
    decision: Type.String(),
    task: Type.String(),
    person: Type.String(),
    agent: Type.String(),
    action: Type.String(),
    text: Type.String(),
    at: Time,
  })

/** `remit tasks …` */
export const TASKS = noun({
  name: 'tasks',
  says: 'Work that agents do for people.',
  operations: {
    list: describe({
      route: 'GET /tasks',
      who: 'person',
      says: 'Tasks, newest first: yours, or everyone’s for administrators.',
      schemas: ({ exactly, listOf, Name, Page, Task, Type }) => ({
        query: exactly({
          ...Page,
          agent: Type.Optional(Name),
          state: Type.Optional(Type.Enum(['open', 'suspended', 'closed'])),
        }),
        answer: listOf('tasks', Task),
      }),
      command: ({ bold, relative, status, table }) => ({
        examples: ['remit tasks list --agent refund-bot --state open'],
        takes: {
          query: {
            agent: input('--agent <name>', 'only those of this agent'),
            state: input('--state <state>', 'only those in this state', {
              choices: ['open', 'suspended', 'closed'],
            }),
            limit,
          },
        },
        prints: ({ tasks }) =>
          table(
            tasks,
            {
              TASK: 'id',
              STATE: ({ state }) => status(state),
              AGENT: ({ agent }) => bold(agent),
              OPENED: ({ opened_at }) => relative(opened_at),
              PURPOSE: 'purpose',
            },
            'No tasks.',
          ),
      }),
    }),
    show: describe({
      route: 'GET /tasks/:id',
      who: 'person',
      says: 'One task.',
      schemas: ({ ById, Task }) => ({ params: ById, answer: Task }),
    }),
    tree: describe({
      route: 'GET /tasks/:id/tree',
      who: 'person',
      says: 'The tree a task is in, parents before children; for the owner of its agent that task and what is open below it.',
      schemas: ({ ById, Task, Type }) => ({
        params: ById,
        answer: Type.Object({
          tasks: Type.Array(Task),
          more: Type.Boolean({ description: 'older closed tasks were left off' }),
        }),
      }),
    }),
    limits: describe({
      route: 'GET /tasks/:id/limits',
      who: 'person',
      says: 'Standing limits that calls of the task fall under, with what is used of them: all for administrators, else your own.',
      schemas: (kit) => ({ params: kit.ById, answer: kit.listOf('limits', StandingLimit(kit)) }),
    }),
    close: describe({
      route: 'POST /tasks/:id/close',
      who: 'person',
      widens: false,
      says: 'Ends a task and everything below it, for good. Done when no replica permits any more.',
      schemas: Change,
      command: (terminal) => change('remit tasks close tsk_…', 'is closed', { id }, terminal),
    }),
    'close-all': describe({
      id: 'tasks.close_all',
      route: 'POST /tasks/close',
      widens: false,
      says: 'Ends all tasks of an agent, or for a person, for good. New ones can be opened: suspend the agent or the person to prevent that.',
      schemas: ({ exactly, Name, Type }) => ({
        body: exactly({
          agent: Type.Optional(Name),
          person: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
          reason: Type.Optional(Type.String({ maxLength: 500 })),
        }),
        answer: Type.Object({ closed: Type.Integer() }),
      }),
      command: ({ done }) => ({
        examples: [
          'remit tasks close-all --agent refund-bot',
          'remit tasks close-all --person sam@example.com --reason "…"',
        ],
        takes: {
          body: {
            agent: input('--agent <name>', 'those of this agent'),
            person: person('--person <person>', 'those for this person: id, e-mail or name'),
            reason,
          },
        },
        said: ({ answer: { closed } }) =>
          done`${closed === 1 ? '1 task is' : `${closed} tasks are`} closed`,
      }),
    }),
    suspend: describe({
      route: 'POST /tasks/:id/suspend',
      who: 'person',
      widens: false,
      says: 'Lets a task stand still. Nothing is closed.',
      schemas: Change,
      command: (terminal) => change('remit tasks suspend tsk_…', 'is suspended', { id }, terminal),
    }),
    resume: describe({
      route: 'POST /tasks/:id/resume',
      who: 'person',
      widens: true,
      says: 'Lets a suspended task continue.',
      schemas: Change,
      confirms: ({ params }) => `Let the suspended task ${params.id} continue`,
      command: (terminal) => change('remit tasks resume tsk_…', 'continues', { id }, terminal),
    }),
    notices: describe({
      id: 'notices.list',
      route: 'GET /notices',
      who: 'person',
      says: 'Permitted calls that the caller had to be told of, by name or as a member of a group, newest first.',
      schemas: (kit) => ({
        query: kit.exactly(kit.Page),
        answer: kit.listOf('notices', Notice(kit)),
      }),
    }),
  },
})
