import type { Reader, Tx } from '../../platform/storage/index.ts'

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

interface SegmentRow {
  readonly from_position: number
  readonly to_position: number
  readonly history: number
  readonly sealed_at: number
  readonly removed_at: number | null
}

/** False: another replica sealed it. */
export async function insertSegment(
  tx: Tx,
  { from, history, sealedAt, to }: Omit<StoredSegment, 'removedAt'>,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('ledger_segments')
    .values({
      ...{ from_position: from, to_position: to, history },
      ...{ sealed_at: sealedAt, removed_at: null },
    })
    .onConflict((conflict) => conflict.column('from_position').doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

export async function lastSegment(db: Reader): Promise<StoredSegment | undefined> {
  const row = await db
    .selectFrom('ledger_segments')
    .selectAll()
    .orderBy('from_position', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && read(row)
}

/** The oldest segment of which records are still in the database. */
export async function unfinishedSegment(db: Reader): Promise<StoredSegment | undefined> {
  const row = await db
    .selectFrom('ledger_segments')
    .selectAll()
    .where('removed_at', 'is', null)
    .orderBy('from_position')
    .limit(1)
    .executeTakeFirst()
  return row && read(row)
}

/** Lists the segments of the first `size` records, in their order. */
export async function segmentsUntil(db: Reader, size: number): Promise<readonly StoredSegment[]> {
  const rows = await db
    .selectFrom('ledger_segments')
    .selectAll()
    .where('to_position', '<=', size)
    .orderBy('from_position')
    .execute()
  return rows.map(read)
}

export async function segmentOf(db: Reader, position: number): Promise<StoredSegment | undefined> {
  const row = await db
    .selectFrom('ledger_segments')
    .selectAll()
    .where('from_position', '<=', position)
    .where('to_position', '>', position)
    .executeTakeFirst()
  return row && read(row)
}

export async function markRemoved(tx: Tx, from: number, at: number): Promise<void> {
  await tx
    .updateTable('ledger_segments')
    .set({ removed_at: at })
    .where('from_position', '=', from)
    .execute()
}

function read(row: SegmentRow): StoredSegment {
  const { from_position: from, history, removed_at: removedAt, sealed_at: sealedAt } = row
  return { from, to: row.to_position, history, sealedAt, removedAt }
}
