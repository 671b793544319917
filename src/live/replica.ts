import type { Clock } from '../lib/clock.ts'
import { type Id, newId } from '../lib/id.ts'
import type { Random } from '../lib/random.ts'
import type { Storage } from '../storage/index.ts'
import { DatabaseTime, LEASE_MS, Lease } from './lease.ts'
import { type Change, keyText, type LiveState } from './live-state.ts'
import {
  changesAfter,
  lastChange,
  leasedReplicas,
  removeReplica,
  takeLease,
  trimChanges,
} from './live-store.ts'
import { StateCache } from './state-cache.ts'

const TRIM_EVERY_MS = 60_000
/** Twelve leases: no renewal that read the older state can still be under way. */
const KEEP_CHANGES_MS = 60_000
/** About 200 bytes each. */
const MOST_STATES = 50_000

export type ChangeListener = (states: readonly LiveState[]) => void

/** This process as one of the replicas: its lease, what it has read under it, and its row. */
export class Replica {
  readonly id: Id<'replica'>
  readonly lease: Lease
  readonly cache = new StateCache(MOST_STATES)
  readonly #storage: Storage
  readonly #clock: Clock
  readonly #onError: (error: unknown) => void
  readonly #databaseTime = new DatabaseTime()
  readonly #listeners = new Set<ChangeListener>()
  /** Number of the last change applied here; none before the first lease. */
  #applied: number | undefined
  /** Own changes, applied when they were made and not yet read back. */
  readonly #ahead = new Set<string>()
  #renewing: Promise<void> | undefined
  readonly #startedAt: number
  #trimmedAt: number

  constructor(storage: Storage, clock: Clock, random: Random, onError: (error: unknown) => void) {
    this.id = newId('replica', random)
    this.lease = new Lease(clock)
    this.#storage = storage
    this.#clock = clock
    this.#onError = onError
    this.#startedAt = clock.now()
    this.#trimmedAt = clock.monotonic()
  }

  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Takes or prolongs the lease. Calls that come while one is under way share it. */
  renew(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined
    })
    return this.#renewing
  }

  /**
   * INVARIANT: dropping comes before the commit that acknowledges it. The moment the row says "acknowledged", a
   * revocation elsewhere may return, and nothing here may hold any more that rested on the older state.
   */
  async #renew(): Promise<void> {
    if (!this.lease.inForce()) this.lose()
    const since = this.#clock.monotonic()
    // INVARIANT: not the bounded time: a bound may lie behind the database's clock (an answer that took long makes it
    // so), and a row that says the lease is over before it is lets revocations return too early.
    const now = await this.#storage.now()
    this.#databaseTime.see(now, this.#clock.monotonic())
    await this.#storage.transaction(async (tx) => {
      const applied = this.#applied ?? (await lastChange(tx))
      const changes = await changesAfter(tx, applied)
      this.#applied = changes.at(-1)?.seq ?? applied
      this.apply(changes.filter((change) => !this.#ahead.delete(changeText(change))))
      await takeLease(tx, {
        id: this.id,
        leaseUntil: now + LEASE_MS,
        acknowledged: this.#applied,
        startedAt: this.#startedAt,
      })
    })
    // INVARIANT: when the older lease ran out meanwhile, revocations did not wait for this replica, and one of them
    // may have missed this renewal too: nothing read under the older lease may be used under this one.
    if (!this.lease.inForce()) this.lose()
    this.lease.renew(since)
  }

  /** Drops what was changed and tells the listeners. */
  apply(states: readonly LiveState[]): void {
    for (const state of states) this.cache.drop(state)
    this.#tell(states)
  }

  /** The same for a change of our own, which the next renewal will read back, unless one has already. */
  applyOwn({ through, states }: Change): void {
    if (through <= (this.#applied ?? 0)) return
    for (const state of states) this.#ahead.add(changeText(state))
    this.apply(states)
  }

  /** No right to anything that was read; the listeners hear of all of it. */
  lose(): void {
    this.lease.end()
    this.#tell(this.cache.clear())
  }

  /** Now and then, forgets changes that everyone has dropped, and replicas that are gone. */
  async trim(): Promise<void> {
    if (this.#clock.monotonic() - this.#trimmedAt < TRIM_EVERY_MS) return
    this.#trimmedAt = this.#clock.monotonic()
    const now = await this.#databaseNow()
    await this.#storage.transaction((tx) => trimChanges(tx, now, now - KEEP_CHANGES_MS))
  }

  /** True when no other replica can still hold what came before the change. */
  async othersAcknowledged(through: number): Promise<boolean> {
    // Time first, rows after: a lease seen as run out had run out when the rows were read.
    const now = await this.#databaseNow()
    const replicas = await leasedReplicas(this.#storage.read, now)
    return replicas.every(({ id, acknowledged }) => id === this.id || acknowledged >= through)
  }

  async leased(): Promise<readonly string[]> {
    const replicas = await leasedReplicas(this.#storage.read, await this.#databaseNow())
    return replicas.map(({ id }) => id)
  }

  async leave(): Promise<void> {
    await this.#renewing?.catch(() => {})
    this.lose()
    await this.#storage.transaction((tx) => removeReplica(tx, this.id))
  }

  async #databaseNow(): Promise<number> {
    return this.#databaseTime.bounded(await this.#storage.now(), this.#clock.monotonic())
  }

  #tell(states: readonly LiveState[]): void {
    if (states.length === 0) return
    for (const listener of this.#listeners) {
      try {
        listener(states)
      } catch (error) {
        this.#onError(error)
      }
    }
  }
}

function changeText(state: LiveState): string {
  return `${keyText(state)}:${state.epoch}`
}
