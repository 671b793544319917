import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { RunningPostgres } from '../../test/postgres/start.ts'
import { ownEnvironment } from '../harness/program.ts'
import type { Crowd, Size } from './crowd.ts'
import type { FillPlan } from './fill.ts'
import type { Place } from './world.ts'

export const ENGINES = ['SQLite', 'PostgreSQL'] as const
export type Engine = (typeof ENGINES)[number]

/** A filled store. */
export interface Store {
  readonly engine: Engine
  readonly size: Size
  readonly place: Place
  /** The file that says for whom requests can be made. */
  readonly crowd: string
}

interface FillPlace {
  readonly home: string
  readonly engines: readonly Engine[]
  readonly postgres: RunningPostgres | undefined
  readonly provider: Crowd['provider']
}

/** Fills a store of each engine, with the same in each. */
export async function fillStores(from: FillPlace, name: string, size: Size): Promise<Store[]> {
  const folder = join(from.home, name)
  const crowd = join(folder, 'crowd.json')
  const stores: Store[] = []
  for (const engine of from.engines)
    stores.push({ engine, size, crowd, place: await newPlace(from, name, engine) })
  const places = stores.map(({ place }) => place)
  const plan: FillPlan = { size, crowd, places, provider: from.provider }
  const file = join(folder, 'plan.json')
  writeFileSync(file, JSON.stringify(plan))
  const began = performance.now()
  const filling = spawn(process.execPath, [join(import.meta.dirname, 'fill.ts'), file], {
    env: ownEnvironment(),
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [code] = await once(filling, 'exit')
  if (code !== 0) throw new Error(`filling ended with ${code}`)
  const minutes = ((performance.now() - began) / 60_000).toFixed(1)
  console.log(`\n${size.people} people and ${size.agents} agents took ${minutes} minutes`)
  return stores
}

async function newPlace(
  { home, postgres, provider }: FillPlace,
  name: string,
  engine: Engine,
): Promise<Place> {
  const data = join(home, name, engine)
  mkdirSync(data, { recursive: true })
  const place = { data, provider: provider.issuer }
  if (engine === 'SQLite') return place
  if (!postgres) throw new Error('there is no PostgreSQL')
  const [pid] = readFileSync(join(postgres.data, 'postmaster.pid'), 'latin1').split('\n')
  return { ...place, databaseUrl: await newDatabase(postgres, name), databasePid: Number(pid) }
}

async function newDatabase({ url }: RunningPostgres, name: string): Promise<string> {
  await query(url, `CREATE DATABASE remit_${name}`)
  const place = new URL(url)
  place.pathname = `/remit_${name}`
  return place.href
}

export async function mebibytesOf({ data, databaseUrl }: Place): Promise<number> {
  if (databaseUrl === undefined) {
    // The log has what was not copied back yet.
    const files = readdirSync(data).filter((name) => name.startsWith('remit.db'))
    return files.reduce((sum, name) => sum + statSync(join(data, name)).size, 0) / 2 ** 20
  }
  const [row] = await query(databaseUrl, 'SELECT pg_database_size(current_database()) AS size')
  return Number(row?.size) / 2 ** 20
}

async function query(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}
