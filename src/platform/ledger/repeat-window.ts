import type { LedgerEvent } from './ledger-event.ts'

/** A refused caller, as far as known, and the reason of the refusal. */
export interface RefusedCaller {
  readonly task?: string | undefined
  readonly agent?: string | undefined
  /** A stable code. */
  readonly reason: string
}

/** Maximum refusals for one reason that have records of their own in one window. */
export const MAX_RECORDED = { ofTask: 100, ofAgent: 1_000 } as const
/**
 * Maximum of callers that are told apart. Those beyond are counted together, and not recorded one
 * by one.
 */
const MAX_CALLERS = 10_000

interface Count {
  readonly caller: RefusedCaller
  readonly most: number
  recorded: number
  /** Number of refusals without a record of their own. */
  counted: number
  /** Id of the decision that was recorded last. */
  last: string | undefined
}

/**
 * Refusals of known callers in one window of time. Repeated refusals are counted instead of
 * recorded.
 */
export class RepeatWindow {
  readonly #counts = new Map<string, Count>()
  #uncounted = 0

  /**
   * Checks whether this refusal has a record of its own. Counts it, either way. `hasRoom`: false
   * when no such records are written at all.
   */
  admits(caller: RefusedCaller, hasRoom: boolean): boolean {
    const counts = this.#countsOf(caller)
    if (hasRoom && counts.length > 0 && counts.every(({ most, recorded }) => recorded < most)) {
      for (const each of counts) each.recorded++
      return true
    }
    const full = counts.find(({ most, recorded }) => recorded >= most) ?? counts[0]
    if (full) full.counted++
    else this.#uncounted++
    return false
  }

  noteRecorded(caller: RefusedCaller, decisionId: string): void {
    for (const each of this.#countsOf(caller)) each.last = decisionId
  }

  /** Finds a decision of this window about the same caller for the same reason. */
  lastOf(caller: RefusedCaller): string | undefined {
    return this.#countsOf(caller).find(({ last }) => last !== undefined)?.last
  }

  /** Makes one event for each caller and reason that was refused repeatedly. */
  ended(from: number, to: number): readonly LedgerEvent[] {
    const times = { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
    const events: LedgerEvent[] = [...this.#counts.values()]
      .filter(({ counted }) => counted > 0)
      .map(({ caller: { agent, reason, task }, counted, last }) => ({
        type: 'refusals.repeated',
        ...{ agent, task, reason, outcome: 'refused' },
        facts: { ...times, count: counted, like: last },
      }))
    if (this.#uncounted > 0)
      events.push({ type: 'refusals.repeated', facts: { ...times, count: this.#uncounted } })
    return events
  }

  /**
   * Counts of a caller, that of the task first, where there is one. Fewer, where there is no room
   * for more.
   */
  #countsOf({ agent, reason, task }: RefusedCaller): readonly Count[] {
    const own = task === undefined ? undefined : { task, agent, reason }
    const all = agent === undefined ? undefined : { agent, reason }
    const found = [
      own && this.#countOf(`task ${task} ${reason}`, own, MAX_RECORDED.ofTask),
      all && this.#countOf(`agent ${agent} ${reason}`, all, MAX_RECORDED.ofAgent),
    ]
    return found.filter((each) => each !== undefined)
  }

  #countOf(key: string, caller: RefusedCaller, most: number): Count | undefined {
    const known = this.#counts.get(key)
    if (known) return known
    if (this.#counts.size >= MAX_CALLERS) return undefined
    const begun: Count = { caller, most, recorded: 0, counted: 0, last: undefined }
    this.#counts.set(key, begun)
    return begun
  }
}
