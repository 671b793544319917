import { Problem } from '../../lib/problem.ts'
import type { EnforcerParts } from './add-enforcer.ts'
import { revokeRow } from './enforcer-store.ts'

/**
 * Ends an enforcement point: from the moment this has returned its secret asks nothing and reports nothing, because the row is
 * read for every request.
 * @throws Problem `enforcer.unknown`
 */
export async function revokeEnforcer(
  parts: Pick<EnforcerParts, 'storage' | 'ledger' | 'clock'>,
  change: { readonly id: string; readonly resource: string; readonly by: string },
): Promise<void> {
  const { id, resource, by } = change
  await parts.storage.lanes.revocation.transaction(async (tx) => {
    if (!(await revokeRow(tx, { id, resource, at: parts.clock.now() })))
      throw new Problem('enforcer.unknown', `\`${resource}\` has no such enforcement point in use`)
    await parts.ledger.append(tx, {
      type: 'enforcer.revoked',
      resource,
      by,
      facts: { enforcer: id },
    })
  })
}
