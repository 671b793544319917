import type { Machine } from './machine.ts'

/** Values of one measured thing, run after run. */
export interface Series {
  /** Name of the measured thing, as readers see it. */
  readonly name: string
  readonly unit: string
  /** Values in the order of the runs. */
  readonly values: readonly number[]
  /**
   * Thing that has several measures, which are shown side by side; `measure` is the one of this
   * series.
   */
  readonly of?: string
  readonly measure?: string
}

export interface Results {
  readonly benchmark: string
  readonly says: string
  readonly machine: Machine
  readonly settings: Readonly<Record<string, string | number | boolean>>
  readonly series: readonly Series[]
  readonly findings: readonly Finding[]
  /** Programs of others, where they were compared. */
  readonly compared?: readonly ComparedProgram[]
}

/** A program of others beside Remit. */
export interface ComparedProgram {
  readonly name: string
  readonly version: string
  readonly settings: string
  /** Work that Remit does for each request and this does not. */
  readonly without: string
  /** Reason why it did not run. */
  readonly missing?: string
}

/** A number against its aim. `met` is missing where there is no aim. */
export interface Finding {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly aim?: string
  readonly met?: boolean
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** Median of the ratios of the same round: what disturbs a round disturbs both. */
export function ratio(one: Series, other: Series): number {
  return median(one.values.map((value, i) => value / (other.values[i] ?? Number.NaN)))
}

/** Collects values round by round. */
export class Rounds {
  readonly #series = new Map<string, Series & { readonly values: number[] }>()
  /** Names of those that nobody needs to see while all of their values are 0. */
  readonly #rare = new Set<string>()

  add(name: string, unit: string, value: number): void {
    this.#push({ name, unit }, value)
  }

  /** Adds a value to one of several measures of a thing, for `getMeasure`. */
  addMeasure(of: string, measure: string, unit: string, value: number): void {
    this.#push({ name: `${of}, ${measure}`, unit, of, measure }, value)
  }

  /** Adds a value to a measure that is published only where it is not always 0. */
  addRare(of: string, measure: string, unit: string, value: number): void {
    this.#rare.add(`${of}, ${measure}`)
    this.addMeasure(of, measure, unit, value)
  }

  getMeasure(of: string, measure: string): Series {
    return this.get(`${of}, ${measure}`)
  }

  get(name: string): Series {
    return this.#series.get(name) ?? { name, unit: '', values: [] }
  }

  all(): Series[] {
    return [...this.#series.values()].filter(
      ({ name, values }) => !this.#rare.has(name) || values.some((value) => value !== 0),
    )
  }

  #push(about: Omit<Series, 'values'>, value: number): void {
    const known = this.#series.get(about.name)
    if (known) known.values.push(value)
    else this.#series.set(about.name, { ...about, values: [value] })
  }
}
