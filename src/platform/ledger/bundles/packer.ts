import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../../lib/clock.ts'
import { Problem } from '../../lib/problem.ts'
import { idleWait } from '../../lib/repeat.ts'
import { MINUTE } from '../../lib/time-units.ts'
import { finishMigrations, type Storage } from '../../storage/index.ts'
import { readLeaves } from '../ledger-store.ts'
import { TILE_WIDTH } from '../tree.ts'
import { packBundle, unpackBundle } from './bundle.ts'
import { firstUnpacked, packSteps } from './bundle-store.ts'
import { firstDifference } from './unpacked-records.ts'

/** Bundles of one round. */
const AT_ONCE = 16
/** Time between two of them in the background: packing takes some milliseconds of a processor that calls may need. */
const PAUSE_MS = 60
/** Time between two looks for servers of older builds. */
const PACKING_POLL_MS = MINUTE
/** Time for which a packer that was overtaken leaves the work to the other. */
const BACKOFF_MS = 10_000

/** Packs full bundles of records that are behind a signed head, in the database. */
export class Packer {
  readonly #storage: Storage
  readonly #clock: Pick<Clock, 'monotonic'>
  #next: number | undefined
  #mayPack = false
  #damage: Problem | undefined
  /** Monotonic time before which nothing is done. */
  #rest = Number.NEGATIVE_INFINITY

  constructor(storage: Storage, clock: Pick<Clock, 'monotonic'>) {
    this.#storage = storage
    this.#clock = clock
  }

  /** Record that was found not to be the one in the tree. Nothing is packed any more until a restart. */
  get damage(): Problem | undefined {
    return this.#damage
  }

  /**
   * Packs bundles that are full in the tree of `size` records, a few at most, and answers how many. With a signal, which ends it
   * early, it leaves time between them.
   * @throws Problem `ledger.inconsistent`: a record is not the one in the tree; it stays as it is
   */
  async pack(size: number, signal?: AbortSignal): Promise<number> {
    let count = 0
    // Without a look at the database where nothing has become full.
    while (count < AT_ONCE && this.#isFull(this.#next ?? 0, size) && (await this.#isMine())) {
      const index = this.#next ?? (await firstUnpacked(this.#storage.read))
      this.#next = index
      if (index === undefined || !this.#isFull(index, size)) return count
      if (!(await this.#packNext(index))) return count
      count++
      await (signal ? idleWait(PAUSE_MS, signal) : turn())
      if (signal?.aborted) return count
    }
    return count
  }

  #isFull(index: number, size: number): boolean {
    return (index + 1) * TILE_WIDTH <= size
  }

  /** INVARIANT: nothing is packed while a server may run, or begin, that looks for records in `ledger_leaves` alone. */
  async #isMine(): Promise<boolean> {
    if (this.#clock.monotonic() < this.#rest) return false
    this.#mayPack ||= await finishMigrations(this.#storage)
    if (!this.#mayPack) this.#restFor(PACKING_POLL_MS)
    return this.#mayPack
  }

  async #packNext(index: number): Promise<boolean> {
    // Whatever happens now, the next round looks where to go on.
    this.#next = undefined
    const packed = await this.#packed(index)
    const done =
      packed &&
      (await this.#storage.commit(packSteps(this.#storage.read, index, packed), { isBehind: true }))
    if (done?.committed) {
      this.#next = index + 1
      return true
    }
    // Another replica was first, or the archive: it goes on there.
    this.#restFor(BACKOFF_MS)
    return false
  }

  /**
   * Packs the records of a bundle; `undefined`: they are elsewhere already.
   * INVARIANT: what will be unpacked later is what the tree has: each record is compared with it.
   */
  async #packed(index: number): Promise<Uint8Array | undefined> {
    const from = index * TILE_WIDTH
    const leaves = await readLeaves(this.#storage.read, from, from + TILE_WIDTH)
    if (leaves.length < TILE_WIDTH) return undefined
    const packed = await packBundle(leaves.map(({ record }) => record))
    const records = (await unpackBundle(packed)) ?? []
    const wrong = await firstDifference(this.#storage.read, index, records)
    if (wrong === undefined) return packed
    this.#restFor(Number.POSITIVE_INFINITY)
    this.#damage = new Problem('ledger.inconsistent', `record ${wrong} is not the one in the tree`)
    throw this.#damage
  }

  #restFor(ms: number): void {
    this.#rest = this.#clock.monotonic() + ms
  }
}
