import { Problem } from '../../platform/lib/problem.ts'
import { LEASE_MS } from '../../platform/revocation/index.ts'
import { basesOfAgent, findBasis, markBasisEnded } from '../consent/index.ts'
import { closeTasks } from './close.ts'
import type { TaskParts } from './task.ts'
import { tasksBetween } from './task-store.ts'

const AT_ONCE = 200

/** Ends every consent that anyone gave an agent, as `endBasis` does. What administrators granted stays. */
export async function endConsentsOf(
  parts: Pick<TaskParts, 'clock' | 'ledger' | 'live' | 'storage'>,
  { agentId, by }: { readonly agentId: string; readonly by: string },
): Promise<void> {
  for (;;) {
    const now = parts.clock.now()
    const of = { agentId, kind: 'consent', now, limit: AT_ONCE } as const
    const bases = await basesOfAgent(parts.storage.read, of)
    for (const { id } of bases) await endBasis(parts, { basisId: id, by })
    if (bases.length < AT_ONCE) return
  }
}

/**
 * Ends a basis and closes every task that stands on it. When it has returned, no replica permits under them.
 * Ending twice is no error.
 * @throws Problem `basis.unknown`
 */
export async function endBasis(
  parts: Pick<TaskParts, 'clock' | 'ledger' | 'live' | 'storage'>,
  ending: { readonly basisId: string; readonly by: string },
): Promise<void> {
  const change = await parts.storage.lanes.revocation.transaction(async (tx) => {
    const basis = await findBasis(tx, ending.basisId)
    if (!basis) throw new Problem('basis.unknown', `there is no basis \`${ending.basisId}\``)
    // INVARIANT: first the row, then the look for tasks: an opening under way holds the row (`holdBasesStep`).
    if (await markBasisEnded(tx, basis.id, parts.clock.now())) {
      await parts.ledger.append(tx, {
        type: 'basis.ended',
        person: basis.personId,
        agent: basis.agentId,
        by: ending.by,
        facts: { basis: basis.id },
      })
    }
    const closedSince = parts.clock.now() - 2 * LEASE_MS
    const standing = await tasksBetween(tx, basis, closedSince)
    const ids = standing.filter(({ bases }) => bases.includes(basis.id)).map(({ id }) => id)
    return closeTasks(parts, tx, ids, { by: ending.by, reason: 'basis.ended' })
  })
  await parts.live.settle(change)
}
