import { createHmac } from 'node:crypto'
import { base64url, sameBytes } from '../../platform/lib/bytes.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'

/**
 * Settings for how much of what agents ask for has to be proved with a nonce of ours. `auto`: what
 * changes something, or is dangerous.
 */
export const NONCES_DEMANDED = ['off', 'auto', 'always'] as const
export type NonceDemand = (typeof NONCES_DEMANDED)[number]

/** Kind of request that a proof is made for. */
export type ProofPurpose =
  | { readonly at: 'token endpoint' }
  /** A request of a task to Remit about itself. */
  | { readonly at: 'task'; readonly method: string }
  /** A call, as the catalog counts it; without that, a request that calls nothing. */
  | { readonly at: 'call'; readonly access?: string; readonly risk?: string }

const PERIOD_MS = MINUTE
/** A nonce counts in the period it was given in, and in four more; one ahead, because clocks of replicas differ. */
const PERIODS_BACK = 4
const PERIODS_AHEAD = 1
const MAC_BYTES = 16
const NONCE = /^([0-9a-z]{1,9})\.([A-Za-z0-9_-]{22})$/

/**
 * Nonces for DPoP proofs (RFC 9449 sections 8 and 9): a time, and a MAC of it. Nothing is stored, so every replica takes what another one
 * gave. Each origin has its own: one that was given for one place is worth nothing at another. That a proof counts
 * once is what its `jti` is for; a nonce says that it was not made long before.
 */
export class DpopNonces {
  readonly #keys: readonly Uint8Array[]
  readonly #clock: Clock
  readonly #demanded: NonceDemand

  constructor(given: {
    /** The first makes them; what any made holds, so that replicas can go over to another master key one by one. */
    readonly keys: readonly Uint8Array[]
    readonly clock: Clock
    readonly demanded: NonceDemand
  }) {
    this.#keys = given.keys
    this.#clock = given.clock
    this.#demanded = given.demanded
  }

  /** Answers the nonce that a proof for a request to this origin is made with now. */
  current(origin: string): string {
    const [key] = this.#keys
    if (!key) throw new Error('nonces are made with a key')
    return nonceOf(key, origin, this.#period())
  }

  /** Tells whether it is one of now, whatever is demanded. */
  holds(origin: string, nonce: unknown): boolean {
    return this.#accepts(origin, nonce)
  }

  /** The check that a proof for `url` has to pass; `undefined`: none. */
  checkFor(url: string, what: ProofPurpose): ((nonce: unknown) => boolean) | undefined {
    if (!this.#demands(what)) return undefined
    const { origin } = new URL(url)
    return (nonce) => this.#accepts(origin, nonce)
  }

  /**
   * Tells whether a nonce is demanded. At the token endpoint a proof comes with an assertion that
   * counts once, or gets a token that is bound to the same key; proofs made ahead of time
   * gain nothing there.
   */
  #demands(what: ProofPurpose): boolean {
    if (this.#demanded !== 'auto') return this.#demanded === 'always'
    if (what.at === 'token endpoint') return false
    // Ending something early needs no protection from the holder of the key.
    if (what.at === 'task') return !['GET', 'HEAD', 'DELETE'].includes(what.method)
    return what.access === 'write' || what.risk === 'high' || what.risk === 'critical'
  }

  #accepts(origin: string, nonce: unknown): boolean {
    const [, period = ''] = typeof nonce === 'string' ? (NONCE.exec(nonce) ?? []) : []
    const age = this.#period() - Number.parseInt(period, 36)
    if (!(age <= PERIODS_BACK && age >= -PERIODS_AHEAD)) return false
    return this.#keys.some((key) => {
      const right = nonceOf(key, origin, Number.parseInt(period, 36))
      return sameBytes(Buffer.from(right), Buffer.from(String(nonce)))
    })
  }

  #period(): number {
    return Math.floor(this.#clock.now() / PERIOD_MS)
  }
}

function nonceOf(key: Uint8Array, origin: string, period: number): string {
  const mac = createHmac('sha256', key).update(`${origin}\0${period}`).digest()
  return `${period.toString(36)}.${base64url(mac.subarray(0, MAC_BYTES))}`
}
