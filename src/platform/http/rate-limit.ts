import type { IncomingMessage } from 'node:http'
import { Problem } from '../lib/problem.ts'
import { Buckets } from './inbound/buckets.ts'
import { ClientAddresses } from './inbound/client-addresses.ts'
import { pathOf } from './request-gate.ts'

/** Limit of how often one address may ask for something. */
export interface RateLimit {
  /** Name of the requests that are counted together, as the refusal says it. */
  readonly of: string
  /** Exact paths, or everything below one that ends in `/`. */
  readonly paths: readonly string[]
  /** Method of the requests that count; all when left out. */
  readonly method?: string
  /** Maximum requests per minute, and at once; 0: no limit. */
  readonly perMinute: number
}

/**
 * Rate limits with one bucket for each address, in the memory of this process: they bound what one
 * source can cost, and nothing else relies on them as a guard.
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
