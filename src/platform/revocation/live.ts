import type { Clock } from '../lib/clock.ts'
import type { Id } from '../lib/id.ts'
import type { Awaitable } from '../lib/pipeline.ts'
import { Problem } from '../lib/problem.ts'
import type { Random } from '../lib/random.ts'
import { idleWait, type Repetition, repeat, systemWait, type Wait } from '../lib/repeat.ts'
import type { CommitResult, Step, Storage, Tx } from '../storage/index.ts'
import { DatabaseClock } from './database-clock.ts'
import { beginStep, readEpochs } from './epoch-store.ts'
import type { HolderAnswer, HolderRequest } from './holders.ts'
import { keepView, keptView } from './kept-view.ts'
import { LEASE_MS } from './lease.ts'
import {
  type Change,
  keyText,
  type LiveKey,
  type LiveState,
  type LiveView,
  makeView,
} from './live-state.ts'
import { type Raise, raise } from './raise.ts'
import { type ChangeListener, Replica } from './replica.ts'
import { hasLease, LEASE_GUARD } from './replica-store.ts'

const RENEW_EVERY_MS = 1_000
/**
 * Maximum repetitions of a read during which something changed. After that the call is refused.
 */
const MAX_READS = 4
/** Pauses of `settle` between two checks; the last one repeats. */
const SETTLE_PAUSES_MS = [2, 3, 5, 10, 20, 40, 80]
const CHANNEL = 'live'
/** Maximum time that an answer waits for the store to come back, and the pause between two tries. */
const MAX_PAUSE_MS = 8_000
const RETAKE_EVERY_MS = 200
/** Maximum of looks at the views of one answer: each but the first follows a lease that ran out again. */
const MAX_LOOKS = 5

export interface LiveOptions {
  readonly storage: Storage
  /** Clock of this process: its lease is judged by it, and it is compared with database time. */
  readonly clock: Clock
  /** Database time, which follows the renewals. Default: a clock of its own. */
  readonly time?: DatabaseClock
  readonly random: Random
  /** Receives the errors of the renewal loop and of listeners. */
  readonly onError?: (error: unknown) => void
  readonly wait?: Wait
}

/**
 * Checks whether everything that a call depends on is still alive, on every replica (contract 8).
 *
 * A replica uses epochs only under a lease that it took before reading them, and prolongs it in the
 * transaction in which it learns of every change since. A revocation returns when every replica
 * whose lease has not run out has dropped the revoked state. So no call is permitted after a
 * revocation returned, and a replica that cannot reach the store stops by itself.
 */
export class Live {
  readonly #storage: Storage
  readonly #time: DatabaseClock
  readonly #onError: (error: unknown) => void
  readonly #wait: Wait | undefined
  readonly #replica: Replica
  #loop: Repetition | undefined
  #unsubscribe: (() => void) | undefined
  #stopped = false

  constructor(options: LiveOptions) {
    this.#storage = options.storage
    this.#time = options.time ?? new DatabaseClock(options.clock, options.storage)
    this.#onError = options.onError ?? (() => {})
    this.#wait = options.wait
    this.#replica = new Replica({
      ...options,
      time: this.#time,
      onError: this.#onError,
      onAcknowledged: () => this.#loop?.wake(),
    })
  }

  /** Id of this process, for rows that say who works on them. */
  get replicaId(): Id<'replica'> {
    return this.#replica.id
  }

  /**
   * True when this server has the right to use what it has read: it has written its lease to the store within the last seconds.
   */
  get inForce(): boolean {
    return this.#replica.lease.inForce()
  }

  /** Problem that says why this server's clock cannot be trusted; absent while it can. */
  get clockProblem(): Problem | undefined {
    return this.#time.problem
  }

  /** Takes the first lease and keeps renewing it. Throws when the store cannot be reached. */
  async start(): Promise<void> {
    await this.renew()
    const loop = repeat(() => this.#keepLease(), {
      everyMs: RENEW_EVERY_MS,
      onError: this.#onError,
      wait: this.#wait ?? idleWait,
    })
    this.#loop = loop
    this.#unsubscribe = this.#storage.onNotify(CHANNEL, () => loop.wake())
  }

  /** Gives the lease back, so that no revocation waits for this replica. Nothing holds afterwards. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#unsubscribe?.()
    await this.#loop?.stop()
    await this.#replica.leave()
  }

  /** Renews the lease once. The loop calls it; tests do too. */
  async renew(): Promise<void> {
    if (this.#stopped) throw new Problem('live.stopped', 'this replica has given up its lease')
    await this.#replica.renew()
  }

  /**
   * Reads the present states of these keys, from the states read under the lease, else from the
   * store. A key that has no row counts as ended. Throws the store's errors when it is needed and
   * cannot be reached.
   */
  view(keys: readonly LiveKey[]): Awaitable<LiveView> {
    return this.viewAtHand(keys) ?? this.#readView(keys)
  }

  /**
   * Reads the present states without I/O, no key twice: `undefined` where something has to be read,
   * or there is no lease to read under.
   */
  viewAtHand(keys: readonly LiveKey[]): LiveView | undefined {
    const { cache, lease } = this.#replica
    if (!lease.inForce()) return undefined
    const same = keptView(keys, cache)
    if (same) return same
    const states: LiveState[] = []
    for (const key of keys) {
      const state = cache.get(key)
      if (!state) return undefined
      if (!states.includes(state)) states.push(state)
    }
    return keepView(keys, makeView(states), cache)
  }

  async #readView(keys: readonly LiveKey[]): Promise<LiveView> {
    const { cache, lease } = this.#replica
    const wanted = new Map(keys.map((key) => [keyText(key), key]))
    for (let reads = 0; ; reads++) {
      if (!lease.inForce()) await this.renew()
      const cached = Array.from(wanted.values(), (key) => cache.get(key))
      if (cached.every((state) => state !== undefined)) return makeView(cached)
      // Cached states may be dropped during a read; the second time everything is read.
      const missing = [...wanted.values()].filter((_, i) => reads > 0 || !cached[i])
      const { kept, states } = await this.#read(missing)
      const now = Array.from(wanted, ([text, key]) => cache.get(key) ?? states.get(text))
      if ((kept || reads >= MAX_READS) && now.every((state) => state !== undefined))
        return makeView(now)
    }
  }

  /**
   * Checks a view in the tick that writes the first byte, and before each further part of a stream:
   * the lease is in force, nothing of the view has changed since it was read, and all of it
   * permits. Does no I/O.
   */
  holds(view: LiveView): boolean {
    if (view.states.length === 0 || !this.#replica.lease.inForce()) return false
    const { cache } = this.#replica
    for (const { state } of view.states) if (state !== 'active') return false
    return cache.areCurrent(view.states)
  }

  /**
   * Checks whether something of a view, but for one key apart, is known to have changed. What holds no longer and is no
   * history may be as it was: time passed (`again` finds out). Does no I/O.
   */
  isHistory(view: Pick<LiveView, 'states'>, apart?: LiveKey): boolean {
    const { cache } = this.#replica
    return view.states.some((state) => !isOf(state, apart) && cache.isHistory(state))
  }

  /**
   * Reads these views once more, under a lease that is taken again where it ran out: a lease that is
   * over is no change (contract 13.2). Answers the same views as of now, in their order; `undefined`:
   * something that they are of has really changed, or does not permit. `apart`: key that may have changed.
   * @throws Problem `live.lease_over`, `server.clock_off`: that cannot be found out
   */
  async again(
    views: readonly LiveView[],
    apart?: LiveKey,
  ): Promise<readonly LiveView[] | undefined> {
    if (views.some((view) => this.isHistory(view, apart))) return undefined
    const pairs = await this.#withoutPause(() =>
      Promise.all(views.map(async (before) => ({ before, now: await this.view(before.states) }))),
    )
    // Where the store went back meanwhile, equal numbers prove nothing.
    if (views.some((view) => this.isHistory(view, apart))) return undefined
    if (!pairs.every(({ before, now }) => isSameView(before, now, apart))) return undefined
    return pairs.map(({ now }) => now)
  }

  /**
   * Checks views in the tick of an answer, and reads them again where they do not hold, until they
   * hold or something has changed. INVARIANT: when it says true, nothing was awaited since the check.
   * @throws Problem `live.lease_over`, `server.clock_off`
   */
  async stillHold(views: readonly LiveView[]): Promise<boolean> {
    let now: readonly LiveView[] | undefined = views
    for (let looks = 0; looks < MAX_LOOKS; looks++) {
      if (now.every((view) => this.holds(view))) return true
      now = await this.again(now)
      if (!now) return false
    }
    throw this.#leaseOver()
  }

  /** Tries as long as a pause of the store may last. @throws Problem `live.lease_over`, `server.clock_off` */
  async #withoutPause<T>(work: () => Promise<T>): Promise<T> {
    const wait = this.#wait ?? systemWait
    const done = new AbortController()
    const over = wait(MAX_PAUSE_MS, done.signal).then((): typeof PAUSED => PAUSED)
    try {
      const worked = await Promise.race([this.#untilDone(work, done.signal), over])
      if (worked === PAUSED) throw this.#leaseOver()
      return worked
    } finally {
      done.abort()
    }
  }

  async #untilDone<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        const isPause = error instanceof Problem && error.code === 'storage.unavailable'
        if (!isPause || signal.aborted) throw error
        await (this.#wait ?? systemWait)(RETAKE_EVERY_MS, signal)
      }
    }
  }

  /**
   * Commits steps that give authority: a reservation, an opening, an issuing. Nothing is written
   * unless this server's lease is in force by database time in the same transaction: a server that
   * slept finds out here, whatever its clocks say.
   * @throws Problem `live.lease_over`, `server.clock_off`
   */
  async commit(
    storage: Pick<Storage, 'commit'>,
    steps: readonly Step[],
    how?: Parameters<Storage['commit']>[1],
  ): Promise<CommitResult> {
    if (this.#time.problem) throw this.#time.problem
    const done = await storage.commit([...steps, this.#replica.leaseStep()], how)
    if (!done.committed && done.failed === LEASE_GUARD) throw this.#leaseOver()
    return done
  }

  /**
   * Confirms the lease by a read, for acts that give authority and write nothing.
   * @throws Problem `live.lease_over`, `server.clock_off`, `storage.unavailable`
   */
  async confirmLease(): Promise<void> {
    if (this.#time.problem) throw this.#time.problem
    if (!(await hasLease(this.#storage, this.#replica.id))) throw this.#leaseOver()
  }

  /** Ends the lease and drops at once the states read under it; the next renewal reads them again. */
  #leaseOver(): Problem {
    this.#replica.lose()
    return new Problem(
      'live.lease_over',
      'this server had lost its lease on cached data; nothing was done',
    )
  }

  /**
   * Keeps the states of a running call in the cache, however much else is looked up meanwhile;
   * returns a function that releases them. Without it a stream would end because its state was
   * least recently used.
   */
  pin(view: LiveView): () => void {
    const { cache } = this.#replica
    cache.pin(view.states)
    let pinned = true
    return () => {
      if (pinned) cache.unpin(view.states)
      pinned = false
    }
  }

  /**
   * Writes the first row of a key. A row that exists stays: what has ended does not begin again.
   */
  async begin(tx: Tx, key: LiveKey, state: LiveState['state'] = 'active'): Promise<void> {
    await tx.executeQuery(beginStep(tx, key, state).query.compile())
  }

  /** Makes the first row of a key a step of a `commit`. */
  beginStep(key: LiveKey, state: LiveState['state'] = 'active'): Step {
    return beginStep(this.#storage.read, key, state)
  }

  /**
   * Raises the epochs of these keys, and sets the states given, within the caller's transaction; call it last there.
   * An ended key stays ended. After the commit, `settle` what this returned before answering.
   */
  raise(tx: Tx, changes: readonly Raise[]): Promise<Change> {
    return raise(tx, this.#storage.engine, changes, this.#time.now())
  }

  /**
   * Waits, after the commit, until no replica permits by the older state: this one drops it at
   * once, the others have acknowledged or their leases have run out. Never takes longer than
   * `LEASE_MS`, whether the store can be reached or not: a lease taken before the commit is over by
   * then, and one taken after it knows of the change.
   */
  async settle(change: Change): Promise<void> {
    if (change.states.length === 0) return
    this.#replica.applyOwn(change)
    const { position } = this.#replica.holders
    const wait = this.#wait ?? systemWait
    const done = new AbortController()
    const everyone = this.#everyoneAcknowledged(change, position, { wait, signal: done.signal })
    await Promise.race([everyone, wait(LEASE_MS, done.signal)])
    done.abort()
  }

  /**
   * Calls the listener for every change here before it is acknowledged, and for everything that was
   * in use when the lease was lost; then the states are those last known. Cut what no longer holds:
   * `holds` knows. A change may be reported twice.
   */
  onChange(listener: ChangeListener): () => void {
    return this.#replica.onChange(listener)
  }

  /**
   * Gives a program outside a lease within this replica's, and what has changed since its last
   * request. Answers at once where something changed, else with the next renewal.
   * @throws Problem `client.too_many_processes`, `live.stopped`
   */
  async follow(request: HolderRequest): Promise<HolderAnswer & { readonly through: number }> {
    if (this.#stopped) throw new Problem('live.stopped', 'this replica has given up its lease')
    const answering = this.#replica.holders.follow(request)
    // A new follower need not wait for the next regular renewal: renew now.
    if (request.session === undefined) this.#loop?.wake()
    const answer = await answering
    return { ...answer, through: this.#replica.through }
  }

  /**
   * Reads changes until everything up to a number is applied here: later reads are at least
   * as new as the change that another replica reported. False: the store has no such change.
   */
  async catchUp(through: number): Promise<boolean> {
    if (this.#replica.applied < through) await this.renew()
    // A renewal that was under way may have begun before.
    if (this.#replica.applied < through) await this.renew()
    return this.#replica.applied >= through
  }

  /** Ids of the replicas at work: their leases have not run out. */
  replicas(): Promise<readonly string[]> {
    return this.#replica.leased()
  }

  /** Time since this replica renewed its lease, in milliseconds. A second when all is well. */
  sinceRenewal(): number {
    return this.#replica.lease.sinceRenewal()
  }

  /**
   * Checks whether a replica without a lease may be judged as gone, and not as waiting for a store
   * that paused. We have held our lease for two lease times, so any live replica has renewed by now.
   */
  mayJudgeOthers(): boolean {
    return this.#replica.lease.age() >= 2 * LEASE_MS
  }

  async #read(
    keys: readonly LiveKey[],
  ): Promise<{ kept: boolean; states: ReadonlyMap<string, LiveState> }> {
    const { cache, lease } = this.#replica
    const read = cache.beginRead()
    // INVARIANT: only states read under a lease that began before the read are kept. A second lock: losing the lease voids
    // the reads under way (`StateCache.clear`).
    if (!lease.inForce()) read.void = true
    try {
      const rows = await readEpochs(this.#storage.read, keys)
      const states = new Map(keys.map((key) => [keyText(key), ended(key)]))
      for (const row of rows) states.set(keyText(row), row)
      return { kept: rows.map((row) => cache.keep(read, row)).every(Boolean), states }
    } finally {
      cache.endRead(read)
    }
  }

  async #everyoneAcknowledged(
    { through }: Change,
    position: number,
    { signal, wait }: { readonly wait: Wait; readonly signal: AbortSignal },
  ): Promise<void> {
    for (let look = 0; !signal.aborted; look++) {
      // While the store cannot be reached, only the end of all leases settles anything.
      const others = await this.#replica.othersAcknowledged(through).catch(() => false)
      if (others && this.#replica.holders.haveAcknowledged(position)) return
      this.#storage.notify(CHANNEL)
      await wait(SETTLE_PAUSES_MS[look] ?? 80, signal)
    }
  }

  /**
   * Renews the lease with a time limit: a renewal that hangs must not keep streams alive that
   * nothing permits any more.
   */
  async #keepLease(): Promise<void> {
    const wait = this.#wait ?? idleWait
    const done = new AbortController()
    try {
      await Promise.race([this.renew(), wait(LEASE_MS, done.signal)])
      await this.#replica.trim()
    } finally {
      done.abort()
      if (!this.#replica.lease.inForce()) this.#replica.lose()
    }
  }
}

const PAUSED = Symbol('the store has paused for too long')

/** Compares what two views are of, however they are ordered. */
function isSameView(before: LiveView, now: LiveView, apart: LiveKey | undefined): boolean {
  if (now.dead.length > 0 || before.states.length === 0) return false
  const epochs = new Map(now.states.map((state) => [keyText(state), state.epoch]))
  return before.states.every(
    (state) => isOf(state, apart) || epochs.get(keyText(state)) === state.epoch,
  )
}

function isOf(state: LiveKey, key: LiveKey | undefined): boolean {
  return key !== undefined && state.kind === key.kind && state.id === key.id
}

function ended(key: LiveKey): LiveState {
  return { kind: key.kind, id: key.id, epoch: 0, state: 'ended' }
}
