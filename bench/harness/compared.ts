import { type Finding, median, type Rounds, ratio } from './results.ts'
import { MEASURES, refusedAt } from './way.ts'

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

  /** Processor time of one, in microseconds, against the most that it may be. */
  aimedCost(name: string, way: string, measure: string, most: number): Finding {
    const value = this.#medianOf(way, measure)
    return judged({ name, value, unit: 'µs' }, `≤ ${most} µs`, value <= most)
  }

  aimedRate(name: string, series: string, least: number): Finding {
    const value = median(this.#rounds.get(series).values)
    return judged({ name, value, unit: '/s' }, `≥ ${least.toLocaleString('en')}/s`, value >= least)
  }

  /** Compares the medians of a latency at a rate; says so where requests at that rate were refused, which have none. */
  added(of: 'p50' | 'p99', perSecond: number, one: string, other: string, what = ''): Finding {
    const at = `${of} at ${perSecond}/s`
    const value = this.#medianOf(one, at) - this.#medianOf(other, at)
    const refused = this.#rounds.getMeasure(one, refusedAt(perSecond)).values
    const rest = refused.some((share) => share > 0) ? ', of what was not refused' : ''
    return { name: `${what}added latency, ${at}${rest}`, value, unit: 'ms' }
  }

  #medianOf(way: string, measure: string): number {
    return median(this.#rounds.getMeasure(way, measure).values)
  }
}

function judged(found: Finding, aim: string, met: boolean): Finding {
  return Number.isNaN(found.value) ? { ...found, aim } : { ...found, aim, met }
}
