import { asDelegates, type Detail, intersect, type KindOf } from '@remit/engine'
import type { Agent } from '../../identity/agents/index.ts'
import { isAdministrator, type Person } from '../../identity/people/index.ts'
import { base64url, sha256 } from '../../platform/lib/bytes.ts'
import { newId } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Limit } from '../budgets/index.ts'
import { checkPurpose, type TaskParts } from '../tasks/index.ts'
import { checkSchedule, type Schedule } from './schedule.ts'
import { MAX_GRANT, RATE_LIMITS, type Rate, type SponsorGrant } from './sponsor-grant.ts'
import { findSponsorGrant, insertSponsorGrant } from './sponsor-grant-store.ts'

/**
 * Grant as a sponsor gives it. A schedule or a rate is needed; an end is, too (epoch milliseconds).
 */
export interface Sponsorship {
  readonly agent: Agent
  /** Person who is signed in: a sponsor grants in their own name only. */
  readonly sponsor: Person
  readonly purpose: string
  readonly details: readonly Detail[]
  /** Details that tasks may hand on; left out: those that they were granted. */
  readonly mayDelegate?: readonly Detail[] | undefined
  readonly budget?: readonly Limit[] | undefined
  readonly schedule?: Schedule | undefined
  readonly rate?: Rate | undefined
  readonly expiresAt: number
}

/**
 * Lets an agent open tasks while no person is present, within the ceiling of the agent: the answered grant
 * has the part of the request that was kept.
 * @throws Problem `sponsor_grant.not_permitted`, `sponsor_grant.bad_terms`, `task.bad_purpose`, `task.beyond_ceiling`
 */
export function grantSponsorship(
  parts: GrantingParts,
  given: Sponsorship,
  kindOf: KindOf,
): Promise<SponsorGrant> {
  return granting(parts, newId('sponsor_grant', parts.random), given, kindOf)
}

/**
 * Grants once in the life of an agent that a rule admitted: a repeated request is answered with the
 * present or former grant. A grant that people ended stays ended.
 */
export function sponsorOnce(
  parts: GrantingParts,
  given: Sponsorship,
  kindOf: KindOf,
): Promise<SponsorGrant> {
  const id = base64url(sha256(`sponsored by a rule\0${given.agent.id}`).subarray(0, 16))
  return granting(parts, `spg_${id}`, given, kindOf)
}

type GrantingParts = Pick<TaskParts, 'storage' | 'ledger' | 'clock' | 'random'>

function granting(
  parts: GrantingParts,
  id: SponsorGrant['id'],
  given: Sponsorship,
  kindOf: KindOf,
): Promise<SponsorGrant> {
  const { agent, sponsor } = given
  if (!answersFor(sponsor, agent))
    throw new Problem(
      'sponsor_grant.not_permitted',
      'the owner of the agent or an administrator sponsors it',
    )
  const now = parts.clock.now()
  const grant: SponsorGrant = {
    id,
    agentId: agent.id,
    personId: sponsor.id,
    purpose: checkPurpose(given.purpose),
    ...withinAgent(given, kindOf),
    budget: given.budget ?? [],
    ...termsOf(given, now),
    createdAt: now,
    endedAt: null,
  }
  return parts.storage.transaction(async (tx) => {
    const before = await findSponsorGrant(tx, id)
    if (before) return before
    await insertSponsorGrant(tx, grant)
    await parts.ledger.append(tx, {
      type: 'sponsor_grant.granted',
      person: grant.personId,
      agent: grant.agentId,
      by: grant.personId,
      facts: {
        sponsor_grant: grant.id,
        details: grant.details,
        may_delegate: grant.mayDelegate ?? undefined,
        budget: grant.budget,
        schedule: grant.schedule ?? undefined,
        rate: grant.rate && { tasks: grant.rate.tasks, seconds: grant.rate.seconds },
        expires_at: grant.expiresAt,
      },
      private: { purpose: grant.purpose },
    })
    return grant
  })
}

/** Tells who may sponsor an agent; asked again at every opening. */
export function answersFor(person: Person, agent: Pick<Agent, 'ownerId'>): boolean {
  return agent.ownerId === person.id || isAdministrator(person)
}

/** INVARIANT: no sponsor gives more than the agent's ceiling. */
function withinAgent(
  { agent, details: asked, mayDelegate: handed }: Sponsorship,
  kindOf: KindOf,
): Pick<SponsorGrant, 'details' | 'mayDelegate'> {
  const details = intersect(asked, agent.ceiling, kindOf)
  const mayDelegate =
    handed === undefined
      ? null
      : intersect(asDelegates(handed), agent.mayDelegate ?? agent.ceiling, kindOf)
  if (details.length === 0 && !mayDelegate?.length)
    throw new Problem('task.beyond_ceiling', "nothing of this is within the agent's ceiling")
  return { details, mayDelegate }
}

function termsOf(
  { expiresAt, rate, schedule }: Sponsorship,
  now: number,
): Pick<SponsorGrant, 'schedule' | 'rate' | 'expiresAt'> {
  if (!schedule && !rate) throw badSponsorTerms('a schedule or a rate is required')
  if (!(expiresAt > now && expiresAt <= now + MAX_GRANT))
    throw badSponsorTerms('an end is needed, in the future and at most a year away')
  if (rate && !(fits(rate.tasks, RATE_LIMITS.tasks) && fits(rate.seconds, RATE_LIMITS.seconds)))
    throw badSponsorTerms(
      `a rate is 1 to ${RATE_LIMITS.tasks} tasks in 1 to ${RATE_LIMITS.seconds} seconds, whole numbers`,
    )
  return {
    schedule: schedule ? checkSchedule(schedule) : null,
    rate: rate ?? null,
    expiresAt,
  }
}

function fits(value: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= 1 && value <= most
}

function badSponsorTerms(detail: string): Problem {
  return new Problem('sponsor_grant.bad_terms', detail)
}
