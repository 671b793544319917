/**
 * Reason why there is no room for more: one address has its share, or all together have everything.
 */
export type ExhaustedQuota = 'address' | 'total'

/**
 * Quota of an amount that is held at once: by all addresses together, and by each. It remembers
 * only addresses that hold something, so that addresses that come and go leave nothing behind.
 */
export class AddressQuota {
  readonly #most: { readonly total: number; readonly perAddress: number }
  readonly #held = new Map<string, number>()
  #total = 0

  /** `perAddress`: 0 is no limit. */
  constructor(most: { readonly total: number; readonly perAddress: number }) {
    this.#most = most
  }

  get total(): number {
    return this.#total
  }

  /** Number of addresses that hold something. */
  get addresses(): number {
    return this.#held.size
  }

  /**
   * Takes an amount, or takes nothing and says why not. `key`: `undefined` is counted with all, and
   * has no share of its own.
   */
  take(key: string | undefined, amount: number): ExhaustedQuota | undefined {
    const { perAddress, total } = this.#most
    const held = key === undefined ? 0 : (this.#held.get(key) ?? 0)
    if (key !== undefined && perAddress > 0 && held + amount > perAddress) return 'address'
    if (this.#total + amount > total) return 'total'
    this.#total += amount
    if (key !== undefined) this.#held.set(key, held + amount)
    return undefined
  }

  /** Gives back an amount that was taken. */
  give(key: string | undefined, amount: number): void {
    this.#total -= amount
    if (key === undefined) return
    const left = (this.#held.get(key) ?? 0) - amount
    if (left > 0) this.#held.set(key, left)
    else this.#held.delete(key)
  }
}
