import { createHash } from 'node:crypto'

const FIRST_SLOTS = 1024
const WORDS = 4
/** Load up to which looking does not take long. */
const MAX_LOAD = 0.7

/**
 * A number from 1 to 255 for each of many ids, in 17 bytes a slot: by the first half of their SHA-256, so that no export can
 * choose where its ids fall. Between 24 and 50 bytes an id.
 */
export class IdTable {
  #keys = new Uint32Array(FIRST_SLOTS * WORDS)
  #values = new Uint8Array(FIRST_SLOTS)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** 0 where there is none. */
  get(id: string): number {
    return this.#values[slotOf(this.#keys, this.#values, keyOf(id))] ?? 0
  }

  set(id: string, value: number): void {
    const key = keyOf(id)
    let slot = slotOf(this.#keys, this.#values, key)
    if (this.#values[slot] === 0) {
      if (this.#size + 1 > this.#values.length * MAX_LOAD) {
        this.#grow()
        slot = slotOf(this.#keys, this.#values, key)
      }
      this.#keys.set(key, slot * WORDS)
      this.#size++
    }
    this.#values[slot] = value
  }

  #grow(): void {
    const keys = new Uint32Array(this.#keys.length * 2)
    const values = new Uint8Array(this.#values.length * 2)
    for (let from = 0; from < this.#values.length; from++) {
      const value = this.#values[from] ?? 0
      if (value === 0) continue
      const key = this.#keys.subarray(from * WORDS, (from + 1) * WORDS)
      const slot = slotOf(keys, values, key)
      keys.set(key, slot * WORDS)
      values[slot] = value
    }
    this.#keys = keys
    this.#values = values
  }
}

function keyOf(id: string): Uint32Array {
  const digest = createHash('sha256').update(id).digest()
  return Uint32Array.from({ length: WORDS }, (_, i) => digest.readUInt32LE(i * 4))
}

/**
 * Finds where this key is, or the free slot where it belongs. The number of slots is a power of
 * two.
 */
function slotOf(keys: Uint32Array, values: Uint8Array, key: Uint32Array): number {
  const last = values.length - 1
  for (let slot = (key[0] ?? 0) & last; ; slot = (slot + 1) & last) {
    if (values[slot] === 0) return slot
    if (key.every((word, i) => word === keys[slot * WORDS + i])) return slot
  }
}
