import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Counts, MEASURES, type Measure } from './measures.ts'

/** Most of each measure for one of each act. */
type Limits = Record<string, Partial<Record<Measure, number>>>
export type CountsByAct = Readonly<Record<string, Counts>>

const FILE = join(import.meta.dirname, 'limits.json')

/**
 * Room above the most that several servers took (`--lower --times 8`), as a share. Statements, rows and commits are whole numbers and
 * have none. Allocations differ by less than 1 % from server to server. What the kernel counts depends a little on time: how often a
 * thread wakes another, in how many pieces a large answer leaves, whether SQLite copies its log back just then. Eight servers on one
 * quiet machine were up to 20 % apart, and another machine was outside of that.
 */
const MARGINS: Readonly<Record<Measure, number>> = {
  signatures: 0,
  commits: 0,
  statements: 0,
  rows: 0,
  'bytes allocated': 0.08,
  'bytes allocated by the writer': 0.08,
  'bytes that outlive collections': 0.1,
  'bytes written': 0.3,
  'system calls that read': 0.4,
  'system calls that write': 0.4,
}
/** A whole number may be missed by one in ten requests. */
const CHANCE = 0.11

/** Lists what is above its limit, a line each, and acts that have none. */
export function exceeded(found: CountsByAct): string[] {
  const limits = read()
  const lines = Object.entries(found).flatMap(([act, counts]) =>
    MEASURES.filter((measure) => !(counts[measure] <= (limits[act]?.[measure] ?? Number.NaN))).map(
      (measure) => {
        const limit = limits[act]?.[measure] ?? 'no limit is known'
        return `${act}: ${shown(counts[measure])} ${measure}, at most: ${limit}`
      },
    ),
  )
  const gone = Object.keys(limits).filter((act) => !(act in found))
  return [...lines, ...gone.map((act) => `${act}: has limits, and nothing counts it`)]
}

/** Lowers limits to what was found and its margin, gives limits to what has none, and raises nothing. */
export function lower(found: CountsByAct): void {
  const limits = read()
  const next: Limits = {}
  for (const [act, counts] of Object.entries(found)) {
    next[act] = {}
    for (const measure of MEASURES) {
      const wanted = limitOf(measure, counts[measure])
      next[act][measure] = Math.min(wanted, limits[act]?.[measure] ?? wanted)
    }
  }
  writeFileSync(FILE, `${JSON.stringify(next, undefined, 2)}\n`)
}

function limitOf(measure: Measure, count: number): number {
  const margin = MARGINS[measure]
  // Two calls in a row share a commit or not: what is counted is less than what one alone takes.
  const most =
    margin === 0 && (count === 0 || count >= 0.5)
      ? Math.ceil(count - CHANCE) + CHANCE
      : count * (1 + (margin || CHANCE))
  return Number(most.toPrecision(4))
}

function shown(count: number): string {
  return String(Number(count.toPrecision(4)))
}

function read(): Limits {
  return JSON.parse(readFileSync(FILE, 'utf8'))
}
