import { keyText, type LiveKey, type LiveState } from './live-state.ts'

/** A read of epochs under way. It must not bring back a state that was dropped while it ran. */
export interface EpochRead {
  /** Newest epoch dropped since the read began, by key. */
  readonly dropped: Map<string, number>
  /** True: nothing that this read finds may be kept. */
  void: boolean
}

/**
 * Live states that were read under a lease. A state is *current* from when it is kept until it is dropped, and
 * currency belongs to the object: a view that holds on to a dropped one can never become current again.
 */
export class StateCache {
  readonly #limit: number
  /** States by key, least recently used first. */
  readonly #states = new Map<string, LiveState>()
  readonly #current = new Set<LiveState>()
  readonly #reads = new Set<EpochRead>()
  /** Number of running calls that depend on a state; kept at 0 while the state is current, so that calls change no table. */
  readonly #pins = new Map<LiveState, number>()
  /** States that a newer one of the same key has replaced: views that were read from them are history. */
  readonly #replaced = new WeakSet<LiveState>()
  /** Store that a state was read from, by its number among those that this cache has seen. */
  readonly #stores = new WeakMap<LiveState, number>()
  #store = 0
  /** Number of states that were ever kept. */
  #kept = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /**
   * A number that changes before states that are not looked up by key could have become the least
   * recently used.
   */
  get generation(): number {
    return Math.floor((8 * this.#kept) / this.#limit)
  }

  get(key: LiveKey): LiveState | undefined {
    const text = keyText(key)
    const state = this.#states.get(text)
    if (!state) return undefined
    this.#states.delete(text)
    this.#states.set(text, state)
    return state
  }

  isCurrent(state: LiveState): boolean {
    return this.#current.has(state)
  }

  areCurrent(states: readonly LiveState[]): boolean {
    for (const state of states) if (!this.#current.has(state)) return false
    return true
  }

  /**
   * Checks whether a state is known to be another by now, or comes from a store that has lost changes
   * since. A state that is not current may still be as it was: its lease ran out, or it was evicted.
   */
  isHistory(state: LiveState): boolean {
    return this.#replaced.has(state) || (this.#stores.get(state) ?? this.#store) !== this.#store
  }

  /** Notes that the store is another one from now on: the same number of an epoch may mean another change. */
  beginStore(): void {
    this.#store++
  }

  /**
   * Keeps these states from being evicted while a running call depends on them. A dropped state is
   * dropped all the same.
   */
  pin(states: readonly LiveState[]): void {
    for (const state of states) this.#pins.set(state, (this.#pins.get(state) ?? 0) + 1)
  }

  unpin(states: readonly LiveState[]): void {
    for (const state of states) {
      const count = (this.#pins.get(state) ?? 0) - 1
      if (count > 0 || this.#current.has(state)) this.#pins.set(state, Math.max(count, 0))
      else this.#pins.delete(state)
    }
  }

  beginRead(): EpochRead {
    const read: EpochRead = { dropped: new Map(), void: false }
    this.#reads.add(read)
    return read
  }

  endRead(read: EpochRead): void {
    this.#reads.delete(read)
  }

  /**
   * Keeps a state that a read found.
   * INVARIANT: a row read before a change was applied here is not kept after it; the read may have
   * been overtaken.
   */
  keep(read: EpochRead, state: LiveState): boolean {
    const text = keyText(state)
    if (read.void || state.epoch < (read.dropped.get(text) ?? 0)) return false
    const known = this.#states.get(text)
    if (known && known.epoch >= state.epoch) return true
    if (known) this.#replace(text, known)
    this.#states.set(text, state)
    this.#stores.set(state, this.#store)
    this.#current.add(state)
    this.#kept++
    this.#evict()
    return true
  }

  /**
   * Drops the key unless the kept state is at least as new: a change that was read already is no
   * news.
   */
  drop(change: LiveState): void {
    const text = keyText(change)
    for (const { dropped } of this.#reads)
      dropped.set(text, Math.max(change.epoch, dropped.get(text) ?? 0))
    const known = this.#states.get(text)
    if (known && known.epoch < change.epoch) this.#replace(text, known)
  }

  /**
   * Drops everything, also the states that reads under way will find. Returns the dropped states.
   */
  clear(): readonly LiveState[] {
    const states = [...this.#current]
    for (const state of states) this.#current.delete(state)
    for (const state of states) this.#unpinned(state)
    this.#states.clear()
    for (const read of this.#reads) read.void = true
    return states
  }

  #replace(text: string, state: LiveState): void {
    this.#replaced.add(state)
    this.#forget(text, state)
  }

  #forget(text: string, state: LiveState): void {
    this.#states.delete(text)
    this.#current.delete(state)
    this.#unpinned(state)
  }

  /** Forgets a state that is not current any more, unless a running call depends on it. */
  #unpinned(state: LiveState): void {
    if (!this.#pins.get(state)) this.#pins.delete(state)
  }

  /**
   * Evicts one state when there are too many. Pinned states go to the newest end, so that each is
   * met once in a round; when all are pinned, none goes.
   */
  #evict(): void {
    if (this.#states.size <= this.#limit) return
    let looks = this.#states.size
    for (const [text, state] of this.#states) {
      if (looks-- === 0) return
      if (!this.#pins.get(state)) {
        this.#forget(text, state)
        return
      }
      this.#states.delete(text)
      this.#states.set(text, state)
    }
  }
}
