import { findAgent } from '../../../identity/agents/index.ts'
import type { Person } from '../../../identity/people/index.ts'
import {
  endSponsorship,
  findSponsorGrantFor,
  grantInForce,
  listSponsorGrants,
  type SponsorGrant,
  scheduleInWords,
  showSponsorships,
} from '../../../tasks/sponsorship/index.ts'
import { Names } from '../names.ts'
import type { PageParts } from '../parts.ts'
import { notFound, type PageRouter, type Visitor } from '../visit.ts'
import type { SponsorGrantItem } from './sponsor-grant-list.ts'

const MAX = 50

export function addSponsorGrants(desk: PageRouter, parts: Pick<PageParts, 'decisions'>): void {
  desk.post('/sponsor-grants/:id/end', async ({ visitor, id }) => {
    const grant = await findSponsorGrantFor(parts.decisions, visitor.person, id)
    if (!grant) throw notFound()
    await endSponsorship(parts.decisions, { grantId: grant.id, by: visitor.person.id })
    return { to: '/#sponsored' }
  })
}

/**
 * Lists the grants in force that a visitor gave, or that are for agents of theirs, newest first.
 */
export async function sponsorGrantsOf(
  parts: Pick<PageParts, 'decisions' | 'people'>,
  { person }: Visitor,
): Promise<SponsorGrantItem[]> {
  const { clock, storage } = parts.decisions
  const grants = await listSponsorGrants(storage.read, {
    concerning: person.id,
    inForceAt: clock.now(),
    limit: MAX,
  })
  const names = new Names(parts)
  const shown = await showSponsorships(parts.decisions, grants)
  return Promise.all(
    shown.map(async ({ grant, ...use }) => ({
      ...grant,
      ...use,
      agent: await names.agent(grant.agentId),
      schedule: grant.schedule ? scheduleInWords(grant.schedule) : undefined,
      sponsor: grant.personId === person.id ? undefined : await names.person(grant.personId),
    })),
  )
}

/** Tells whether this person has a grant among those on their home page. */
export async function isListed(
  parts: Pick<PageParts, 'decisions'>,
  person: Person,
  grant: SponsorGrant,
): Promise<boolean> {
  const { clock, storage } = parts.decisions
  if (!grantInForce(grant, clock.now())) return false
  if (grant.personId === person.id) return true
  return (await findAgent(storage.read, grant.agentId))?.ownerId === person.id
}
