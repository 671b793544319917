import type { Awaitable } from './pipeline.ts'
import { SharedReads } from './under-way/shared-reads.ts'

interface KeptValue<Value> {
  /** State that the value is valid for. */
  readonly mark: number | string
  readonly value: Value
  readonly weight: number
}

/**
 * Bounded cache of values, each valid only for the state (`mark`) it was stored under. The least
 * recently used go first.
 */
export class LruCache<Value> {
  readonly #most: number
  readonly #values = new Map<string, KeptValue<Value>>()
  readonly #reads = new SharedReads<Value | undefined>()
  #weight = 0

  /** `most`: what all values weigh together, at most. A value of which nothing is said weighs one. */
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

  /** Keeps a value, and answers it. One that weighs more than all may is not kept. */
  put(key: string, mark: number | string, value: Value, weight = 1): Value {
    this.#drop(key)
    if (weight > this.#most) return value
    this.#values.set(key, { mark, value, weight })
    this.#weight += weight
    for (const oldest of this.#values.keys()) {
      if (this.#weight <= this.#most) break
      this.#drop(oldest)
    }
    return value
  }

  /**
   * Finds a value, or reads it and keeps it. All who ask for the same value while it is read share that read: a change that
   * outdates a value for many calls costs one read and not one for each. A read that fails or finds nothing is not kept.
   */
  find(key: string, mark: number | string, read: () => Promise<Value>): Awaitable<Value>
  find(
    key: string,
    mark: number | string,
    read: () => Promise<Value | undefined>,
  ): Awaitable<Value | undefined>
  find(
    key: string,
    mark: number | string,
    read: () => Promise<Value | undefined>,
  ): Awaitable<Value | undefined> {
    const kept = this.get(key, mark)
    if (kept !== undefined) return kept
    return this.#reads.share(`${mark} ${key}`, async () => {
      const found = await read()
      return found === undefined ? undefined : this.put(key, mark, found)
    })
  }

  #drop(key: string): void {
    this.#weight -= this.#values.get(key)?.weight ?? 0
    this.#values.delete(key)
  }
}
