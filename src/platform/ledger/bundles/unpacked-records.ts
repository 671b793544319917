import { sameBytes } from '../../lib/bytes.ts'
import type { Reader } from '../../storage/index.ts'
import { readHead, readLeaves, readTile } from '../ledger-store.ts'
import { leafHash, split, TILE_WIDTH } from '../tree.ts'
import { firstUnpacked } from './bundle-store.ts'

/** Position of the first record of a full bundle that is not the one in the tree. */
export async function firstDifference(
  db: Reader,
  index: number,
  records: readonly Uint8Array[],
): Promise<number | undefined> {
  const hashes = split(await readTile(db, 0, index))
  for (let i = 0; i < TILE_WIDTH; i++) {
    const [record, hash] = [records[i], hashes[i]]
    if (!record || !hash || !sameBytes(leafHash(record), hash)) return index * TILE_WIDTH + i
  }
  return undefined
}

/** State of the records that are not packed, as a program finds it that reads beside the servers. */
export interface UnpackedRecords {
  /** Number of all records. */
  readonly size: number
  /** Number of records that could be packed. */
  readonly waiting: number
  /** Position of the first one among the next to be packed that is not the one in the tree. */
  readonly wrong: number | undefined
}

/** Looks at the records that are packed next: there packing stays, if one is not the one in the tree. */
export async function examineUnpacked(db: Reader): Promise<UnpackedRecords> {
  const size = (await readHead(db))?.size ?? 0
  const index = await firstUnpacked(db)
  const full = Math.floor(size / TILE_WIDTH)
  if (index === undefined || index >= full) return { size, waiting: 0, wrong: undefined }
  const from = index * TILE_WIDTH
  const leaves = await readLeaves(db, from, from + TILE_WIDTH)
  return {
    size,
    waiting: full * TILE_WIDTH - from,
    wrong: await firstDifference(
      db,
      index,
      leaves.map(({ record }) => record),
    ),
  }
}
