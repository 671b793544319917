import { unreported } from '../../tasks/decision-log/index.ts'
import { endSettled } from './outcome.ts'
import type { CallParts } from './parts.ts'

/** Time within which an API that asked by itself has to say what became of a call. */
export const REPORT_WITHIN_MS = 15 * 60_000
const AT_ONCE = 100

/**
 * Calls of direct APIs whose outcome nobody reported in time: whether they ran is not known. They are marked *indeterminate*,
 * recorded once, and never repeated; what they used stays used. Answers how many.
 */
export async function lapse(
  parts: Pick<CallParts, 'storage' | 'ledger' | 'clock'>,
): Promise<number> {
  const since = parts.clock.now() - REPORT_WITHIN_MS
  let count = 0
  for (;;) {
    const left = await unreported(parts.storage.read, since, AT_ONCE)
    for (const id of left) {
      const said = { unsaid: 'unreported' } as const
      const reason = 'outcome.unreported'
      const done = await parts.storage.commit(
        await endSettled(parts, id, { state: 'indeterminate', reason, said }),
      )
      if (done.committed) count++
    }
    if (left.length < AT_ONCE) return count
  }
}
