import { MINUTE } from '../../platform/lib/time-units.ts'
import { unreported } from '../../tasks/decision-log/index.ts'
import { endSettled } from './outcome.ts'
import type { CallParts } from './parts.ts'

/** Time within which an API that asked by itself has to say what became of a call. */
export const REPORT_WITHIN_MS = 15 * MINUTE
const AT_ONCE = 100

/**
 * Marks calls of direct APIs whose outcome was not reported in time, so that it is unknown, as *indeterminate*:
 * recorded once, and never repeated; approvals and limits that they used stay used. Answers how many.
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
