import type { Tx } from '../../platform/storage/index.ts'
import { deleteExpiredCliCodes } from './cli-code-store.ts'
import { deleteExpiredConfirmations } from './confirmation/confirmation-store.ts'
import { BROWSER_IDLE_MS } from './session.ts'
import { deleteEndedSessions } from './session-store.ts'

/**
 * Removes sessions, codes and confirmations that are over at `now` (epoch milliseconds). They are refused for their age
 * before that.
 */
export async function forgetSessions(tx: Tx, now: number): Promise<void> {
  await deleteEndedSessions(tx, now, now - BROWSER_IDLE_MS)
  await deleteExpiredCliCodes(tx, now)
  await deleteExpiredConfirmations(tx, now)
}
