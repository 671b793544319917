import { Problem } from '../../platform/lib/problem.ts'
import { deleteCountsQuery } from './budget-store.ts'
import type { BudgetParts } from './limit.ts'
import { deleteLimit, findLimit } from './limit-store.ts'
import { inRecord } from './set-limit.ts'
import { LIMITS, type StandingLimit } from './standing-limit.ts'

/**
 * Removes a standing limit. Tasks keep what they were opened with.
 * @throws Problem `limit.unknown`
 */
export async function removeLimit(
  parts: BudgetParts,
  { by, id }: { readonly id: string; readonly by: string },
): Promise<StandingLimit> {
  const { change, limit } = await parts.storage.transaction(async (tx) => {
    const limit = await findLimit(tx, id)
    if (!limit || !(await deleteLimit(tx, id)))
      throw new Problem('limit.unknown', `there is no limit \`${id}\``)
    await parts.ledger.append(tx, { type: 'limit.removed', by, facts: inRecord(limit) })
    return { limit, change: await parts.live.raise(tx, [{ ...LIMITS, state: 'active' }]) }
  })
  await parts.live.settle(change)
  // No call takes of it any more. Before, the removal would wait for every call that does.
  const query = deleteCountsQuery(parts.storage.read, id)
  await parts.storage.commit([{ name: 'limit counts', query, rows: 'any' }])
  return limit
}
