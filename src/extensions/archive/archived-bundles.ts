import {
  type ArchivedRecords,
  type ArchivedSpan,
  areRecordsOf,
  tilePath,
  unpackBundle,
} from '../../platform/ledger/index.ts'
import type { Reader } from '../../platform/storage/index.ts'
import { ArchiveProblem } from './problems.ts'
import type { ArchiveStore } from './segment.ts'
import { segmentOf, segmentsUntil } from './segment-store.ts'

const WIDTH = 256
/** Maximum bundles that are remembered: readers go along the ledger. */
const MAX_REMEMBERED = 16

/** Records that left the database, read from the archive. */
export class ArchivedBundles implements ArchivedRecords {
  readonly #db: Reader
  readonly #store: ArchiveStore | undefined
  readonly #remembered = new Map<number, readonly Uint8Array[]>()

  /** `store`: absent where none is set up any more. */
  constructor(db: Reader, store: ArchiveStore | undefined) {
    this.#db = db
    this.#store = store
  }

  spans(size: number): Promise<readonly ArchivedSpan[]> {
    return segmentsUntil(this.#db, size)
  }

  async bundle(index: number): Promise<readonly Uint8Array[] | undefined> {
    const known = this.#remembered.get(index)
    if (known) return known
    const segment = await segmentOf(this.#db, index * WIDTH)
    if (!segment) return undefined
    const place = `records ${segment.from} to ${segment.to - 1}`
    if (!this.#store)
      throw new ArchiveProblem(
        'archive.unreachable',
        `${place} left the database; set REMIT_ARCHIVE`,
      )
    const path = `${segment.history}/${tilePath('entries', index, WIDTH)}.gz`
    const packed = await this.#store.get(path)
    if (!packed)
      throw new ArchiveProblem(
        'archive.damaged',
        `${path} is missing in ${this.#store.where}: ${place}`,
      )
    const records = await unpackBundle(packed)
    if (!records)
      throw new ArchiveProblem('archive.damaged', `${path} is no bundle of ${WIDTH} records`)
    // INVARIANT: what the archive says is a record only if the tree has it.
    if (!(await areRecordsOf(this.#db, index, records)))
      throw new ArchiveProblem(
        'archive.damaged',
        `${path} has other records than the ledger: ${place}`,
      )
    if (this.#remembered.size >= MAX_REMEMBERED) {
      const [oldest] = this.#remembered.keys()
      if (oldest !== undefined) this.#remembered.delete(oldest)
    }
    this.#remembered.set(index, records)
    return records
  }
}
