import type { Random } from '../../lib/random.ts'
import type { Tx } from '../../storage/index.ts'
import { readTreeHead } from '../checkpoint.ts'
import type { LedgerEvent } from '../ledger-event.ts'
import { intakeQuery, readHead } from '../ledger-store.ts'
import { makeRecord } from '../record.ts'
import { insertBreak, readBreaks } from './break-store.ts'

export interface RestoreRecord {
  /** Sentence about the restored backup, for people. */
  readonly detail: string
  readonly event: LedgerEvent
  readonly now: number
  readonly random: Random
  /** Newest signed head that is known outside the database. */
  readonly knownHead?: string | undefined
}

/**
 * Records that a database was restored, and opens a break: nothing is permitted until an
 * administrator goes on, in a new history. Returns the number of that history.
 */
export async function recordRestore(tx: Tx, restore: RestoreRecord): Promise<number> {
  const { detail, event, knownHead = '', now, random } = restore
  await intakeQuery(tx, [makeRecord(event, now, random)]).execute()
  const { history: written, open } = await readBreaks(tx)
  if (open) return open.history
  const head = readTreeHead(knownHead)
  const size = (await readHead(tx))?.size ?? 0
  const history = Math.max(written, head?.history ?? 0) + 1
  const missing = head && head.size > size ? knownHead : ''
  await insertBreak(tx, { history, detail, size, foundAt: now }, missing)
  return history
}

/** Appends a record in a transaction of a program that has no ledger open. */
export async function appendOffline(
  tx: Tx,
  event: LedgerEvent,
  { now, random }: Pick<RestoreRecord, 'now' | 'random'>,
): Promise<void> {
  await intakeQuery(tx, [makeRecord(event, now, random)]).execute()
}
