import type { Id } from '../lib/id.ts'
import type { Reader, Tx } from '../storage/index.ts'
import type { Confirmation, ConfirmationState } from './confirmation.ts'

export async function insertConfirmation(tx: Tx, confirmation: Confirmation): Promise<void> {
  await tx
    .insertInto('confirmations')
    .values({
      id: confirmation.id,
      person_id: confirmation.personId,
      operation: confirmation.operation,
      payload_digest: confirmation.payloadDigest,
      payload: confirmation.payload,
      state: confirmation.state,
      created_at: confirmation.createdAt,
      expires_at: confirmation.expiresAt,
      answered_at: null,
    })
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
  return (
    row && {
      id: row.id as Id<'confirmation'>, // written by insertConfirmation only
      personId: row.person_id,
      operation: row.operation,
      payloadDigest: row.payload_digest,
      payload: row.payload,
      state: row.state as ConfirmationState, // written by this file only
      createdAt: row.created_at,
      expiresAt: row.expires_at,
    }
  )
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
    /** When given, it must be the one that was asked for. */
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
