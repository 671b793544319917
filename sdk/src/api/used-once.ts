/** Remembers what was used. Behind more than one process it has to be shared: a database, a key-value store. */
export interface UsedOnce {
  /** True for the first caller with this id, false for everyone after. May be forgotten after `expiresAt`, epoch ms. */
  use(id: string, expiresAt: number): boolean | Promise<boolean>
}

/**
 * Remembers in this process, and forgets with it. Memory is bounded by how many calls come within
 * the life of a token.
 */
export function usedInMemory(now: () => number = () => Date.now()): UsedOnce {
  const used = new Map<string, number>()
  let sweepAt = 0
  return {
    use(id, expiresAt) {
      if (now() >= sweepAt) {
        for (const [each, end] of used) if (end < now()) used.delete(each)
        sweepAt = now() + 1_000
      }
      if (used.has(id)) return false
      used.set(id, expiresAt)
      return true
    },
  }
}
