import { LruCache } from '../../platform/lib/lru-cache.ts'
import type { Random } from '../../platform/lib/random.ts'
import { DAY } from '../../platform/lib/time-units.ts'
import type { Step, Storage } from '../../platform/storage/index.ts'
import { countSizeQuery, histogramOf, type SizeKey } from './books-store.ts'
import { bucketOf, medianOf } from './size.ts'

const DAYS = 30
const SHARDS = 16
const MAX_KEPT = 20_000

/** One call's size, and where it is counted. */
export interface Size extends SizeKey {
  readonly units: bigint
}

/**
 * Usual sizes of the calls of an agent. The usual size is the median of the 30 whole days (UTC)
 * before today: so it is the same all day, is read once a day, and what an agent does today cannot
 * make today's large calls look usual.
 */
export class UsualSizes {
  readonly #storage: Storage
  readonly #random: Random
  readonly #medians = new LruCache<{ readonly median: bigint | undefined }>(MAX_KEPT)

  constructor({ random, storage }: { readonly storage: Storage; readonly random: Random }) {
    this.#storage = storage
    this.#random = random
  }

  /** Answers the median in ten-thousandths; `undefined` when too little is known. */
  async median(of: SizeKey, at: number): Promise<bigint | undefined> {
    const today = dayOf(at)
    const key = `${of.agentId} ${of.action} ${of.path}`
    const kept = await this.#medians.find(key, today, async () => {
      const days = { from: today - DAYS, before: today }
      return { median: medianOf(await histogramOf(this.#storage.read, of, days)) }
    })
    return kept.median
  }

  /** Makes the steps for the transaction that permits the call. */
  steps(size: Size, at: number): Step[] {
    const shard = (this.#random.bytes(1)[0] ?? 0) % SHARDS
    const place = { day: dayOf(at), bucket: bucketOf(size.units), shard }
    return [{ name: 'size', query: countSizeQuery(this.#storage.read, size, place), rows: 'any' }]
  }
}

export function dayOf(at: number): number {
  return Math.floor(at / DAY)
}
