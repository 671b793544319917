import type { Ask, Risk } from '@remit/engine'
import { type Selectable, sql } from 'kysely'
import { canonicalJson } from '../lib/canonical-json.ts'
import type { Id } from '../lib/id.ts'
import type { Reader, Schema, Step, Tx } from '../storage/index.ts'
import type { AccessRequest, RequestState } from './access-request.ts'
import type { Leaf } from './allowance/leaf.ts'

type Row = Selectable<Schema['access_requests']>

/** Adds a request unless one is pending for the same call. INVARIANT: the partial unique index decides, not a look before. */
export async function insertRequest(tx: Tx, request: AccessRequest): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('access_requests')
    .values(rowOf(request))
    .onConflict((conflict) =>
      // A literal: a parameter would not match the predicate of the index.
      conflict
        .columns(['task_id', 'call_hash'])
        .where('state', '=', sql.lit('pending'))
        .doNothing(),
    )
    .executeTakeFirstOrThrow()
  if (numInsertedOrUpdatedRows !== 1n) return false
  const names = [...new Set(request.ask.approvers.flat())]
  if (names.length > 0) {
    await tx
      .insertInto('asked_people')
      .values(names.map((name) => askedRow(name, request)))
      .execute()
  }
  return true
}

function askedRow(name: string, request: AccessRequest): Selectable<Schema['asked_people']> {
  const { self } = request.ask
  return {
    name,
    created_at: request.createdAt,
    request_id: request.id,
    agent_id: request.agentId,
    expires_at: request.expiresAt,
    barred_person_id: self ? null : request.personId,
    barred_requester_id: self ? null : (request.requesterId ?? null),
  }
}

export async function readRequest(db: Reader, id: string): Promise<AccessRequest | undefined> {
  const row = await db
    .selectFrom('access_requests')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  return row && requestOf(row)
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
  return rows.map(requestOf)
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
  return rows.map(requestOf)
}

/** What a change of state sets; everything else about a request is frozen. */
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
    .set({
      state: ending.state,
      uses_left: ending.usesLeft ?? 0,
      ...(ending.reason === undefined ? {} : { reason: ending.reason }),
      ...(ending.answeredAt === undefined ? {} : { answered_at: ending.answeredAt }),
      ...(ending.answerHash === undefined ? {} : { answer_hash: ending.answerHash }),
      ...(ending.usableUntil === undefined ? {} : { usable_until: ending.usableUntil }),
    })
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

function rowOf(request: AccessRequest): Row {
  return {
    id: request.id,
    task_id: request.taskId,
    person_id: request.personId,
    agent_id: request.agentId,
    resource: request.resource,
    action: request.action,
    call_hash: request.callHash,
    call: request.call,
    text: request.text,
    template_digest: request.templateDigest,
    ask: canonicalJson(request.ask),
    deadline: request.deadline,
    inspected: request.inspected && canonicalJson(request.inspected),
    requester_id: request.requesterId ?? null,
    sponsored: request.sponsored ? 1 : 0,
    policy_version: request.policyVersion,
    risk: request.risk,
    nonce: request.nonce,
    decision_id: request.decisionId,
    state: request.state,
    reason: request.reason,
    created_at: request.createdAt,
    expires_at: request.expiresAt,
    answered_at: request.answeredAt,
    answer_hash: request.answerHash,
    uses_left: request.usesLeft,
    used_by: request.usedBy,
    usable_until: request.usableUntil,
  }
}

function requestOf(row: Row): AccessRequest {
  return {
    id: row.id as Id<'request'>, // every id in this table was made by newId('request')
    taskId: row.task_id as Id<'task'>, // likewise, of its kind
    personId: row.person_id as Id<'person'>, // likewise
    ...(row.requester_id === null ? {} : { requesterId: row.requester_id }),
    agentId: row.agent_id,
    resource: row.resource,
    action: row.action,
    callHash: row.call_hash,
    call: row.call,
    text: row.text,
    templateDigest: row.template_digest,
    ask: JSON.parse(row.ask) as Ask, // written by rowOf
    deadline: row.deadline,
    inspected: row.inspected === null ? null : (JSON.parse(row.inspected) as Leaf[]), // likewise
    sponsored: row.sponsored === 1,
    policyVersion: row.policy_version,
    risk: row.risk as Risk, // the column was written from a Risk
    nonce: row.nonce,
    decisionId: row.decision_id as Id<'decision'>, // likewise
    state: row.state as RequestState, // a CHECK of the table
    reason: row.reason,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    answeredAt: row.answered_at,
    answerHash: row.answer_hash,
    usesLeft: row.uses_left,
    usedBy: row.used_by as Id<'decision'> | null, // likewise
    usableUntil: row.usable_until,
  }
}
