import type { IncomingMessage } from 'node:http'
import { Buckets } from './buckets.ts'
import type { ClientAddresses } from './client-addresses.ts'

/** Maximum log lines per minute about refusals: of one address, and of all together. */
export const MAX_LINES = { perAddress: 60, total: 600 } as const

/**
 * Bounds the log lines that refused requests cause. A refusal without a line is counted, and the
 * next line gives that count.
 */
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

  /**
   * Takes a line. Returns how many refusals had none since the last one; `undefined`: no line is to
   * be written.
   */
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
