import { Problem } from '../../../platform/lib/problem.ts'
import type { CommitResult, Step } from '../../../platform/storage/index.ts'
import { findDecision } from '../../../tasks/decision-log/index.ts'
import type { CallParts } from '../parts.ts'

/**
 * Time in ms in which a call gets the lock of each row that it counts in. A row that is held for longer fails this call
 * alone, and not those that wait behind it for a connection.
 */
const LOCK_WITHIN_MS = 200

/**
 * Commits what makes a permit, and knows afterwards whether it was committed. A commit whose answer was lost is sent once
 * more, as it was: the row of the decision and the used proof are unique, so the second waits until the first is decided,
 * and then either takes its place or fails; where it fails, the row says which of both it was.
 * INVARIANT: no caller is told anything about a call before that. Where it cannot be found out, nothing is sent, and reservations that may
 * have been stored are given back (`settleOwn`).
 * @throws Problem `storage.unavailable`, `live.lease_over`, `server.busy`: the call was not sent
 */
export async function commitKnown(
  parts: Pick<CallParts, 'storage' | 'live' | 'ledger' | 'flights' | 'clock'>,
  id: string,
  steps: readonly Step[],
): Promise<CommitResult> {
  const { clock, flights, live, storage } = parts
  const commit = () => live.commit(storage, steps, { lockWithin: LOCK_WITHIN_MS })
  flights.begin(id)
  let unknown = false
  try {
    const done = await commit().catch(async (error: unknown) => {
      if (!isUnknown(error)) throw error
      unknown = true
      // Another future of the database may not know what this was prepared from.
      if (parts.ledger.broken !== undefined) throw error
      const again = await commit()
      return again.committed || (await isStored(parts, id)) ? { committed: true as const } : again
    })
    if (!done.committed) flights.end(id)
    return done
  } catch (error) {
    if (unknown) flights.keepUnsent(id, clock.monotonic())
    else flights.end(id)
    if (!isUnknown(error)) throw error
    const detail = 'the call was not sent: the database did not answer'
    throw new Problem('storage.unavailable', detail, { cause: error })
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof Problem && error.code === 'storage.unavailable'
}

async function isStored({ storage }: Pick<CallParts, 'storage'>, id: string): Promise<boolean> {
  return (await findDecision(storage.read, id)) !== undefined
}
