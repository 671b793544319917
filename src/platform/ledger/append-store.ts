import { sql } from 'kysely'
import { COMMITTED_VALUES, RECORDS } from '../dictionaries/index.ts'
import {
  type Guard,
  keptQuery,
  type Reader,
  type Step,
  type Storage,
  type Tx,
} from '../storage/index.ts'
import type { NewRecord } from './record.ts'
import { leafHash } from './tree.ts'

type Engine = Storage['engine']

/** Rows that the view takes in are not counted. */
const UNCOUNTED = 'any'

/**
 * Makes the step that appends records. They are written once, where they stay: on SQLite with their positions, on PostgreSQL with
 * numbers below 0, in place of which the sequencer puts positions.
 */
export function appendStep(
  { engine, read }: Pick<Storage, 'engine' | 'read'>,
  records: readonly NewRecord[],
): Step {
  const rows = engine === 'sqlite' ? UNCOUNTED : records.length
  const parameters = parametersOf(records)
  const query = keptQuery(read, `ledger ${records.length}`, parameters, () => ({
    compile: () => appendText(engine, parameters).compile(read),
  }))
  return { name: 'ledger', query, rows }
}

/** Appends records in a transaction. */
export async function appendRecords(
  tx: Tx,
  engine: Engine,
  records: readonly NewRecord[],
): Promise<void> {
  if (records.length === 0) return
  await appendText(engine, parametersOf(records)).execute(tx)
}

const TARGETS: Readonly<Record<Engine, string>> = {
  sqlite: 'ledger_append',
  postgres: 'ledger_leaves',
}

function parametersOf(records: readonly NewRecord[]): readonly unknown[] {
  return records.flatMap(({ private: kept, record }) => [
    RECORDS.shorten(record),
    leafHash(record),
    kept === null ? null : COMMITTED_VALUES.shortenText(kept),
  ])
}

function appendText(engine: Engine, parameters: readonly unknown[]) {
  const rows: ReturnType<typeof sql>[] = []
  for (let i = 0; i < parameters.length; i += 3)
    rows.push(sql`(${sql.join(parameters.slice(i, i + 3))})`)
  return sql`INSERT INTO ${sql.table(TARGETS[engine])} (record, leaf_hash, private) VALUES ${sql.join(rows)}`
}

/** Leaf that is not in the tree yet. Its position is below 0 where it has none: that is its number. */
export interface OutsideLeaf {
  readonly position: number
  readonly leafHash: Uint8Array
}

/** Reads what stands behind a tree of `size` records. */
export async function readPlaced(
  reader: Reader,
  size: number,
  limit: number,
): Promise<readonly OutsideLeaf[]> {
  const leaves = selectHashes(reader).where('position', '>=', size)
  return leaves.orderBy('position').limit(limit).execute()
}

/** Reads what has no position yet and a number below `from`, the oldest first. */
export async function readUnplaced(
  reader: Reader,
  from: number,
  limit: number,
): Promise<readonly OutsideLeaf[]> {
  const leaves = selectHashes(reader).where('position', '<', from)
  return leaves.orderBy('position', 'desc').limit(limit).execute()
}

function selectHashes(reader: Reader) {
  return reader.selectFrom('ledger_leaves').select(['position', 'leaf_hash as leafHash'])
}

/** Counts records that are not in the tree: behind it, or without a position. */
export async function countOutside(reader: Reader): Promise<number> {
  const { last, size, unplaced } = await reader
    .selectNoFrom([
      ({ selectFrom }) =>
        selectFrom('ledger_leaves')
          .select(({ fn }) => fn.max('position').as('last'))
          .as('last'),
      ({ selectFrom }) => selectFrom('ledger_head').select('size').where('id', '=', 1).as('size'),
      ({ selectFrom }) =>
        selectFrom('ledger_leaves')
          .select(({ fn }) => fn.countAll().as('unplaced'))
          .where('position', '<', 0)
          .as('unplaced'),
    ])
    .executeTakeFirstOrThrow()
  // The last one may be below 0: then none has a position.
  const placed = last === null ? 0 : Math.max(0, Number(last) + 1 - (size ?? 0))
  return placed + Number(unplaced)
}

/**
 * Gives positions to records, in their order, and copies the private values beside them to their table. INVARIANT: in the row that the
 * append wrote, and only there: PostgreSQL's log gets the position, and not the record a second time.
 */
export function placeSteps(
  db: Reader,
  guard: Guard,
  from: number,
  unplaced: readonly OutsideLeaf[],
): readonly Step[] {
  const was = unplaced.map(({ position }) => position)
  const to = from + was.length
  return [
    {
      guard,
      query: keptQuery(db, 'ledger positions', [from, was], () => ({
        compile: () => placeText(was, from).compile(db),
      })),
      rows: was.length,
    },
    {
      name: 'ledger private',
      query: keptQuery(db, 'ledger private', [from, to], () =>
        db
          .insertInto('ledger_private')
          .columns(['position', 'private'])
          .expression(
            db
              .selectFrom('ledger_leaves')
              .select(['position', 'private'])
              .where('position', '>=', from)
              .where('position', '<', to)
              .where('private', 'is not', null)
              .$narrowType<{ private: string }>(),
          ),
      ),
      rows: 'any',
    },
  ]
}

function placeText(was: readonly number[], from: number) {
  return sql`UPDATE ledger_leaves SET position = given.position
    FROM (SELECT was, ${from}::bigint - 1 + n AS position
      FROM unnest(${sql.val(was)}::bigint[]) WITH ORDINALITY AS numbered (was, n)) AS given
    WHERE ledger_leaves.position = given.was`
}

/** Puts records without a position back into the intake: another database numbers them itself. */
export async function returnToIntake(tx: Tx): Promise<void> {
  const waiting = tx
    .selectFrom('ledger_leaves')
    .select(['record', 'private'])
    .where('position', '<', 0)
    .orderBy('position', 'desc')
  await tx.insertInto('ledger_intake').columns(['record', 'private']).expression(waiting).execute()
  await tx.deleteFrom('ledger_leaves').where('position', '<', 0).execute()
}
