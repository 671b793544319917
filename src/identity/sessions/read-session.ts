import { MINUTE } from '../../platform/lib/time-units.ts'
import { findPerson, type PeopleParts, type Person } from '../people/index.ts'
import { BROWSER_IDLE_MS, type Session } from './session.ts'
import { deleteSession, selectSession, touchSession } from './session-store.ts'
import { tokenDigest } from './token.ts'

/** `lastSeenAt` may lag by this: a write per minute, not per request. */
const TOUCH_AFTER_MS = MINUTE

/**
 * Finds who holds this token, or `undefined`: unknown, over, idle for too long, or a person who may
 * not act.
 */
export async function readSession(
  parts: Pick<PeopleParts, 'storage' | 'clock'>,
  token: string,
): Promise<{ session: Session; person: Person } | undefined> {
  const digest = tokenDigest(token)
  const session = digest === undefined ? undefined : await selectSession(parts.storage.read, digest)
  if (!session) return undefined
  const now = parts.clock.now()
  if (now >= session.expiresAt) return undefined
  const idle = now - session.lastSeenAt
  if (session.kind === 'browser' && idle >= BROWSER_IDLE_MS) return undefined
  const person = await findPerson(parts.storage.read, session.personId)
  if (person?.status !== 'active') return undefined
  // Acts that take access away pass here first, and wait behind no call.
  if (idle >= TOUCH_AFTER_MS)
    await parts.storage.lanes.revocation.transaction((tx) => touchSession(tx, session.digest, now))
  return { session, person }
}

/** Signs out. Nothing happens when the token is not a session's. */
export async function endSession(parts: PeopleParts, token: string): Promise<void> {
  const digest = tokenDigest(token)
  if (digest === undefined) return
  await parts.storage.lanes.revocation.transaction(async (tx) => {
    const personId = await deleteSession(tx, digest)
    if (personId !== undefined)
      await parts.ledger.append(tx, { type: 'session.ended', person: personId, by: personId })
  })
}
