import type { IncomingMessage, ServerResponse } from 'node:http'
import { Problem } from '../../lib/problem.ts'
import { AddressQuota } from '../../lib/under-way/address-quota.ts'
import { type LinkedPlace, LinkedSet } from '../../lib/under-way/linked-set.ts'
import type { ClientAddresses } from './client-addresses.ts'

/** Time after which a request counts no longer, in ms: it waits for an API or for a person, and costs nothing meanwhile. */
const MAX_WORKING_MS = 2_000

/** Share of all that one caller may have. */
const SHARE = 0.5

/** A request that was admitted. */
interface AdmittedRequest {
  readonly key: string | undefined
  readonly at: number
}

/**
 * Bounds the requests that are worked on at once, before anything about them is looked at: body, credential and proof of a
 * request beyond that cost nothing. More of them would only make all of them wait, and those that waited too long would have
 * been worked on for a client that is gone.
 *
 * Requests with the same credential are of one caller: one that sends too much leaves room for the others.
 */
export class Admission {
  readonly #addresses: ClientAddresses
  readonly #monotonic: () => number
  readonly #quota: AddressQuota
  readonly #admitted = new LinkedSet<AdmittedRequest>()
  #refused = 0

  constructor(options: {
    readonly addresses: ClientAddresses
    /** Requests at once. */
    readonly most: number
    /** Milliseconds. */
    readonly monotonic: () => number
  }) {
    const { addresses, monotonic, most } = options
    this.#addresses = addresses
    this.#monotonic = monotonic
    this.#quota = new AddressQuota({ total: most, perAddress: Math.ceil(most * SHARE) })
  }

  /** Number of requests that are worked on. */
  get underWay(): number {
    return this.#admitted.size
  }

  /** Number of requests that were refused. */
  get refused(): number {
    return this.#refused
  }

  /** Admits a request, and answers how it leaves; however often that is called. `undefined`: there is no room. */
  enter(message: IncomingMessage): (() => void) | undefined {
    const key = message.headers.authorization ?? this.#addresses.keyOf(message)
    if (this.#quota.take(key, 1) !== undefined) {
      this.#forgetOld()
      if (this.#quota.take(key, 1) !== undefined) {
        this.#refused += 1
        return undefined
      }
    }
    const place = this.#admitted.add({ key, at: this.#monotonic() })
    return () => this.#leave(place)
  }

  #leave(place: LinkedPlace<AdmittedRequest>): void {
    const key = place.item?.key
    if (this.#admitted.leave(place)) this.#quota.give(key, 1)
  }

  #forgetOld(): void {
    const before = this.#monotonic() - MAX_WORKING_MS
    for (let oldest = this.#admitted.first; oldest?.item; oldest = this.#admitted.first) {
      if (oldest.item.at > before) return
      this.#leave(oldest)
    }
  }
}

/** Bodies up to this size are let come in, so that their connection can be used again. */
const SMALL_BODY_BYTES = 16 * 1024

const BUSY = new Problem('server.busy', 'too many requests are worked on; nothing of this one was')
/** Made once: an answer that cost something would be what the server is busy with. OAuth's clients read `error`. */
const BODY = Buffer.from(JSON.stringify({ ...BUSY.toJSON(), error: 'temporarily_unavailable' }))

/** Refuses a request before anything about it is looked at. */
export function refuseBusy(
  message: IncomingMessage,
  response: ServerResponse,
  headers: readonly string[],
): void {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = message.headers
  const keeps = coding === undefined && Number(length) <= SMALL_BODY_BYTES
  response.writeHead(BUSY.status, [
    ...['content-type', 'application/problem+json', 'content-length', String(BODY.length)],
    ...['retry-after', '1', 'cache-control', 'no-store'],
    ...(keeps ? [] : ['connection', 'close']),
    ...headers,
  ])
  response.end(BODY)
}
