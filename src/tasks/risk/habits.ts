import { LruCache } from '../../platform/lib/lru-cache.ts'
import type { Awaitable } from '../../platform/lib/pipeline.ts'
import { DAY, MINUTE } from '../../platform/lib/time-units.ts'
import { SharedReads } from '../../platform/lib/under-way/shared-reads.ts'
import type { Step, Storage } from '../../platform/storage/index.ts'
import {
  deleteHabitsQuery,
  type Habit,
  insertHabitsQuery,
  selectHabits,
  touchHabitQuery,
} from './books-store.ts'

/**
 * Time after which a habit will not be taken back any more: a call that was not sent is found out
 * within moments. A younger habit is read again for each call, unless it began here.
 */
const CERTAIN_AFTER_MS = 10 * MINUTE
/**
 * Time for which a habit that an agent does not have is not looked for again, if it does not begin here. Where another server has begun it
 * meanwhile, the call counts as the first one a little longer, which never lowers its risk.
 */
const ABSENT_FOR_MS = 2_000
const MAX_KEPT = 50_000
const KEPT = 'kept'
const GONE = 'gone'

/**
 * Habits of one call: those that begin with it (`first`), and those that were last noted so long
 * ago that they are noted again.
 */
export interface Habits {
  readonly agentId: string
  readonly first: readonly Habit[]
  readonly again: readonly Habit[]
}

/**
 * Book of what agents have done before. An entry of the books stays there, so it is kept in memory,
 * and a call that is usual for its agent reads nothing.
 * INVARIANT: only a permitted call becomes a habit, in the transaction that permits it; a call that
 * people are asked about is still the first one when they have answered.
 */
export class HabitBook {
  readonly #storage: Storage
  readonly #reads = new SharedReads<Habits>()
  /** Times when each habit was last noted. */
  readonly #known = new LruCache<number>(MAX_KEPT)
  /** Times at which each habit was looked for, and was not there. */
  readonly #absent = new LruCache<number>(MAX_KEPT)
  /** Habits that began here, by decision. */
  readonly #begun = new LruCache<readonly string[]>(MAX_KEPT)

  constructor(storage: Storage) {
    this.#storage = storage
  }

  look(agentId: string, habits: readonly Habit[], at: number): Awaitable<Habits> {
    const first: Habit[] = []
    const again: Habit[] = []
    for (const habit of habits) {
      const key = habitKey(agentId, habit)
      const kept = this.#known.get(key, KEPT)
      if (kept === undefined && !this.#isAbsent(key, at))
        return this.#reads.share(habits.map((each) => habitKey(agentId, each)).join('\n'), () =>
          this.#read(agentId, habits, at),
        )
      if (kept === undefined) first.push(habit)
      else if (kept <= at - DAY) again.push(habit)
    }
    return { agentId, first, again }
  }

  #isAbsent(key: string, at: number): boolean {
    const since = this.#absent.get(key, KEPT)
    return since !== undefined && since <= at && at - since < ABSENT_FOR_MS
  }

  async #read(agentId: string, habits: readonly Habit[], at: number): Promise<Habits> {
    const last = new Map<Habit, number>()
    const unknown: Habit[] = []
    for (const habit of habits) {
      const kept = this.#known.get(habitKey(agentId, habit), KEPT)
      if (kept === undefined) unknown.push(habit)
      else last.set(habit, kept)
    }
    if (unknown.length > 0) {
      for (const found of await selectHabits(this.#storage.read, agentId, unknown)) {
        const habit = unknown.find((each) => isSameHabit(each, found))
        if (!habit) continue
        last.set(habit, found.lastAt)
        if (found.firstAt < at - CERTAIN_AFTER_MS)
          this.#known.put(habitKey(agentId, habit), KEPT, found.lastAt)
      }
    }
    const first = habits.filter((habit) => !last.has(habit))
    for (const habit of first) this.#absent.put(habitKey(agentId, habit), KEPT, at)
    return {
      agentId,
      first,
      again: habits.filter((habit) => (last.get(habit) ?? at) <= at - DAY),
    }
  }

  /** Makes the steps for the transaction that permits the call. */
  steps({ again, agentId, first }: Habits, decisionId: string, at: number): Step[] {
    const { read } = this.#storage
    const by = { agentId, decisionId, at }
    return [
      ...(first.length === 0
        ? []
        : [{ name: 'habits', query: insertHabitsQuery(read, by, first), rows: 'any' as const }]),
      ...again.map((habit) => ({
        name: 'habit again',
        query: touchHabitQuery(read, agentId, habit, at),
        rows: 'any' as const,
      })),
    ]
  }

  /** Keeps what `steps` wrote, after the commit. */
  done({ again, agentId, first }: Habits, decisionId: string, at: number): void {
    const keys = [...first, ...again].map((habit) => habitKey(agentId, habit))
    for (const key of keys) this.#known.put(key, KEPT, at)
    if (first.length > 0) this.#begun.put(decisionId, KEPT, keys)
  }

  /**
   * Makes the steps for the transaction that says that a call was not sent: what began with it has
   * not begun.
   */
  backSteps(of: { agentId: string; action: string; decisionId: string }): Step[] {
    return [{ name: 'habits back', query: deleteHabitsQuery(this.#storage.read, of), rows: 'any' }]
  }

  /** Forgets what `backSteps` deleted, after the commit. */
  back(decisionId: string): void {
    for (const key of this.#begun.get(decisionId, KEPT) ?? []) this.#known.put(key, GONE, 0)
  }
}

function isSameHabit(one: Habit, other: Habit): boolean {
  return one.action === other.action && one.counterparty === other.counterparty
}

function habitKey(agentId: string, { action, counterparty }: Habit): string {
  return `${agentId} ${action} ${counterparty}`
}
