import { findAgent } from '../../agents/index.ts'
import type { Person } from '../../people/index.ts'
import type { Sponsorship } from '../../sponsorship/grant-sponsorship.ts'
import { grantSponsorship, type SponsorGrant } from '../../sponsorship/index.ts'
import { detail, type TestPages } from '../testing.ts'

const HOUR = 3_600_000

/** This person lets `refund-bot` read orders while nobody is present. */
export async function sponsoredBy(
  { parts, clock }: TestPages,
  sponsor: Person,
  over: Partial<Sponsorship> = {},
): Promise<SponsorGrant> {
  const { storage, catalog } = parts.decisions
  const agent = await findAgent(storage.read, 'refund-bot')
  if (!agent) throw new Error('there is no refund-bot')
  return grantSponsorship(
    parts.decisions,
    {
      agent,
      sponsor,
      purpose: 'count <b>nightly</b>',
      details: [detail('orders.read')],
      rate: { tasks: 2, seconds: 3600 },
      expiresAt: clock.now() + 30 * 24 * HOUR,
      ...over,
    },
    (await catalog.current()).kindOf,
  )
}
