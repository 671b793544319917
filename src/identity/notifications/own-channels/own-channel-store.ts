import { codec, type Reader, type Tx } from '../../../platform/storage/index.ts'
import { MAX_CODE_TRIES, MAX_OWN_CHANNELS, type OwnChannel } from './own-channel.ts'

const OWN = codec('own_channels').of<OwnChannel>()

export async function ownChannelsOf(db: Reader, owner: string): Promise<OwnChannel[]> {
  const rows = await db
    .selectFrom('own_channels')
    .selectAll()
    .where('owner', '=', owner)
    .orderBy('slot')
    .execute()
  return rows.map(OWN.read)
}

/** Channels of all groups. */
export async function groupChannels(db: Reader): Promise<OwnChannel[]> {
  const rows = await db
    .selectFrom('own_channels')
    .selectAll()
    .where('owner', '>=', 'group:')
    .where('owner', '<', 'group;')
    .orderBy('owner')
    .orderBy('slot')
    .execute()
  return rows.map(OWN.read)
}

/** Inserts into the first slot that is free. False: none is. */
export async function insertOwnChannel(
  tx: Tx,
  channel: Omit<OwnChannel, 'slot'>,
): Promise<boolean> {
  for (let slot = 0; slot < MAX_OWN_CHANNELS; slot++) {
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('own_channels')
      .values(OWN.write({ ...channel, slot }))
      .onConflict((conflict) => conflict.columns(['owner', 'slot']).doNothing())
      .executeTakeFirstOrThrow()
    if (numInsertedOrUpdatedRows === 1n) return true
  }
  return false
}

export async function putCode(
  tx: Tx,
  id: string,
  code: { readonly digest: string; readonly until: number },
): Promise<void> {
  await tx
    .updateTable('own_channels')
    .set({ code: code.digest, code_until: code.until, code_tries: 0 })
    .where('id', '=', id)
    .where('confirmed_at', 'is', null)
    .execute()
}

/** Counts a try against the code. False: there is none to be tried. INVARIANT: a try is counted before it is compared. */
export async function countTry(tx: Tx, id: string, now: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('own_channels')
    .set(({ eb }) => ({ code_tries: eb('code_tries', '+', 1) }))
    .where('id', '=', id)
    .where('code_until', '>', now)
    .where('code_tries', '<', MAX_CODE_TRIES)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Confirms by a code. False: it is not the code. */
export async function confirmByCode(
  tx: Tx,
  { digest, id, now }: { readonly id: string; readonly digest: string; readonly now: number },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('own_channels')
    .set({ confirmed_at: now, code: null, code_until: null })
    .where('id', '=', id)
    .where('code', '=', digest)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

export async function deleteOwnChannel(tx: Tx, owner: string, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('own_channels')
    .where('id', '=', id)
    .where('owner', '=', owner)
    .executeTakeFirstOrThrow()
  return numDeletedRows === 1n
}

/** Deletes unconfirmed channels that were added before then. */
export async function deleteUnconfirmed(tx: Tx, before: number): Promise<void> {
  await tx
    .deleteFrom('own_channels')
    .where('confirmed_at', 'is', null)
    .where('created_at', '<', before)
    .execute()
}
