import { CallFailed, Denied, type PendingApproval } from '../errors.ts'
import { recordOf, textOr } from '../wire/problem.ts'
import { isSameOrigin } from '../wire/server.ts'
import { askAbout, type TaskConnection } from './held.ts'

/**
 * Action where people have to approve a call: throw, wait for them, or tell someone first and then
 * wait.
 */
export type OnApproval = 'throw' | 'wait' | ((request: PendingApproval) => void | Promise<void>)

const FIRST_PAUSE_MS = 1_000
const MAX_PAUSE_MS = 15_000
const GROWTH = 1.5

/** The access request as Remit writes it, or `undefined`. People are sent to Remit's own pages only. */
export function pendingOf(value: unknown, issuer: string): PendingApproval | undefined {
  const { expires_at, id, page } = recordOf(value)
  const expiresAt = new Date(String(expires_at))
  if (typeof id !== 'string' || typeof page !== 'string' || Number.isNaN(expiresAt.getTime()))
    return undefined
  if (!isSameOrigin(page, issuer)) return undefined
  return { id, page, expiresAt }
}

/**
 * Asks how a request stands until people have approved it, less and less often. Remit may be out of reach for a while: people's
 * time does not depend on it.
 * @throws {Denied} `approval.denied`, `approval.edited`, `approval.expired`, `approval.cancelled`; {CallFailed}; the signal's reason
 */
export async function waitForApproval(
  held: TaskConnection,
  { expiresAt, id }: PendingApproval,
  signal?: AbortSignal,
): Promise<void> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * GROWTH, MAX_PAUSE_MS)) {
    signal?.throwIfAborted()
    const answer = await look(held, id, expiresAt)
    if (answer?.state === 'approved') return
    if (answer && answer.state !== 'pending') throw ended(answer)
    await held.ports.sleep(pause, signal)
  }
}

/** `undefined`: that could not be said, and there is still time to ask again. */
async function look(held: TaskConnection, id: string, expiresAt: Date) {
  try {
    return await askAbout(held, { method: 'GET', path: `/requests/${encodeURIComponent(id)}` })
  } catch (error) {
    const late = held.ports.now() > expiresAt.getTime()
    if (!(error instanceof CallFailed) || late) throw error
    return undefined
  }
}

function ended({ edited, reason: given, state }: Record<string, unknown>): Denied | CallFailed {
  const { changes } = recordOf(edited)
  if (Array.isArray(changes))
    return new Denied({
      code: 'approval.edited',
      detail: `a person approved this call with changes: ${changes.map(inWords).join('; ')}`,
      enough: 'the same call with these changes and no others',
      status: 403,
    })
  const reason = textOr(given)
  const because = reason === undefined ? '' : `: ${reason}`
  if (state === 'denied')
    return new Denied({
      code: 'approval.denied',
      detail: `a person denied this call${because}`,
      enough: 'another way to the goal',
      status: 403,
    })
  if (state === 'expired')
    return new Denied({
      code: 'approval.expired',
      detail: 'no one answered in time',
      enough: 'the same call again, which asks people again',
      status: 403,
    })
  if (state === 'cancelled')
    return new Denied({
      code: 'approval.cancelled',
      detail: `the request was withdrawn${because}`,
      status: 403,
    })
  return new CallFailed('server.unreadable', 'the state of the access request is not known', {
    effect: 'none',
  })
}

function inWords(change: unknown): string {
  const { from, path, to } = recordOf(change)
  return `${String(path).slice(1)} ${String(to)} instead of ${String(from)}`
}

/** Asks people to let a call through once more that was approved and executed. */
export async function askAgain(held: TaskConnection, requestId: string): Promise<PendingApproval> {
  const answer = await askAbout(held, {
    method: 'POST',
    path: '/requests',
    body: { request_id: requestId },
  })
  const pending = pendingOf(answer, held.server.issuer)
  if (!pending)
    throw new CallFailed('server.unreadable', 'the access request cannot be read', {
      effect: 'none',
    })
  return pending
}
