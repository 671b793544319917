import { costOf } from './cost.ts'
import { type Check, closedLoop, type Load, openLoop, percentile } from './load.ts'
import type { Program } from './program.ts'
import type { Rounds } from './results.ts'

/** Connections of a closed loop; an open loop has four times as many. */
export const CONNECTIONS = 32

/** Something that the load goes through. */
export interface Way {
  readonly name: string
  readonly port: number
  /** What is measured; nothing where it is in the process of the load. */
  readonly program: Program | undefined
  readonly check: Check
  prepare(count: number): Promise<readonly Buffer[]> | readonly Buffer[]
}

/** As many as can be, for throughput. */
export function most(way: Way, requests: readonly Buffer[]): Promise<Load> {
  return closedLoop(way.port, requests, { connections: CONNECTIONS, check: way.check })
}

/** How many a second, and what each takes of the program's core; how busy the load was beside it. */
export async function measureMost(way: Way, count: number, rounds: Rounds): Promise<void> {
  const requests = await way.prepare(count)
  const cost = await costOf(way.program, () => most(way, requests))
  rounds.add(way.name, 'calls/s', cost.perSecond)
  if (way.program) rounds.add(`${way.name}, CPU`, 'µs/call', cost.cpuMicroseconds)
  rounds.add(
    `load and upstream beside ${way.name}, share of their core`,
    '',
    cost.load.generatorBusy,
  )
}

/** Latency at a rate, from when each was due. */
export async function measureAtRate(
  way: Way,
  { perSecond, seconds }: { perSecond: number; seconds: number },
  rounds: Rounds,
): Promise<void> {
  const requests = await way.prepare(perSecond * seconds)
  const load = await openLoop(way.port, requests, {
    connections: 4 * CONNECTIONS,
    perSecond,
    check: way.check,
  })
  addLatencies(`at ${perSecond} calls/s`, way, load, rounds)
}

/** Latency of one after another, each alone. */
export async function measureAlone(way: Way, count: number, rounds: Rounds): Promise<void> {
  const requests = await way.prepare(count)
  const load = await closedLoop(way.port, requests, { connections: 1, check: way.check })
  addLatencies('one at a time', way, load, rounds)
}

function addLatencies(how: string, { name }: Way, { latencies }: Load, rounds: Rounds): void {
  rounds.add(`${name}, p50 ${how}`, 'ms', percentile(latencies, 0.5))
  rounds.add(`${name}, p99 ${how}`, 'ms', percentile(latencies, 0.99))
}
