import { type Clocks, type Lease, momentOf } from './lease.ts'
import type { RemitClient } from './remit.ts'

/** Digest of the name of something that changed, and its epoch. */
export type StateMark = readonly [digest: string, epoch: number]

interface FeedNews {
  readonly session: string
  readonly reset: boolean
  readonly position: number
  readonly through: number
  readonly changes: readonly StateMark[]
  readonly leaseMs: number
  readonly rules: number
  readonly now: number
  readonly waitedMs: number
}

export interface FeedListener {
  /** Drops all that was read before. */
  reset(): void
  drop(changes: readonly StateMark[]): void
  /** Called after each answer. `rules`: epoch of policies and catalog. */
  heard(rules: number): void
}

interface FeedParts {
  readonly remit: RemitClient
  readonly lease: Lease
  readonly clocks: Clocks
  readonly listener: FeedListener
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  readonly onError: (error: unknown) => void
}

/** Longer than a request ever waits at Remit. */
const TIMEOUT_MS = 6_000
const PAUSES_MS = [100, 250, 500, 1_000, 2_000, 5_000]

/**
 * Follows the live state of Remit: asks again and again, one request at a time, and acknowledges
 * with each what the answer before said. INVARIANT: what changed is dropped before the next request
 * says so, for then a revocation may return.
 */
export class Feed {
  readonly #parts: FeedParts
  #session: { readonly id: string; readonly position: number; readonly through: number } | undefined
  readonly #closing = new AbortController()
  #running: Promise<void> | undefined
  /** Error of the last request; absent after one that succeeded. */
  failure: unknown

  constructor(parts: FeedParts) {
    this.#parts = parts
  }

  /** Session and position for questions whose answers count in it; absent before the first answer. */
  get place(): { readonly session: string; readonly through: number } | undefined {
    return this.#session && { session: this.#session.id, through: this.#session.through }
  }

  start(): void {
    this.#running ??= this.#run()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#parts.lease.end()
    await this.#running
  }

  async #run(): Promise<void> {
    const { onError, sleep } = this.#parts
    const { signal } = this.#closing
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#once()
        failures = 0
        this.failure = undefined
      } catch (error) {
        if (signal.aborted) return
        // Once for each time that it is lost, not for each attempt.
        if (failures === 0) onError(error)
        this.failure = error
        const pause = PAUSES_MS[Math.min(failures++, PAUSES_MS.length - 1)] ?? 0
        await sleep(pause * (0.5 + Math.random() / 2), signal).catch(() => {})
      }
    }
  }

  async #once(): Promise<void> {
    const { clocks, lease, listener, remit } = this.#parts
    const known = this.#session
    const body = JSON.stringify(known ? { session: known.id, position: known.position } : {})
    const asked = momentOf(clocks)
    const { signal } = this.#closing
    const news = newsFrom(await remit.ask('feed', { body, timeoutMs: TIMEOUT_MS, signal }))
    const follows = known?.id === news.session && !news.reset && news.position >= known.position
    // INVARIANT: an answer that does not follow the last one makes everything before it void, and gives no lease unless it starts over.
    if (!follows) {
      lease.end()
      listener.reset()
      this.#session = undefined
      if (!news.reset) throw new Error('an answer of the feed does not follow the one before')
    }
    listener.drop(news.changes)
    const { position, session: id, through } = news
    this.#session = { id, position, through }
    lease.tell(asked, news.now, news.waitedMs)
    if (news.leaseMs > 0) lease.renew(asked, news.leaseMs)
    listener.heard(news.rules)
  }
}

function newsFrom(answer: Readonly<Record<string, unknown>>): FeedNews {
  const { changes, reset, session } = answer
  const whole = (name: string): number => {
    const value = answer[name]
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
    throw new Error(`an answer of the feed has no \`${name}\``)
  }
  if (typeof session !== 'string' || typeof reset !== 'boolean' || !Array.isArray(changes))
    throw new Error('an answer of the feed cannot be read')
  return {
    ...{ session, reset, changes: marksFrom(changes) },
    position: whole('position'),
    through: whole('through'),
    leaseMs: whole('lease_ms'),
    rules: whole('rules'),
    now: whole('now'),
    waitedMs: whole('waited_ms'),
  }
}

/** @throws Error for what is no list of marks */
export function marksFrom(value: unknown): readonly StateMark[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [undefined]
  return list.map((each) => {
    const [digest, epoch] = Array.isArray(each) ? each : []
    if (typeof digest === 'string' && typeof epoch === 'number') return [digest, epoch]
    throw new Error('a state cannot be read')
  })
}
