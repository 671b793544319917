import type { Reader } from '../storage/index.ts'
import { readLeaves, readRecordsAt } from './ledger-store.ts'
import { TILE_WIDTH } from './tree.ts'

/** Records that left the database. */
export interface ArchivedRecords {
  /**
   * Reads the 256 records of a bundle that left the database; `undefined` where it is no such one.
   * @throws Problem `archive.…`
   */
  bundle(index: number): Promise<readonly Uint8Array[] | undefined>
}

/** A record as it was written, and its position. */
export interface PlacedRecord {
  readonly position: number
  readonly record: Uint8Array
}

/** Reads records wherever they are: in the database, or in the archive. */
export class RecordReader {
  readonly db: Reader
  readonly #archived: ArchivedRecords | undefined

  constructor(db: Reader, archived?: ArchivedRecords) {
    this.db = db
    this.#archived = archived
  }

  /** Reads the records from `from` to `to` (exclusive), as far as there are any, in their order. */
  async between(from: number, to: number): Promise<readonly PlacedRecord[]> {
    const here = await readLeaves(this.db, from, to)
    const first = here[0]?.position ?? to
    if (first === from || !this.#archived) return here
    // The oldest records are the archived ones. Where a deletion goes on, some of them are still in the database.
    const records = new Map<number, PlacedRecord>()
    for (let index = Math.floor(from / TILE_WIDTH); index * TILE_WIDTH < to; index++) {
      const bundle = await this.#archived.bundle(index)
      if (!bundle) break
      for (const [i, record] of bundle.entries()) {
        const position = index * TILE_WIDTH + i
        if (position >= from && position < to) records.set(position, { position, record })
      }
    }
    for (const { position, record } of here) records.set(position, { position, record })
    return [...records.values()].sort((a, b) => a.position - b.position)
  }

  /** Reads the records at these positions; those without a record are left out. */
  async at(positions: readonly number[]): Promise<readonly PlacedRecord[]> {
    const found = new Map<number, PlacedRecord>()
    for (const placed of await readRecordsAt(this.db, positions)) found.set(placed.position, placed)
    for (const position of positions) {
      if (found.has(position)) continue
      const bundle = await this.#archived?.bundle(Math.floor(position / TILE_WIDTH))
      const record = bundle?.[position % TILE_WIDTH]
      if (record) found.set(position, { position, record })
    }
    return positions.flatMap((position) => found.get(position) ?? [])
  }
}
