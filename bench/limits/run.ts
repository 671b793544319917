// `node bench/limits/run.ts`: what counting against limits costs a reservation, most of all when 64 calls at once want one row.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { base64url } from '../../src/platform/lib/bytes.ts'
import { systemRandom } from '../../src/platform/lib/random.ts'
import {
  consumeOnceStep,
  Guard,
  openStorage,
  type Storage,
} from '../../src/platform/storage/index.ts'
import { insertCountsQuery } from '../../src/tasks/budgets/budget-store.ts'
import { budgetSteps, type Limit, peekBudgets } from '../../src/tasks/budgets/index.ts'
import { limitName } from '../../src/tasks/budgets/limit-name.ts'
import { postgres } from '../../tools/postgres.ts'
import { describeMachine } from '../harness/machine.ts'
import { readOptions } from '../harness/options.ts'
import { publish } from '../harness/publish.ts'
import { Rounds, ratio } from '../harness/results.ts'

const AT_ONCE = 64
const PLENTY = '999999999'
const ever: Limit = { name: 'calls', kind: 'calls', most: PLENTY }
const within = (seconds: number): Limit => ({
  name: limitName({ kind: 'calls', seconds }),
  kind: 'calls',
  most: PLENTY,
  seconds,
})

interface Way {
  readonly name: string
  /** Owners of limits: one for each of those that run at once, or one for all. */
  readonly owners: 'each' | 'one'
  readonly limits: readonly Limit[]
}

const NONE: Way = { name: 'no limit', owners: 'one', limits: [] }
const WAYS: readonly Way[] = [
  NONE,
  { name: 'one limit, of 64 people', owners: 'each', limits: [ever] },
  { name: 'one limit, of one person', owners: 'one', limits: [ever] },
  { name: 'one limit on any second, of one person', owners: 'one', limits: [within(1)] },
  {
    name: 'four limits, of one person',
    owners: 'one',
    limits: [ever, within(60), within(3600), within(86_400)],
  },
]

const options = readOptions({ seconds: 3, rounds: 5 }, [])
const machine = describeMachine(false)
const rounds = new Rounds()
const server = await postgres()
const directory = mkdtempSync(join(tmpdir(), 'remit-bench-'))
try {
  const url = await newDatabase(server.url)
  const stores = [
    ['PostgreSQL', await openStorage({ kind: 'postgres', url, migrate: true })],
    ['SQLite', await openStorage({ kind: 'sqlite', directory, migrate: true })],
  ] as const
  for (let round = -1; round < options.rounds; round++)
    for (const [engine, storage] of stores)
      for (const way of WAYS) await measure(engine, storage, way, round >= 0)
  for (const [, storage] of stores) await storage.close()
} finally {
  await server.stop()
  rmSync(directory, { recursive: true })
}
report()

async function newDatabase(server: string): Promise<string> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  const name = `remit_bench_${process.pid}`
  await client.query(`CREATE DATABASE ${name}`)
  await client.end()
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

async function measure(engine: string, storage: Storage, way: Way, counts: boolean): Promise<void> {
  const owners = Array.from({ length: way.owners === 'each' ? AT_ONCE : 1 }, () => fresh('own'))
  for (const owner of owners)
    if (way.limits.length > 0)
      await storage.commit([
        { name: 'counts', query: insertCountsQuery(storage.read, owner, way.limits), rows: 'any' },
      ])
  const took: number[] = []
  const until = performance.now() + options.seconds * 1000
  const began = performance.now()
  const one = async (_: unknown, i: number) => {
    while (performance.now() < until) {
      const at = performance.now()
      await reserve(storage, way.limits, owners[i % owners.length] ?? '')
      took.push(performance.now() - at)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
  if (!counts) return
  const seconds = (performance.now() - began) / 1000
  const name = `${engine}, ${way.name}`
  rounds.addMeasure(name, 'reservations', '/s', took.length / seconds)
  took.sort((a, b) => a - b)
  rounds.addMeasure(name, 'p50', 'ms', took[Math.floor(took.length / 2)] ?? Number.NaN)
  rounds.addMeasure(name, 'p99', 'ms', took[Math.floor(took.length * 0.99)] ?? Number.NaN)
}

const UNUSED = new Guard('unused')

/**
 * Does with limits what a call does: looks at them, and takes from them in a commit with three
 * inserts, as many as an intent has.
 */
async function reserve(storage: Storage, limits: readonly Limit[], owner: string): Promise<void> {
  const at = Date.now()
  const over = limits.map((limit) => ({ owner, limit, whose: 'own' as const }))
  const call = { action: 'orders.read', arguments: new Map() }
  const { takings } = await peekBudgets({ storage }, over, call, at)
  const inserts = ['proof', 'decision', 'record'].map((kind) =>
    consumeOnceStep(storage.read, UNUSED, { kind, key: fresh('x'), expiresAt: at }),
  )
  const done = await storage.commit([
    ...inserts,
    ...budgetSteps({ storage }, takings, { decisionId: fresh('dec'), at }),
  ])
  if (!done.committed) throw new Error(`not reserved: ${done.failed.name}`)
}

function fresh(kind: string): string {
  return `${kind}_${base64url(systemRandom.bytes(16))}`
}

function report(): void {
  const share = (engine: string, way: Way) =>
    ratio(
      rounds.getMeasure(`${engine}, ${way.name}`, 'reservations'),
      rounds.getMeasure(`${engine}, ${NONE.name}`, 'reservations'),
    )
  publish(
    {
      benchmark: 'limits',
      says: `What limits add to a reservation: they are looked at, and taken from in the commit that has three inserts besides, as the
intent of a call has. ${AT_ONCE} at once, closed loop, in one process, with the database on the same machine.`,
      machine,
      settings: { 'at once': AT_ONCE, 'seconds of a run': options.seconds },
      series: rounds.all(),
      findings: ['PostgreSQL', 'SQLite'].flatMap((engine) =>
        WAYS.filter((way) => way !== NONE).map((way) => ({
          name: `${engine}: ${way.name}, share of none`,
          value: share(engine, way),
          unit: '',
        })),
      ),
    },
    options,
  )
}
