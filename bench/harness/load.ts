import { type Answer, Connection } from './connection.ts'

/** Results of a run. Times in milliseconds. */
export interface Load {
  readonly requests: number
  readonly seconds: number
  /** Latencies in the order of the requests; of one that was refused, NaN. */
  readonly latencies: Float64Array
  /** Number of requests that were refused. */
  readonly refused: number
  /** Share of its core that this process used, 0 to 1. */
  readonly generatorBusy: number
}

/** Looks at an answer; throws when it is not what it has to be, which ends the run. */
export type Check = (answer: Answer, index: number) => void

/**
 * Closed loop: so many connections, each sends its next request when it has its answer. Good for the most that can be done;
 * says nothing about latency under a given load.
 */
export async function closedLoop(
  port: number,
  requests: readonly Buffer[],
  options: { connections: number; check: Check },
): Promise<Load> {
  const open = await Promise.all(
    Array.from({ length: options.connections }, () => Connection.open(port)),
  )
  const latencies = new Float64Array(requests.length)
  const cpu = process.cpuUsage()
  const began = performance.now()
  let next = 0
  try {
    await Promise.all(
      open.map(
        (connection) =>
          new Promise<void>((resolve, reject) => {
            const step = (): void => {
              const index = next++
              const request = requests[index]
              if (!request) {
                resolve()
                return
              }
              const sent = performance.now()
              connection.send(
                request,
                (answer) => {
                  latencies[index] = performance.now() - sent
                  try {
                    options.check(answer, index)
                  } catch (error) {
                    reject(error)
                    return
                  }
                  step()
                },
                reject,
              )
            }
            step()
          }),
      ),
    )
  } finally {
    for (const connection of open) connection.close()
  }
  return loadOf(latencies, began, cpu)
}

/**
 * Open loop: request i is due at i / rate, whatever became of the ones before. Latency counts from when it was *due*, so that a
 * server that stalls is charged for everyone who would have come meanwhile (coordinated omission). A refusal is an answer of a
 * server that cannot keep up: it is counted, and has no latency, so that quick refusals do not make a server look quick.
 */
export async function openLoop(
  port: number,
  requests: readonly Buffer[],
  options: {
    connections: number
    perSecond: number
    check: Check
    /** Tells a refusal from what is checked. Default: nothing may be refused. */
    isRefusal?: (answer: Answer) => boolean
  },
): Promise<Load> {
  const { isRefusal = () => false } = options
  const idle = await Promise.all(
    Array.from({ length: options.connections }, () => Connection.open(port)),
  )
  const all = [...idle]
  const latencies = new Float64Array(requests.length)
  const every = 1000 / options.perSecond
  const waiting: number[] = []
  const cpu = process.cpuUsage()
  const began = performance.now()
  try {
    await new Promise<void>((resolve, reject) => {
      let next = 0
      let answered = 0
      const send = (index: number, connection: Connection): void => {
        const request = requests[index]
        if (!request) return
        connection.send(
          request,
          (answer) => {
            latencies[index] = performance.now() - (began + index * every)
            try {
              if (isRefusal(answer)) latencies[index] = Number.NaN
              else options.check(answer, index)
            } catch (error) {
              reject(error)
              return
            }
            if (++answered === requests.length) resolve()
            const late = waiting.shift()
            if (late === undefined) idle.push(connection)
            else send(late, connection)
          },
          reject,
        )
      }
      // Never sleeps: a timer would be late by up to a millisecond, and everything would seem slower by that.
      const tick = (): void => {
        for (; next < requests.length && began + next * every <= performance.now(); next++) {
          const connection = idle.pop()
          if (connection) send(next, connection)
          else waiting.push(next)
        }
        if (next < requests.length) setImmediate(tick)
      }
      tick()
    })
  } finally {
    for (const connection of all) connection.close()
  }
  return loadOf(latencies, began, cpu)
}

function loadOf(latencies: Float64Array, began: number, cpu: NodeJS.CpuUsage): Load {
  const seconds = (performance.now() - began) / 1000
  const { system, user } = process.cpuUsage(cpu)
  return {
    requests: latencies.length,
    seconds,
    latencies,
    refused: latencies.filter(Number.isNaN).length,
    generatorBusy: (user + system) / 1e6 / seconds,
  }
}

/** The value below which a share of the values lies; what is no number is left out. */
export function percentile(values: Float64Array, share: number): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).toSorted()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
