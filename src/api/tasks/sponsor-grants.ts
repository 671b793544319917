import { parseDetails } from '@remit/engine'
import { type Static, Type } from 'typebox'
import { type Agent, findAgent } from '../../agents/index.ts'
import { misfitOfAnswers, readBudget } from '../../budgets/index.ts'
import { Answers } from '../../catalog/index.ts'
import { Problem } from '../../lib/problem.ts'
import {
  Budget,
  ById,
  Detail,
  KeptDetail,
  Limit,
  listOf,
  Name,
  Nothing,
  Page,
  Time,
} from '../../operations/schemas.ts'
import {
  endSponsorship,
  findSponsorGrantFor,
  grantInForce,
  grantSponsorship,
  listSponsorGrants,
  type SponsorGrant as Noun,
  type ShownSponsorship,
  showSponsorships,
} from '../../sponsorship/index.ts'
import { personNames } from '../names.ts'
import { type Caller, operation } from '../operation.ts'
import type { ApiParts } from '../parts.ts'
import { time } from '../shapes.ts'

const closed = { additionalProperties: false } as const
const DEFAULT_LIMIT = 50
const MAX = 200

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
const Schedule = Type.Object(
  {
    days: Type.Array(Day, { minItems: 1, maxItems: 7 }),
    from: TimeOfDay,
    to: TimeOfDay,
    zone: Type.String({ maxLength: 64, description: 'IANA name, like Europe/Berlin' }),
  },
  { ...closed, description: 'when tasks may be opened; hours may run over midnight' },
)
const Rate = Type.Object(
  { tasks: Type.Integer({ minimum: 1 }), seconds: Type.Integer({ minimum: 1 }) },
  { ...closed, description: 'at most so many tasks in so many seconds' },
)

const SponsorGrant = Type.Object({
  id: Type.String(),
  agent: Name,
  sponsor: Type.String({ description: 'a person id' }),
  sponsor_name: Type.Union([Type.String(), Type.Null()]),
  purpose: Type.String(),
  details: Type.Array(KeptDetail),
  may_delegate: Type.Union([Type.Array(KeptDetail), Type.Null()]),
  budget: Type.Array(Limit),
  schedule: Type.Union([Schedule, Type.Null()]),
  rate: Type.Union([Rate, Type.Null()]),
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

/** What lets agents work while nobody is present. */
export const SPONSOR_GRANT_OPERATIONS = [
  operation({
    id: 'sponsorships.list',
    method: 'GET',
    path: '/sponsor-grants',
    says: 'Sponsor grants, newest first: those you gave or that are for your agents, or everyone’s for administrators.',
    who: 'person',
    widens: false,
    query: Type.Object({ ...Page, agent: Type.Optional(Name) }, closed),
    answer: listOf('sponsor_grants', SponsorGrant),
    run: async (parts, { caller, query }) => {
      const grants = await listSponsorGrants(parts.decisions.storage.read, {
        ...(caller.administrator ? {} : { concerning: caller.person.id }),
        ...(query.agent === undefined ? {} : { agentId: query.agent }),
        limit: Math.min(Number(query.limit ?? DEFAULT_LIMIT), MAX),
      })
      return { sponsor_grants: await shapesOf(parts, grants) }
    },
  }),
  operation({
    id: 'sponsorships.show',
    method: 'GET',
    path: '/sponsor-grants/:id',
    says: 'One sponsor grant that you gave or that is for an agent of yours, in force or not.',
    who: 'person',
    widens: false,
    params: ById,
    answer: SponsorGrant,
    run: async (parts, { caller, params }) =>
      shapeOf(parts, await visibleGrant(parts, caller, params.id)),
  }),
  operation({
    id: 'sponsorships.grant',
    method: 'POST',
    path: '/sponsor-grants',
    says: 'Lets an agent you answer for open tasks while nobody is present, in your name and with your authority. Answers what was kept within its ceiling.',
    who: 'person',
    widens: true,
    body: Type.Object(
      {
        agent: Name,
        purpose: Type.String({ maxLength: 800 }),
        details: Type.Array(Detail, { minItems: 1, maxItems: 64 }),
        may_delegate: Type.Optional(Type.Array(Detail, { maxItems: 64 })),
        budget: Type.Optional(Budget),
        schedule: Type.Optional(Schedule),
        rate: Type.Optional(Rate),
        expires_at: Time,
      },
      closed,
    ),
    answer: SponsorGrant,
    run: async (parts, { body, caller }) => {
      const catalog = await parts.decisions.catalog.current()
      const budget = readBudget(body.budget, catalog)
      if (!budget.ok) throw new Problem('task.bad_budget', budget.reason)
      const answers = new Answers(parts.decisions.storage.read)
      const misfit = await misfitOfAnswers(budget.limits, answers)
      if (misfit !== undefined) throw new Problem('task.bad_budget', misfit)
      const { agent: name, details, expires_at, may_delegate, purpose, rate, schedule } = body
      const grant = await grantSponsorship(
        parts.decisions,
        {
          agent: await requireAgent(parts, name),
          sponsor: caller.person,
          purpose,
          details: detailsOf(details, 'remit_call'),
          mayDelegate: may_delegate && detailsOf(may_delegate, 'remit_delegate'),
          budget: budget.limits,
          schedule,
          rate,
          expiresAt: Date.parse(expires_at),
        },
        catalog.kindOf,
      )
      return shapeOf(parts, grant)
    },
  }),
  operation({
    id: 'sponsorships.end',
    method: 'POST',
    path: '/sponsor-grants/:id/end',
    says: 'Ends a sponsor grant, and every task under it. Answers when no replica permits any more.',
    who: 'person',
    widens: false,
    params: ById,
    answer: Nothing,
    run: async (parts, { caller, params }) => {
      const grant = await visibleGrant(parts, caller, params.id)
      await endSponsorship(parts.decisions, { grantId: grant.id, by: caller.person.id })
      return {}
    },
  }),
]

/** Those that are not the caller's to see look like none at all. */
async function visibleGrant(parts: ApiParts, { person }: Caller, id: string): Promise<Noun> {
  const grant = await findSponsorGrantFor(parts.decisions, person, id)
  if (!grant)
    throw new Problem('sponsor_grant.unknown', `there is no sponsor grant \`${id}\` of yours`)
  return grant
}

async function requireAgent(parts: ApiParts, name: string): Promise<Agent> {
  const agent = await findAgent(parts.agents.storage.read, name)
  if (!agent) throw new Problem('agent.unknown', `there is no agent \`${name}\``)
  return agent
}

function detailsOf(given: unknown, type: 'remit_call' | 'remit_delegate') {
  const read = parseDetails(given, type)
  if (!read.ok) throw new Problem('task.bad_details', read.reason)
  return read.details
}

async function shapeOf(parts: ApiParts, grant: Noun): Promise<Static<typeof SponsorGrant>> {
  const [shape] = await shapesOf(parts, [grant])
  if (!shape) throw new Error('a grant without a shape')
  return shape
}

async function shapesOf(
  parts: ApiParts,
  grants: readonly Noun[],
): Promise<Static<typeof SponsorGrant>[]> {
  const nameOf = await personNames(
    parts,
    grants.map(({ personId }) => personId),
  )
  const shown = await showSponsorships(parts.decisions, grants)
  return shown.map((each) => shapeFrom(parts, each, nameOf(each.grant.personId)))
}

function shapeFrom(
  { decisions }: ApiParts,
  { grant, lastOpenedAt, nextOpeningAt, opened, stoppedBy }: ShownSponsorship,
  sponsorName: string | null,
): Static<typeof SponsorGrant> {
  const { schedule } = grant
  return {
    id: grant.id,
    agent: grant.agentId,
    sponsor: grant.personId,
    sponsor_name: sponsorName,
    purpose: grant.purpose,
    details: [...grant.details],
    may_delegate: grant.mayDelegate && [...grant.mayDelegate],
    budget: [...grant.budget],
    schedule: schedule && { ...schedule, days: [...schedule.days] },
    rate: grant.rate,
    created_at: time(grant.createdAt),
    expires_at: time(grant.expiresAt),
    ended_at: orNull(grant.endedAt),
    in_force: grantInForce(grant, decisions.clock.now()),
    opened,
    last_opened_at: orNull(lastOpenedAt),
    next_opening_at: orNull(nextOpeningAt),
    stopped_by: stoppedBy,
  }
}

function orNull(at: number | null): string | null {
  return at === null ? null : time(at)
}
