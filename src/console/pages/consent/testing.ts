import type { Detail } from '@remit/engine'
import type { Person } from '../../../identity/people/index.ts'
import type { Id } from '../../../platform/lib/id.ts'
import { requestConsent } from '../../../tasks/consent/index.ts'
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
