import type { Detail } from '@remit/engine'
import { requestConsent } from '../../consent/index.ts'
import type { Id } from '../../lib/id.ts'
import type { Person } from '../../people/index.ts'
import { detail, type TestPages } from '../testing.ts'

/** The agent asks to act for this person. */
export async function consentAsked(
  { parts }: TestPages,
  person: Person,
  purpose = 'refund order 1042 <i>now</i>',
  details: readonly Detail[] = [
    detail('orders.read'),
    detail('orders.refund', { path: '/amount', op: 'lte', value: '1000.00' }),
  ],
): Promise<Id<'consent'>> {
  const asked = await parts.decisions.storage.transaction((tx) =>
    requestConsent(parts.decisions, tx, {
      agentId: 'refund-bot',
      personId: person.id,
      purpose,
      details,
    }),
  )
  if (asked.outcome !== 'asked') throw new Error(asked.outcome)
  return asked.consentId
}
