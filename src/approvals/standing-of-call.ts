import type { Reader } from '../storage/index.ts'
import { requestsForCall } from './request-store.ts'
import { type ApprovalState, standingOf } from './standing.ts'

/** How one call of one task stands with people at this moment. */
export async function standingOfCall(
  db: Reader,
  { callHash, taskId }: { readonly callHash: string; readonly taskId: string },
  now: number,
): Promise<ApprovalState> {
  return standingOf(await requestsForCall(db, taskId, callHash), now)
}
