import type { Reader } from '../storage/index.ts'
import type { PackedBundles } from './bundles/packed-bundles.ts'
import { readLeaves, readRecordsAt } from './ledger-store.ts'
import { TILE_WIDTH } from './tree.ts'

/** A span of records that left the database; `to`: exclusive. */
export interface ArchivedSpan {
  readonly from: number
  readonly to: number
  /** History in which it was sealed: its folder in the archive. */
  readonly history: number
}

/** Records that left the database. */
export interface ArchivedRecords {
  /**
   * Reads the 256 records of a bundle that left the database; `undefined` where it is no such one.
   * @throws Problem `archive.…`
   */
  bundle(index: number): Promise<readonly Uint8Array[] | undefined>
  /** Reads which spans of the first `size` records left, in their order. */
  spans(size: number): Promise<readonly ArchivedSpan[]>
}

/** Archive of a ledger that has none. */
export const NOTHING_ARCHIVED: ArchivedRecords = {
  bundle: async () => undefined,
  spans: async () => [],
}

/** A record as it was written, and its position. */
export interface PlacedRecord {
  readonly position: number
  readonly record: Uint8Array
}

/** Reads records wherever they are: in the database, packed in it, or in the archive. */
export class RecordReader {
  readonly db: Reader
  readonly #packed: PackedBundles
  readonly #archived: ArchivedRecords

  constructor(db: Reader, packed: PackedBundles, archived = NOTHING_ARCHIVED) {
    this.db = db
    this.#packed = packed
    this.#archived = archived
  }

  /** Reads the records from `from` to `to` (exclusive), as far as there are any, in their order. */
  async between(from: number, to: number): Promise<readonly PlacedRecord[]> {
    const here = await readLeaves(this.db, from, to)
    if (here[0]?.position === from || from >= to) return here
    const records = new Map(here.map(({ position, record }) => [position, { position, record }]))
    // INVARIANT: in this order. A record is moved from the first to the second, and from there to the archive, in one transaction
    // each: a reader that does not find it at one place finds it at the next.
    const last = Math.floor(((here[0]?.position ?? to) - 1) / TILE_WIDTH)
    await this.#addBundles(records, { first: Math.floor(from / TILE_WIDTH), last, from, to })
    return [...records.values()].sort((a, b) => a.position - b.position)
  }

  /** Reads the records at these positions; those without a record are left out. */
  async at(positions: readonly number[]): Promise<readonly PlacedRecord[]> {
    const found = new Map<number, PlacedRecord>()
    for (const placed of await readRecordsAt(this.db, positions)) found.set(placed.position, placed)
    const elsewhere = positions.filter((position) => !found.has(position))
    for (const index of new Set(elsewhere.map((each) => Math.floor(each / TILE_WIDTH)))) {
      const records = await this.#bundle(index)
      for (const position of elsewhere) {
        const record = records?.[position - index * TILE_WIDTH]
        if (record) found.set(position, { position, record })
      }
    }
    return positions.flatMap((position) => found.get(position) ?? [])
  }

  async #addBundles(
    records: Map<number, PlacedRecord>,
    { first, from, last, to }: Record<'first' | 'from' | 'last' | 'to', number>,
  ): Promise<void> {
    const packed = await this.#packed.between(this.db, first, last)
    for (let index = first; index <= last; index++) {
      const bundle = packed.get(index) ?? (await this.#archived.bundle(index))
      // Bundles leave from the oldest on. Where one is missing, all later ones are rows, which were read before.
      if (!bundle) return
      for (const [i, record] of bundle.entries()) {
        const position = index * TILE_WIDTH + i
        if (position >= from && position < to && !records.has(position))
          records.set(position, { position, record })
      }
    }
  }

  async #bundle(index: number): Promise<readonly Uint8Array[] | undefined> {
    const packed = await this.#packed.between(this.db, index, index)
    return packed.get(index) ?? this.#archived.bundle(index)
  }
}
