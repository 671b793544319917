import type { ExpressionBuilder } from 'kysely'
import { DAY } from '../../../platform/lib/time-units.ts'
import {
  codec,
  Guard,
  type Reader,
  type Schema,
  type Step,
  type Storage,
  type Tx,
} from '../../../platform/storage/index.ts'
import { type Deferral, FETCHED_WITHIN, type Flow, MAX_PAUSE, SLOWER } from './deferral.ts'

const DEFERRALS = codec('deferrals').of<Deferral>({
  read: {
    notify: ({ notify_at: at, notify_token: token }) => (at === null ? null : { at, token }),
  },
  write: {
    notify_at: ({ notify }) => notify?.at ?? null,
    notify_token: ({ notify }) => notify?.token ?? null,
    notified_at: () => null,
  },
})

export async function insertDeferral(tx: Tx, deferral: Deferral): Promise<void> {
  await tx.insertInto('deferrals').values(DEFERRALS.write(deferral)).execute()
}

export async function findDeferral(db: Reader, digest: string): Promise<Deferral | undefined> {
  const row = await db
    .selectFrom('deferrals')
    .selectAll()
    .where('digest', '=', digest)
    .executeTakeFirst()
  return row && DEFERRALS.read(row)
}

/** The one that the same request made before, if it still waits. */
export async function findSameDeferral(
  tx: Tx,
  of: Pick<Deferral, 'agentId' | 'flow' | 'requestHash'> & { readonly now: number },
): Promise<Deferral | undefined> {
  const row = await tx
    .selectFrom('deferrals')
    .selectAll()
    .where('agent_id', '=', of.agentId)
    .where('request_hash', '=', of.requestHash)
    .where('flow', '=', of.flow)
    .where('state', '=', 'pending')
    .where('expires_at', '>', of.now)
    .executeTakeFirst()
  return row && DEFERRALS.read(row)
}

export const DEFERRAL_GUARD = new Guard('waiting deferral', [
  'deferral.used',
  'the code was redeemed before',
])
export const PACE_GUARD = new Guard('pace of polls', [
  'deferral.too_fast',
  'wait five seconds longer between two requests',
])

interface DeferralRedemption {
  readonly digest: string
  readonly thumbprint: string
  readonly taskId: string
}

/** INVARIANT: a deferral is redeemed once, by this update and nothing else, for the key that it is bound to. */
export function redeemDeferralStep(
  db: Reader,
  { digest, thumbprint, taskId }: DeferralRedemption,
): Step {
  const query = db
    .updateTable('deferrals')
    .set({ state: 'redeemed', task_id: taskId, thumbprint, notify_token: null })
    .where('digest', '=', digest)
    .where('state', '=', 'pending')
    .where((e) => e.or([e('thumbprint', 'is', null), e('thumbprint', '=', thumbprint)]))
  return { guard: DEFERRAL_GUARD, query, rows: 1 }
}

/** Lets a deferral wait again, where no client was told of the task that it was redeemed for. */
export function returnDeferralStep(
  db: Reader,
  {
    digest,
    thumbprint,
    taskId,
  }: Omit<DeferralRedemption, 'thumbprint'> & Pick<Deferral, 'thumbprint'>,
): Step {
  const query = db
    .updateTable('deferrals')
    .set({ state: 'pending', task_id: null, thumbprint })
    .where('digest', '=', digest)
    .where('state', '=', 'redeemed')
    .where('task_id', '=', taskId)
  return { name: 'deferral given back', query, rows: 'any' }
}

/** A poll that came late enough. The first one binds the key, where none was bound. */
export function pollStep(
  db: Reader,
  { digest, pause, thumbprint }: Pick<Deferral, 'digest' | 'pause'> & { thumbprint: string },
  now: number,
): Step {
  const query = db
    .updateTable('deferrals')
    .set({ polled_at: now, thumbprint })
    .where('digest', '=', digest)
    .where((e) => e.or([e('thumbprint', 'is', null), e('thumbprint', '=', thumbprint)]))
    .where((e) => e.or([e('polled_at', 'is', null), e('polled_at', '<=', now - pause * 1000)]))
  return { guard: PACE_GUARD, query, rows: 1 }
}

/** The next poll has to wait longer. */
export function slowDownStep(db: Reader, { digest, pause }: Deferral, now: number): Step {
  const query = db
    .updateTable('deferrals')
    .set({ polled_at: now, pause: Math.min(pause + SLOWER, MAX_PAUSE) })
    .where('digest', '=', digest)
  return { name: 'slower polls', query, rows: 'any' }
}

/** False when it did not wait any more. */
export async function markCancelled(tx: Tx, digest: string, now: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('deferrals')
    .set({ state: 'cancelled', notify_token: null })
    .where('digest', '=', digest)
    .where('state', '=', 'pending')
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Cancels every waiting token request: what it waited for may have been given before. */
export async function cancelAllDeferrals(tx: Tx): Promise<void> {
  await tx
    .updateTable('deferrals')
    .set({ state: 'cancelled', notify_token: null })
    .where('state', '=', 'pending')
    .execute()
}

/** A request that a device began, whose code is not typed yet and still can be. */
export async function findByUserCode(
  db: Reader,
  userCode: string,
  now: number,
): Promise<Deferral | undefined> {
  const row = await db
    .selectFrom('deferrals')
    .selectAll()
    .where('user_code', '=', userCode)
    .where('person_id', 'is', null)
    .where('state', '=', 'pending')
    .where('expires_at', '>', now + FETCHED_WITHIN)
    .executeTakeFirst()
  return row && DEFERRALS.read(row)
}

/** False when another person was first. */
export async function claimDeferral(
  tx: Tx,
  { consentId, digest, personId }: { digest: string; personId: string; consentId: string },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('deferrals')
    .set({ person_id: personId, consent_id: consentId })
    .where('digest', '=', digest)
    .where('person_id', 'is', null)
    .where('state', '=', 'pending')
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Counts the requests of this agent that wait, by person; `null`: of devices whose code is not typed yet. */
export async function countWaitingOf(
  tx: Reader,
  agentId: string,
  now: number,
): Promise<ReadonlyMap<string | null, number>> {
  const rows = await tx
    .selectFrom('deferrals')
    .select(({ fn }) => ['person_id', fn.countAll<number | string>().as('count')])
    .where('agent_id', '=', agentId)
    .where('state', '=', 'pending')
    .where('expires_at', '>', now)
    .groupBy('person_id')
    .execute()
  return new Map(rows.map(({ count, person_id: person }) => [person, Number(count)]))
}

/** Counts the waiting requests of all agents together. */
export async function countWaiting(db: Reader, now: number): Promise<number> {
  const { count } = await db
    .selectFrom('deferrals')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where('state', '=', 'pending')
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** False when the task that it will be has an id already, or it does not wait any more. */
export async function nameTask(tx: Tx, digest: string, taskId: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('deferrals')
    .set({ task_id: taskId })
    .where('digest', '=', digest)
    .where('task_id', 'is', null)
    .where('state', '=', 'pending')
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Counts the others that wait for the same answer. */
export async function countWaitingFor(tx: Tx, consentId: string, now: number): Promise<number> {
  const { count } = await tx
    .selectFrom('deferrals')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where('consent_id', '=', consentId)
    .where('state', '=', 'pending')
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** An answer that its agent wants to hear of. */
export interface ResolvedDeferral extends Pick<Deferral, 'digest' | 'code' | 'flow' | 'agentId'> {
  readonly at: string
  readonly token: Uint8Array | null
}

/** Selects the access requests about the task that it will be. */
function requestsOf(
  e: ExpressionBuilder<Schema, 'deferrals'>,
  states: readonly ('pending' | 'approved' | 'denied')[],
) {
  return e
    .selectFrom('access_requests')
    .select('access_requests.id')
    .whereRef('access_requests.task_id', '=', 'deferrals.task_id')
    .where('access_requests.state', 'in', [...states])
}

/** Lists deferrals that have an answer, are older than `before`, and whose agent was not told. */
export async function resolvedToTell(
  db: Reader,
  { before, now, limit }: { before: number; now: number; limit: number },
): Promise<ResolvedDeferral[]> {
  const rows = await db
    .selectFrom('deferrals')
    .leftJoin('consent_requests', 'consent_requests.id', 'deferrals.consent_id')
    .select([
      'deferrals.digest',
      'deferrals.code',
      'deferrals.flow',
      'deferrals.agent_id',
      'deferrals.notify_at',
      'deferrals.notify_token',
    ])
    .where('deferrals.notify_at', 'is not', null)
    .where('deferrals.notified_at', 'is', null)
    .where('deferrals.state', '=', 'pending')
    .where('deferrals.created_at', '<=', before)
    .where('deferrals.expires_at', '>', now)
    .where((e) =>
      e.or([
        e('consent_requests.state', '=', 'denied'),
        e.and([
          e.or([
            e('consent_requests.state', '=', 'granted'),
            // A request that the person allowed before asks no one.
            e.and([e('deferrals.flow', '=', 'ciba'), e('deferrals.consent_id', 'is', null)]),
          ]),
          e.not(e.exists(requestsOf(e, ['pending']))),
        ]),
        e.exists(requestsOf(e, ['approved', 'denied'])),
      ]),
    )
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    digest: row.digest,
    code: row.code,
    flow: row.flow as Flow, // a CHECK of the table
    agentId: row.agent_id,
    at: row.notify_at ?? '',
    token: row.notify_token,
  }))
}

/** INVARIANT: each is told once at most, by the server that gets `true`; not one that was cancelled meanwhile. */
export async function claimTelling(tx: Tx, digest: string, now: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('deferrals')
    .set({ notified_at: now, notify_token: null })
    .where('digest', '=', digest)
    .where('notified_at', 'is', null)
    .where('state', '=', 'pending')
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Forgets deferrals a day after they ended: until then their agent hears the right answer. */
export function forgetDeferrals(storage: Storage, now: number): Promise<void> {
  return storage.transaction(async (tx) => {
    await tx
      .deleteFrom('deferrals')
      .where('expires_at', '<', now - DAY)
      .execute()
  })
}
