import { type Finding, median, type Rounds, ratio, type Series } from '../harness/results.ts'
import { atConnections, MEASURES } from '../harness/way.ts'
import { OWN_PROGRAMS } from './own-programs.ts'
import { JOBS } from './version.ts'

export const BEFORE = 'before'
export const AFTER = 'after'
export const HIGHEST = 'highest rate'

/** A measure of a job, in words, and the most that it may be. */
interface Aim {
  readonly job: string
  readonly measure: string
  readonly most?: number
  /** Circumstance to name, where the measure is not of the usual load. */
  readonly note?: string
}

const LONE_CPU = atConnections(MEASURES.cpu, 1)
const AIMS: readonly Aim[] = [
  { job: JOBS.call, measure: MEASURES.cpu, most: 400 },
  { job: JOBS.call, measure: LONE_CPU, most: 900, note: 'one caller' },
  { job: JOBS.mcp, measure: MEASURES.cpu, most: 400 },
  { job: JOBS.bearer, measure: MEASURES.cpu, most: 300 },
  { job: JOBS.few, measure: MEASURES.cpu },
  { job: JOBS.many, measure: MEASURES.cpu, most: 500 },
  { job: JOBS.token, measure: MEASURES.cpu, most: 300 },
  { job: JOBS.policy, measure: MEASURES.cpu, most: 60 },
  { job: JOBS.policy, measure: LONE_CPU, most: 200, note: 'one caller' },
  { job: JOBS.task, measure: MEASURES.cpu, most: 150 },
  { job: JOBS.task, measure: LONE_CPU, most: 350, note: 'one caller' },
  { job: OWN_PROGRAMS.gates, measure: 'p50', most: 8 },
  { job: OWN_PROGRAMS.turn, measure: 'processor time', most: 20 },
]

/** Each job against its aim, and beside the older version: a ratio is the median of those of the rounds. */
export function findings(rounds: Rounds): readonly Finding[] {
  return [
    ...AIMS.flatMap((aim) => judged(aim, rounds)),
    ...highest(rounds.getMeasure(`${JOBS.call}: ${AFTER}`, HIGHEST)),
  ]
}

function judged({ job, measure, most, note }: Aim, rounds: Rounds): Finding[] {
  const before = rounds.getMeasure(`${job}: ${BEFORE}`, measure)
  const after = rounds.getMeasure(`${job}: ${AFTER}`, measure)
  if (after.values.length === 0) return []
  const name = note ? `${job}, ${note}` : job
  const { unit } = after
  const value = median(after.values)
  const aim = most === undefined ? {} : { aim: `≤ ${most} ${unit}`, met: value <= most }
  return [
    { name, value, unit, ...aim },
    { name: `${name}: share of before`, value: ratio(after, before), unit: '' },
  ]
}

function highest({ unit, values }: Series): Finding[] {
  if (values.length === 0) return []
  const value = median(values)
  return [{ name: `${JOBS.call}, ${HIGHEST}`, value, unit, aim: '≥ 1,500/s', met: value >= 1_500 }]
}
