import type { Reader, Tx } from '../../platform/storage/index.ts'
import type { ClassName } from './rules.ts'
import { type Cursor, START } from './subject.ts'
import { RETENTION_TABLES } from './tables.ts'

/** State of the present pass over a class. */
export interface Progress {
  readonly cursor: Cursor
  /** Time at which the pass began. */
  readonly beganAt: number
  /** Number that went by this rule so far. */
  readonly erased: number
  readonly erasedAt: number | null
}

export async function readProgress(db: Reader, name: ClassName): Promise<Progress | undefined> {
  const row = await RETENTION_TABLES.in(db)
    .selectFrom('retention_progress')
    .selectAll()
    .where('class', '=', name)
    .executeTakeFirst()
  return (
    row && {
      cursor: { at: row.cursor_at, id: row.cursor_id },
      beganAt: row.began_at,
      erased: row.erased,
      erasedAt: row.erased_at,
    }
  )
}

/** Begins a pass. Answers false where another replica did something meanwhile. */
export async function beginPass(
  tx: Tx,
  name: ClassName,
  { before, now }: { readonly before: Progress | undefined; readonly now: number },
): Promise<boolean> {
  if (before) return moveCursor(tx, name, { ...before, to: START, beganAt: now, count: 0, now })
  const { numInsertedOrUpdatedRows } = await RETENTION_TABLES.in(tx)
    .insertInto('retention_progress')
    .values({
      ...{ class: name, cursor_at: START.at, cursor_id: START.id },
      ...{ began_at: now, erased: 0, erased_at: null },
    })
    .onConflict((conflict) => conflict.column('class').doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

/** Moves on. Answers false where another replica was there first. */
export async function moveCursor(
  tx: Tx,
  name: ClassName,
  move: {
    readonly cursor: Cursor
    readonly to: Cursor
    readonly beganAt: number
    readonly count: number
    readonly now: number
  },
): Promise<boolean> {
  const { beganAt, count, cursor, now, to } = move
  const { numUpdatedRows } = await RETENTION_TABLES.in(tx)
    .updateTable('retention_progress')
    .set((eb) => ({
      cursor_at: to.at,
      cursor_id: to.id,
      began_at: beganAt,
      erased: eb('erased', '+', count),
      ...(count > 0 ? { erased_at: now } : {}),
    }))
    .where('class', '=', name)
    .where('cursor_at', '=', cursor.at)
    .where('cursor_id', '=', cursor.id)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Lets every class be looked at from its beginning. */
export async function restartPasses(tx: Tx): Promise<void> {
  await RETENTION_TABLES.in(tx)
    .updateTable('retention_progress')
    .set({ cursor_at: START.at, cursor_id: START.id })
    .execute()
}
