import { type Json, printJson } from '../lib/json.ts'

/** Characters of all pages that are kept. */
const MAX_CHARACTERS = 8_000_000
const MAX_PAGE = 1_000_000

/** One page of a list. */
export interface KeptPage {
  readonly entries: readonly Json[]
  /** Name of the last entry, where more follow. */
  readonly last: string | undefined
}

/**
 * Pages of lists with their text, by what they show: tasks that could call the same are told the
 * same. The least recently told go first.
 */
export class KeptPages {
  readonly #most: number
  readonly #pages = new Map<string, KeptPage & { readonly length: number }>()
  readonly #texts = new WeakMap<object, string>()
  #characters = 0

  constructor(most = MAX_CHARACTERS) {
    this.#most = most
  }

  get(key: string): KeptPage | undefined {
    const page = this.#pages.get(key)
    if (!page) return undefined
    this.#pages.delete(key)
    this.#pages.set(key, page)
    return page
  }

  /** Keeps a page, if it has a key. */
  put(key: string | undefined, page: KeptPage): KeptPage {
    if (key === undefined) return page
    const text = printJson([...page.entries])
    if (text.length > Math.min(MAX_PAGE, this.#most)) return page
    this.#drop(key)
    this.#pages.set(key, { ...page, length: text.length })
    this.#texts.set(page.entries, text)
    this.#characters += text.length
    for (const oldest of this.#pages.keys()) {
      if (this.#characters <= this.#most) break
      this.#drop(oldest)
    }
    return page
  }

  /** Text of the entries of a page, where it is kept. INVARIANT: nobody changes entries of a page. */
  textOf(entries: object): string | undefined {
    return this.#texts.get(entries)
  }

  #drop(key: string): void {
    this.#characters -= this.#pages.get(key)?.length ?? 0
    this.#pages.delete(key)
  }
}

/** Pages of this process. */
export const keptPages = new KeptPages()
