// The counted process: a server, what calls it in a thread beside, and the counts of each act as JSON on its standard output. Started
// by `run.ts`, with the options that make counts the same on every machine.
import './counter.ts'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Act } from './acts.ts'
import type { CallerStart, Reply, RequestRun } from './caller.ts'
import { CALLER, collectYoung, held, readCounts, statementsSoFar } from './counter.ts'
import { type Counts, countsOf } from './measures.ts'

const WARM_UP = 20
/** Runs of an act that are counted, and requests in each. */
const RUNS = 3
const REQUESTS = 10
/** Requests before those that are counted, in each run. */
const SETTLING = 2
/** Time without a statement after which nothing is under way, in milliseconds. */
const QUIET_MS = 20

const home = mkdtempSync(join(tmpdir(), 'remit-gate-'))
const caller = new Worker(new URL('caller.ts', import.meta.url), { name: CALLER })
const start = await heard<CallerStart>()
// Later than the counter, which has to be there before whatever is counted.
const { serveHere } = await import('./scene.ts')
const { allActs } = await import('./acts.ts')
const server = await serveHere(home, start, held.clock)
const found: Record<string, Counts> = {}
for (const act of await allActs(server, server.secrets, start.body))
  found[act.name] = await countAct(act)
await server.stop()
await caller.terminate()
rmSync(home, { recursive: true, force: true })
process.stdout.write(`${JSON.stringify(found)}\n`, () => process.exit())

/** The least of the runs: what comes now and then only adds. */
async function countAct(act: Act): Promise<Counts> {
  await send(act, await act.prepare(WARM_UP))
  const runs: Counts[] = []
  for (let run = 0; run < RUNS; run++) runs.push(await countRun(act))
  return countsOf((measure) => Math.min(...runs.map((each) => each[measure])))
}

async function countRun(act: Act): Promise<Counts> {
  const first = await act.prepare(SETTLING)
  const requests = await act.prepare(REQUESTS)
  const young = collectYoung()
  held.hold()
  // What was under way when the timers stopped ends with these.
  await send(act, first)
  await quiet()
  const before = await readCounts([start.thread])
  await send(act, requests, { isCounted: true })
  await quiet()
  const after = await readCounts([start.thread])
  const outlived = (collectYoung() - young) / (SETTLING + REQUESTS)
  held.release()
  await server.renew()
  await checkReplies(act)
  const each = REQUESTS * (act.each ?? 1)
  return countsOf((measure) =>
    measure === 'bytes that outlive collections'
      ? Math.max(0, outlived)
      : (after[measure] - before[measure]) / each,
  )
}

/** Waits for what a call does after its answer, such as to record what became of it. */
async function quiet(): Promise<void> {
  for (let seen = -1; seen !== statementsSoFar(); ) {
    seen = statementsSoFar()
    await held.pause(QUIET_MS)
  }
}

/** Sends one after the other; the answers to what is counted are looked at afterwards. */
async function send(
  act: Act,
  requests: readonly Buffer[],
  { isCounted = false } = {},
): Promise<void> {
  caller.postMessage({ port: act.port, requests } satisfies RequestRun)
  await heard<'sent'>()
  if (!isCounted) await checkReplies(act)
}

async function checkReplies(act: Act): Promise<void> {
  caller.postMessage('replies')
  const replies = await heard<Reply[]>()
  for (const [index, { body, ...reply }] of replies.entries())
    act.check({ ...reply, body: Buffer.from(body) }, index)
}

function heard<T>(): Promise<T> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(error)
    caller.once('error', failed)
    caller.once('message', (message) => {
      caller.off('error', failed)
      resolve(message)
    })
  })
}
