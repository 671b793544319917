import { deleteExpiredCliCodes } from './cli-code-store.ts'
import { deleteExpiredConfirmations } from './confirmation-store.ts'
import type { PeopleParts } from './parts.ts'
import { BROWSER_IDLE_MS } from './session.ts'
import { deleteEndedSessions } from './session-store.ts'
import { deleteExpiredSignIns } from './sign-in/sign-in-store.ts'

/** Removes what is over: sessions, sign-ins, codes, confirmations. They are refused for their age before that. */
export async function forgetEnded(parts: Pick<PeopleParts, 'storage' | 'clock'>): Promise<void> {
  const now = parts.clock.now()
  await parts.storage.transaction(async (tx) => {
    await deleteEndedSessions(tx, now, now - BROWSER_IDLE_MS)
    await deleteExpiredSignIns(tx, now)
    await deleteExpiredCliCodes(tx, now)
    await deleteExpiredConfirmations(tx, now)
  })
}
