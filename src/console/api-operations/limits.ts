import { describe, noun, type SchemaKit, type TypeOf } from '../operation-kit/operation.ts'
import { person } from '../operation-kit/shared-sources.ts'
import { input, together } from '../operation-kit/source.ts'
import type { Terminal } from '../operation-kit/terminal.ts'

const Kind = ({ Type }: SchemaKit) => Type.Enum(['organization', 'person', 'agent', 'space'])

const SubjectId = ({ Type }: SchemaKit) =>
  Type.String({
    minLength: 1,
    maxLength: 128,
    description: 'of the person or space, or the name of the agent; not for the organization',
  })

export const StandingLimit = (kit: SchemaKit) =>
  kit.Type.Object({
    id: kit.Type.String(),
    subject: kit.Type.Object({
      kind: Kind(kit),
      id: kit.Type.String(),
      name: kit.Type.Union([kit.Type.String(), kit.Type.Null()], { description: 'of a person' }),
    }),
    each_task: kit.Type.Boolean({
      description: 'a limit of each task that opens from now on, counted there',
    }),
    limit: kit.Limit,
    created_at: kit.Time,
    changed_at: kit.Time,
    changed_by: kit.Type.String(),
  })

export type LimitAnswer = TypeOf<{ answer: ReturnType<typeof StandingLimit> }, 'answer'>

/** Names the subject of a limit. */
export function subjectLabel({ subject: { id, kind, name } }: LimitAnswer): string {
  return kind === 'organization' ? 'everything' : `${kind} ${name ?? id}`
}

function inFull({ each_task, limit }: LimitAnswer, terminal: Terminal) {
  return terminal.text`${terminal.limit(limit)}${each_task ? ', of each task' : ''}`
}

/** Options that say for whom a limit is: one of them at most. */
const subject = together(
  [
    person('--person <person>', 'all calls for this person: id, e-mail or name'),
    input('--agent <agent>', 'all calls in which this agent takes part'),
    input('--space <space>', 'all calls of tasks in this space'),
    input('--everything', 'all calls there are'),
  ],
  ([id, agent, space, everything = false], { usage }) => {
    const named = [agent, id, space].filter((each) => each !== undefined).length
    if (named + (everything ? 1 : 0) > 1)
      throw usage('A limit is for one', 'say --person, --agent, --space or --everything')
    if (id !== undefined) return { kind: 'person' as const, id }
    if (agent !== undefined) return { kind: 'agent' as const, id: agent }
    if (space !== undefined) return { kind: 'space' as const, id: space }
    return everything ? { kind: 'organization' as const, id: undefined } : undefined
  },
)

/** `remit limits …`: the most that may be done, whatever tasks are open. */
export const LIMITS = noun({
  name: 'limits',
  says: 'The most that may be done for a person, by an agent, in a space, or altogether, whatever tasks are open.',
  operations: {
    list: describe({
      route: 'GET /limits',
      who: 'person',
      says: 'Standing limits and the use of each. Without being an administrator: your own.',
      schemas: (kit) => ({
        query: kit.exactly({
          kind: kit.Type.Optional(Kind(kit)),
          subject: kit.Type.Optional(SubjectId(kit)),
        }),
        answer: kit.listOf('limits', StandingLimit(kit)),
      }),
      command: (terminal) => ({
        examples: ['remit limits list', 'remit limits list --agent refund-bot'],
        takes: {
          query: {
            kind: together([subject], ([of]) => of?.kind),
            subject: together([subject], ([of]) => of?.id),
          },
        },
        prints: ({ limits }) =>
          terminal.table(
            limits,
            { ID: 'id', FOR: subjectLabel, LIMIT: (each) => inFull(each, terminal) },
            'No standing limits: tasks are held to their own budgets.',
          ),
      }),
    }),
    set: describe({
      route: 'PUT /limits',
      // It may give more than the one before.
      widens: true,
      says: 'Sets a standing limit, or another maximum for one that exists; its use so far stays counted. Answers when every replica applies it.',
      schemas: (kit) => ({
        body: kit.exactly({
          subject: kit.exactly({ kind: Kind(kit), id: kit.Type.Optional(SubjectId(kit)) }),
          each_task: kit.Type.Optional(kit.Type.Boolean()),
          limit: kit.LimitGiven,
        }),
        answer: StandingLimit(kit),
      }),
      confirms: ({ body }) => `Set a limit for ${JSON.stringify(body.subject)}`,
      command: (terminal) => ({
        examples: [
          'remit limits set calls=1000/1h --agent refund-bot',
          'remit limits set orders.refund/amount=500.00/1d --person sam',
          'remit limits set orders.refund=10/1m --everything',
          'remit limits set calls=50 --agent refund-bot --each-task   # of every task that it opens',
          'remit limits set rows:orders.list/orders=5000/1d,reserve=/limit --person sam   # what answers say',
        ],
        takes: {
          body: {
            limit: input(
              '<limit>',
              'calls=20/1h, orders.refund=5/1h, orders.refund/amount=500.00/1d; without /… for ever; of what answers say rows:… and charged:…,reserve=…',
              { read: (typed, reading) => reading.limit(typed) },
            ),
            subject: together([subject], ([of], { usage }) => {
              if (of) return of
              throw usage('No subject is named', 'say --person, --agent, --space or --everything')
            }),
            each_task: together(
              [
                input(
                  '--each-task',
                  'of each task that opens from now on, instead of over all of them',
                ),
              ],
              ([each = false]) => each,
            ),
          },
        },
        said: ({ answer }) => {
          const { dim, done } = terminal
          return done`${subjectLabel(answer)}: ${inFull(answer, terminal)}  ${dim(answer.id)}`
        },
      }),
    }),
    remove: describe({
      route: 'DELETE /limits/:id',
      widens: true,
      says: 'Removes a standing limit. Tasks that were opened under one of each task keep it.',
      schemas: ({ ById, Nothing }) => ({ params: ById, answer: Nothing }),
      confirms: ({ params }) => `Remove the limit ${params.id}`,
      command: ({ bold, done }) => ({
        examples: ['remit limits remove lim_…'],
        takes: { params: { id: input('<id>', 'the limit') } },
        said: ({ params }) => done`the limit ${bold(params.id)} is gone`,
        json: ({ params }) => ({ limit: params.id, removed: true }),
      }),
    }),
  },
})
