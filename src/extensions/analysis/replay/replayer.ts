import { replayInputs, type SettingFacts } from '../../../tasks/decision-log/index.ts'
import { differ, type Sets } from './differ.ts'
import type { RecordedRow } from './recorded-pages.ts'
import { type DifferenceGroup, Tally } from './tally.ts'

/** Result of a replay. */
export interface ReplayReport {
  /** Decided again. */
  readonly decided: number
  readonly same: number
  readonly denied: number
  readonly permitted: number
  readonly asks: number
  /** Decisions that ended by credential, task or catalog, before any policy had a say. */
  readonly stopped: number
  /** Made before inputs were recorded, or erased since: nothing is said about them. */
  readonly withoutInputs: number
  readonly groups: readonly DifferenceGroup[]
  /** Differences beyond the groups that are kept. */
  readonly ungrouped: number
  /** Different calls that people would be asked about. */
  readonly asked: { readonly now: number; readonly draft: number }
  /**
   * Times of the first and the last decision that was looked at, in milliseconds; 0: there was
   * none.
   */
  readonly first: number
  readonly last: number
}

/** Different calls that are told apart; beyond that each counts. */
const MAX_CALLS = 200_000

/** Decides recorded calls again, row by row, by the live policies and by a draft. */
export class Replayer {
  readonly #sets: Sets
  readonly #tally = new Tally()
  readonly #now = new Distinct()
  readonly #draft = new Distinct()
  #decided = 0
  #same = 0
  #stopped = 0
  #withoutInputs = 0
  #first = 0
  #last = 0

  constructor(sets: Sets) {
    this.#sets = sets
  }

  add(row: RecordedRow, setting: SettingFacts | undefined): void {
    this.#first ||= row.at
    this.#last = row.at
    const made = replayInputs(row, setting)
    if (made.of === 'facts') {
      const { after, before, difference } = differ(made.facts, row, this.#sets)
      this.#decided++
      if (before === 'requestable') this.#now.add(row.callHash ?? row.id)
      if (after === 'requestable') this.#draft.add(row.callHash ?? row.id)
      if (difference) this.#tally.add(row, difference)
      else this.#same++
    } else if (made.of === 'stopped' && !wasJudged(row)) this.#stopped++
    else this.#withoutInputs++
  }

  report(): ReplayReport {
    return {
      decided: this.#decided,
      same: this.#same,
      ...this.#tally.counts,
      stopped: this.#stopped,
      withoutInputs: this.#withoutInputs,
      groups: this.#tally.groups(),
      ungrouped: this.#tally.ungrouped,
      asked: { now: this.#now.count, draft: this.#draft.count },
      first: this.#first,
      last: this.#last,
    }
  }
}

/** Policies had a say, though nothing is recorded of what they saw. */
function wasJudged({ policyVersion, reason }: RecordedRow): boolean {
  return policyVersion !== null && reason !== 'proof.replayed'
}

/**
 * Counter of different calls: the same call, sent again, attaches to what people were asked before.
 */
class Distinct {
  readonly #seen = new Set<string>()
  count = 0

  add(call: string): void {
    if (this.#seen.has(call)) return
    if (this.#seen.size < MAX_CALLS) this.#seen.add(call)
    this.count++
  }
}
