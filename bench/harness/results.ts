import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Machine, PROJECT } from './machine.ts'

/** One thing measured, run after run. */
export interface Series {
  /** What was measured, for a reader. */
  readonly name: string
  readonly unit: string
  /** One value for each run, in order. */
  readonly values: readonly number[]
}

/** Two series of the same runs, divided, and what the design asks of that. */
export interface Ratio {
  readonly name: string
  readonly of: string
  readonly to: string
  readonly aim?: string
  readonly met?: boolean
}

export interface Results {
  readonly benchmark: string
  readonly says: string
  readonly machine: Machine
  readonly settings: Readonly<Record<string, string | number | boolean>>
  readonly series: readonly Series[]
  readonly findings: readonly Finding[]
}

/** A number against its aim. `met` is missing where there is no aim. */
export interface Finding {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly aim?: string
  readonly met?: boolean
}

const FOLDER = join(PROJECT, 'bench', 'results')

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
  readonly #series = new Map<string, { unit: string; values: number[] }>()

  add(name: string, unit: string, value: number): void {
    const known = this.#series.get(name)
    if (known) known.values.push(value)
    else this.#series.set(name, { unit, values: [value] })
  }

  get(name: string): Series {
    const { unit, values } = this.#series.get(name) ?? { unit: '', values: [] }
    return { name, unit, values }
  }

  all(): Series[] {
    return [...this.#series.keys()].map((name) => this.get(name))
  }
}

/** Writes `bench/results/<date>/<benchmark>.json`, writes the table of that day anew, and prints it. */
export function publish(results: Results): void {
  const folder = join(FOLDER, results.machine.at.slice(0, 10))
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, `${results.benchmark}.json`),
    `${JSON.stringify(results, undefined, 2)}\n`,
  )
  const all = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name): Results => JSON.parse(readFileSync(join(folder, name), 'utf8')))
  writeFileSync(join(folder, 'README.md'), page(all))
  console.log(section(results))
}

function page(all: readonly Results[]): string {
  const date = all[0]?.machine.at.slice(0, 10) ?? ''
  const intro = `# Measured on ${date}\n\nMedian of the runs, lowest to highest in brackets; what is compared ran in turns in the same minutes. How it is done and how to
repeat it: [bench](../../README.md). Every value of every run is in the JSON files beside this page.\n`
  return `${intro}\n${all.map(section).join('\n')}`
}

function section({ benchmark, findings, machine, says, series, settings }: Results): string {
  const rows = series.map(
    ({ name, unit, values }) =>
      `| ${name} | ${show(median(values))} | ${show(Math.min(...values))} – ${show(Math.max(...values))} | ${unit} | ${values.length} |`,
  )
  const verdicts = findings.map(
    ({ aim, met, name, unit, value }) =>
      `| ${name} | ${show(value)}${unit ? ` ${unit}` : ''} | ${aim ?? '–'} | ${met === undefined ? '–' : met ? 'met' : '**missed**'} |`,
  )
  return [
    `## ${benchmark}`,
    '',
    says,
    '',
    '| Against its aim | Measured | Aim | |',
    '| --- | --- | --- | --- |',
    ...verdicts,
    '',
    '| Measured | Median | Lowest – highest | Unit | Runs |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    `Settings: ${Object.entries(settings)
      .map(([name, value]) => `${name} ${value}`)
      .join(' · ')}`,
    '',
    `Machine: ${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, Linux ${machine.kernel}, Node ${machine.node}, commit ${machine.commit}${
      machine.changed.length ? ` (with changes in ${machine.changed.length} files)` : ''
    }, ${machine.placement}, load average before ${machine.loadBefore}.`,
    '',
  ].join('\n')
}

function show(value: number): string {
  if (!Number.isFinite(value)) return 'not run'
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en')
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
