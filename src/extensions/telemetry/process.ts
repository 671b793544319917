import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { getHeapSpaceStatistics } from 'node:v8'
import type { Instruments } from './instruments.ts'

/** Measures this process. Returns functions that begin a new window of delays, and that stop. */
export function observeProcess(instruments: Instruments): { renew(): void; stop(): void } {
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  const seconds = (nanoseconds: number) => Math.max(0, nanoseconds) / 1e9
  instruments.observe('nodejs.eventloop.delay.p50', () => seconds(delay.percentile(50)))
  instruments.observe('nodejs.eventloop.delay.p99', () => seconds(delay.percentile(99)))
  instruments.observe('nodejs.eventloop.delay.max', () => seconds(delay.count > 0 ? delay.max : 0))
  let before = performance.eventLoopUtilization()
  let { utilization } = before
  instruments.observe('nodejs.eventloop.utilization', () => utilization)
  instruments.observe('process.memory.usage', () => process.memoryUsage.rss())
  instruments.observe('v8js.memory.heap.used', () =>
    getHeapSpaceStatistics().map((space) => [
      space.space_used_size,
      { 'v8js.heap.space.name': space.space_name },
    ]),
  )
  instruments.observe('process.cpu.time', () => {
    const { system, user } = process.cpuUsage()
    return [
      [user / 1e6, { 'cpu.mode': 'user' }],
      [system / 1e6, { 'cpu.mode': 'system' }],
    ]
  })
  instruments.observe('process.uptime', () => process.uptime())
  return {
    renew() {
      delay.reset()
      const now = performance.eventLoopUtilization()
      utilization = performance.eventLoopUtilization(now, before).utilization
      before = now
    },
    stop: () => delay.disable(),
  }
}
