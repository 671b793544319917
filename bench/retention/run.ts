// `node bench/retention/run.ts --decisions N [--only SQLite]`: what it costs to delete one month of twelve, and what a commit beside it waits.

import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { sql } from 'kysely'
import pg from 'pg'
import { beginRetention, sweep } from '../../src/extensions/retention/index.ts'
import { ledgerOn } from '../../src/platform/ledger/testing.ts'
import { base64url } from '../../src/platform/lib/bytes.ts'
import { manualClock } from '../../src/platform/lib/clock.ts'
import { systemRandom } from '../../src/platform/lib/random.ts'
import {
  consumeOnceStep,
  Guard,
  openStorage,
  type Storage,
} from '../../src/platform/storage/index.ts'
import { postgres } from '../../tools/postgres.ts'
import { describeMachine } from '../harness/machine.ts'
import { publish } from '../harness/publish.ts'
import { Rounds } from '../harness/results.ts'
import { fill, MONTH_MS, MONTHS } from './fill.ts'

const ENOUGH = 100_000
const DAY_MS = 86_400_000
/** Milliseconds between two commits of those who work meanwhile. */
const EVERY_MS = 10
const BEFORE_MS = 3_000
const UNUSED = new Guard('unused')

const { values } = parseArgs({
  options: { decisions: { type: 'string' }, only: { type: 'string' } },
})
const decisions = Number(values.decisions ?? 10_000_000)
const machine = describeMachine(false)
const rounds = new Rounds()
const engines = ['SQLite', 'PostgreSQL'].filter((name) => name.includes(values.only ?? ''))
const server = engines.includes('PostgreSQL') ? await postgres() : undefined
const directory = mkdtempSync(join(tmpdir(), 'remit-bench-'))
try {
  if (engines.includes('SQLite'))
    await measure('SQLite', await openStorage({ kind: 'sqlite', directory, migrate: true }))
  if (server) {
    const url = await newDatabase(server.url)
    await measure('PostgreSQL', await openStorage({ kind: 'postgres', url, migrate: true }), url)
  }
} finally {
  await server?.stop()
  rmSync(directory, { recursive: true })
}
publish(
  {
    benchmark: ['retention', values.only?.toLowerCase()].filter(Boolean).join('-'),
    says: `What it takes to let the oldest of ${MONTHS} months go by rules, in transactions of 250 rows: arguments beside records and in decisions, then the decisions themselves. Meanwhile somebody commits three rows every ${EVERY_MS} ms, in the same process; a wait is what such a commit took. One run, since a month goes only once.`,
    machine,
    settings: { decisions, months: MONTHS },
    series: rounds.all(),
    findings: [],
  },
  { isTry: decisions < ENOUGH },
)

async function measure(engine: string, storage: Storage, url?: string): Promise<void> {
  const clock = manualClock()
  clock.advance(2 * MONTHS * MONTH_MS)
  const now = clock.now()
  await fill(storage, decisions, now - MONTHS * MONTH_MS)
  await settle(url)
  await storage.transaction(beginRetention)
  const add = (measure: string, unit: string, value: number) =>
    rounds.addMeasure(engine, measure, unit, value)
  const alone = await waitsWhile(storage, () => pause(BEFORE_MS))
  add('wait alone, p50', 'ms', at(alone, 0.5))
  add('wait alone, longest', 'ms', at(alone, 1))
  const size = await bytesOf(storage)
  add('size before', 'MiB', size.all / 1_048_576)
  const days = ((MONTHS - 1) * MONTH_MS) / DAY_MS
  const none = { strangers: 0, notices: 0, permits: 0, refusals: 0, requests: 0, tasks: 0 }
  const parts = { storage, ledger: ledgerOn(storage, { clock }), clock, random: systemRandom }
  for (const [what, rules] of [
    ['arguments', { ...none, arguments: days }],
    ['decisions', { ...none, arguments: 0, permits: days }],
  ] as const) {
    let gone = 0
    const began = performance.now()
    const cpu = process.cpuUsage()
    const waits = await waitsWhile(storage, async () => {
      const went = await sweep({ ...parts, rules })
      gone = Object.values(went).reduce((sum, count) => sum + count, 0)
    })
    const { system, user } = process.cpuUsage(cpu)
    add(`${what}: rows`, '', gone)
    add(`${what}: time`, 's', (performance.now() - began) / 1000)
    add(`${what}: processor time`, 'µs a row', (system + user) / gone)
    add(`${what}: wait, p50`, 'ms', at(waits, 0.5))
    add(`${what}: wait, p99`, 'ms', at(waits, 0.99))
    add(`${what}: wait, longest`, 'ms', at(waits, 1))
  }
  await settle(url)
  const after = await bytesOf(storage)
  add('size after', 'MiB', after.all / 1_048_576)
  add('of it free for new rows', 'MiB', after.free / 1_048_576)
  await storage.close()
}

/** Commits all the time while something runs, and answers how long each took, sorted. */
async function waitsWhile(storage: Storage, work: () => Promise<unknown>): Promise<number[]> {
  const waits: number[] = []
  let isOver = false
  const working = work().finally(() => {
    isOver = true
  })
  while (!isOver) {
    const due = performance.now()
    const key = base64url(systemRandom.bytes(16))
    const steps = ['a', 'b', 'c'].map((kind) =>
      consumeOnceStep(storage.read, UNUSED, { kind, key, expiresAt: 1 }),
    )
    await storage.commit(steps)
    waits.push(performance.now() - due)
    await pause(EVERY_MS)
  }
  await working
  return waits.sort((a, b) => a - b)
}

function at(sorted: readonly number[], part: number): number {
  return sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)] ?? Number.NaN
}

/** Lets the database do what it does by itself in time. */
async function settle(url: string | undefined): Promise<void> {
  if (url === undefined) return
  // Without the limit of time that statements of a server have.
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('VACUUM ANALYZE')
  await client.end()
}

async function bytesOf(storage: Storage): Promise<{ readonly all: number; readonly free: number }> {
  if (storage.engine === 'sqlite') {
    const { rows } = await sql<{
      pages: number
      size: number
    }>`SELECT f.freelist_count AS pages, s.page_size AS size FROM pragma_freelist_count f, pragma_page_size s`.execute(
      storage.read,
    )
    const [free] = rows
    return {
      all: statSync(join(directory, 'remit.db')).size,
      free: Number(free?.pages ?? 0) * Number(free?.size ?? 0),
    }
  }
  const { rows } = await sql<{
    bytes: string
  }>`SELECT pg_database_size(current_database()) AS bytes`.execute(storage.read)
  return { all: Number(rows[0]?.bytes ?? 0), free: Number.NaN }
}

async function newDatabase(address: string): Promise<string> {
  const client = new pg.Client({ connectionString: address })
  await client.connect()
  const name = `remit_bench_${process.pid}`
  await client.query(`CREATE DATABASE ${name}`)
  await client.end()
  const url = new URL(address)
  url.pathname = `/${name}`
  return url.href
}
