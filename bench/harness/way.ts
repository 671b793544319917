import { costOf } from './cost.ts'
import { type Check, closedLoop, type Load, openLoop, percentile } from './load.ts'
import type { Program } from './program.ts'
import type { Rounds } from './results.ts'

/** Connections of a closed loop; an open loop has four times as many. */
export const CONNECTIONS = 32

/**
 * Measures that `measureMost` takes of a way: requests in a second, and processor time of each,
 * with all threads of the program.
 */
export const MEASURES = { rate: 'per second', cpu: 'CPU' } as const

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
export function most(way: Way, requests: readonly Buffer[]): Promise<Load> {
  return closedLoop(way.port, requests, { connections: CONNECTIONS, check: way.check })
}

/**
 * Measures how many a second, and what each takes of the program's core and of the client's time;
 * how busy the load was beside it.
 */
export async function measureMost(way: Way, count: number, rounds: Rounds): Promise<void> {
  const { name, program, requestsEach = 1 } = way
  const requests = await way.prepare(count * requestsEach)
  const cost = await costOf(program, () => most(way, requests))
  rounds.addMeasure(name, MEASURES.rate, '', cost.perSecond / requestsEach)
  if (program) rounds.addMeasure(name, MEASURES.cpu, 'µs', cost.cpuMicroseconds * requestsEach)
  addLatencies('in the closed loop', way, cost.load, rounds)
  rounds.addMeasure(name, 'load beside it, share of its core', '', cost.load.generatorBusy)
}

/** Latency at a rate, from when each request was due. */
export async function measureAtRate(
  way: Way,
  { perSecond, seconds }: { perSecond: number; seconds: number },
  rounds: Rounds,
): Promise<void> {
  const { requestsEach = 1 } = way
  const requests = await way.prepare(Math.ceil(perSecond * seconds) * requestsEach)
  const load = await openLoop(way.port, requests, {
    connections: 4 * CONNECTIONS,
    perSecond: perSecond * requestsEach,
    check: way.check,
  })
  addLatencies(`at ${perSecond}/s`, way, load, rounds)
}

function addLatencies(how: string, way: Way, { latencies }: Load, rounds: Rounds): void {
  const each = summed(latencies, way.requestsEach ?? 1)
  rounds.addMeasure(way.name, `p50 ${how}`, 'ms', percentile(each, 0.5))
  rounds.addMeasure(way.name, `p99 ${how}`, 'ms', percentile(each, 0.99))
}

/** Pages are asked for one after another. */
function summed(latencies: Float64Array, each: number): Float64Array {
  if (each === 1) return latencies
  const sums = new Float64Array(Math.floor(latencies.length / each))
  for (const i of sums.keys())
    sums[i] = latencies.subarray(i * each, (i + 1) * each).reduce((a, b) => a + b, 0)
  return sums
}
