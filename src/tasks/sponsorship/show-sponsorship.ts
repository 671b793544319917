import { type Agent, findAgent } from '../../identity/agents/index.ts'
import { findPerson, isAdministrator, type Person } from '../../identity/people/index.ts'
import type { Reader } from '../../platform/storage/index.ts'
import type { TaskParts } from '../tasks/index.ts'
import { answersFor } from './grant-sponsorship.ts'
import { nextAllowed } from './schedule.ts'
import { grantInForce, type Rate, type SponsorGrant } from './sponsor-grant.ts'
import { findSponsorGrant, openingBefore, openingsUnder } from './sponsor-grant-store.ts'

/** Grant as it stands, and the tasks opened under it. Times are epoch milliseconds. */
export interface ShownSponsorship {
  readonly grant: SponsorGrant
  /** Tasks opened under it so far; what they handed on is not counted. */
  readonly opened: number
  readonly lastOpenedAt: number | null
  /**
   * Time when a task may be opened next, as things stand: now, or later; `null`: not any more, or
   * not before something changes.
   */
  readonly nextOpeningAt: number | null
  /**
   * Reason for which a grant that has not ended opens nothing: its sponsor does not answer for the
   * agent any more, or its agent may not work.
   */
  readonly stoppedBy: 'sponsor' | 'agent' | null
}

type Parts = Pick<TaskParts, 'storage' | 'clock'>

/**
 * A grant that this person may see and end: one they gave, one for an agent of theirs, any for administrators. Others do
 * not exist for them.
 */
export async function findSponsorGrantFor(
  { storage }: Pick<Parts, 'storage'>,
  person: Person,
  id: string,
): Promise<SponsorGrant | undefined> {
  const grant = await findSponsorGrant(storage.read, id)
  if (!grant || grant.personId === person.id || isAdministrator(person)) return grant
  const agent = await findAgent(storage.read, grant.agentId)
  return agent?.ownerId === person.id ? grant : undefined
}

/** Shows grants to people; openings look for themselves (`calls/`). */
export async function showSponsorships(
  parts: Parts,
  grants: readonly SponsorGrant[],
): Promise<ShownSponsorship[]> {
  const ids = grants.map(({ id }) => id)
  const openings = await openingsUnder(parts.storage.read, ids)
  return Promise.all(
    grants.map(async (grant) => {
      const { count, last } = openings.get(grant.id) ?? { count: 0, last: null }
      const stoppedBy = await stopOf(parts, grant)
      const nextOpeningAt = stoppedBy === null ? await nextOpening(parts, grant) : null
      return { grant, opened: count, lastOpenedAt: last, nextOpeningAt, stoppedBy }
    }),
  )
}

async function stopOf(
  { storage }: Parts,
  grant: SponsorGrant,
): Promise<ShownSponsorship['stoppedBy']> {
  const agent = await findAgent(storage.read, grant.agentId)
  if (!agent || !works(agent)) return 'agent'
  const sponsor = await findPerson(storage.read, grant.personId)
  return sponsor && mayAnswer(sponsor, agent) ? null : 'sponsor'
}

function works({ status, trust }: Agent): boolean {
  return status === 'active' && trust > 0
}

function mayAnswer(sponsor: Person, agent: Agent): boolean {
  return sponsor.status === 'active' && answersFor(sponsor, agent)
}

async function nextOpening({ clock, storage }: Parts, grant: SponsorGrant): Promise<number | null> {
  const now = clock.now()
  if (!grantInForce(grant, now)) return null
  const { rate, schedule } = grant
  const from = rate ? Math.max(now, await roomFrom(storage.read, grant.id, rate)) : now
  const next = schedule ? nextAllowed(schedule, from) : from
  return next < grant.expiresAt ? next : null
}

/**
 * Finds when the rate has room for one more: when the oldest of those that fill it does not count
 * any more.
 */
async function roomFrom(db: Reader, grantId: string, { seconds, tasks }: Rate): Promise<number> {
  const filling = await openingBefore(db, grantId, tasks - 1)
  return filling === undefined ? 0 : filling + seconds * 1000
}
