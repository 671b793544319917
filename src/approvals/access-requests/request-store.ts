import { sql } from 'kysely'
import { codec, type Reader, type Step, type Tx } from '../../platform/storage/index.ts'
import type { AccessRequest, RequestState } from './access-request.ts'
import type { ApproverNames } from './present-question.ts'

const REQUESTS = codec('access_requests').of<AccessRequest>()

/** Adds a request unless one is pending for the same call. INVARIANT: the partial unique index decides, not a look before. */
export async function insertRequest(
  tx: Tx,
  request: AccessRequest,
  { barred, barredStandIns, from }: Pick<ApproverNames, 'barred' | 'barredStandIns' | 'from'>,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('access_requests')
    .values(REQUESTS.write(request))
    .onConflict((conflict) =>
      // A literal: a parameter would not match the predicate of the index.
      conflict
        .columns(['task_id', 'call_hash'])
        .where('state', '=', sql.lit('pending'))
        .doNothing(),
    )
    .executeTakeFirstOrThrow()
  if (numInsertedOrUpdatedRows !== 1n) return false
  if (from.size > 0) {
    await tx
      .insertInto('asked_people')
      .values(
        [...from].map(([name, askedFrom]) => ({
          ...{ name, created_at: request.createdAt, request_id: request.id },
          ...{ agent_id: request.agentId, expires_at: request.expiresAt },
          ...{ asked_from: askedFrom, barred: barred.join(' ') },
          barred_stand_ins: barredStandIns?.join(' ') ?? null,
        })),
      )
      .execute()
  }
  return true
}

export async function readAccessRequest(
  db: Reader,
  id: string,
): Promise<AccessRequest | undefined> {
  const row = await db
    .selectFrom('access_requests')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  return row && REQUESTS.read(row)
}

/** Every request there ever was for one call of one task, newest first. */
export async function requestsForCall(
  db: Reader,
  taskId: string,
  callHash: string,
): Promise<AccessRequest[]> {
  const rows = await db
    .selectFrom('access_requests')
    .selectAll()
    .where('task_id', '=', taskId)
    .where('call_hash', '=', callHash)
    .orderBy('created_at', 'desc')
    .execute()
  return rows.map(REQUESTS.read)
}

/** Approvals of one kind of question that this task used and that still last. */
export async function usedRequestsOf(
  db: Reader,
  of: { readonly taskId: string; readonly template: string; readonly now: number },
): Promise<AccessRequest[]> {
  const rows = await db
    .selectFrom('access_requests')
    .selectAll()
    .where('task_id', '=', of.taskId)
    .where('template_digest', '=', of.template)
    .where('state', '=', 'approved')
    .where('used_by', 'is not', null)
    .where('usable_until', '>', of.now)
    .execute()
  return rows.map(REQUESTS.read)
}

/** Columns that a change of state sets; everything else about a request is frozen. */
export interface RequestEnding {
  readonly state: Exclude<RequestState, 'pending'>
  readonly reason?: string | null
  readonly answeredAt?: number
  readonly answerHash?: string
  readonly usesLeft?: number
  readonly usableUntil?: number
}

/**
 * Moves a request on, only out of the state it was seen in; an approval only while it is unused.
 * False: someone else was first, and that stands.
 */
export async function endRequest(
  tx: Tx,
  seen: { readonly id: string; readonly state: RequestState },
  ending: RequestEnding,
): Promise<boolean> {
  let query = tx
    .updateTable('access_requests')
    .set({ ...REQUESTS.change(ending), uses_left: ending.usesLeft ?? 0 })
    .where('id', '=', seen.id)
    .where('state', '=', seen.state)
  if (seen.state === 'approved') query = query.where('uses_left', '>', 0)
  const { numUpdatedRows } = await query.executeTakeFirstOrThrow()
  if (numUpdatedRows !== 1n) return false
  // It waits no longer, whatever became of it.
  if (seen.state === 'pending')
    await tx.deleteFrom('asked_people').where('request_id', '=', seen.id).execute()
  return true
}

/** Names the request with the changed call, at the one that was denied by the change. */
export async function markEdited(tx: Tx, id: string, editedTo: string): Promise<void> {
  await tx
    .updateTable('access_requests')
    .set({ edited_to: editedTo })
    .where('id', '=', id)
    .where('state', '=', 'denied')
    .execute()
}

/** One use, by one decision, while it lasts. */
export function useQuery(db: Reader, id: string, decisionId: string, now: number): Step['query'] {
  return db
    .updateTable('access_requests')
    .set((set) => ({ uses_left: set('uses_left', '-', 1), used_by: decisionId }))
    .where('id', '=', id)
    .where('state', '=', 'approved')
    .where('uses_left', '>', 0)
    .where('usable_until', '>', now)
}

/** Gives back what this decision used, and only that. */
export function returnQuery(db: Reader, id: string, decisionId: string): Step['query'] {
  return db
    .updateTable('access_requests')
    .set((set) => ({ uses_left: set('uses_left', '+', 1), used_by: null }))
    .where('id', '=', id)
    .where('state', '=', 'approved')
    .where('used_by', '=', decisionId)
}

/** Reads of several requests whose they are, how risky, and when they end. */
export async function timedRequests(
  db: Reader,
  ids: readonly string[],
): Promise<Pick<AccessRequest, 'agentId' | 'expiresAt' | 'id' | 'risk'>[]> {
  if (ids.length === 0) return []
  const rows = await db
    .selectFrom('access_requests')
    .select(['id', 'agent_id', 'expires_at', 'risk'])
    .where('id', 'in', ids)
    .execute()
  return rows.map((row) => ({
    id: row.id as AccessRequest['id'], // as: written by insertRequest
    ...{ agentId: row.agent_id, expiresAt: Number(row.expires_at) },
    risk: row.risk as AccessRequest['risk'], // as: written by insertRequest
  }))
}
