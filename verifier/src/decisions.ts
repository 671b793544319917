import { IdTable } from './id-table.ts'
import type { DecisionCounts, Trouble } from './report.ts'

/** A record as it is read here; `docs/ledger.md` of Remit has all of it. */
export interface LedgerRecord {
  readonly type: string
  readonly eventId: string | undefined
  readonly decisionId: string | undefined
  /** The access request. */
  readonly requestId: string | undefined
  readonly outcome: string | undefined
  readonly person: string | undefined
  readonly by: string | undefined
  readonly callHash: string | undefined
  readonly facts: Readonly<Record<string, unknown>>
  /** Window of refusals that were counted; `counts`: how often each of its entries was refused. */
  readonly window: string | undefined
  readonly counts: readonly number[] | undefined
  /** Name → base64url. */
  readonly commitments: ReadonlyMap<string, string>
}

const ENDINGS = ['answered', 'failed', 'not_sent', 'indeterminate'] as const
type Ending = (typeof ENDINGS)[number]

/** States in the table: an intent without an outcome, then each ending from here on. */
const OPEN = 1
const FIRST_ENDING = 2
const PRESUMED = FIRST_ENDING + ENDINGS.indexOf('indeterminate')
const CORRECTED = 100
/** States in the table of approvals. */
const USED = 1
const RETURNED = 2

/**
 * Rules that the records keep, taken together:
 *
 * - every permitted call is one intent, later one outcome; never a second, never one without the other before it;
 * - an outcome is corrected once at most, and only one that was presumed (`indeterminate`), by a true one;
 * - an approval is used at most once, unless it was returned in between;
 * - no two records are the same event.
 */
export class Decisions {
  readonly #permitted = new IdTable()
  readonly #approvals = new IdTable()
  readonly #events = new IdTable()
  readonly #endings: Record<Ending, number> = {
    answered: 0,
    failed: 0,
    not_sent: 0,
    indeterminate: 0,
  }
  /** Windows whose refusals were counted. */
  readonly #windows = new Set<string>()
  #strangers = 0
  #denied = 0
  #requestable = 0
  #corrected = 0
  #breaks = 0

  add(record: LedgerRecord, index: number): Trouble | undefined {
    const repeated = this.#event(record, index)
    if (repeated) return repeated
    switch (record.type) {
      case 'decision.denied':
        this.#denied++
        return undefined
      case 'decision.requestable':
        this.#requestable++
        return undefined
      case 'decision.intent':
        return this.#intent(record, index)
      case 'decision.outcome':
        return this.#outcome(record, index)
      case 'decision.correction':
        return this.#correction(record, index)
      case 'approval.used':
        return this.#used(record, index)
      case 'approval.returned':
        return this.#returned(record, index)
      case 'refusals.counted':
        return this.#counted(record, index)
      case 'ledger.break_accepted':
        this.#breaks++
        return undefined
      default:
        return undefined
    }
  }

  counts(): DecisionCounts {
    const { answered, failed, not_sent: notSent, indeterminate } = this.#endings
    const permitted = this.#permitted.size
    return {
      permitted,
      answered,
      failed,
      notSent,
      indeterminate,
      open: permitted - answered - failed - notSent - indeterminate,
      corrected: this.#corrected,
      denied: this.#denied,
      requestable: this.#requestable,
      breaks: this.#breaks,
      strangers: this.#strangers,
    }
  }

  /** A window ends once, with a count for each of its entries. */
  #counted({ counts, window }: LedgerRecord, index: number): Trouble | undefined {
    if (window === undefined || counts === undefined)
      return contradiction(index, 'counted refusals name no window, or no counts')
    if (this.#windows.has(window))
      return contradiction(index, `the refusals of ${window} were counted twice`)
    this.#windows.add(window)
    for (const count of counts) this.#strangers += count
    return undefined
  }

  #event({ eventId }: LedgerRecord, index: number): Trouble | undefined {
    if (eventId === undefined) return undefined
    if (this.#events.get(eventId) !== 0)
      return contradiction(index, `the event ${eventId} is recorded twice`)
    this.#events.set(eventId, 1)
    return undefined
  }

  #intent({ decisionId }: LedgerRecord, index: number): Trouble | undefined {
    if (decisionId === undefined) return contradiction(index, 'an intent names no decision')
    if (this.#permitted.get(decisionId) !== 0)
      return contradiction(index, `the decision ${decisionId} has a second intent`)
    this.#permitted.set(decisionId, OPEN)
    return undefined
  }

  #outcome({ decisionId, outcome }: LedgerRecord, index: number): Trouble | undefined {
    const before = decisionId === undefined ? 0 : this.#permitted.get(decisionId)
    if (decisionId === undefined || before === 0)
      return contradiction(index, `an outcome has no intent before it: ${decisionId}`)
    if (before !== OPEN)
      return contradiction(index, `the decision ${decisionId} has a second outcome`)
    const ending = ENDINGS.find((each) => each === outcome)
    if (!ending) return contradiction(index, `the decision ${decisionId} ended as ${outcome}`)
    this.#permitted.set(decisionId, FIRST_ENDING + ENDINGS.indexOf(ending))
    this.#endings[ending]++
    return undefined
  }

  #correction({ decisionId, outcome }: LedgerRecord, index: number): Trouble | undefined {
    if (decisionId === undefined || this.#permitted.get(decisionId) !== PRESUMED)
      return contradiction(index, `a correction has no presumed outcome before it: ${decisionId}`)
    const ending = ENDINGS.find((each) => each === outcome)
    if (!ending || ending === 'indeterminate')
      return contradiction(index, `the decision ${decisionId} was corrected to ${outcome}`)
    this.#permitted.set(decisionId, CORRECTED)
    this.#endings.indeterminate--
    this.#endings[ending]++
    this.#corrected++
    return undefined
  }

  #used({ requestId }: LedgerRecord, index: number): Trouble | undefined {
    if (requestId === undefined) return contradiction(index, 'a used approval names no request')
    if (this.#approvals.get(requestId) === USED)
      return contradiction(index, `the approval ${requestId} is used a second time`)
    this.#approvals.set(requestId, USED)
    return undefined
  }

  #returned({ requestId }: LedgerRecord, index: number): Trouble | undefined {
    if (requestId === undefined || this.#approvals.get(requestId) !== USED)
      return contradiction(index, `an approval is returned that is not used: ${requestId}`)
    this.#approvals.set(requestId, RETURNED)
    return undefined
  }
}

export function contradiction(index: number, message: string): Trouble {
  return { verdict: 'contradictory', index, message }
}
