import { type JsonObject, printJson } from '../../platform/lib/json.ts'
import { KeptPages } from './kept-pages.ts'

/** Texts of answers that were printed before. INVARIANT: printed values never change. */
class PrintedTexts {
  /** Pages of this process. */
  readonly pages = new KeptPages()
  readonly #results = new WeakMap<object, string>()

  /** Prints a result once, for its digest and for the client. */
  result(result: JsonObject): string {
    const known = this.#results.get(result)
    if (known !== undefined) return known
    const text = printJson(result)
    this.#results.set(result, text)
    return text
  }

  /** Finds the text of a result, or the bytes of a page. */
  readonly find = (value: object): string | Uint8Array | undefined =>
    this.#results.get(value) ?? this.pages.bytesOf(value)
}

export const printedTexts = new PrintedTexts()
