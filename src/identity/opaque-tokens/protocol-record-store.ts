import { MINUTE } from '../../platform/lib/time-units.ts'
import { Guard, type Reader, type Step, type Tx } from '../../platform/storage/index.ts'

export function putRecordStep(
  db: Reader,
  row: { kind: string; id: string; payload: string; expiresAt: number | null },
): Step {
  const values = { payload: row.payload, expires_at: row.expiresAt }
  const query = db
    .insertInto('protocol_records')
    .values({ kind: row.kind, id: row.id, consumed_at: null, ...values })
    .onConflict((conflict) => conflict.columns(['kind', 'id']).doUpdateSet(values))
  return { name: 'protocol record', query, rows: 1 }
}

export function findRecord(
  db: Reader,
  { id, kind, now }: { kind: string; id: string; now: number },
): Promise<{ payload: string; consumedAt: number | null } | undefined> {
  return db
    .selectFrom('protocol_records')
    .select(['payload', 'consumed_at as consumedAt'])
    .where('kind', '=', kind)
    .where('id', '=', id)
    .where((e) => e.or([e('expires_at', 'is', null), e('expires_at', '>', now)]))
    .executeTakeFirst()
}

/** Fails for a record that was used, or is gone. */
export const RECORD_GUARD = new Guard('unused protocol record')

/** Commits for exactly one caller. */
export function consumeRecordStep(
  db: Reader,
  { id, kind, now }: { kind: string; id: string; now: number },
): Step {
  const query = db
    .updateTable('protocol_records')
    .set({ consumed_at: now })
    .where('kind', '=', kind)
    .where('id', '=', id)
    .where('consumed_at', 'is', null)
  return { guard: RECORD_GUARD, query, rows: 1 }
}

/** Fails for a code that was used, or is gone. */
export const CODE_GUARD = new Guard('unused code')

/** An authorization code is used up as a part of what it is used for, and known as long as that lasts. */
export function consumeCodeStep(
  db: Reader,
  id: string,
  times: { readonly now: number; readonly knownUntil: number },
): Step {
  const query = db
    .updateTable('protocol_records')
    .set({ consumed_at: times.now, expires_at: times.knownUntil })
    .where('kind', '=', 'AuthorizationCode')
    .where('id', '=', id)
    .where('consumed_at', 'is', null)
  return { guard: CODE_GUARD, query, rows: 1 }
}

/** Gives a code back for a minute, where no client was told its result. */
export function returnCodeStep(db: Reader, id: string, now: number): Step {
  const query = db
    .updateTable('protocol_records')
    .set({ consumed_at: null, expires_at: now + RETURNED_CODE_MS })
    .where('kind', '=', 'AuthorizationCode')
    .where('id', '=', id)
  return { name: 'code given back', query, rows: 'any' }
}

/** Life of a code that was given back: as long as that of a new one. */
const RETURNED_CODE_MS = MINUTE

/**
 * Replaces the payload; the record expires when it would have before. False when it is not there.
 */
export async function replacePayload(
  tx: Tx,
  { id, kind, now, payload }: { kind: string; id: string; payload: string; now: number },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('protocol_records')
    .set({ payload })
    .where('kind', '=', kind)
    .where('id', '=', id)
    .where((e) => e.or([e('expires_at', 'is', null), e('expires_at', '>', now)]))
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

const REMOVAL_GUARD = new Guard('protocol record to remove')

export function destroyRecordStep(db: Reader, kind: string, id: string): Step {
  const query = db.deleteFrom('protocol_records').where('kind', '=', kind).where('id', '=', id)
  return { guard: REMOVAL_GUARD, query, rows: 1 }
}

export async function forgetRecords(tx: Tx, now: number): Promise<void> {
  await tx.deleteFrom('protocol_records').where('expires_at', '<', now).execute()
}

export async function countExpiring(reader: Reader, kind: string, now: number): Promise<number> {
  const { count } = await reader
    .selectFrom('protocol_records')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where('kind', '=', kind)
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow()
  return Number(count)
}

const REGISTRATION = ['Client', 'Registration']

/** A client that became an agent stays registered for good. False: it is not registered, or not any more. */
export async function keepRegistration(tx: Tx, clientId: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('protocol_records')
    .set({ expires_at: null })
    .where('kind', 'in', REGISTRATION)
    .where('id', '=', clientId)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

/** Tells whether a client is registered, and not forgotten by now. */
export async function isRegistered(db: Reader, clientId: string, now: number): Promise<boolean> {
  return (await findRecord(db, { kind: 'Client', id: clientId, now })) !== undefined
}

/** Lets registrations that stay for good expire at a time instead. */
export async function expireRegistrations(
  tx: Tx,
  clientIds: readonly string[],
  at: number,
): Promise<void> {
  if (clientIds.length === 0) return
  await tx
    .updateTable('protocol_records')
    .set({ expires_at: at })
    .where('kind', 'in', REGISTRATION)
    .where('id', 'in', clientIds)
    .where('expires_at', 'is', null)
    .execute()
}

/** Forgets a registration, with its management token. */
export async function forgetRegistration(tx: Tx, clientId: string): Promise<void> {
  await tx
    .deleteFrom('protocol_records')
    .where('kind', 'in', REGISTRATION)
    .where('id', '=', clientId)
    .execute()
}

/** Forgets those of a kind that would have expired before a time anyway. */
export async function forgetExpiring(tx: Tx, kind: string, before: number): Promise<void> {
  await tx
    .deleteFrom('protocol_records')
    .where('kind', '=', kind)
    .where('expires_at', '<', before)
    .execute()
}
