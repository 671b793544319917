import type { IncomingMessage } from 'node:http'
import { Problem } from '../../lib/problem.ts'
import { Buckets } from './buckets.ts'
import type { ClientAddresses } from './client-addresses.ts'

/** Somebody who could not be identified was refused. Nothing that they sent is in it. */
export interface StrangerRefused {
  /** Which edge refused. */
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
  /** Told of every refusal that nothing else counts. */
  readonly count?: (refused: StrangerRefused) => void
}

/** Demands of the protocol to say something once more, which every client meets: no refusals. */
const CHALLENGES = new Set<string>([
  'attestation.challenge_needed',
  'proof.nonce_required',
  'step_up.required',
])

/**
 * How often one address is told why it was refused. Beyond that the answer is 429 with `Retry-After`, whatever was wrong. INVARIANT:
 * looked at after a credential was found to be no good, and never before: whoever shares the address of a stranger and can say who
 * they are is served.
 */
export class StrangerLimits {
  readonly #options: StrangerLimitOptions
  readonly #buckets: Buckets | undefined

  constructor(options: StrangerLimitOptions) {
    this.#options = options
    const { monotonic, perMinute } = options
    if (perMinute > 0) this.#buckets = new Buckets(perMinute, monotonic)
  }

  /** The answer to somebody who is refused: the problem itself, or that the address was refused too often. */
  judge(message: IncomingMessage, problem: Problem, at: string): Problem {
    if (problem.status !== 401 || CHALLENGES.has(problem.code)) return problem
    const { addresses, count } = this.#options
    count?.({ at, reason: problem.code, ip: addresses.of(message) })
    return this.limit(message) ?? problem
  }

  /** The same of a refusal that was counted where it was made. `undefined`: the address may be told why. */
  limit(message: IncomingMessage): Problem | undefined {
    const key = this.#options.addresses.keyOf(message)
    const waitMs = key === undefined ? 0 : (this.#buckets?.take(key) ?? 0)
    if (waitMs === 0) return undefined
    return new Problem('request.too_many', 'too many refused requests from one address', {
      members: { retry_after: Math.ceil(waitMs / 1000) },
    })
  }
}
