import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { findPersonBySubject } from '../../src/identity/people/index.ts'
import { answerConfirmation, openSession } from '../../src/identity/sessions/index.ts'
import { openLog } from '../../src/platform/http/index.ts'
import { systemRandom } from '../../src/platform/lib/random.ts'
import { insertRows, loading, openStorage, type Storage } from '../../src/platform/storage/index.ts'
import { readSettings } from '../../src/programs/config/settings.ts'
import { buildFor } from '../../src/programs/modules.ts'
import type { Rooms } from '../../src/rooms.ts'
import { createServer, type Server } from '../../src/server.ts'
import { type OpenTask, TestAgent } from '../agent.ts'
import { freePorts } from '../ports.ts'
import { shiftedClock } from '../shifted-clock.ts'
import { keyFrom } from '../signing.ts'
import { type Answer, send } from '../wire.ts'
import type { KeptDatabase, KeptTask } from './kept-database.ts'

/** Server of today on a database that an earlier state of main made, some seconds after that was stopped. */
export interface UpgradedServer {
  readonly rooms: Rooms
  readonly agent: TestAgent
  readonly task: OpenTask
  readonly closed: OpenTask
  /** Port of its pages, which know themselves by the address of that time. */
  readonly port: number
  /** Approves an access request as Fiona. */
  approve(id: string): Promise<Answer>
  /** Stops the server, and starts it with the API `echo` at this address. */
  moveEcho(origin: string): Promise<void>
  close(): Promise<void>
}

const SECONDS_LATER = 5_000

/** Puts the database where a server finds it; `end` takes it away. */
export async function placeKept(kept: KeptDatabase, engine: Storage['engine']) {
  const data = mkdtempSync(join(tmpdir(), 'remit-kept-'))
  for (const [name, bytes] of Object.entries(kept.files))
    writeFileSync(join(data, name), bytes, { mode: 0o600 })
  const database = engine === 'postgres' ? await loadPostgres(kept) : undefined
  return {
    environment: { REMIT_DATA: data, ...(database ? { DATABASE_URL: database.url } : {}) },
    end: async () => {
      await database?.drop()
      rmSync(data, { recursive: true, force: true })
    },
  }
}

/** Rows in tables that the migrations of that time make, which are pinned. */
async function loadPostgres({ migrations, tables }: KeptDatabase) {
  const server = new URL(process.env.TEST_POSTGRES_URL ?? '')
  const admin = new pg.Client(server.href)
  await admin.connect()
  const name = `remit_kept_${process.pid}_${performance.now().toString().replace('.', '_')}`
  await admin.query(`CREATE DATABASE ${name}`)
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href
  const build = buildFor('postgres')
  const then = Object.entries(build.migrations).filter(([each]) => migrations.includes(each))
  const storage = await openStorage({
    kind: 'postgres',
    url,
    migrate: true,
    build: { ...build, migrations: Object.fromEntries(then) },
  })
  await storage.transaction((tx) =>
    loading(tx, 'postgres', async () => {
      for (const [table, { columns, rows }] of Object.entries(tables))
        if (rows.length > 0) await insertRows(tx, table, columns, rows)
    }),
  )
  await storage.close()
  return {
    url,
    drop: async () => {
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
      await admin.end()
    },
  }
}

/** Starts today's server on it, which migrates it. */
export async function upgrade(
  kept: KeptDatabase,
  engine: Storage['engine'],
): Promise<UpgradedServer> {
  const placed = await placeKept(kept, engine)
  const [issuer = 0, gateway = 0] = await freePorts(2)
  const settings = readSettings({
    ...placed.environment,
    REMIT_ISSUER: kept.issuer,
    REMIT_LISTEN: `127.0.0.1:${issuer}`,
    REMIT_GATEWAY: kept.gateway,
    REMIT_GATEWAY_LISTEN: `127.0.0.1:${gateway}`,
    REMIT_TRUST_DOMAIN: 'test.remit',
    REMIT_IDP_ISSUER: kept.provider,
    REMIT_IDP_CLIENT_ID: 'remit',
    REMIT_IDP_CLIENT_SECRET: 'secret',
    REMIT_DPOP_NONCES: 'off',
  })
  const clock = shiftedClock()
  clock.jump(kept.at + SECONDS_LATER - Date.now())
  let server: Server | undefined
  const start = async () => {
    server = await createServer({
      ...{ settings, clock, databaseClock: clock, random: systemRandom, migrate: true },
      // Clients of their own: others would be kept when their database is gone.
      connections: { waitFactor: 12 },
      log: openLog({ level: 'silent' }),
      development: true,
      closingLimitMs: 60_000,
    })
    await server.listen()
    return server.rooms
  }
  const close = async () => {
    await server?.stop()
    await placed.end()
  }
  try {
    let rooms = await start()
    const ports = { [kept.issuer]: issuer, [kept.gateway]: gateway }
    const place = { issuer: kept.issuer, gateway: kept.gateway, clock, ports }
    return {
      get rooms() {
        return rooms
      },
      agent: new TestAgent(place, 'refund-bot', await keyFrom(kept.agentKey)),
      task: await held(kept.task),
      closed: await held(kept.closed),
      port: issuer,
      approve: (id) => approve(rooms, { ...place, provider: kept.provider }, issuer, id),
      moveEcho: async (upstream) => {
        await rooms.storage.transaction((tx) =>
          tx.updateTable('resources').set({ upstream }).where('name', '=', 'echo').execute(),
        )
        await server?.stop()
        rooms = await start()
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function held({ key, ...task }: KeptTask): Promise<OpenTask> {
  return { ...task, key: await keyFrom(key) }
}

async function approve(
  { people, storage }: Rooms,
  { clock, issuer, provider }: { clock: { now(): number }; issuer: string; provider: string },
  port: number,
  id: string,
): Promise<Answer> {
  const fiona = await findPersonBySubject(storage.read, provider, 'fiona')
  if (!fiona) throw new Error('fiona is not known')
  const opened = { personId: fiona.id, authTime: clock.now() }
  const { token } = await openSession(people, { ...opened, kind: 'cli' })
  const at = `${issuer}/api/v1/access-requests/${id}`
  const ask = (method: string, path = '', body?: object, confirmation?: string) =>
    send(at + path, {
      method,
      port,
      headers: [
        ['Authorization', `Bearer ${token.reveal()}`],
        ...(body ? [['Content-Type', 'application/json'] as const] : []),
        ...(confirmation ? [['Remit-Confirmation', confirmation] as const] : []),
      ],
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
  const { shown } = (await ask('GET')).body
  const needed = await ask('POST', '/approve', { shown })
  const confirmation = Object(needed.body.confirmation).id
  if (typeof confirmation !== 'string') return needed
  const { session } = await openSession(people, { ...opened, kind: 'browser' })
  await answerConfirmation(people, { id: confirmation, session, answer: 'confirmed' })
  return ask('POST', '/approve', { shown }, confirmation)
}
