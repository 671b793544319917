import { type Json, printJson } from '../../platform/lib/json.ts'
import { LruCache } from '../../platform/lib/lru-cache.ts'

/** Bytes of all pages that are kept. */
const MAX_BYTES = 8_000_000
const MAX_PAGE = 1_000_000

/** One page of a list. */
export interface KeptPage {
  readonly entries: readonly Json[]
  /** Name of the last entry, where more follow. */
  readonly last: string | undefined
}

/**
 * Pages of lists with the bytes of their entries, by what they show: tasks that could call the same
 * are told the same. The least recently told go first.
 */
export class KeptPages {
  readonly #largest: number
  readonly #pages: LruCache<KeptPage>
  readonly #bytes = new WeakMap<object, Uint8Array>()

  constructor(most = MAX_BYTES) {
    this.#largest = Math.min(MAX_PAGE, most)
    this.#pages = new LruCache(most)
  }

  get(key: string): KeptPage | undefined {
    return this.#pages.get(key, '')
  }

  /** Keeps a page, if it has a key. */
  put(key: string | undefined, page: KeptPage): KeptPage {
    if (key === undefined) return page
    const bytes = Buffer.from(printJson([...page.entries]))
    if (bytes.length > this.#largest) return page
    this.#bytes.set(page.entries, bytes)
    return this.#pages.put(key, '', page, bytes.length)
  }

  /** Bytes of the entries of a page, where it is kept. INVARIANT: entries of a page never change. */
  readonly bytesOf = (entries: object): Uint8Array | undefined => this.#bytes.get(entries)
}
