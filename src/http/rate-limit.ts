import type { IncomingMessage } from 'node:http'
import { Problem } from '../lib/problem.ts'
import { Buckets } from './inbound/buckets.ts'
import { ClientAddresses } from './inbound/client-addresses.ts'
import { pathOf } from './request-gate.ts'

/** How often one address may ask for something. */
export interface RateLimit {
  /** What is counted together, as the refusal says it. */
  readonly of: string
  /** Exact paths, or everything below one that ends in `/`. */
  readonly paths: readonly string[]
  /** Only requests with this method count; all when left out. */
  readonly method?: string
  /** As many at once, too; 0: no limit. */
  readonly perMinute: number
}

/**
 * One bucket for each address, in the memory of this process: it bounds what one source can cost, and is no guard that
 * anything else relies on.
 */
export class RateLimits {
  readonly #rates: readonly { readonly rate: RateLimit; readonly buckets: Buckets }[]
  readonly #addresses: ClientAddresses

  /** `monotonic`: milliseconds. */
  constructor(
    rates: readonly RateLimit[],
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
