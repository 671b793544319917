import http from 'node:http'
import { json } from 'node:stream/consumers'
import { type OpenTask, resourceToken } from '../../src/programs/cli/agent/client.ts'
import { ProofMaker } from '../harness/proofs.ts'
import type { Remit } from '../harness/remit.ts'

export interface CallResults {
  /** Milliseconds of each call that was answered with 200, sorted. */
  readonly latencies: readonly number[]
  /** Calls that were not, by what came instead. */
  readonly failures: Readonly<Record<string, number>>
}

const EVERY_MS = 50
const PATIENCE_MS = 10_000

/** A legitimate agent: one call through the gateway every 50 ms, by schedule, whether or not the one before has been answered. */
export async function callFor(seconds: number, remit: Remit, task: OpenTask): Promise<CallResults> {
  const proofs = new ProofMaker(task)
  const { token: accessToken } = await resourceToken(task, `${remit.gateway}/orders`)
  const agent = new http.Agent({ keepAlive: true, maxSockets: 16 })
  const url = `${remit.gateway}/orders/orders/1042`
  const latencies: number[] = []
  const failures: Record<string, number> = {}
  const one = async () => {
    const dpop = proofs.make({ method: 'GET', url, accessToken })
    const begun = performance.now()
    const ended = await get(url, agent, { authorization: `DPoP ${accessToken}`, dpop })
    if (ended === '200') latencies.push(performance.now() - begun)
    else failures[ended] = (failures[ended] ?? 0) + 1
  }
  const begun = performance.now()
  const running: Promise<void>[] = []
  for (let due = begun; due < begun + seconds * 1000; due += EVERY_MS) {
    const early = due - performance.now()
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
    running.push(one())
  }
  await Promise.all(running)
  agent.destroy()
  return { latencies: latencies.toSorted((a, b) => a - b), failures }
}

/** The status, with the code of the problem if there is one; or what went wrong. */
function get(url: string, agent: http.Agent, headers: Record<string, string>): Promise<string> {
  return new Promise((resolve) => {
    const request = http.get(url, { agent, headers, timeout: PATIENCE_MS }, (answer) => {
      const said = json(answer).then(
        (body) => [answer.statusCode, ...codeIn(body)].join(' '),
        () => 'cut',
      )
      resolve(said)
    })
    request.on('timeout', () => request.destroy(new Error('late')))
    request.on('error', (error) => resolve(error.message))
  })
}

function codeIn(body: unknown): string[] {
  const said = typeof body === 'object' && body !== null && 'code' in body
  return said ? [String(body.code)] : []
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
