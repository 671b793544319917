import type { Clock } from '../lib/clock.ts'
import { type Id, newId } from '../lib/id.ts'
import type { Random } from '../lib/random.ts'
import { idleWait, type Wait } from '../lib/repeat.ts'
import { MINUTE } from '../lib/time-units.ts'
import { neededSchema, type Step, type Storage } from '../storage/index.ts'
import { changesAfter, lastChange, trimChanges } from './change-store.ts'
import type { ClockReading, DatabaseClock } from './database-clock.ts'
import { Holders } from './holders.ts'
import { DatabaseTime, LEASE_MS, Lease } from './lease.ts'
import { type Change, keyText, type LiveState } from './live-state.ts'
import {
  leasedReplicas,
  leaseStep,
  ownLease,
  type ReplicaRow,
  recordTime,
  removeReplica,
  takeLease,
} from './replica-store.ts'
import { SkewedLeaseDetector } from './skewed-leases.ts'
import { StateCache } from './state-cache.ts'

const TRIM_EVERY_MS = MINUTE
/**
 * Time that changes are kept, twelve leases: no renewal that read the older state can still be
 * under way.
 */
const KEEP_CHANGES_MS = MINUTE
/** Maximum of states in the cache, about 200 bytes each. */
const MAX_STATES = 50_000

export type ChangeListener = (states: readonly LiveState[]) => void

export interface ReplicaOptions {
  readonly storage: Storage
  /** Clock of this process. */
  readonly clock: Clock
  readonly time: DatabaseClock
  readonly random: Random
  readonly onError: (error: unknown) => void
  readonly wait?: Wait | undefined
  /** Called when a renewal would acknowledge more than the last one. */
  readonly onAcknowledged: () => void
}

/** Replica that this process is: its lease, the states it has read under it, and its row. */
export class Replica {
  readonly id: Id<'replica'>
  readonly lease: Lease
  readonly cache = new StateCache(MAX_STATES)
  readonly holders: Holders
  readonly #storage: Storage
  readonly #clock: Clock
  readonly #time: DatabaseClock
  readonly #onError: (error: unknown) => void
  readonly #databaseTime = new DatabaseTime()
  readonly #sightings = new SkewedLeaseDetector()
  readonly #listeners = new Set<ChangeListener>()
  /** Number of the last change applied here; absent before the first lease. */
  #applied: number | undefined
  /** Changes of this replica that were applied when they were made and are not yet read back. */
  readonly #ahead = new Set<string>()
  /** Number of the last of those. */
  #aheadThrough = 0
  #renewing: Promise<void> | undefined
  /** Lineage of the database that was seen last, where that can be told. */
  #lineage: string | undefined
  readonly #startedAt: number
  readonly #schema: number
  #trimmedAt: number

  constructor(options: ReplicaOptions) {
    const { storage, clock, time, random, onError, onAcknowledged, wait = idleWait } = options
    this.id = newId('replica', random)
    this.lease = new Lease(clock)
    this.holders = new Holders({ clock, lease: this.lease, random, wait, onAcknowledged })
    this.#storage = storage
    this.#schema = neededSchema(storage.build)
    this.#clock = clock
    this.#time = time
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
   * Renews the lease.
   * INVARIANT: dropping comes before the commit that acknowledges it. The moment the row says
   * "acknowledged", a revocation elsewhere may return, and nothing here may hold any more that
   * rested on the older state.
   */
  async #renew(): Promise<void> {
    if (!this.lease.inForce()) this.lose()
    const asked = this.#time.moment()
    this.#refuseJump()
    const { renewal } = this.#storage.lanes
    const before = await renewal.transaction(async (tx) => {
      const own = await ownLease(tx, this.id, this.#storage.time)
      // INVARIANT: the database knows better than the clocks here, which may have stood still while this machine slept.
      if (isOver(own.leaseUntil, own.now)) this.lose()
      const last = await lastChange(tx)
      if (this.#wentBack(last)) this.#forget()
      const applied = this.#applied ?? last
      const changes = await changesAfter(tx, applied)
      this.#applied = changes.at(-1)?.seq ?? applied
      this.apply(changes.filter((change) => !this.#ahead.delete(changeText(change))))
      await takeLease(tx, {
        id: this.id,
        leaseUntil: own.now + LEASE_MS,
        acknowledged: this.holders.acknowledge(this.#applied),
        startedAt: this.#startedAt,
        schema: this.#schema,
      })
      return own
    })
    const database = await renewal.now()
    const answered = this.#time.moment()
    this.#databaseTime.see(database, answered.monotonic)
    // INVARIANT: when the older lease ran out meanwhile, by any clock, revocations did not wait for this server, and one of
    // them may have missed this renewal too: nothing read under the older lease may be used under this one.
    if (!this.lease.inForce() || isOver(before.leaseUntil, database)) this.lose()
    this.#see({ asked, database, answered })
    this.lease.renew(asked)
    this.holders.renewed(asked)
  }

  /** Number of the last change that was applied here, of whichever replica. */
  get through(): number {
    return Math.max(this.#applied ?? 0, this.#aheadThrough)
  }

  /** Number up to which every change was read from the store and applied. */
  get applied(): number {
    return this.#applied ?? 0
  }

  /**
   * Checks whether the store has lost changes that this server knows of: fewer changes than were
   * applied here, or another future of the database (`Storage.lineage`), in which the same numbers
   * can be other changes.
   */
  #wentBack(last: number): boolean {
    const lineage = this.#storage.lineage?.()
    const known = this.#lineage ?? lineage
    this.#lineage = lineage
    return lineage !== known || last < (this.#applied ?? 0)
  }

  /**
   * Forgets everything that was read. INVARIANT: states read from lost commits permit
   * nothing, and no number of theirs is acknowledged any more.
   */
  #forget(): void {
    this.lose()
    this.cache.beginStore()
    this.#ahead.clear()
    this.#aheadThrough = 0
    this.#applied = undefined
  }

  /** INVARIANT: nothing is written by a clock that jumped ahead: the server that starts next would believe it. */
  #refuseJump(): void {
    try {
      this.#time.refuseJump()
    } catch (error) {
      this.lose()
      throw error
    }
  }

  /**
   * Takes a reading of the clocks. A clock that cannot be trusted permits nothing, until a later
   * renewal finds it right.
   */
  #see(reading: ClockReading): void {
    try {
      this.#time.see(reading)
    } catch (error) {
      this.lose()
      throw error
    }
  }

  /** Drops the changed states and tells the listeners. */
  apply(states: readonly LiveState[]): void {
    for (const state of states) this.cache.drop(state)
    this.holders.note(states)
    this.#tell(states)
  }

  /** Applies a change of our own, which the next renewal will read back, unless one has already. */
  applyOwn({ through, states }: Change): void {
    if (through <= (this.#applied ?? 0)) return
    for (const state of states) this.#ahead.add(changeText(state))
    this.#aheadThrough = Math.max(this.#aheadThrough, through)
    this.apply(states)
  }

  /**
   * Ends the lease, and with it the right to everything that was read; the listeners hear of all of
   * it.
   */
  lose(): void {
    this.lease.end()
    this.holders.cut()
    this.#tell(this.cache.clear())
  }

  /** Forgets, from time to time, changes that everyone has dropped, and replicas that are gone. */
  async trim(): Promise<void> {
    if (this.#clock.monotonic() - this.#trimmedAt < TRIM_EVERY_MS) return
    this.#trimmedAt = this.#clock.monotonic()
    const now = await this.#databaseNow()
    await this.#storage.lanes.renewal.transaction(async (tx) => {
      await trimChanges(tx, now, now - KEEP_CHANGES_MS)
      await recordTime(tx, this.#time.now())
    })
  }

  /** Makes the lease check a step of everything that gives authority. */
  leaseStep(): Step {
    return leaseStep(this.#storage, this.id)
  }

  /** Checks that no other replica can still hold the state before the change. */
  async othersAcknowledged(through: number): Promise<boolean> {
    // Time first, rows after: a lease seen as run out had run out when the rows were read.
    const replicas = await this.#leased()
    return replicas.every(({ id, acknowledged }) => id === this.id || acknowledged >= through)
  }

  async leased(): Promise<readonly string[]> {
    return (await this.#leased()).map(({ id }) => id)
  }

  async #leased(): Promise<readonly ReplicaRow[]> {
    const { read } = this.#storage.lanes.revocation
    const now = await this.#databaseNow()
    return this.#sightings.leased(await leasedReplicas(read, now), {
      now,
      monotonic: this.#clock.monotonic(),
    })
  }

  async leave(): Promise<void> {
    await this.#renewing?.catch(() => {})
    this.lose()
    await this.#storage.lanes.renewal.transaction(async (tx) => {
      // INVARIANT: while a holder may still use what it read here, revocations wait for this replica as for one that is cut off.
      if (!this.holders.inForce) await removeReplica(tx, this.id)
      await recordTime(tx, this.#time.now())
    })
  }

  async #databaseNow(): Promise<number> {
    const now = await this.#storage.lanes.revocation.now()
    return this.#databaseTime.bounded(now, this.#clock.monotonic())
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

/**
 * Checks whether a lease is over. Without a row it was over so long that the others have forgotten
 * it.
 */
function isOver(leaseUntil: number | undefined, now: number): boolean {
  return leaseUntil === undefined || leaseUntil <= now
}

function changeText(state: LiveState): string {
  return `${keyText(state)}:${state.epoch}`
}
