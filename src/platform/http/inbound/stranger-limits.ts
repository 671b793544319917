import type { IncomingMessage } from 'node:http'
import { Problem } from '../../lib/problem.ts'
import { Buckets } from './buckets.ts'
import type { ClientAddresses } from './client-addresses.ts'

/**
 * Record of a refusal of a caller who could not be identified. It contains nothing that they sent.
 */
export interface StrangerNotice {
  /** Edge that refused. */
  readonly at: string
  /** A stable code. */
  readonly reason: string
  readonly ip: string
}

export interface StrangerLimitOptions {
  readonly addresses: ClientAddresses
  /** Refusals of one address in a minute; as many at once. 0: no limit. */
  readonly perMinute: number
  /** Milliseconds. */
  readonly monotonic: () => number
  /** Receives every refusal that nothing else counts. */
  readonly count?: (refused: StrangerNotice) => void
}

/**
 * Codes of challenges: the protocol asks for the request once more, and every client meets them, so
 * they are no refusals.
 */
const CHALLENGES = new Set<string>([
  'attestation.challenge_needed',
  'proof.nonce_required',
  'step_up.required',
])

/**
 * Limits how often one address is told why it was refused. Beyond that the answer is 429 with
 * `Retry-After`, whatever was wrong. INVARIANT: checked after a credential was found to be no good,
 * and never before: a caller who shares the address of a stranger and has a good credential is served.
 */
export class StrangerLimits {
  readonly #options: StrangerLimitOptions
  readonly #buckets: Buckets | undefined

  constructor(options: StrangerLimitOptions) {
    this.#options = options
    const { monotonic, perMinute } = options
    if (perMinute > 0) this.#buckets = new Buckets(perMinute, monotonic)
  }

  /**
   * Chooses the answer to a refused caller: the problem itself, or that the address was
   * refused too often.
   */
  judge(message: IncomingMessage, problem: Problem, at: string): Problem {
    if (problem.status !== 401 || CHALLENGES.has(problem.code)) return problem
    const { addresses, count } = this.#options
    count?.({ at, reason: problem.code, ip: addresses.of(message) })
    return this.limit(message) ?? problem
  }

  /**
   * Limits a refusal that was counted where it was made. `undefined`: the address may be told why.
   */
  limit(message: IncomingMessage): Problem | undefined {
    const key = this.#options.addresses.keyOf(message)
    const waitMs = key === undefined ? 0 : (this.#buckets?.take(key) ?? 0)
    if (waitMs === 0) return undefined
    return new Problem('request.too_many', 'too many refused requests from one address', {
      members: { retry_after: Math.ceil(waitMs / 1000) },
    })
  }
}
