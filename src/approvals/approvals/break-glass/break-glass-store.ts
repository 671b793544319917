import { codec, type Reader, type Tx } from '../../../platform/storage/index.ts'
import type { BreakGlass } from './break-glass.ts'

const BREAK_GLASS = codec('break_glass').of<BreakGlass>()

/** Inserts the one of a request. False: there is one. Of several at once on PostgreSQL all but one are tried again, and find it. */
export async function insertBreakGlass(tx: Tx, broken: BreakGlass): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('break_glass')
    .values(BREAK_GLASS.write(broken))
    .onConflict((conflict) => conflict.column('request_id').doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

export async function readBreakGlass(db: Reader, id: string): Promise<BreakGlass | undefined> {
  const row = await db.selectFrom('break_glass').selectAll().where('id', '=', id).executeTakeFirst()
  return row && BREAK_GLASS.read(row)
}

/** Finds the emergency approval that answered a request. */
export async function breakGlassOf(db: Reader, requestId: string): Promise<BreakGlass | undefined> {
  const row = await db
    .selectFrom('break_glass')
    .selectAll()
    .where('request_id', '=', requestId)
    .executeTakeFirst()
  return row && BREAK_GLASS.read(row)
}

export async function unreviewedOf(db: Reader, personId: string): Promise<BreakGlass[]> {
  const rows = await db
    .selectFrom('break_glass')
    .selectAll()
    .where('person_id', '=', personId)
    .where('reviewed_at', 'is', null)
    .execute()
  return rows.map(BREAK_GLASS.read)
}

/** The most urgent first. */
export async function selectUnreviewed(db: Reader, limit: number): Promise<BreakGlass[]> {
  const rows = await db
    .selectFrom('break_glass')
    .selectAll()
    .where('reviewed_at', 'is', null)
    .orderBy('review_due_at')
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(BREAK_GLASS.read)
}

/** The latest first, from behind one of them; `personId`: only this person's. */
export async function selectBreakGlass(
  db: Reader,
  page: {
    readonly personId?: string | undefined
    readonly after?: BreakGlass | undefined
    readonly limit: number
  },
): Promise<BreakGlass[]> {
  const { after, limit, personId } = page
  let query = db.selectFrom('break_glass').selectAll()
  if (personId !== undefined) query = query.where('person_id', '=', personId)
  if (after)
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('opened_at', 'id'), '<', tuple(after.openedAt, after.id)),
    )
  const rows = await query.orderBy('opened_at', 'desc').orderBy('id', 'desc').limit(limit).execute()
  return rows.map(BREAK_GLASS.read)
}

/** False: another reviewer was first. */
export async function putReview(
  tx: Tx,
  id: string,
  review: Pick<BreakGlass, 'endsAt' | 'note' | 'reviewedAt' | 'reviewedBy' | 'verdict'>,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('break_glass')
    .set(BREAK_GLASS.change(review))
    .where('id', '=', id)
    .where('reviewed_at', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}
