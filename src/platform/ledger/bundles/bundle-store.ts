import { Guard, keptQuery, type Reader, type Step, type Tx } from '../../storage/index.ts'
import { TILE_WIDTH } from '../tree.ts'

/** Fails when another replica packed the bundle, or it left for the archive. */
const PACKED_GUARD = new Guard('ledger bundle')

/** Finds the first bundle that has records which are not packed. */
export async function firstUnpacked(reader: Reader): Promise<number | undefined> {
  const { last } = await reader
    .selectFrom('ledger_bundles')
    .select(({ fn }) => fn.max('bundle').as('last'))
    .executeTakeFirstOrThrow()
  // Behind the last one, and not the first record of all: PostgreSQL would step over all that were deleted.
  const row = await reader
    .selectFrom('ledger_leaves')
    .select('position')
    .where('position', '>=', last === null ? 0 : (Number(last) + 1) * TILE_WIDTH)
    .orderBy('position')
    .limit(1)
    .executeTakeFirst()
  return row && Math.floor(row.position / TILE_WIDTH)
}

/**
 * Puts a packed bundle in the place of its 256 records, all or nothing.
 * INVARIANT: it takes 256 rows away, or fails: no other process packs or deletes the same ones.
 */
export function packSteps(db: Reader, index: number, packed: Uint8Array): readonly Step[] {
  const span = [index * TILE_WIDTH, (index + 1) * TILE_WIDTH] as const
  return [
    {
      guard: PACKED_GUARD,
      query: keptQuery(db, 'ledger records that are packed', span, () =>
        db
          .deleteFrom('ledger_leaves')
          .where('position', '>=', span[0])
          .where('position', '<', span[1]),
      ),
      rows: TILE_WIDTH,
    },
    {
      guard: PACKED_GUARD,
      query: keptQuery(db, 'ledger bundle', [index, packed], () =>
        db.insertInto('ledger_bundles').values({ bundle: index, packed }),
      ),
      rows: 1,
    },
  ]
}

export interface StoredBundle {
  readonly index: number
  readonly packed: Uint8Array
}

/** Reads the packed bundles from `first` to `last` (inclusive), as far as there are any, in their order. */
export async function readBundles(
  reader: Reader,
  first: number,
  last: number,
): Promise<readonly StoredBundle[]> {
  const rows = await reader
    .selectFrom('ledger_bundles')
    .selectAll()
    .where('bundle', '>=', first)
    .where('bundle', '<=', last)
    .orderBy('bundle')
    .execute()
  return rows.map(({ bundle, packed }) => ({ index: bundle, packed }))
}

/** Deletes a packed bundle, and answers how many records it had. */
export async function deleteBundle(tx: Tx, index: number): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('ledger_bundles')
    .where('bundle', '=', index)
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows) * TILE_WIDTH
}
