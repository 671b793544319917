import { Problem } from '../../platform/lib/problem.ts'
import { LEASE_MS } from '../../platform/revocation/index.ts'
import { closeTasks, type TaskParts } from '../tasks/index.ts'
import { findSponsorGrant, markGrantEnded, tasksUnderGrant } from './sponsor-grant-store.ts'

/**
 * Ends a sponsor grant and closes every task under it, with everything below. When it has returned, no replica permits
 * under them. Ending twice is no error.
 * @throws Problem `sponsor_grant.unknown`
 */
export async function endSponsorship(
  parts: Pick<TaskParts, 'clock' | 'ledger' | 'live' | 'storage'>,
  ending: { readonly grantId: string; readonly by: string },
): Promise<void> {
  const change = await parts.storage.lanes.revocation.transaction(async (tx) => {
    const grant = await findSponsorGrant(tx, ending.grantId)
    if (!grant)
      throw new Problem('sponsor_grant.unknown', `there is no sponsor grant \`${ending.grantId}\``)
    // INVARIANT: first the row, then the look for tasks: an opening under way holds the row (`holdGrantSteps`).
    if (await markGrantEnded(tx, grant.id, parts.clock.now())) {
      await parts.ledger.append(tx, {
        type: 'sponsor_grant.ended',
        person: grant.personId,
        agent: grant.agentId,
        by: ending.by,
        facts: { sponsor_grant: grant.id },
      })
    }
    const ids = await tasksUnderGrant(tx, grant.id, parts.clock.now() - 2 * LEASE_MS)
    return closeTasks(parts, tx, ids, { by: ending.by, reason: 'sponsor_grant.ended' })
  })
  await parts.live.settle(change)
}
