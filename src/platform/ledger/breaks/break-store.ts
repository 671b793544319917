import type { Reader, Tx } from '../../storage/index.ts'
import { readTreeHead } from '../checkpoint.ts'
import type { LedgerBreak } from './ledger-break.ts'

/** Reads the number of the history that is being written, and the open break that stops it. */
export async function readBreaks(
  db: Reader,
): Promise<{ readonly history: number; readonly open: LedgerBreak | undefined }> {
  const rows = await db.selectFrom('ledger_breaks').selectAll().orderBy('history').execute()
  const history = rows.findLast(({ accepted_at }) => accepted_at !== null)?.history ?? 0
  const open = rows.find(({ accepted_at }) => accepted_at === null)
  return {
    history,
    open: open && {
      history: open.history,
      detail: open.detail,
      head: readTreeHead(open.head),
      size: open.size,
      foundAt: open.found_at,
    },
  }
}

/**
 * Inserts a break. False: another server has found it. `note`: the signed head that is missing, or
 * the empty text.
 */
export async function insertBreak(
  tx: Tx,
  found: Omit<LedgerBreak, 'head'>,
  note: string,
): Promise<boolean> {
  const { detail, foundAt, history, size } = found
  const rows = await tx
    .insertInto('ledger_breaks')
    .values({
      history,
      detail,
      head: note,
      size,
      found_at: foundAt,
      accepted_at: null,
      accepted_by: null,
    })
    .onConflict((conflict) => conflict.column('history').doNothing())
    .returning('history')
    .execute()
  return rows.length === 1
}

/**
 * Accepts all open breaks: what one server misses, another may have missed more of. Returns how
 * many.
 */
export async function acceptBreaks(tx: Tx, by: string, at: number): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable('ledger_breaks')
    .set({ accepted_at: at, accepted_by: by })
    .where('accepted_at', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(numUpdatedRows)
}

/**
 * Deletes the checkpoints beyond this size: a head that was signed beyond it, or differently, is no
 * checkpoint of the history that begins.
 */
export async function deleteCheckpointsBeyond(tx: Tx, size: number): Promise<void> {
  await tx.deleteFrom('ledger_checkpoints').where('size', '>', size).execute()
}

/** Stored checkpoints, newest first. */
export async function listCheckpoints(
  db: Reader,
): Promise<readonly { readonly size: number; readonly note: string; readonly at: number }[]> {
  return db.selectFrom('ledger_checkpoints').selectAll().orderBy('size', 'desc').execute()
}
