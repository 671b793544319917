import type { Clock } from '../lib/clock.ts'
import { newId } from '../lib/id.ts'
import type { Random } from '../lib/random.ts'
import { MINUTE } from '../lib/time-units.ts'
import type { Step, Storage } from '../storage/index.ts'
import type { LedgerEvent } from './ledger-event.ts'
import { type RefusedCaller, RepeatWindow } from './repeat-window.ts'
import { type StrangerRefusal, StrangerWindow } from './stranger-window.ts'

/** Time for which a source and reason share one record. */
export const REFUSAL_WINDOW_MS = 10 * MINUTE
/** Maximum records in one commit, so that no commit waits long behind it. */
const MAX_AT_ONCE = 128

export interface TallyParts {
  readonly storage: Pick<Storage, 'commit'>
  readonly clock: Clock
  readonly random: Random
  /** Makes the step that appends an event, and tells the sequencer that a record comes. */
  appendStep(event: LedgerEvent): Step
  /** Tells the sequencer that something is to be written soon. */
  wake(): void
  /** False: there is no room for records of refusals. */
  hasRoom(): boolean
}

/** Totals of refusals since the start of the process. */
export interface RefusalTotals {
  readonly strangers: number
  /** Refusals of known callers that were counted instead of recorded. */
  readonly repeats: number
  /** Records of windows that were never written: there was no room, or the store failed. */
  readonly dropped: number
}

/**
 * Refusals that are counted in windows of time instead of recorded one by one (contract 12.14).
 * Counting writes nothing and never waits: a window's first refusal of a source and reason is
 * written with the next run of the sequencer, and the counts when the window ends. So a crash loses
 * counts, and at most the refusals of the last second.
 */
export class RefusalTally {
  readonly #parts: TallyParts
  #strangers: StrangerWindow | undefined
  #repeats = new RepeatWindow()
  /** Monotonic and epoch milliseconds of the window's beginning. */
  #begun: { readonly monotonic: number; readonly at: number } | undefined
  #running: Promise<void> = Promise.resolve()
  readonly #totals = { strangers: 0, repeats: 0, dropped: 0 }

  constructor(parts: TallyParts) {
    this.#parts = parts
  }

  get totals(): RefusalTotals {
    return { ...this.#totals }
  }

  /** Counts the refusal of a caller who could not be identified. */
  countStranger(refusal: StrangerRefusal): void {
    this.#totals.strangers++
    const at = this.#begin()
    this.#strangers ??= new StrangerWindow(newId('refusal_window', this.#parts.random), at)
    if (this.#strangers.count(refusal)) this.#parts.wake()
  }

  /**
   * Checks whether the refusal of a known caller has a record of its own. If not, it is counted.
   */
  admits(caller: RefusedCaller): boolean {
    this.#begin()
    const admitted = this.#repeats.admits(caller, this.#parts.hasRoom())
    if (!admitted) this.#totals.repeats++
    return admitted
  }

  /** Notes the decision that stands for later ones of the same caller and reason. */
  noteRecorded(caller: RefusedCaller, decisionId: string): void {
    this.#repeats.noteRecorded(caller, decisionId)
  }

  lastOf(caller: RefusedCaller): string | undefined {
    return this.#repeats.lastOf(caller)
  }

  /**
   * Writes new refusals, and ends the window when its time is over. Never throws: a failed write is
   * tried again with the next run.
   */
  flush(): Promise<void> {
    return this.#queued(() => (this.#isOver() ? this.#end() : this.#writeNew()))
  }

  /** Ends the window now: nothing is counted after it. */
  close(): Promise<void> {
    return this.#queued(() => this.#end())
  }

  #queued(work: () => Promise<void>): Promise<void> {
    this.#running = this.#running.then(work)
    return this.#running
  }

  /** Epoch milliseconds of the window's beginning. */
  #begin(): number {
    const { clock } = this.#parts
    this.#begun ??= { monotonic: clock.monotonic(), at: clock.now() }
    return this.#begun.at
  }

  #isOver(): boolean {
    const begun = this.#begun
    return !!begun && this.#parts.clock.monotonic() - begun.monotonic >= REFUSAL_WINDOW_MS
  }

  async #writeNew(): Promise<void> {
    const fresh = this.#strangers?.unwritten()
    if (fresh && fresh.events.length > 0 && (await this.#write(fresh.events))) fresh.done()
  }

  async #end(): Promise<void> {
    const begun = this.#begun
    if (!begun) return
    const [strangers, repeats] = [this.#strangers, this.#repeats]
    this.#begun = undefined
    this.#strangers = undefined
    this.#repeats = new RepeatWindow()
    const now = this.#parts.clock.now()
    const counted = strangers ? [...strangers.unwritten().events, strangers.ended(now)] : []
    const events = [...counted, ...repeats.ended(begun.at, now)]
    // INVARIANT: tried once. What may have been written already is not written a second time.
    if (!(await this.#write(events))) this.#totals.dropped += events.length
  }

  async #write(events: readonly LedgerEvent[]): Promise<boolean> {
    if (events.length === 0) return true
    const { hasRoom, storage } = this.#parts
    if (!hasRoom()) return false
    try {
      for (let from = 0; from < events.length; from += MAX_AT_ONCE) {
        const some = events.slice(from, from + MAX_AT_ONCE)
        await storage.commit(some.map((event) => this.#parts.appendStep(event)))
      }
      return true
    } catch {
      // The store says so to everybody who needs it; a count is no reason to stop anything.
      return false
    }
  }
}
