import type { IncomingMessage } from 'node:http'
import { Buckets } from './buckets.ts'
import type { ClientAddresses } from './client-addresses.ts'

/** Lines in a minute about what was refused: of one address, and of all together. */
export const MAX_LINES = { perAddress: 60, total: 600 } as const

/** How many lines of the log refused requests may cause. What has no line is counted, and the next line says how many they were. */
export class LineBudget {
  readonly #addresses: ClientAddresses
  readonly #own: Buckets
  readonly #all: Buckets
  #skipped = 0

  /** `monotonic`: milliseconds. */
  constructor(addresses: ClientAddresses, monotonic: () => number) {
    this.#addresses = addresses
    this.#own = new Buckets(MAX_LINES.perAddress, monotonic)
    this.#all = new Buckets(MAX_LINES.total, monotonic)
  }

  /** Whether a line is written. If so, how many had none since the last one. */
  take(message: IncomingMessage): { readonly skipped: number } | undefined {
    const key = this.#addresses.keyOf(message)
    const mine = key === undefined || this.#own.take(key) === 0
    if (!mine || this.#all.take('all') !== 0) {
      this.#skipped++
      return undefined
    }
    const skipped = this.#skipped
    this.#skipped = 0
    return { skipped }
  }
}
