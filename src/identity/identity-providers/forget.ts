import type { PeopleParts } from '../people/index.ts'
import { forgetSessions } from '../sessions/index.ts'
import { deleteExpiredSignIns } from './sign-in-store.ts'

/** Removes expired rows: sign-ins, which are refused for their age before that, and all that `forgetSessions` names. */
export async function forgetEnded({
  clock,
  storage,
}: Pick<PeopleParts, 'storage' | 'clock'>): Promise<void> {
  const now = clock.now()
  await storage.transaction(async (tx) => {
    await forgetSessions(tx, now)
    await deleteExpiredSignIns(tx, now)
  })
}
