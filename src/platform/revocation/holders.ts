import { base64url } from '../lib/bytes.ts'
import type { Clock } from '../lib/clock.ts'
import { Problem } from '../lib/problem.ts'
import type { Random } from '../lib/random.ts'
import type { Wait } from '../lib/repeat.ts'
import { type Lease, type Moment, momentOf } from './lease.ts'
import type { LiveState } from './live-state.ts'

/** Holders of one replica, and of one owner. */
const MAX_HOLDERS = 2_000
const MAX_HOLDERS_OF_OWNER = 64
/** Changes that are kept for holders which have not read them; a holder further behind starts over. */
const MAX_LOG = 10_000
/** Time after its last request when a holder without a lease is forgotten. */
const FORGET_AFTER_MS = 30_000
/** Maximum time that a request waits for a renewal, while the store answers nothing. */
const MAX_WAIT_MS = 2_500

/** Request of a holder for what has changed and for a longer lease. */
export interface HolderRequest {
  /** Owner of the holder: each has its own share of all there may be. */
  readonly owner: string
  /** Name that the first answer gave. Without it, or with one that is not known: a new holder. */
  readonly session?: string | undefined
  /** Position up to which the holder has dropped everything that changed. */
  readonly position?: number | undefined
}

/** Changes that a holder has to drop, and how long it may use what it has. */
export interface HolderAnswer {
  readonly session: string
  /** True: the holder is new here, and what it read before counts no more. */
  readonly reset: boolean
  /** Position of the last of the changes; the next request acknowledges it. */
  readonly position: number
  readonly changes: readonly LiveState[]
  /** Milliseconds from the moment before the request was sent; 0: no longer than before. */
  readonly leaseMs: number
}

interface Holder {
  readonly session: string
  readonly owner: string
  position: number
  /** End of its lease by the monotonic clock here. */
  until: number
  /** It has to start over; until its lease has run out, revocations wait for it. */
  cut: boolean
  seenAt: number
}

/**
 * Programs outside that use live state under this replica's lease (contract 8): APIs that decide in
 * their own process. Each asks again and again, and with each request acknowledges what it has
 * dropped, as a replica does with its renewal.
 * INVARIANT: the lease of a holder lies within that of the replica, and this replica acknowledges no
 * change before every holder with a lease has. So a revocation that waits for the replica waits for them.
 */
export class Holders {
  readonly #clock: Clock
  readonly #lease: Lease
  readonly #random: Random
  readonly #wait: Wait
  readonly #onAcknowledged: () => void
  readonly #holders = new Map<string, Holder>()
  readonly #waiting = new Set<(renewedFrom: Moment | undefined) => void>()
  #log: LiveState[] = []
  /** Position before the first change of the log. */
  #start = 0
  /** Numbers of changes that the store gave, and the positions here at which they were all in the log. */
  #marks: { readonly position: number; readonly seq: number }[] = []

  constructor(parts: {
    readonly clock: Clock
    readonly lease: Lease
    readonly random: Random
    readonly wait: Wait
    /** Called when a holder has acknowledged something. */
    readonly onAcknowledged: () => void
  }) {
    this.#clock = parts.clock
    this.#lease = parts.lease
    this.#random = parts.random
    this.#wait = parts.wait
    this.#onAcknowledged = parts.onAcknowledged
  }

  /** Position of the newest change. */
  get position(): number {
    return this.#start + this.#log.length
  }

  /** Tells all holders of changes. Called before anybody acknowledges them. */
  note(states: readonly LiveState[]): void {
    if (states.length === 0) return
    if (this.#holders.size === 0) {
      this.#start += states.length
      return
    }
    this.#log.push(...states)
    this.#trim()
    this.#wake(undefined)
  }

  /** Notes that everything up to a number of the store is in the log; answers the number to acknowledge. */
  acknowledge(seq: number): number {
    const { position } = this
    if (this.#marks.at(-1)?.seq !== seq) this.#marks.push({ position, seq })
    const slowest = this.#slowest()
    const done = this.#marks.findLast((mark) => mark.position <= slowest)
    if (done) this.#marks = this.#marks.filter((mark) => mark.seq >= done.seq)
    return done?.seq ?? 0
  }

  /** Checks that no holder with a lease can still use what changed up to a position. */
  haveAcknowledged(position: number): boolean {
    return this.#slowest() >= position
  }

  /** Tells whether any holder has a lease. */
  get inForce(): boolean {
    const now = this.#clock.monotonic()
    return this.#holders.values().some(({ until }) => until > now)
  }

  /** Answers requests that waited for a renewal. `asked`: the moment before the renewal asked for anything. */
  renewed(asked: Moment): void {
    this.#wake(asked)
  }

  /** Makes every holder start over: changes may have been missed here. */
  cut(): void {
    for (const holder of this.#holders.values()) holder.cut = true
    this.#marks = []
    this.#wake(undefined)
  }

  /**
   * Answers a holder at once where something changed, else with the next renewal.
   * @throws Problem `client.too_many_processes`
   */
  async follow(request: HolderRequest): Promise<HolderAnswer> {
    const arrived = momentOf(this.#clock)
    const known = this.#known(request)
    const holder = known ?? this.#begin(request.owner)
    holder.seenAt = arrived.monotonic
    const { position = 0 } = request
    if (known && position > holder.position) {
      holder.position = position
      this.#trim()
      this.#onAcknowledged()
    }
    const reset = known === undefined
    if (!reset && holder.position < this.position)
      return this.#answer(holder, { reset, leaseMs: 0 })
    const renewed = await this.#nextRenewal(arrived, reset)
    // INVARIANT: a lease rests on a renewal that began after the holder had asked: only then did neither side sleep between the two.
    const leaseMs = renewed && !holder.cut ? Math.max(0, this.#lease.remainsAfter(arrived)) : 0
    holder.until = Math.max(holder.until, arrived.monotonic + leaseMs)
    return this.#answer(holder, { reset, leaseMs })
  }

  #answer(
    holder: Holder,
    { leaseMs, reset }: Pick<HolderAnswer, 'leaseMs' | 'reset'>,
  ): HolderAnswer {
    const { session } = holder
    // What a new holder reads from now on is no older than this.
    if (reset) holder.position = this.position
    const changes = this.#log.slice(holder.position - this.#start)
    return { session, reset, position: this.position, changes, leaseMs: Math.floor(leaseMs) }
  }

  #known({ owner, position, session }: HolderRequest): Holder | undefined {
    const holder = session === undefined ? undefined : this.#holders.get(session)
    if (holder?.owner !== owner || holder.cut || position === undefined) return undefined
    // INVARIANT: a request that was sent before another, or that claims more than was told, acknowledges nothing.
    return position >= holder.position && position <= this.position ? holder : undefined
  }

  #begin(owner: string): Holder {
    this.#forgetOld()
    const own = this.#holders.values().filter((holder) => holder.owner === owner)
    if (this.#holders.size >= MAX_HOLDERS || [...own].length >= MAX_HOLDERS_OF_OWNER)
      throw new Problem('client.too_many_processes', 'too many processes follow live state here')
    const session = base64url(this.#random.bytes(16))
    const { position } = this
    const until = Number.NEGATIVE_INFINITY
    const seenAt = this.#clock.monotonic()
    const holder = { session, owner, position, until, cut: false, seenAt }
    this.#holders.set(session, holder)
    return holder
  }

  /** True: a renewal that began after the request. False: a change, or nothing in time. */
  async #nextRenewal({ monotonic }: Moment, reset: boolean): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const look = (asked: Moment | undefined) => {
      if (asked === undefined ? !reset : asked.monotonic >= monotonic) resolve(asked !== undefined)
    }
    const done = new AbortController()
    this.#waiting.add(look)
    try {
      return await Promise.race([promise, this.#wait(MAX_WAIT_MS, done.signal).then(() => false)])
    } finally {
      this.#waiting.delete(look)
      done.abort()
    }
  }

  #wake(asked: Moment | undefined): void {
    for (const look of [...this.#waiting]) look(asked)
  }

  /** Position of the slowest holder whose lease has not run out. */
  #slowest(): number {
    const now = this.#clock.monotonic()
    let slowest = this.position
    for (const { position, until } of this.#holders.values())
      if (until > now) slowest = Math.min(slowest, position)
    return slowest
  }

  #forgetOld(): void {
    const now = this.#clock.monotonic()
    for (const [session, { cut, seenAt, until }] of this.#holders)
      if (until <= now && (cut || now - seenAt > FORGET_AFTER_MS)) this.#holders.delete(session)
  }

  /** Forgets what all have dropped, and cuts those that are too far behind. */
  #trim(): void {
    this.#forgetOld()
    if (this.#log.length > MAX_LOG)
      for (const holder of this.#holders.values())
        if (holder.position < this.position - MAX_LOG / 2) holder.cut = true
    let from = this.position
    for (const { cut, position } of this.#holders.values())
      if (!cut) from = Math.min(from, position)
    this.#log = this.#log.slice(from - this.#start)
    this.#start = from
  }
}
