import { parseDetails } from '@remit/engine'
import { Answers } from '../../../catalog/catalog/index.ts'
import { type Agent, findAgent } from '../../../identity/agents/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { misfitOfAnswers, readBudget } from '../../../tasks/budgets/index.ts'
import {
  endSponsorship,
  findSponsorGrantFor,
  grantInForce,
  grantSponsorship,
  listSponsorGrants,
  type SponsorGrant as Noun,
  type ShownSponsorship,
  showSponsorships,
} from '../../../tasks/sponsorship/index.ts'
import {
  SPONSOR_GRANTS,
  SponsorGrant,
  type SponsorGrantAnswer,
} from '../../api-operations/sponsor-grants.ts'
import * as kit from '../../operation-kit/schemas.ts'
import { toJson } from '../json.ts'
import { personNames } from '../names.ts'
import { type ApiCaller, acts } from '../operation.ts'
import { withOwnNames } from '../own-names.ts'
import type { ApiParts } from '../parts.ts'
import { time } from '../shapes.ts'

const SPONSOR_GRANT = SponsorGrant(kit)
const DEFAULT_LIMIT = 50
const MAX = 200

/** Operations on sponsor grants, by which agents work with no person present. */
export const SPONSOR_GRANT_OPERATIONS = acts(SPONSOR_GRANTS, {
  list: async (parts, { caller, query }) => {
    const grants = await listSponsorGrants(parts.decisions.storage.read, {
      ...(caller.administrator ? {} : { concerning: caller.person.id }),
      ...(query.agent === undefined ? {} : { agentId: query.agent }),
      limit: Math.min(Number(query.limit ?? DEFAULT_LIMIT), MAX),
    })
    return { sponsor_grants: await shapesOf(parts, grants) }
  },
  show: async (parts, { caller, params }) =>
    shapeOf(parts, await visibleGrant(parts, caller, params.id)),
  grant: async (parts, { body, caller }) => {
    const catalog = await parts.decisions.catalog.current()
    const budget = readBudget(body.budget, catalog)
    if (!budget.ok) throw new Problem('task.bad_budget', budget.reason)
    const answers = new Answers(parts.decisions.storage.read)
    const misfit = await misfitOfAnswers(budget.limits, answers)
    if (misfit !== undefined) throw new Problem('task.bad_budget', misfit)
    const { agent: name, expires_at, purpose, rate, schedule } = body
    const { details, may_delegate } = await withOwnNames(parts, body)
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
  end: async (parts, { caller, params }) => {
    const grant = await visibleGrant(parts, caller, params.id)
    await endSponsorship(parts.decisions, { grantId: grant.id, by: caller.person.id })
    return {}
  },
})

/** Finds a grant; one that is not the caller's to see looks like none at all. */
async function visibleGrant(
  parts: Pick<ApiParts, 'decisions'>,
  { person }: ApiCaller,
  id: string,
): Promise<Noun> {
  const grant = await findSponsorGrantFor(parts.decisions, person, id)
  if (!grant)
    throw new Problem('sponsor_grant.unknown', `there is no sponsor grant \`${id}\` of yours`)
  return grant
}

async function requireAgent(parts: Pick<ApiParts, 'agents'>, name: string): Promise<Agent> {
  const agent = await findAgent(parts.agents.storage.read, name)
  if (!agent) throw new Problem('agent.unknown', `there is no agent \`${name}\``)
  return agent
}

function detailsOf(given: unknown, type: 'remit_call' | 'remit_delegate') {
  const read = parseDetails(given, type)
  if (!read.ok) throw new Problem('task.bad_details', read.reason)
  return read.details
}

async function shapeOf(
  parts: Pick<ApiParts, 'decisions' | 'people'>,
  grant: Noun,
): Promise<SponsorGrantAnswer> {
  const [shape] = await shapesOf(parts, [grant])
  if (!shape) throw new Error('a grant without a shape')
  return shape
}

async function shapesOf(
  parts: Pick<ApiParts, 'decisions' | 'people'>,
  grants: readonly Noun[],
): Promise<SponsorGrantAnswer[]> {
  const nameOf = await personNames(
    parts,
    grants.map(({ personId }) => personId),
  )
  const shown = await showSponsorships(parts.decisions, grants)
  return shown.map((each) => shapeFrom(parts, each, nameOf(each.grant.personId)))
}

function shapeFrom(
  { decisions }: Pick<ApiParts, 'decisions'>,
  { grant, lastOpenedAt, nextOpeningAt, opened, stoppedBy }: ShownSponsorship,
  sponsorName: string | null,
): SponsorGrantAnswer {
  return toJson(SPONSOR_GRANT, grant, {
    sponsor: grant.personId,
    sponsor_name: sponsorName,
    in_force: grantInForce(grant, decisions.clock.now()),
    opened,
    last_opened_at: orNull(lastOpenedAt),
    next_opening_at: orNull(nextOpeningAt),
    stopped_by: stoppedBy,
  })
}

function orNull(at: number | null): string | null {
  return at === null ? null : time(at)
}
