import { randomFillSync } from 'node:crypto'

/** Source of all random bytes, so that tests can repeat a run. */
export interface Random {
  bytes(count: number): Uint8Array
}

const POOL_BYTES = 4096
/**
 * Maximum bytes of a request to the pool, enough for ids, salts and nonces. Larger requests go to
 * the system directly.
 */
const MAX_FROM_POOL = 128

/**
 * Makes a source that asks the system for many bytes at once: asking takes microseconds whatever
 * the amount, and a call needs several small ones.
 * INVARIANT: no byte is given out twice, and none stays in the pool once it was given out.
 */
function pooled(): Random['bytes'] {
  const pool = new Uint8Array(POOL_BYTES)
  let used = POOL_BYTES
  return (count) => {
    if (count > MAX_FROM_POOL) return randomFillSync(new Uint8Array(count))
    if (used + count > POOL_BYTES) {
      randomFillSync(pool)
      used = 0
    }
    const bytes = pool.slice(used, used + count)
    pool.fill(0, used, used + count)
    used += count
    return bytes
  }
}

export const systemRandom: Random = { bytes: pooled() }
