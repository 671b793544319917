import { codec, type Reader, type Tx } from '../../platform/storage/index.ts'
import type { Passkey, PasskeyRecovery } from './passkey.ts'

const PASSKEYS = codec('passkeys').of<Passkey>()
const RECOVERIES = codec('passkey_recoveries').of<PasskeyRecovery>()

/** False: the credential was enrolled before, by this person or another. */
export async function insertPasskey(tx: Tx, passkey: Passkey): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('passkeys')
    .values(PASSKEYS.write(passkey))
    .onConflict((conflict) => conflict.column('credential_id').doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

/** All passkeys that a person ever had, oldest first. */
export async function everyPasskeyOf(db: Reader, personId: string): Promise<Passkey[]> {
  const rows = await db
    .selectFrom('passkeys')
    .selectAll()
    .where('person_id', '=', personId)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map(PASSKEYS.read)
}

/** Lists the passkeys that a person can use, oldest first. */
export async function passkeysOf(db: Reader, personId: string): Promise<Passkey[]> {
  return (await everyPasskeyOf(db, personId)).filter(({ removedAt }) => removedAt === null)
}

export async function findPasskey(db: Reader, id: string): Promise<Passkey | undefined> {
  const row = await db.selectFrom('passkeys').selectAll().where('id', '=', id).executeTakeFirst()
  return row && PASSKEYS.read(row)
}

/** False: it is gone, or its counter did not go up. INVARIANT, second look: a passkey that was removed meanwhile counts no use. */
export async function countUse(
  tx: Tx,
  { id, counter, now }: { id: string; counter: number; now: number },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('passkeys')
    .set({ counter, last_used_at: now })
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .where('counter', counter === 0 ? '=' : '<', counter)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

export async function endPasskey(
  tx: Tx,
  { id, now, personId }: { id: string; personId: string; now: number },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('passkeys')
    .set({ removed_at: now })
    .where('id', '=', id)
    .where('person_id', '=', personId)
    .where('removed_at', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

export async function insertRecovery(tx: Tx, recovery: PasskeyRecovery): Promise<void> {
  await tx.insertInto('passkey_recoveries').values(RECOVERIES.write(recovery)).execute()
}

export async function findRecovery(db: Reader, id: string): Promise<PasskeyRecovery | undefined> {
  const row = await db
    .selectFrom('passkey_recoveries')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  return row && RECOVERIES.read(row)
}

/** Finds the permission that a person has, whether its waiting time is over or not. */
export async function recoveryOf(
  db: Reader,
  personId: string,
  now: number,
): Promise<PasskeyRecovery | undefined> {
  const row = await db
    .selectFrom('passkey_recoveries')
    .selectAll()
    .where('person_id', '=', personId)
    .where('ended_at', 'is', null)
    .where('expires_at', '>', now)
    .orderBy('created_at', 'desc')
    .executeTakeFirst()
  return row && RECOVERIES.read(row)
}

/** Ends every permission of a person. */
export async function endRecoveries(tx: Tx, personId: string, now: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('passkey_recoveries')
    .set({ ended_at: now })
    .where('person_id', '=', personId)
    .where('ended_at', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}
