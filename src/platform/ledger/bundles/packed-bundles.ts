import { Problem } from '../../lib/problem.ts'
import type { Reader } from '../../storage/index.ts'
import { unpackBundle } from './bundle.ts'
import { readBundles, type StoredBundle } from './bundle-store.ts'

/** Bundles that are remembered unpacked: readers go along the ledger. */
const MAX_REMEMBERED = 16
/** Bytes of a packed bundle that is remembered, at most. */
const MAX_BYTES = 262_144

interface RememberedBundle {
  readonly packed: Uint8Array
  readonly records: readonly Uint8Array[]
}

/** Packed bundles of the database, as records. */
export class PackedBundles {
  readonly #remembered = new Map<number, RememberedBundle>()

  /**
   * Reads the bundles from `first` to `last` (inclusive) that are packed, by their index.
   * @throws Problem `ledger.inconsistent`
   */
  async between(
    db: Reader,
    first: number,
    last: number,
  ): Promise<ReadonlyMap<number, readonly Uint8Array[]>> {
    const found = new Map<number, readonly Uint8Array[]>()
    for (const stored of await readBundles(db, first, last))
      found.set(stored.index, await this.#recordsOf(stored))
    return found
  }

  async #recordsOf({ index, packed }: StoredBundle): Promise<readonly Uint8Array[]> {
    const known = this.#remembered.get(index)
    // INVARIANT: a remembered bundle counts only for the very bytes that are stored: a restore brings others.
    if (known && Buffer.compare(known.packed, packed) === 0) return known.records
    const records = await unpackBundle(packed)
    if (!records) throw new Problem('ledger.inconsistent', `bundle ${index} cannot be unpacked`)
    if (packed.byteLength <= MAX_BYTES) this.#remember(index, { packed, records })
    return records
  }

  #remember(index: number, unpacked: RememberedBundle): void {
    this.#remembered.delete(index)
    const [oldest] = this.#remembered.keys()
    if (this.#remembered.size >= MAX_REMEMBERED && oldest !== undefined)
      this.#remembered.delete(oldest)
    this.#remembered.set(index, unpacked)
  }
}
