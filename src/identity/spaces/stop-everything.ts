import { ORGANIZATION } from '../../platform/revocation/index.ts'
import type { SpaceParts } from './space.ts'
import { isEverythingStopped } from './space-store.ts'

/** Stop or resumption of everything: by whom (a person or `operator`), and in a sentence why. */
export interface StopChange {
  readonly by: string
  readonly reason: string
}

/**
 * Stops everything: no call, no task, no token of anyone, in any space or none. When it has returned, no replica permits.
 * Stopping twice is no error.
 */
export function stopEverything(parts: SpaceParts, change: StopChange): Promise<void> {
  return move(parts, change, 'suspended')
}

/** Lets everything go on that was not stopped by itself; resource tokens from before stay dead. */
export function resumeEverything(parts: SpaceParts, change: StopChange): Promise<void> {
  return move(parts, change, 'active')
}

const RECORD = { active: 'organization.resumed', suspended: 'organization.suspended' } as const

async function move(
  parts: SpaceParts,
  { by, reason }: StopChange,
  to: 'active' | 'suspended',
): Promise<void> {
  const raised = await parts.storage.lanes.revocation.transaction(async (tx) => {
    const isStopped = await isEverythingStopped(tx)
    if (isStopped === (to === 'suspended')) {
      // INVARIANT: a second stop, too, returns only when no replica permits; the first may still be waiting for one.
      return isStopped ? parts.live.raise(tx, [{ ...ORGANIZATION, state: to }]) : undefined
    }
    await parts.ledger.append(tx, { type: RECORD[to], by, private: { reason } })
    return parts.live.raise(tx, [{ ...ORGANIZATION, state: to }])
  })
  if (raised) await parts.live.settle(raised)
}
