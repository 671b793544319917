// `node bench/growth/run.ts`: by how much a call makes each table and index grow, and what it writes to the disk, on both engines.
// `--beside DIR`: the same of another checkout, in turns. `--rounds N`; `--calls F`: that many times the usual number of calls. Less than half
// of the calls is a try, which writes nothing.
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { postgres } from '../../tools/postgres.ts'
import { gatewayGet } from '../gateway/get-way.ts'
import { startUpstream } from '../gateway/upstream.ts'
import { DecisionSet } from '../harness/decided.ts'
import { closedLoop } from '../harness/load.ts'
import { describeMachine, PROJECT, pinMyself } from '../harness/machine.ts'
import { publish } from '../harness/publish.ts'
import { startRemit } from '../harness/remit.ts'
import { median, Rounds } from '../harness/results.ts'
import type { Way } from '../harness/way.ts'
import {
  type MeasuredStore,
  newDatabase,
  postgresStore,
  sqliteStore,
  threadSeconds,
  writtenBy,
} from './stores.ts'

const TASKS = 32
const WARM_UP = 500
/** Connections of a closed loop, and how many calls are made through them. */
const LOADS = [
  { connections: 32, calls: 8_000 },
  { connections: 1, calls: 2_500 },
] as const

/** Share of the usual calls below which a run is a try. */
const LEAST = 0.5
const WRITER = 'storage-writer'
const MAIN = 'MainThread'

const { values: given } = parseArgs({
  options: {
    beside: { type: 'string' },
    rounds: { type: 'string' },
    calls: { type: 'string' },
    only: { type: 'string' },
  },
})
const roundCount = Number(given.rounds ?? 3)
const share = Number(given.calls ?? 1)
const subjects = [
  ...(given.beside === undefined ? [] : [{ name: 'before', project: given.beside }]),
  { name: given.beside === undefined ? 'a call' : 'after', project: PROJECT },
]
const ENGINES = ['SQLite', 'PostgreSQL'].filter((name) => name.includes(given.only ?? ''))

const pinned = pinMyself()
const machine = describeMachine(pinned)
const upstream = await startUpstream()
const server = ENGINES.includes('PostgreSQL') ? await postgres() : undefined
const rounds = new Rounds()
try {
  for (let round = 0; round < roundCount; round++)
    for (const engine of ENGINES)
      for (const subject of subjects) await measure(engine, subject, round)
  report()
} finally {
  await server?.stop()
  upstream.close()
}

type Subject = (typeof subjects)[number]

async function measure(engine: string, { name, project }: Subject, round: number): Promise<void> {
  const url =
    engine === 'PostgreSQL' && server
      ? await newDatabase(
          server.url,
          `remit_growth_${process.pid}_${name.replace(' ', '_')}_${round}`,
        )
      : undefined
  const remit = await startRemit({
    cores: pinned ? 'measured' : 'any',
    upstream: `http://127.0.0.1:${upstream.port}`,
    project,
    env: url === undefined ? {} : { DATABASE_URL: url, REMIT_MASTER_KEY: 'A'.repeat(43) },
  })
  const store = url === undefined ? sqliteStore(remit.data) : await postgresStore(url)
  try {
    const tasks = await remit.openTasks(TASKS)
    const way = gatewayGet({ name, remit, upstream, decided: new DecisionSet() }, tasks)
    await load(way, WARM_UP, TASKS)
    for (const { calls, connections } of LOADS) {
      const count = Math.round(calls * share)
      // What these leave behind is cleaned up, and filled again by those that are measured: a server that has been running for a while.
      if (url !== undefined) await load(way, count, connections)
      const requests = await way.prepare(count)
      await untilSequenced(store)
      await store.settle()
      const { pid } = remit.program
      const before = { size: await store.size(), disk: writtenBy(pid), cpu: threadSeconds(pid) }
      const { seconds } = await closedLoop(way.port, requests, { connections, check: way.check })
      await untilSequenced(store)
      const cpu = threadSeconds(pid)
      const disk = writtenBy(pid)
      const { wal } = await store.size()
      await store.settle()
      const size = { ...(await store.size()), wal }
      const of = `${engine}, ${connections === 1 ? 'one connection' : `${connections} connections`}: ${name}`
      const each = (value: number) => value / count
      let growth = 0
      for (const [relation, bytes] of size.relations) {
        const grown = bytes - (before.size.relations.get(relation) ?? 0)
        growth += grown
        if (connections > 1 && grown / count >= 1)
          rounds.add(`${engine}, ${name}: ${relation}`, 'bytes', each(grown))
      }
      rounds.addMeasure(of, 'growth', 'bytes', each(growth))
      if (size.wal !== undefined)
        rounds.addMeasure(of, 'log', 'bytes', each(size.wal - (before.size.wal ?? 0)))
      else {
        rounds.addMeasure(of, 'disk', 'bytes', each(disk - before.disk))
        rounds.addMeasure(of, 'writer thread', 'µs', each(spent(cpu, before.cpu, WRITER) * 1e6))
      }
      rounds.addMeasure(of, 'main thread', 'µs', each(spent(cpu, before.cpu, MAIN) * 1e6))
      rounds.addMeasure(of, 'calls', '/s', count / seconds)
    }
  } finally {
    await store.close()
    await remit.stop()
  }
}

function load(way: Way, count: number, connections: number): Promise<unknown> {
  return Promise.resolve(way.prepare(count)).then((requests) =>
    closedLoop(way.port, requests, { connections, check: way.check }),
  )
}

function spent(
  now: ReadonlyMap<string, number>,
  before: ReadonlyMap<string, number>,
  thread: string,
): number {
  return (now.get(thread) ?? 0) - (before.get(thread) ?? 0)
}

/** Waits until the tree has not grown, and nothing was packed, for a while: the work behind the answers belongs to the calls. */
async function untilSequenced(store: MeasuredStore): Promise<void> {
  let same = 0
  for (let last = ''; same < 10; ) {
    await pause(250)
    const now = `${await store.treeSize()} ${await store.unpacked()}`
    same = now === last ? same + 1 : 0
    last = now
  }
}

function report(): void {
  const series = rounds.all()
  const value = (of: string, measure: string) => median(rounds.getMeasure(of, measure).values)
  const names = ENGINES.flatMap((engine) =>
    ['32 connections', 'one connection'].map((loop) => `${engine}, ${loop}`),
  )
  const findings = names.flatMap((name) =>
    given.beside === undefined
      ? []
      : ['growth', name.startsWith('SQLite') ? 'disk' : 'log'].map((measure) => ({
          name: `${name}: ${measure}, share of before`,
          value: value(`${name}: after`, measure) / value(`${name}: before`, measure),
          unit: '',
        })),
  )
  publish(
    {
      benchmark: 'growth',
      says: `By how much a plain call through the gateway (GET, DPoP, permitted) makes the store grow, table by table, and what is written for it:
by the server to the disk on SQLite, to the write-ahead log on PostgreSQL. ${TASKS} tasks of one person and one agent. What is done behind the answers is
included. On PostgreSQL as many calls went before, and VACUUM ran before and after: what they left free is filled again. Used proofs are in it; they go when they have expired. ${given.beside === undefined ? '' : `*Before* is another checkout (\`--beside\`), measured in turns. `}Bytes and microseconds are of one call.`,
      machine,
      settings: {
        ...Object.fromEntries(
          LOADS.map(({ calls, connections }) => [
            `calls through ${connections}`,
            Math.round(calls * share),
          ]),
        ),
        'warm-up calls': WARM_UP,
        'SQLite synchronous': 'FULL',
      },
      series,
      findings,
    },
    { isTry: given.only !== undefined || share < LEAST },
  )
}
