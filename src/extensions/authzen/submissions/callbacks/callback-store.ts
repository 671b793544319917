import type { Reader, Tx } from '../../../../platform/storage/index.ts'
import { AUTHZEN_TABLES } from '../../tables.ts'
import type { ClientCallback, PendingCallback } from './callback.ts'

const REGISTERED = AUTHZEN_TABLES.codec('client_callbacks').of<ClientCallback>()
const PENDING = AUTHZEN_TABLES.codec('submission_callbacks').of<PendingCallback>()

export async function findCallback(
  db: Reader,
  clientId: string,
): Promise<ClientCallback | undefined> {
  const row = await AUTHZEN_TABLES.in(db)
    .selectFrom('client_callbacks')
    .selectAll()
    .where('client_id', '=', clientId)
    .executeTakeFirst()
  return row && REGISTERED.read(row)
}

/** Replaces the callback address of a client; `undefined`: removes it. */
export async function writeCallback(
  tx: Tx,
  clientId: string,
  callback: ClientCallback | undefined,
): Promise<void> {
  await AUTHZEN_TABLES.in(tx)
    .deleteFrom('client_callbacks')
    .where('client_id', '=', clientId)
    .execute()
  if (callback)
    await AUTHZEN_TABLES.in(tx)
      .insertInto('client_callbacks')
      .values(REGISTERED.write(callback))
      .execute()
}

export async function insertPendingCallback(tx: Tx, callback: PendingCallback): Promise<void> {
  await AUTHZEN_TABLES.in(tx)
    .insertInto('submission_callbacks')
    .values(PENDING.write(callback))
    .execute()
}

/** Lists enforcement points that have callbacks which may be due. */
export async function pepsToCall(db: Reader, now: number): Promise<string[]> {
  const rows = await AUTHZEN_TABLES.in(db)
    .selectFrom('submission_callbacks')
    .select('pep')
    .distinct()
    .where('next_at', '<=', now)
    .execute()
  return rows.map(({ pep }) => pep)
}

/** Lists callbacks of one enforcement point that are due, of submissions of which nothing waits any more. */
export async function dueCallbacks(
  db: Reader,
  pep: string,
  { limit, now }: { readonly limit: number; readonly now: number },
): Promise<PendingCallback[]> {
  const rows = await AUTHZEN_TABLES.in(db)
    .selectFrom('submission_callbacks')
    .selectAll()
    .where('pep', '=', pep)
    .where('next_at', '<=', now)
    .where('expires_at', '>', now)
    .where((e) =>
      e.not(
        e.exists(
          e
            .selectFrom('evaluation_requests')
            .innerJoin('access_requests', 'access_requests.id', 'evaluation_requests.request_id')
            .select('evaluation_requests.id')
            .whereRef('evaluation_requests.id', '=', 'submission_callbacks.id')
            .where('access_requests.state', '=', 'pending'),
        ),
      ),
    )
    .orderBy('next_at')
    .limit(limit)
    .execute()
  return rows.map(PENDING.read)
}

/** Takes one attempt. False: another server has. */
export async function claimAttempt(
  tx: Tx,
  { attempts, id }: PendingCallback,
  nextAt: number,
): Promise<boolean> {
  const { numUpdatedRows } = await AUTHZEN_TABLES.in(tx)
    .updateTable('submission_callbacks')
    .set({ attempts: attempts + 1, next_at: nextAt })
    .where('id', '=', id)
    .where('attempts', '=', attempts)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

export async function deletePendingCallback(tx: Tx, id: string): Promise<void> {
  await AUTHZEN_TABLES.in(tx).deleteFrom('submission_callbacks').where('id', '=', id).execute()
}
