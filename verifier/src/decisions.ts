import type { DecisionCounts, Trouble } from './report.ts'

/** A record as it is read here; `docs/ledger.md` of Remit has all of it. */
export interface LedgerRecord {
  readonly type: string
  readonly decisionId: string | undefined
  readonly outcome: string | undefined
  /** Name → base64url. */
  readonly commitments: ReadonlyMap<string, string>
}

const ENDINGS = ['answered', 'failed', 'not_sent', 'indeterminate'] as const
type Ending = (typeof ENDINGS)[number]

/** Every permitted call is one intent, later one outcome; never a second, never one without the other before it. */
export class Decisions {
  /** By decision id: the ending, or none yet. */
  readonly #permitted = new Map<string, Ending | undefined>()
  readonly #endings: Record<Ending, number> = {
    answered: 0,
    failed: 0,
    not_sent: 0,
    indeterminate: 0,
  }
  #denied = 0
  #requestable = 0

  add(record: LedgerRecord, index: number): Trouble | undefined {
    if (record.type === 'decision.denied') this.#denied++
    else if (record.type === 'decision.requestable') this.#requestable++
    else if (record.type === 'decision.intent') return this.#intent(record, index)
    else if (record.type === 'decision.outcome') return this.#outcome(record, index)
    return undefined
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
      denied: this.#denied,
      requestable: this.#requestable,
    }
  }

  #intent({ decisionId }: LedgerRecord, index: number): Trouble | undefined {
    if (decisionId === undefined) return contradiction(index, 'an intent names no decision')
    if (this.#permitted.has(decisionId))
      return contradiction(index, `the decision ${decisionId} has a second intent`)
    this.#permitted.set(decisionId, undefined)
    return undefined
  }

  #outcome({ decisionId, outcome }: LedgerRecord, index: number): Trouble | undefined {
    if (decisionId === undefined || !this.#permitted.has(decisionId))
      return contradiction(index, `an outcome has no intent before it: ${decisionId}`)
    if (this.#permitted.get(decisionId))
      return contradiction(index, `the decision ${decisionId} has a second outcome`)
    const ending = ENDINGS.find((each) => each === outcome)
    if (!ending) return contradiction(index, `the decision ${decisionId} ended as ${outcome}`)
    this.#permitted.set(decisionId, ending)
    this.#endings[ending]++
    return undefined
  }
}

export function contradiction(index: number, message: string): Trouble {
  return { verdict: 'contradictory', index, message }
}
