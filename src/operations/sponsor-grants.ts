import { input, limit } from './command.ts'
import { describe, noun, type SchemaKit, type TypeOf } from './operation.ts'
import type { Terminal } from './terminal.ts'

const Schedule = ({ closed, Type }: SchemaKit) => {
  const TimeOfDay = Type.String({ pattern: '^([01]\\d|2[0-4]):[0-5]\\d$' })
  const Day = Type.Union([
    Type.Literal('mon'),
    Type.Literal('tue'),
    Type.Literal('wed'),
    Type.Literal('thu'),
    Type.Literal('fri'),
    Type.Literal('sat'),
    Type.Literal('sun'),
  ])
  return Type.Object(
    {
      days: Type.Array(Day, { minItems: 1, maxItems: 7 }),
      from: TimeOfDay,
      to: TimeOfDay,
      zone: Type.String({ maxLength: 64, description: 'IANA name, like Europe/Berlin' }),
    },
    { ...closed, description: 'when tasks may be opened; hours may run over midnight' },
  )
}

const Rate = ({ closed, Type }: SchemaKit) =>
  Type.Object(
    { tasks: Type.Integer({ minimum: 1 }), seconds: Type.Integer({ minimum: 1 }) },
    { ...closed, description: 'at most so many tasks in so many seconds' },
  )

export const SponsorGrant = (kit: SchemaKit) => {
  const { KeptDetail, Time, Type } = kit
  return Type.Object({
    id: Type.String(),
    agent: kit.Name,
    sponsor: Type.String({ description: 'a person id' }),
    sponsor_name: Type.Union([Type.String(), Type.Null()]),
    purpose: Type.String(),
    details: Type.Array(KeptDetail),
    may_delegate: Type.Union([Type.Array(KeptDetail), Type.Null()]),
    budget: Type.Array(kit.Limit),
    schedule: Type.Union([Schedule(kit), Type.Null()]),
    rate: Type.Union([Rate(kit), Type.Null()]),
    created_at: Time,
    expires_at: Time,
    ended_at: Type.Union([Time, Type.Null()]),
    in_force: Type.Boolean(),
    opened: Type.Integer({ description: 'tasks opened under it so far' }),
    last_opened_at: Type.Union([Time, Type.Null()]),
    next_opening_at: Type.Union([Time, Type.Null()], {
      description: 'when a task may be opened next, as things stand; null: not any more',
    }),
    stopped_by: Type.Union([Type.Literal('sponsor'), Type.Literal('agent'), Type.Null()], {
      description:
        'why one in force opens nothing: the sponsor does not answer for the agent any more, or the agent may not work',
    }),
  })
}

export type SponsorGrantAnswer = TypeOf<{ answer: ReturnType<typeof SponsorGrant> }, 'answer'>

/** Standing of a grant in one or two words, in the colour that it deserves. */
export function standing(
  { ended_at, in_force, stopped_by }: SponsorGrantAnswer,
  { dim, green, yellow }: Pick<Terminal, 'dim' | 'green' | 'yellow'>,
) {
  if (ended_at !== null) return dim('ended')
  if (!in_force) return dim('over')
  return stopped_by === null ? green('in force') : yellow('stopped')
}

export function nextInWords(
  { next_opening_at: next }: SponsorGrantAnswer,
  { dim, moment, now }: Pick<Terminal, 'dim' | 'moment' | 'now'>,
) {
  if (next === null) return dim('none')
  return Date.parse(next) <= now() ? 'at any moment' : `not before ${moment(next)}`
}

/** `remit sponsor-grants …`: what lets agents work while nobody is present. */
export const SPONSOR_GRANTS = noun({
  name: 'sponsor-grants',
  says: 'What lets agents work while nobody is present: in whose name, what, when, and until when.',
  operations: {
    list: describe({
      id: 'sponsorships.list',
      route: 'GET /sponsor-grants',
      who: 'person',
      says: 'Sponsor grants, newest first: those you gave and those for your agents, or everyone’s for administrators.',
      schemas: (kit) => ({
        query: kit.exactly({ ...kit.Page, agent: kit.Type.Optional(kit.Name) }),
        answer: kit.listOf('sponsor_grants', SponsorGrant(kit)),
      }),
      command: (terminal) => ({
        examples: ['remit sponsor-grants list --agent night-clerk'],
        takes: { query: { agent: input('--agent <name>', 'only those for this agent'), limit } },
        prints: ({ sponsor_grants: grants }) =>
          terminal.table(
            grants,
            {
              GRANT: 'id',
              AGENT: ({ agent }) => terminal.bold(agent),
              STATE: (grant) => standing(grant, terminal),
              OPENED: 'opened',
              NEXT: (grant) => nextInWords(grant, terminal),
              PURPOSE: 'purpose',
            },
            'No sponsor grants: no agent opens a task while nobody is present.',
          ),
      }),
    }),
    show: describe({
      id: 'sponsorships.show',
      route: 'GET /sponsor-grants/:id',
      who: 'person',
      says: 'One sponsor grant that you gave or that is for an agent of yours, in force or not.',
      schemas: (kit) => ({ params: kit.ById, answer: SponsorGrant(kit) }),
    }),
    grant: describe({
      id: 'sponsorships.grant',
      route: 'POST /sponsor-grants',
      who: 'person',
      widens: true,
      says: 'Lets an agent you answer for open tasks while nobody is present, in your name and with your authority. Answers what was kept within its ceiling.',
      schemas: (kit) => ({
        body: kit.exactly({
          agent: kit.Name,
          purpose: kit.Type.String({ maxLength: 800 }),
          details: kit.Type.Array(kit.Detail, { minItems: 1, maxItems: 64 }),
          may_delegate: kit.Type.Optional(kit.Type.Array(kit.Detail, { maxItems: 64 })),
          budget: kit.Type.Optional(kit.Budget),
          schedule: kit.Type.Optional(Schedule(kit)),
          rate: kit.Type.Optional(Rate(kit)),
          expires_at: kit.Time,
        }),
        answer: SponsorGrant(kit),
      }),
    }),
    end: describe({
      id: 'sponsorships.end',
      route: 'POST /sponsor-grants/:id/end',
      who: 'person',
      widens: false,
      says: 'Ends a sponsor grant and every task under it, for good. Done when no replica permits any more.',
      schemas: ({ ById, Nothing }) => ({ params: ById, answer: Nothing }),
      command: ({ bold, done }) => ({
        examples: ['remit sponsor-grants end spg_…'],
        takes: { params: { id: input('<id>', 'the sponsor grant') } },
        said: ({ params: { id } }) => done`${bold(id)} has ended, and so has every task under it`,
        json: ({ params: { id } }) => ({ id, ended: true }),
      }),
    }),
  },
})
