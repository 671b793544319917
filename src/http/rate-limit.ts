import type { IncomingMessage } from 'node:http'
import { Problem } from '../lib/problem.ts'
import { ClientAddresses } from './inbound/client-addresses.ts'
import { pathOf } from './request-gate.ts'

/** How often one address may ask for something. */
export interface Rate {
  /** What is counted together, as the refusal says it. */
  readonly of: string
  /** Exact paths, or everything below one that ends in `/`. */
  readonly paths: readonly string[]
  /** Only requests with this method count; all when left out. */
  readonly method?: string
  /** As many at once, too; 0: no limit. */
  readonly perMinute: number
}

/** Addresses remembered for each rate. Whoever was not heard of for longest is forgotten first, and begins anew. */
const MOST_ADDRESSES = 10_000
const MINUTE_MS = 60_000

/**
 * One bucket for each address, in the memory of this process: it bounds what one source can cost, and is no guard that
 * anything else relies on.
 */
export class RateLimits {
  readonly #rates: readonly { readonly rate: Rate; readonly buckets: Buckets }[]
  readonly #addresses: ClientAddresses

  /** `monotonic`: milliseconds. */
  constructor(
    rates: readonly Rate[],
    monotonic: () => number,
    addresses: ClientAddresses = new ClientAddresses(),
  ) {
    this.#addresses = addresses
    this.#rates = rates
      .filter(({ perMinute }) => perMinute > 0)
      .map((rate) => ({ rate, buckets: new Buckets(rate.perMinute, monotonic) }))
  }

  /** Counts a request. Throws `request.too_many`, with the seconds after which one more is taken as `retry_after`. */
  check(message: IncomingMessage): void {
    const { method, url = '' } = message
    const path = pathOf(url)
    for (const { buckets, rate } of this.#rates) {
      if (rate.method !== undefined && rate.method !== method) continue
      if (!rate.paths.some((own) => path === own || (own.endsWith('/') && path.startsWith(own))))
        continue
      const address = this.#addresses.keyOf(message)
      const waitMs = address === undefined ? 0 : buckets.take(address)
      if (waitMs === 0) continue
      throw new Problem('request.too_many', `too many ${rate.of} from one address`, {
        members: { retry_after: Math.ceil(waitMs / 1000) },
      })
    }
  }
}

interface Bucket {
  tokens: number
  at: number
}

/** Token buckets that start full and refill evenly. */
class Buckets {
  readonly #perMinute: number
  readonly #monotonic: () => number
  readonly #buckets = new Map<string, Bucket>()

  constructor(perMinute: number, monotonic: () => number) {
    this.#perMinute = perMinute
    this.#monotonic = monotonic
  }

  /** Takes one: 0, or the milliseconds until there is one. */
  take(key: string): number {
    const now = this.#monotonic()
    const perMs = this.#perMinute / MINUTE_MS
    const known = this.#buckets.get(key) ?? { tokens: this.#perMinute, at: now }
    const tokens = Math.min(this.#perMinute, known.tokens + (now - known.at) * perMs)
    const taken = tokens >= 1
    this.#buckets.delete(key)
    this.#buckets.set(key, { tokens: taken ? tokens - 1 : tokens, at: now })
    this.#forget()
    return taken ? 0 : (1 - tokens) / perMs
  }

  #forget(): void {
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= MOST_ADDRESSES) return
      this.#buckets.delete(oldest)
    }
  }
}
