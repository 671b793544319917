import { codec, type Reader, type Tx } from '../../../platform/storage/index.ts'
import type { Confirmation, ConfirmationState } from './confirmation.ts'
import type { ChangeSummary } from './confirmation-meaning.ts'

const CONFIRMATIONS = codec('confirmations', 'answered_at', 'digest_key').of<Confirmation>({
  read: { meaning: (row) => meaningOf(row.meaning) },
  write: { meaning: ({ meaning }) => (meaning ? JSON.stringify(meaning) : null) },
})

/** `digestKey`: sealed; what the digests of secrets in the payload are keyed with. */
export async function insertConfirmation(
  tx: Tx,
  confirmation: Confirmation,
  digestKey: Uint8Array,
): Promise<void> {
  await tx
    .insertInto('confirmations')
    .values({ ...CONFIRMATIONS.write(confirmation), answered_at: null, digest_key: digestKey })
    .execute()
}

export async function selectConfirmation(
  reader: Reader,
  id: string,
): Promise<Confirmation | undefined> {
  const row = await reader
    .selectFrom('confirmations')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  return row && CONFIRMATIONS.read(row)
}

function meaningOf(text: string | null): ChangeSummary | undefined {
  return text === null ? undefined : (JSON.parse(text) as ChangeSummary) // as: written by insertConfirmation
}

/**
 * Finds a confirmation that this person said yes to, while it may be used: its sealed key, and what
 * it was said to mean.
 */
export async function selectConfirmed(
  reader: Reader,
  of: { readonly id: string; readonly personId: string; readonly now: number },
): Promise<
  { readonly digestKey: Uint8Array; readonly meaning: ChangeSummary | undefined } | undefined
> {
  const row = await reader
    .selectFrom('confirmations')
    .select(['digest_key', 'meaning'])
    .where('id', '=', of.id)
    .where('person_id', '=', of.personId)
    .where('state', '=', 'confirmed')
    .where('expires_at', '>', of.now)
    .executeTakeFirst()
  return row && { digestKey: row.digest_key, meaning: meaningOf(row.meaning) }
}

/** Keeps so many of a person's that wait, the newest. */
export async function deleteOldestPending(tx: Tx, personId: string, keep: number): Promise<void> {
  const older = await tx
    .selectFrom('confirmations')
    .select('id')
    .where('person_id', '=', personId)
    .where('state', '=', 'pending')
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .offset(keep)
    .limit(1_000)
    .execute()
  if (older.length === 0) return
  const ids = older.map(({ id }) => id)
  await tx.deleteFrom('confirmations').where('id', 'in', ids).execute()
}

/** Moves it from one state to the next, while there is time. True for exactly one caller. */
export async function changeConfirmation(
  tx: Tx,
  change: {
    readonly id: string
    readonly personId: string
    readonly from: ConfirmationState
    readonly to: ConfirmationState
    readonly now: number
    /** Digest that, when given, must be the one that was asked for. */
    readonly payloadDigest?: string
  },
): Promise<boolean> {
  let update = tx
    .updateTable('confirmations')
    .set({ state: change.to, ...(change.from === 'pending' ? { answered_at: change.now } : {}) })
    .where('id', '=', change.id)
    .where('person_id', '=', change.personId)
    .where('state', '=', change.from)
    .where('expires_at', '>', change.now)
  if (change.payloadDigest !== undefined)
    update = update.where('payload_digest', '=', change.payloadDigest)
  const { numUpdatedRows } = await update.executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

export async function deleteExpiredConfirmations(tx: Tx, now: number): Promise<void> {
  await tx.deleteFrom('confirmations').where('expires_at', '<=', now).execute()
}
