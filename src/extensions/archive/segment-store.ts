import type { Reader, Tx } from '../../platform/storage/index.ts'
import { ARCHIVE_TABLES } from './tables.ts'

/** A span of records that is sealed in the archive. */
export interface StoredSegment {
  readonly from: number
  /** Exclusive. */
  readonly to: number
  readonly history: number
  readonly sealedAt: number
  /** Time at which the last record of it had left the database. */
  readonly removedAt: number | null
}

const SEGMENTS = ARCHIVE_TABLES.codec('ledger_segments').of<StoredSegment>({
  read: { from: (row) => row.from_position, to: (row) => row.to_position },
  write: { from_position: ({ from }) => from, to_position: ({ to }) => to },
})

/** False: another replica sealed it. */
export async function insertSegment(
  tx: Tx,
  segment: Omit<StoredSegment, 'removedAt'>,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await ARCHIVE_TABLES.in(tx)
    .insertInto('ledger_segments')
    .values(SEGMENTS.write({ ...segment, removedAt: null }))
    .onConflict((conflict) => conflict.column('from_position').doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

export async function lastSegment(db: Reader): Promise<StoredSegment | undefined> {
  const row = await ARCHIVE_TABLES.in(db)
    .selectFrom('ledger_segments')
    .selectAll()
    .orderBy('from_position', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && SEGMENTS.read(row)
}

/** The oldest segment of which records are still in the database. */
export async function unfinishedSegment(db: Reader): Promise<StoredSegment | undefined> {
  const row = await ARCHIVE_TABLES.in(db)
    .selectFrom('ledger_segments')
    .selectAll()
    .where('removed_at', 'is', null)
    .orderBy('from_position')
    .limit(1)
    .executeTakeFirst()
  return row && SEGMENTS.read(row)
}

/** Lists the segments of the first `size` records, in their order. */
export async function segmentsUntil(db: Reader, size: number): Promise<readonly StoredSegment[]> {
  const rows = await ARCHIVE_TABLES.in(db)
    .selectFrom('ledger_segments')
    .selectAll()
    .where('to_position', '<=', size)
    .orderBy('from_position')
    .execute()
  return rows.map(SEGMENTS.read)
}

export async function segmentOf(db: Reader, position: number): Promise<StoredSegment | undefined> {
  const row = await ARCHIVE_TABLES.in(db)
    .selectFrom('ledger_segments')
    .selectAll()
    .where('from_position', '<=', position)
    .where('to_position', '>', position)
    .executeTakeFirst()
  return row && SEGMENTS.read(row)
}

export async function markRemoved(tx: Tx, from: number, at: number): Promise<void> {
  await ARCHIVE_TABLES.in(tx)
    .updateTable('ledger_segments')
    .set({ removed_at: at })
    .where('from_position', '=', from)
    .execute()
}
