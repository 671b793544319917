import { type Finding, median, type Rounds, ratio } from './results.ts'
import { MEASURES } from './way.ts'

/** Time that the gateway may add to a call by itself, in milliseconds; the disk comes on top. */
const MAY_ADD = 0.5

/** Findings from series of the same rounds. What was not run is no number and meets no aim, nor misses one. */
export class RoundComparison {
  readonly #rounds: Rounds

  constructor(rounds: Rounds) {
    this.#rounds = rounds
  }

  /**
   * Compares by what can be done in a second; or by processor time, which says what that would be
   * if the load were never the limit.
   */
  share(name: string, one: string, other: string, by: 'rate' | 'cpu' = 'rate'): Finding {
    const mine = this.#rounds.getMeasure(one, MEASURES[by])
    const its = this.#rounds.getMeasure(other, MEASURES[by])
    return { name, value: by === 'cpu' ? ratio(its, mine) : ratio(mine, its), unit: '' }
  }

  aimedShare(name: string, one: string, other: string, least: number): Finding {
    const found = this.share(name, one, other)
    return judged(found, `≥ ${least}`, found.value >= least)
  }

  /** Compares the medians of the latency that `at` names. */
  added(at: string, one: string, other: string, what = ''): Finding {
    const value = this.#medianOf(one, at) - this.#medianOf(other, at)
    return { name: `${what}added latency, ${at}`, value, unit: 'ms' }
  }

  aimedAdded(at: string, one: string, other: string): Finding {
    const found = this.added(at, one, other)
    const most = MAY_ADD + median(this.#rounds.get('fsync of this disk, p50').values)
    const aim = `≤ ${MAY_ADD} ms + one fsync (${most.toFixed(2)} ms)`
    return judged(found, aim, found.value <= most)
  }

  #medianOf(way: string, measure: string): number {
    return median(this.#rounds.getMeasure(way, measure).values)
  }
}

function judged(found: Finding, aim: string, met: boolean): Finding {
  return Number.isNaN(found.value) ? { ...found, aim } : { ...found, aim, met }
}
