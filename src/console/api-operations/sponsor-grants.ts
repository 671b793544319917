import type { Static } from 'typebox'
import type { Value } from '../../platform/lib/terminal/text.ts'
import { describe, noun, type SchemaKit } from '../operation-kit/operation.ts'
import { authority, expires, limit } from '../operation-kit/shared-sources.ts'
import { input, together } from '../operation-kit/source.ts'
import {
  Rate,
  rateInWords,
  readRateTerm,
  readSchedule,
  Schedule,
  scheduleInWords,
  USUAL_RATE,
} from '../operation-kit/sponsor-grant-terms.ts'
import type { Terminal } from '../operation-kit/terminal.ts'

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

export type SponsorGrantAnswer = Static<ReturnType<typeof SponsorGrant>>

const id = input('<id>', 'the sponsor grant')

/** State of a grant in one or two words, in the colour that it deserves. */
function stateInWords(
  { ended_at, in_force, stopped_by }: SponsorGrantAnswer,
  { dim, green, yellow }: Terminal,
) {
  if (ended_at !== null) return dim('ended')
  if (!in_force) return dim('over')
  return stopped_by === null ? green('in force') : yellow('stopped')
}

function nextInWords(
  { next_opening_at: next }: SponsorGrantAnswer,
  { dim, moment, now }: Terminal,
) {
  if (next === null) return dim('none')
  return Date.parse(next) <= now() ? 'at any moment' : `not before ${moment(next)}`
}

const STOPPED_BY = {
  sponsor: ': the sponsor does not answer for the agent any more',
  agent: ': the agent may not work',
} as const

/** One grant in full, for a person. */
async function grantLines(
  grant: SponsorGrantAnswer,
  terminal: Terminal,
): Promise<readonly Value[]> {
  const { bold, dim, moment, relative, section, text } = terminal
  const { ended_at, in_force, last_opened_at: last, may_delegate, opened, stopped_by } = grant
  const when = (at: string) => `${moment(at)}, ${relative(at)}`
  return [
    bold(grant.purpose),
    ...terminal.facts([
      ['id', grant.id],
      ['agent', grant.agent],
      ['sponsor', terminal.named(grant.sponsor_name, grant.sponsor)],
      [
        'state',
        text`${stateInWords(grant, terminal)}${in_force && stopped_by !== null ? STOPPED_BY[stopped_by] : ''}`,
      ],
      ['when', grant.schedule ? scheduleInWords(grant.schedule) : 'at any time'],
      ['at most', grant.rate && rateInWords(grant.rate)],
      ...grant.budget.map((limit) => ['budget', terminal.limit(limit, ' of each task')] as const),
      [
        'opened',
        last === null
          ? dim('no task yet')
          : `${opened} ${opened === 1 ? 'task' : 'tasks'}, last ${relative(last)}`,
      ],
      ['next', nextInWords(grant, terminal)],
      ended_at === null ? ['ends', when(grant.expires_at)] : ['ended', when(ended_at)],
    ]),
    ...section('What its tasks may do', await terminal.details(grant.details), 'nothing'),
    ...section(
      'What they may hand on',
      await terminal.details(may_delegate ?? []),
      may_delegate === null ? 'whatever they may do themselves' : 'nothing',
    ),
  ]
}

/** Authority to hand on; left out, what the tasks may do. */
const delegates = together(
  [
    authority(
      input('--delegate <action...>', 'the most they may hand on; else what they may do'),
      input('--delegate-file <file>', 'the most they may hand on: details with bounds, as JSON'),
      'optional',
    ),
    input('--no-delegate', 'they may hand on nothing'),
  ],
  ([details, none], { usage }) => {
    if (none && details) throw usage('Say --no-delegate or --delegate-file, not both')
    return none ? [] : details?.map((each) => ({ ...each, type: 'remit_delegate' as const }))
  },
)

const schedule = input(
  '--schedule <when>',
  'days, hours and zone: "mon-fri 22:00-06:00 Europe/Berlin"',
  {
    read: readSchedule,
  },
)

/** Rate at which tasks may be opened; the server asks for a schedule or a rate. */
const rate = together(
  [
    schedule,
    input(
      '--rate <tasks/time>',
      `at most so many tasks in a time: 5/1h; ${rateInWords(USUAL_RATE)} when there is no schedule either`,
      { read: readRateTerm },
    ),
  ],
  ([when, given]) => given ?? (when === undefined ? USUAL_RATE : undefined),
)

/** `remit sponsor-grants …`: grants that let agents work while no person is present. */
export const SPONSOR_GRANTS = noun({
  name: 'sponsor-grants',
  says: 'Grants that let agents work while no person is present: in whose name, for what, when, and until when.',
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
              STATE: (grant) => stateInWords(grant, terminal),
              OPENED: 'opened',
              NEXT: (grant) => nextInWords(grant, terminal),
              PURPOSE: 'purpose',
            },
            'No sponsor grants: no agent opens a task while no person is present.',
          ),
      }),
    }),
    show: describe({
      id: 'sponsorships.show',
      route: 'GET /sponsor-grants/:id',
      who: 'person',
      says: 'One sponsor grant that you gave or that is for an agent of yours, in force or not.',
      schemas: (kit) => ({ params: kit.ById, answer: SponsorGrant(kit) }),
      command: (terminal) => ({
        examples: ['remit sponsor-grants show spg_…'],
        takes: { params: { id } },
        prints: (grant) => grantLines(grant, terminal),
      }),
    }),
    grant: describe({
      id: 'sponsorships.grant',
      route: 'POST /sponsor-grants',
      who: 'person',
      widens: true,
      says: 'Lets an agent you answer for open tasks while no person is present, in your name and with your authority. Answers the part within its ceiling.',
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
      confirms: ({ body }) =>
        `Let ${body.agent} open tasks in your name while no person is present: ${body.purpose}`,
      command: (terminal) => ({
        examples: [
          'remit sponsor-grants grant night-clerk --purpose "nightly list of orders" --action orders.list --expires 30d',
          'remit sponsor-grants grant night-clerk --purpose "close the day" --action "orders.*" --expires 90d --schedule "mon-fri 22:00-06:00 Europe/Berlin" --rate 1/1d',
          'remit sponsor-grants grant refund-bot --purpose "small refunds" --details-file refunds.json --expires 7d --budget calls=50 orders.refund/amount=500.00 --no-delegate',
        ],
        takes: {
          body: {
            agent: input('<agent>', 'an agent of yours; any, for administrators'),
            purpose: input('--purpose <text>', 'what its tasks are for, in your words', {
              required: true,
            }),
            expires_at: expires(
              '--expires <time>',
              'from now (30d, 12h), or a time (RFC 3339); a year at most',
              true,
            ),
            schedule,
            rate,
            budget: input(
              '--budget <limit...>',
              'of each task: calls=20, orders.refund/amount=500.00; calls=20/1h for any hour',
              { read: (limits, reading) => limits.map((each) => reading.limit(each)) },
            ),
            details: authority(
              input('--action <action...>', 'what they may do, without bounds; "orders.*" for all'),
              input('--details-file <file>', 'what they may do: details with bounds, as JSON'),
            ),
            may_delegate: delegates,
          },
        },
        said: ({ answer: { agent, id } }) => [
          terminal.done`${terminal.bold(agent)} may work while no person is present, in your name`,
          terminal.text`  end it with: remit sponsor-grants end ${id}`,
          '',
        ],
        prints: (grant) => grantLines(grant, terminal),
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
        takes: { params: { id } },
        said: ({ params: { id } }) => done`${bold(id)} has ended, and so has every task under it`,
        json: ({ params: { id } }) => ({ id, ended: true }),
      }),
    }),
  },
})
