import { addEvent } from '../../identity/notifications/index.ts'
import type { LedgerEvent } from '../../platform/ledger/index.ts'
import type { Tx } from '../../platform/storage/index.ts'
import { openRequests, openRequestsOf, pendingPast } from './list-store.ts'
import type { ListedRequest } from './listed-request.ts'
import type { ApprovalParts } from './parts.ts'
import { aboutRequest, type RecordedMembers } from './record.ts'
import { endRequest } from './request-store.ts'

/** Part of a request that its end is about. */
type EndedRequest = RecordedMembers & Pick<ListedRequest, 'state'>

type EndingParts = Pick<ApprovalParts, 'ledger'>
type ExpiringParts = Pick<ApprovalParts, 'clock' | 'ledger' | 'random'>

/** Ends a request that was not answered in time: that is a denial, and people are told. False: an answer was first. */
export async function expire(
  parts: ExpiringParts,
  tx: Tx,
  request: EndedRequest,
): Promise<boolean> {
  if (!(await endRequest(tx, request, { state: 'expired' }))) return false
  await addEvent(parts, tx, { kind: 'expired', subject: request.id, at: parts.clock.now() })
  await parts.ledger.append(tx, aboutRequest('approval.expired', request))
  return true
}

/** Ends a request that decides nothing any more, pending or approved and unused. `reason` is a code. */
export async function cancel(
  parts: EndingParts,
  tx: Tx,
  request: EndedRequest,
  reason: string,
  kept: LedgerEvent['private'] = {},
): Promise<boolean> {
  if (!(await endRequest(tx, request, { state: 'cancelled', reason }))) return false
  await parts.ledger.append(
    tx,
    aboutRequest('approval.cancelled', request, { reason, private: kept }),
  )
  return true
}

/**
 * Part of closing tasks: requests that wait there wait no longer, and unused approvals can no longer be used.
 * Answers which requests ended.
 */
export async function cancelRequests(
  parts: EndingParts,
  tx: Tx,
  taskIds: readonly string[],
  reason = 'task.closed',
): Promise<ListedRequest[]> {
  const ended: ListedRequest[] = []
  for (const request of await openRequestsOf(tx, taskIds)) {
    if (await cancel(parts, tx, request, reason)) ended.push(request)
  }
  return ended
}

const AT_ONCE = 100

/** Sweeps: expires requests that no reader has looked at. Answers how many; every look at a request judges expiry itself. */
export async function expireRequests(
  parts: ExpiringParts & Pick<ApprovalParts, 'storage'>,
): Promise<number> {
  let count = 0
  for (;;) {
    const due = await pendingPast(parts.storage.read, parts.clock.now(), AT_ONCE)
    if (due.length === 0) return count
    count += await parts.storage.transaction(async (tx) => {
      let ended = 0
      for (const request of due) if (await expire(parts, tx, request)) ended++
      return ended
    })
    if (due.length < AT_ONCE) return count
  }
}

/** Every request that could still lead to something, some at a time. Answers how many ended. `reason` is a code. */
export async function voidRequests(
  parts: Pick<ApprovalParts, 'ledger' | 'storage'>,
  reason: string,
): Promise<number> {
  let count = 0
  for (;;) {
    const open = await openRequests(parts.storage.read, AT_ONCE)
    if (open.length === 0) return count
    await parts.storage.lanes.revocation.transaction(async (tx) => {
      for (const request of open) await cancel(parts, tx, request, reason)
    })
    count += open.length
  }
}
