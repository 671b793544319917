import type { Ask } from '@remit/engine'
import { type AccessRequest, QUIET_AFTER_DENIAL } from './access-request.ts'

/** State of one call of one task with people. */
export type ApprovalState =
  | { readonly state: 'none' }
  | { readonly state: 'pending'; readonly request: AccessRequest }
  /** Approved, unused, in time. Whether those who approved still may is another question. */
  | { readonly state: 'approved'; readonly request: AccessRequest }
  | { readonly state: 'denied'; readonly request: AccessRequest; readonly until: number }
  /** Approved and used: `usedBy` is the decision that executed it. */
  | { readonly state: 'executed'; readonly request: AccessRequest }

export function isWaiting(
  request: Pick<AccessRequest, 'state' | 'expiresAt'>,
  now: number,
): boolean {
  return request.state === 'pending' && request.expiresAt > now
}

export function isUnused(request: AccessRequest, now: number): boolean {
  return request.state === 'approved' && request.usesLeft > 0 && (request.usableUntil ?? 0) > now
}

/**
 * Finds the request that counts among all those that there were for a call: one that is open, then
 * a denial that still stands, then an execution. So a call that ran stays answered for until a
 * person is asked again, and a denial asks no one for a while.
 */
export function standingOf(requests: readonly AccessRequest[], now: number): ApprovalState {
  const approved = requests.find((request) => isUnused(request, now))
  if (approved) return { state: 'approved', request: approved }
  const pending = requests.find((request) => isWaiting(request, now))
  if (pending) return { state: 'pending', request: pending }
  const [latest] = requests.toSorted((a, b) => (b.answeredAt ?? 0) - (a.answeredAt ?? 0))
  const until = (latest?.answeredAt ?? 0) + QUIET_AFTER_DENIAL
  if (latest?.state === 'denied' && until > now) return { state: 'denied', request: latest, until }
  const executed = requests.find((request) => request.usedBy !== null)
  return executed ? { state: 'executed', request: executed } : { state: 'none' }
}

/**
 * Subject of a request, in the parts that decide what an approval of it would lift and what people
 * read.
 */
export interface ApprovalSubject {
  readonly ask: Ask
  readonly text: string
  readonly templateDigest: string
}

/**
 * Tells whether both ask people the same: the same policies in the same wording, and the same
 * sentence.
 */
export function asksTheSame(a: ApprovalSubject, b: ApprovalSubject): boolean {
  return a.text === b.text && a.templateDigest === b.templateDigest && forbidsOf(a) === forbidsOf(b)
}

function forbidsOf({ ask }: ApprovalSubject): string {
  return ask.forbids
    .map(({ id, digest }) => `${id} ${digest}`)
    .toSorted()
    .join('\n')
}
