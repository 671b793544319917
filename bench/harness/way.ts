import { costOf } from './cost.ts'
import { type Check, closedLoop, type Load, openLoop, percentile } from './load.ts'
import type { Program } from './program.ts'
import { isBusy } from './refusal.ts'
import type { Rounds } from './results.ts'

/** Connections of a closed loop; an open loop has four times as many. */
export const CONNECTIONS = 32

/**
 * Measures that `measureMost` takes of a way: requests in a second, and processor time of each,
 * with all threads of the program.
 */
export const MEASURES = {
  rate: 'per second',
  cpu: 'CPU',
  /** Share of one core that the program used. */
  core: 'share of its core',
  /** Share of the load's own core: where it is full, the rate is its limit and not the program's. */
  generator: 'load beside it, share of its core',
} as const

/** Something that the load goes through. */
export interface Way {
  readonly name: string
  readonly port: number
  /** Program that is measured; absent where it runs in the process of the load. */
  readonly program: Program | undefined
  readonly check: Check
  /** HTTP requests that make one of what is counted, which follow each other; more than one where answers come in pages. */
  readonly requestsEach?: number
  /** Prepares `count` requests. */
  prepare(count: number): Promise<readonly Buffer[]> | readonly Buffer[]
}

/** Sends as many requests as can be, to measure throughput. */
export function most(
  way: Way,
  requests: readonly Buffer[],
  connections = CONNECTIONS,
): Promise<Load> {
  return closedLoop(way.port, requests, { connections, check: way.check })
}

/** Requests of a warm-up that are prepared at once: proofs are good for a minute. */
const WARM_UP_AT_ONCE = 4_000

/** Sends so many requests that are not counted. Answers how many of the last ones were done in a second. */
export async function warmUp(
  way: Way,
  count: number,
  atOnce = Math.min(count, WARM_UP_AT_ONCE),
): Promise<number> {
  const { requestsEach = 1 } = way
  let perSecond = 0
  for (let done = 0; done < count; done += atOnce) {
    const { requests, seconds } = await most(way, await way.prepare(atOnce * requestsEach))
    perSecond = requests / requestsEach / seconds
  }
  return perSecond
}

/** Names a measure that was taken with so many connections; nothing is said of the usual number. */
export function atConnections(measure: string, connections: number): string {
  return connections === CONNECTIONS ? measure : `${measure} at ${connections}`
}

/**
 * Measures how many a second, and what each takes of the program's core and of the client's time;
 * how busy the load was beside it.
 */
export async function measureMost(
  way: Way,
  count: number,
  rounds: Rounds,
  connections = CONNECTIONS,
): Promise<void> {
  const { name, program, requestsEach = 1 } = way
  const requests = await way.prepare(count * requestsEach)
  const { cpuMicroseconds, load, perSecond } = await costOf(program, () =>
    most(way, requests, connections),
  )
  const add = (measure: string, unit: string, value: number) =>
    rounds.addMeasure(name, atConnections(measure, connections), unit, value)
  add(MEASURES.rate, '', perSecond / requestsEach)
  if (program) {
    add(MEASURES.cpu, 'µs', cpuMicroseconds * requestsEach)
    add(MEASURES.core, '', (cpuMicroseconds * perSecond) / 1e6)
  }
  addLatencies(way, load, rounds, { connections })
  add(MEASURES.generator, '', load.generatorBusy)
}

/** Names the share of requests at a rate that a server refused because it could not keep up. */
export function refusedAt(perSecond: number): string {
  return `refused at ${perSecond}/s`
}

/**
 * Latency at a rate, from when each request was due, and what of its core the program used
 * meanwhile; what was refused, where anything was.
 */
export async function measureAtRate(
  way: Way,
  { perSecond, seconds }: { perSecond: number; seconds: number },
  rounds: Rounds,
): Promise<void> {
  const { name, program, requestsEach = 1 } = way
  const cost = await costOf(program, await openLoopOf(way, { perSecond, seconds }))
  addLatencies(way, cost.load, rounds, { perSecond })
  rounds.addRare(name, refusedAt(perSecond), '', cost.load.refused / cost.load.requests)
  if (!program) return
  const cpu = cost.cpuMicroseconds * requestsEach
  rounds.addMeasure(name, `CPU at ${perSecond}/s`, 'µs', cpu)
  rounds.addMeasure(
    name,
    `share of its core at ${perSecond}/s`,
    '',
    (cpu * perSecond * seconds) / 1e6 / cost.load.seconds,
  )
}

/** Rates that `highestRate` tries, a second. */
const STEPS = [100, 200, 300, 400, 500, 600, 800, 1_000, 1_250, 1_500, 1_750, 2_000, 2_500, 3_000]

/**
 * Highest of some rates up to which p99 stays within `bound` milliseconds and nothing is refused; 0
 * where there is none. A rate that fails is tried once more.
 */
export async function highestRate(way: Way, bound: number, seconds: number): Promise<number> {
  let best = 0
  for (const perSecond of STEPS) {
    const keeps = async () => {
      const { latencies, refused } = await (await openLoopOf(way, { perSecond, seconds }))()
      return refused === 0 && percentile(summed(latencies, way.requestsEach ?? 1), 0.99) <= bound
    }
    if (!((await keeps()) || (await keeps()))) return best
    best = perSecond
  }
  return best
}

/** Prepares requests; answers what sends them. */
async function openLoopOf(
  way: Way,
  { perSecond, seconds }: { perSecond: number; seconds: number },
): Promise<() => Promise<Load>> {
  const { check, port, requestsEach = 1 } = way
  const requests = await way.prepare(Math.ceil(perSecond * seconds) * requestsEach)
  const options = {
    connections: 4 * CONNECTIONS,
    perSecond: perSecond * requestsEach,
    check,
    isRefusal: isBusy,
  }
  return () => openLoop(port, requests, options)
}

/** Shares of the requests whose latency is told; the last one only of an open loop, which stands for many callers. */
export const SHARES = ['p50', 'p99', 'p99.9'] as const
type Share = (typeof SHARES)[number]

/** Names the latency of a share of the requests: at a rate of an open loop, else in the closed loop. */
export function latencyAt(share: Share, connections = CONNECTIONS, perSecond?: number): string {
  if (perSecond !== undefined) return `${share} at ${perSecond}/s`
  return atConnections(`${share} in the closed loop`, connections)
}

function addLatencies(
  way: Way,
  { latencies }: Load,
  rounds: Rounds,
  at: { connections?: number; perSecond?: number },
): void {
  const each = summed(latencies, way.requestsEach ?? 1)
  for (const share of SHARES) {
    if (share === 'p99.9' && at.perSecond === undefined) continue
    const name = latencyAt(share, at.connections, at.perSecond)
    rounds.addMeasure(way.name, name, 'ms', percentile(each, Number(share.slice(1)) / 100))
  }
}

/** Pages are asked for one after another. */
function summed(latencies: Float64Array, each: number): Float64Array {
  if (each === 1) return latencies
  const sums = new Float64Array(Math.floor(latencies.length / each))
  for (const i of sums.keys())
    sums[i] = latencies.subarray(i * each, (i + 1) * each).reduce((a, b) => a + b, 0)
  return sums
}
