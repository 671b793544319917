import { asDelegates, type KindOf } from '@remit/engine'
import type { Agent } from '../../../identity/agents/index.ts'
import { agentWithinIssuers } from '../../../identity/issuers/index.ts'
import { findPerson } from '../../../identity/people/index.ts'
import {
  adminBases,
  type BasisLimits,
  basisLimits,
  joinLimits,
  standsOn,
} from '../../../tasks/consent/index.ts'
import {
  allowsAt,
  answersFor,
  findSponsorGrant,
  grantInForce,
  holdGrantSteps,
  listSponsorGrants,
  type SponsorGrant,
  scheduleInWords,
} from '../../../tasks/sponsorship/index.ts'
import type { TaskLineage } from '../../../tasks/tasks/index.ts'
import {
  type Authority,
  type AuthorityRequest,
  authorityWithin,
  type GrantRefusal,
  type IssuanceContext,
  incompleteAuthority,
  isNothing,
  isRefused,
  issuedWithin,
  missingOf,
  NOTHING,
  type PeopleTerms,
  readAskedAuthority,
  readLife,
  refused,
} from '../../issuance/index.ts'
import type { GrantSource } from '../frozen-request.ts'
import type { SponsoredOpening } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { readAgent } from '../pipeline/authenticate-requester.ts'
import {
  type AuthenticatedOpening,
  type AuthenticationResult,
  attemptBy,
  isFailed,
} from '../pipeline/authenticated.ts'
import { enter } from '../pipeline/grant.ts'
import {
  type PlannedGrant,
  type PlanRequest,
  type PlanResult,
  unlessForbidden,
} from '../pipeline/plan.ts'
import { withinPlace } from '../pipeline/requested-space.ts'

/**
 * Plans a task with no person present, under a sponsor grant in force (contract 5.2). Purpose and budget are the grant's; the
 * agent may ask for less than all of it. The grant is held, and its rate counted, in the transaction in which the task begins.
 */
export async function authenticateSponsored(
  parts: GrantParts,
  opening: SponsoredOpening,
): Promise<AuthenticationResult> {
  const read = await readAgent(parts, opening)
  return isFailed(read)
    ? read
    : underGrant(parts, opening, { requester: read, by: 'client_credentials' })
}

export async function underGrant(
  parts: Pick<GrantParts, 'clock' | 'storage'>,
  opening: SponsoredOpening,
  {
    requester,
    by,
  }: {
    readonly requester: AuthenticatedOpening['requester']
    readonly by: 'client_credentials' | 'jwt_bearer'
  },
): Promise<AuthenticationResult> {
  const { agent, proof } = requester
  const found = await findGrant(parts, agent, opening.grantId)
  const grant = isRefused(found) ? undefined : found
  const attempt = attemptBy(opening, proof, {
    ...{ agent: agent.id, person: grant?.personId, facts: { sponsor_grant: grant?.id } },
  })
  if (isRefused(found)) return { outcome: 'failed', attempt, refusal: found }
  return {
    ...{ outcome: 'authenticated', flow: 'deferred', asksPeople: true, attempt, requester },
    ...{ origin: opening.origin, defer: opening.defer },
    request: {
      ...{ ...opening, purpose: opening.purpose ?? found.purpose },
      proved: { authTime: null, acr: null },
      way: { kind: 'sponsored', by, grantId: found.id },
    },
  }
}

/** INVARIANT: to an agent, the grants of other agents do not exist. */
const UNKNOWN = refused('sponsor_grant.unknown', 'the agent has no such sponsor grant')

async function findGrant(
  parts: Pick<GrantParts, 'clock' | 'storage'>,
  agent: Agent,
  id: string | undefined,
): Promise<SponsorGrant | GrantRefusal> {
  const { read } = parts.storage
  if (id !== undefined) {
    const named = await findSponsorGrant(read, id)
    return named?.agentId === agent.id ? named : UNKNOWN
  }
  const inForceAt = parts.clock.now()
  const [only, another] = await listSponsorGrants(read, { agentId: agent.id, inForceAt, limit: 2 })
  if (another)
    return refused('sponsor_grant.ambiguous', 'the agent has several; name one: `sponsor_grant`')
  return only ?? UNKNOWN
}

/** Asked ∩ ceiling ∩ the grant ∩ what administrators allow the agent with the sponsor's authority. */
export async function planSponsored(
  parts: GrantParts,
  { requester, request }: PlanRequest,
  { grantId }: Extract<GrantSource, { kind: 'sponsored' }>,
  { issuing, ...people }: PeopleTerms & { readonly issuing: IssuanceContext },
): Promise<PlanResult> {
  const { agent: known, issuers } = requester
  const grant = await findSponsorGrant(parts.storage.read, grantId)
  if (grant?.agentId !== known.id) return UNKNOWN
  const badLife = readLife(request.lifeSeconds)
  if (badLife) return badLife
  if (request.budget !== undefined)
    return refused('task.bad_budget', 'the sponsor grant sets the budget; leave it out')
  const { budget, purpose } = grant
  if (request.purpose !== purpose)
    return refused('task.bad_purpose', 'the sponsor grant sets the purpose; leave it out')
  const sponsor = await findPerson(parts.storage.read, grant.personId)
  if (!sponsor) throw new Error(`sponsor ${grant.personId} of a grant has no row`)
  const here = await enter(parts, request, {
    ...{ person: sponsor, agent: known, issuers, sponsored: true },
  })
  if (isRefused(here)) return here
  const not = notInForce(parts, grant, answersFor(sponsor, known))
  if (not) return not
  const catalog = await parts.catalog.current()
  const agent = agentWithinIssuers(known, issuers, catalog.kindOf)
  const wanted = readAskedAuthority(request, catalog) ?? allOf(grant)
  if (isRefused(wanted)) return wanted
  const asked = withinPlace(wanted, here.where, catalog.kindOf)
  if (isRefused(asked)) return asked
  const bases = await adminBases(parts, sponsor.id, agent.id)
  const whole = authorityUnder(asked, agent, { grant, bases: basisLimits(bases) }, catalog.kindOf)
  if (isNothing(asked, whole))
    return refused('task.beyond_basis', 'nothing of the request is within the sponsor grant')
  const { place, views, where } = here
  const openers = { person: sponsor, agents: [agent], sponsored: true, where, purpose, views }
  const issuable = await issuedWithin(parts, openers, issuing, { catalog, got: whole, ...people })
  if (isRefused(issuable)) return issuable
  const { forbids, got } = issuable
  // No one is asked: the sponsor grant decides.
  const missing = missingOf(wanted, got, NOTHING, catalog.kindOf)
  if (missing && request.requireAll) return incompleteAuthority(missing)
  const planned: PlannedGrant = {
    ...{ ...got, missing, budget, person: sponsor, place, views, issuing },
    delegatesAsked: asked.delegates !== undefined,
    bases: standsOn(got, bases, catalog.kindOf),
  }
  const guards = ({ task }: TaskLineage) => holdGrantSteps(parts.storage.read, grant, task.openedAt)
  const under = { sponsorGrant: grant, issuers, openedBy: 'sponsor', guards } as const
  return unlessForbidden({ outcome: 'planned', grant: planned, ...under }, forbids, catalog)
}

function notInForce(
  parts: Pick<GrantParts, 'clock'>,
  grant: SponsorGrant,
  answers: boolean,
): GrantRefusal | undefined {
  const now = parts.clock.now()
  if (!grantInForce(grant, now))
    return refused('sponsor_grant.not_in_force', 'the sponsor grant has ended')
  if (!answers)
    return refused(
      'sponsor_grant.not_in_force',
      "the sponsor is no longer the agent's owner or an administrator",
    )
  if (grant.schedule && !allowsAt(grant.schedule, now))
    return refused(
      'sponsor_grant.not_now',
      `tasks may be opened ${scheduleInWords(grant.schedule)}`,
    )
  return undefined
}

/** Takes all of the grant, where nothing is asked for. */
function allOf(grant: SponsorGrant): AuthorityRequest {
  return { calls: grant.details, delegates: grant.mayDelegate ?? undefined }
}

function authorityUnder(
  asked: AuthorityRequest,
  agent: Agent,
  { grant, bases }: { grant: SponsorGrant; bases: BasisLimits },
  kindOf: KindOf,
): Authority {
  const { details, mayDelegate } = grant
  const sponsored = { calls: [details], delegates: [mayDelegate ?? asDelegates(details)] }
  return authorityWithin(asked, agent, { bases: joinLimits(sponsored, bases) }, kindOf)
}
