/**
 * Bounded cache of values, each valid only for the state (`mark`) it was stored under. The least
 * recently used go first.
 */
export class LruCache<Value> {
  readonly #most: number
  readonly #values = new Map<string, { readonly mark: number | string; readonly value: Value }>()

  constructor(most: number) {
    this.#most = most
  }

  /**
   * Finds a value. `mark` identifies the state that the value belongs to: an epoch, or a hash of
   * epochs.
   */
  get(key: string, mark: number | string): Value | undefined {
    const kept = this.#values.get(key)
    if (kept?.mark !== mark) return undefined
    this.#values.delete(key)
    this.#values.set(key, kept)
    return kept.value
  }

  put(key: string, mark: number | string, value: Value): Value {
    this.#values.delete(key)
    this.#values.set(key, { mark, value })
    if (this.#values.size > this.#most) {
      for (const oldest of this.#values.keys()) {
        this.#values.delete(oldest)
        break
      }
    }
    return value
  }
}
