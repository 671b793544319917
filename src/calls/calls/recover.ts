import { type Repetition, repeat, type Wait } from '../../platform/lib/repeat.ts'
import { sendingOf, sendingReplicas } from '../../tasks/decision-log/index.ts'
import { lapse } from './expire-unreported.ts'
import { endSettled } from './outcome.ts'
import type { CallParts } from './parts.ts'
import { settleOwn } from './settlement/settle-own.ts'

const AT_ONCE = 100
const RECOVER_EVERY_MS = 5_000

/**
 * Calls whose replica is gone before it said what became of them: the API may or may not have seen them. They are marked
 * *indeterminate*, recorded once, and never repeated; what they used of approvals, allowances and budgets stays
 * used. Answers how many.
 */
export async function recover(
  parts: Pick<CallParts, 'clock' | 'ledger' | 'live' | 'storage'>,
): Promise<number> {
  // INVARIANT: who is sending is read before who is alive, so a replica that starts in between is not taken for dead.
  const sending = await sendingReplicas(parts.storage.read)
  if (sending.every((id) => id === parts.live.replicaId)) return 0
  // One process at a time can hold a store that is not shared: all others are gone, whatever their leases say.
  const { shared } = parts.storage
  // INVARIANT: after the store paused, no replica is judged by the one that comes back first.
  if (shared && !parts.live.mayJudgeOthers()) return 0
  const others = shared ? await parts.live.replicas() : []
  const alive = new Set<string>([parts.live.replicaId, ...others])
  let count = 0
  for (const replicaId of sending) {
    if (!alive.has(replicaId)) count += await markIndeterminate(parts, replicaId)
  }
  return count
}

async function markIndeterminate(
  parts: Pick<CallParts, 'clock' | 'ledger' | 'storage'>,
  replicaId: string,
): Promise<number> {
  let count = 0
  for (;;) {
    const left = await sendingOf(parts.storage.read, replicaId, AT_ONCE)
    for (const id of left) {
      const said = { unsaid: 'indeterminate' } as const
      const done = await parts.storage.commit(
        await endSettled(parts, id, {
          state: 'indeterminate',
          reason: 'replica.gone',
          said,
        }),
      )
      if (done.committed) count++
    }
    if (left.length < AT_ONCE) return count
  }
}

/** Keeps settling the calls of this process, looking for what crashed replicas left behind, and for what APIs that ask by themselves have not reported. */
export function keepRecovering(
  parts: CallParts,
  options: { onError: (error: unknown) => void; wait?: Wait },
): Repetition {
  const work = async () => {
    // A step that fails keeps none of the others from being done.
    const done = await Promise.allSettled([settleOwn(parts), recover(parts), lapse(parts)])
    for (const each of done) if (each.status === 'rejected') options.onError(each.reason)
  }
  const loop = repeat(work, { ...options, everyMs: RECOVER_EVERY_MS })
  return {
    wake: loop.wake,
    /** Stops, and stores the known outcomes of ended calls before this process goes. */
    async stop() {
      await loop.stop()
      await settleOwn(parts).catch(options.onError)
    },
  }
}
