import { sendingOf, sendingReplicas } from './decision-store.ts'
import { endSteps } from './outcome.ts'
import type { DecisionParts } from './parts.ts'

const AT_ONCE = 100

/**
 * Calls whose replica is gone before it said what became of them: the API may or may not have seen them. They are marked
 * *indeterminate*, recorded once, and never repeated; an approval they used stays used. Answers how many.
 */
export async function recover(parts: DecisionParts): Promise<number> {
  // INVARIANT: who is sending is read before who is alive, so a replica that starts in between is not taken for dead.
  const sending = await sendingReplicas(parts.storage.read)
  if (sending.every((id) => id === parts.live.replicaId)) return 0
  const alive = new Set<string>([parts.live.replicaId, ...(await parts.live.replicas())])
  let count = 0
  for (const replicaId of sending) {
    if (!alive.has(replicaId)) count += await markIndeterminate(parts, replicaId)
  }
  return count
}

async function markIndeterminate(parts: DecisionParts, replicaId: string): Promise<number> {
  let count = 0
  for (;;) {
    const left = await sendingOf(parts.storage.read, replicaId, AT_ONCE)
    for (const decision of left) {
      const done = await parts.storage.commit(
        endSteps(parts, decision, { state: 'indeterminate', reason: 'replica.gone' }),
      )
      if (done.committed) count++
    }
    if (left.length < AT_ONCE) return count
  }
}
