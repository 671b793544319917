import {
  messagePath,
  type Notification,
  notificationTitle,
} from '../../identity/notifications/index.ts'

const MAX_TTL_SECONDS = 86_400

/**
 * Facts that a browser shows: a push service delivers them, and a locked screen shows them.
 * INVARIANT: nothing in them was chosen by an agent. Everything else is on the page, after sign-in.
 */
export function pushPayload(message: Notification) {
  return { id: message.id, title: notificationTitle(message), path: messagePath(message) }
}

/** Time that a message is worth delivering: until it cannot be answered any more. */
export function secondsLeft({ announcements, sentAt }: Notification): number {
  const ends = announcements.map(({ expiresAt }) => expiresAt ?? Number.POSITIVE_INFINITY)
  const left = Math.ceil((Math.max(...ends) - sentAt) / 1000)
  return Math.max(0, Math.min(left, MAX_TTL_SECONDS))
}
