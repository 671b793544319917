import { sql } from 'kysely'
import { keptQuery, type Reader, type Step, type Storage, type Tx } from '../storage/index.ts'
import { intakeQuery } from './ledger-store.ts'
import type { NewRecord } from './record.ts'
import { leafHash } from './tree.ts'

type Engine = Storage['engine']

/** Rows that the view takes in are not counted. */
const UNCOUNTED = 'any'

/**
 * Makes the step that appends records. On SQLite they are written once, where they stay; on
 * PostgreSQL to the intake, from which the sequencer takes them.
 */
export function appendStep(
  { engine, read }: Pick<Storage, 'engine' | 'read'>,
  records: readonly NewRecord[],
): Step {
  const rows = engine === 'sqlite' ? UNCOUNTED : records.length
  const parameters =
    engine === 'sqlite'
      ? records.flatMap((made) => [made.record, leafHash(made.record), made.private])
      : records.flatMap((made) => [made.record, made.private])
  const query = keptQuery(read, `ledger ${records.length}`, parameters, () => ({
    compile: () =>
      engine === 'sqlite'
        ? appendText(records.length, parameters).compile(read)
        : intakeQuery(read, records).compile(),
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
  const { query } = appendStep({ engine, read: tx }, records)
  await tx.executeQuery(query.compile())
}

function appendText(count: number, parameters: readonly unknown[]) {
  const row = (_: unknown, i: number) => sql`(${sql.join(parameters.slice(3 * i, 3 * i + 3))})`
  const rows = Array.from({ length: count }, row)
  return sql`INSERT INTO ledger_append (record, leaf_hash, private) VALUES ${sql.join(rows)}`
}

/** Leaf that has its position, and is not in the tree yet. */
export interface PlacedLeaf {
  readonly position: number
  readonly leafHash: Uint8Array
}

/** Reads what stands behind a tree of `size` records. */
export async function readPlaced(
  reader: Reader,
  size: number,
  limit: number,
): Promise<readonly PlacedLeaf[]> {
  const rows = await reader
    .selectFrom('ledger_leaves')
    .select(['position', 'leaf_hash'])
    .where('position', '>=', size)
    .orderBy('position')
    .limit(limit)
    .execute()
  return rows.map(({ leaf_hash, position }) => ({ position, leafHash: leaf_hash }))
}

/** Counts what stands behind the tree. */
export async function countPlaced(reader: Reader): Promise<number> {
  const { last, size } = await reader
    .selectNoFrom([
      ({ selectFrom }) =>
        selectFrom('ledger_leaves')
          .select(({ fn }) => fn.max('position').as('last'))
          .as('last'),
      ({ selectFrom }) => selectFrom('ledger_head').select('size').where('id', '=', 1).as('size'),
    ])
    .executeTakeFirstOrThrow()
  return last === null ? 0 : Math.max(0, Number(last) + 1 - (size ?? 0))
}
