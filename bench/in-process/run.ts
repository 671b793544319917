// What a direct API waits for: a decision in its own process, and the question to Remit that it replaces. One call after the other, from
// the request to the guard's answer. Remit (SQLite) runs in the same process, so a question crosses loopback and no network.
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'
import { dirname, join } from 'node:path'
import { direct, type Guard, type InProcessGuard, inProcess } from 'remit-sdk/api'
import { allOf, letIn, shopDirect } from '../../test/sdk/shops.ts'
import { World } from '../../test/world.ts'

const CALLS = 400
const ROUNDS = 3

const w = await World.start('sqlite')
const guards: { asking?: Guard; deciding?: InProcessGuard } = {}
const shop = await shopDirect(w, 'web', {}, ({ sleep: _, ...options }) => {
  const clocks = { now: () => w.clock.monotonic(), wall: () => w.clock.now() }
  guards.asking = direct({ ...options, ...clocks })
  guards.deciding = inProcess({ ...options, ...clocks })
  return guards.deciding
})
await letIn(w, [shop])
await fetch(`${shop.identifier}/items`)
const { asking, deciding } = guards
if (!asking || !deciding) throw new Error('no guard was made')
await deciding.ready()
const task = await w.open({ details: [allOf(shop)] })
const token = await w.agent.token(task, shop.identifier)
const route = { action: `${shop.name}.list`, path: '/items' }

async function incoming() {
  const url = `${shop.identifier}/items`
  const dpop = await w.agent.proof(task.key, { method: 'GET', url, token })
  const headers: Readonly<Record<string, string>> = { authorization: `DPoP ${token}`, dpop }
  return {
    method: 'GET',
    target: '/items?limit=5',
    header: (name: string) => headers[name],
    bytes: async () => new Uint8Array(),
  }
}

/** Microseconds of each call. */
async function measure(guard: Guard): Promise<number[]> {
  const admit = guard.for(route)
  const requests = await Promise.all(Array.from({ length: CALLS }, incoming))
  const took: number[] = []
  for (const request of requests) {
    const began = performance.now()
    const admission = await admit(request)
    took.push((performance.now() - began) * 1000)
    if (!admission.admitted) throw new Error(admission.answer.body)
    await admission.ended({ status: 200 })
  }
  return took
}

// Proofs of before the process began are not decided on there.
await measure(deciding)
w.clock.advance(15_000)
while (!deciding.status().deciding) await new Promise(setImmediate)
await measure(deciding)

const results = { asked: [] as number[], decided: [] as number[] }
for (let round = 0; round < ROUNDS; round++) {
  results.asked.push(...(await measure(asking)))
  results.decided.push(...(await measure(deciding)))
}
const { answers } = deciding.status()
const summary = (took: readonly number[]) => {
  const sorted = took.toSorted((a, b) => a - b)
  const at = (part: number) => Math.round(sorted[Math.floor(sorted.length * part)] ?? 0)
  return { calls: took.length, p50_us: at(0.5), p95_us: at(0.95), p99_us: at(0.99) }
}
const report = {
  measured: 'from the request to the answer of the guard; a GET with one argument; sequential',
  machine: { cpu: cpus()[0]?.model, cores: cpus().length, load: loadavg(), node: process.version },
  answers,
  decided_in_process: summary(results.decided),
  asked_of_remit: summary(results.asked),
  raw_us: {
    decided: results.decided.map(Math.round),
    asked: results.asked.map(Math.round),
  },
}
const file = join(import.meta.dirname, '..', 'results', '2026-11-29', 'in-process.json')
await mkdir(dirname(file), { recursive: true })
await writeFile(file, `${JSON.stringify(report)}\n`)
console.log(report.decided_in_process, report.asked_of_remit, answers)
await asking.settled()
await w.stop()
await deciding.close()
