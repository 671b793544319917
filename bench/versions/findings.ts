import { type Finding, median, type Rounds, ratio, type Series } from '../harness/results.ts'
import { atConnections, CONNECTIONS, latencyAt, MEASURES, SHARES } from '../harness/way.ts'
import { OWN_PROGRAMS } from './own-programs.ts'
import { DIRECT, JOBS, RATE } from './version.ts'

/** Name of the version that is judged. */
export const NOW = 'now'

/** A measure of a job, in words, and the most that it may be. */
interface Aim {
  readonly job: string
  readonly measure: string
  readonly most?: number
  /** Circumstance to name, where the measure is not of the usual load. */
  readonly note?: string
}

const LONE_CPU = atConnections(MEASURES.cpu, 1)
const LONE = 'one caller'
const AIMS: readonly Aim[] = [
  { job: JOBS.call, measure: MEASURES.cpu, most: 400 },
  { job: JOBS.call, measure: LONE_CPU, most: 900, note: LONE },
  { job: JOBS.call, measure: latencyAt('p50', 1), most: 1, note: `${LONE}, latency` },
  { job: JOBS.mcp, measure: MEASURES.cpu, most: 430 },
  { job: JOBS.bearer, measure: MEASURES.cpu, most: 300 },
  { job: JOBS.few, measure: MEASURES.cpu },
  { job: JOBS.many, measure: MEASURES.cpu, most: 500 },
  { job: JOBS.token, measure: MEASURES.cpu, most: 250 },
  { job: JOBS.policy, measure: MEASURES.cpu, most: 50 },
  { job: JOBS.policy, measure: LONE_CPU, most: 200, note: LONE },
  { job: JOBS.task, measure: MEASURES.cpu, most: 150 },
  { job: JOBS.task, measure: LONE_CPU, most: 350, note: LONE },
  { job: OWN_PROGRAMS.gates, measure: 'p50', most: 8 },
  { job: OWN_PROGRAMS.turn, measure: 'processor time', most: 20 },
  { job: OWN_PROGRAMS.start, measure: 'ready', most: 1_000 },
]
/** Most that a call through the gateway may take longer than one without it, in milliseconds. */
const MAY_ADD = { p50: 1, p99: 5, 'p99.9': 15 } as const

/** Each job of this version against its aim, and as a share of each other version: the median of the shares of the rounds. */
export function findings(rounds: Rounds, others: readonly string[]): readonly Finding[] {
  return [
    ...AIMS.flatMap((aim) => judged(aim, rounds, others)),
    ...SHARES.flatMap((share) => added(share, rounds, others)),
  ]
}

function judged(
  { job, measure, most, note }: Aim,
  rounds: Rounds,
  others: readonly string[],
): Finding[] {
  const of = (version: string) => rounds.getMeasure(`${job}: ${version}`, measure)
  const now = of(NOW)
  if (now.values.length === 0) return []
  const name = note ? `${job}, ${note}` : job
  const { unit } = now
  const value = median(now.values)
  const aim = most === undefined ? {} : { aim: `≤ ${most} ${unit}`, met: value <= most }
  return [{ name, value, unit, ...aim }, ...shares(name, now, others.map(of), others)]
}

/** Latency that the gateway adds to a call at a rate: the difference from a call without it in the same round. */
function added(share: keyof typeof MAY_ADD, rounds: Rounds, others: readonly string[]): Finding[] {
  const measure = latencyAt(share, CONNECTIONS, RATE)
  const direct = rounds.getMeasure(DIRECT, measure)
  const of = (version: string): Series => {
    const whole = rounds.getMeasure(`${JOBS.call}: ${version}`, measure)
    return { ...whole, values: whole.values.map((value, i) => value - (direct.values[i] ?? 0)) }
  }
  const now = of(NOW)
  if (now.values.length === 0) return []
  const name = `${JOBS.call}, added at ${RATE} a second, ${share}`
  const value = median(now.values)
  const most = MAY_ADD[share]
  return [
    { name, value, unit: now.unit, aim: `≤ ${most} ${now.unit}`, met: value <= most },
    ...shares(name, now, others.map(of), others),
  ]
}

function shares(
  name: string,
  now: Series,
  before: readonly Series[],
  others: readonly string[],
): Finding[] {
  return others.flatMap((other, i) => {
    const series = before[i]
    if (!series || series.values.length === 0) return []
    return [{ name: `${name}: share of ${other}`, value: ratio(now, series), unit: '' }]
  })
}
