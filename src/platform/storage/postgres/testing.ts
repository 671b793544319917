import { Socket } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { DEFAULT_MIGRATION_LOCK_TABLE, DEFAULT_MIGRATION_TABLE } from 'kysely/migration'
import pg from 'pg'
import { migrationsFor, SCHEMA_DIGEST } from '../migrations/index.ts'
import { migrate } from '../open.ts'
import type { ConnectionOptions } from './client.ts'

/** Maximum of connections of this process that wait for another client. */
const MAX_PARKED = 80
/** Brings a connection back to how it began. */
const RESET = 'RESET ALL; UNLISTEN *; SELECT pg_advisory_unlock_all(); CLOSE ALL'

/** Clients that have ended, with connections that the next ones use; the one that ended last is the last. */
const parked: ParkedClient[] = []

/** A client that keeps its connection when it ends: the server starts a process for each, and tests open thousands. */
class ParkedClient extends pg.Client {
  readonly #options: string
  #isParked = false
  #isBroken = false

  constructor(config: pg.ClientConfig = {}) {
    super(config)
    this.#options = optionsOf(config)
  }

  /** Parked client that was made with these options. */
  static take(config: pg.ClientConfig): ParkedClient | undefined {
    const options = optionsOf(config)
    const client = parked.findLast((each) => each.#options === options && !each.#isBroken)
    if (client) client.#leavePark()
    return client
  }

  override connect(): Promise<pg.Client>
  override connect(callback: (error: Error | null) => void): void
  override connect(callback?: (error: Error | null) => void): Promise<pg.Client> | undefined {
    const connected = this.#isParked ? Promise.resolve(this) : super.connect()
    this.#isParked = false
    if (!callback) return connected
    connected.then(() => callback(null), callback)
    return undefined
  }

  override end(): Promise<void>
  override end(callback: () => void): void
  override end(callback?: () => void): Promise<void> | undefined {
    const ended = this.#park().then((isParked) => (isParked ? undefined : super.end()))
    if (!callback) return ended
    ended.then(callback, callback)
    return undefined
  }

  /** False where the connection is not as it began, or is broken. */
  async #park(): Promise<boolean> {
    try {
      await this.query(RESET)
    } catch {
      return false
    }
    if (this.getTransactionStatus() !== 'I') return false
    this.emit('end')
    this.removeAllListeners()
    // `end` follows, and may be too late for a caller that takes it in between.
    this.on('error', () => {
      this.#isBroken = true
    })
    this.once('end', () => this.#leavePark())
    keepProcessAlive(this, false)
    this.#isParked = true
    parked.push(this)
    const [oldest] = parked
    if (oldest && parked.length > MAX_PARKED) await oldest.#endForGood()
    return true
  }

  async #endForGood(): Promise<void> {
    this.#leavePark()
    this.on('error', () => {})
    await super.end()
  }

  #leavePark(): void {
    const at = parked.indexOf(this)
    if (at === -1) return
    parked.splice(at, 1)
    this.removeAllListeners()
    keepProcessAlive(this, true)
  }
}

function optionsOf(config: pg.ClientConfig): string {
  const { connectionString, pipeline, lock_timeout: lock, statement_timeout: statement } = config
  const { idle_in_transaction_session_timeout: idle, query_timeout: silence } = config
  return JSON.stringify([connectionString, pipeline, lock, statement, idle, silence])
}

/** Connections of tests. */
export const TEST_CONNECTIONS: ConnectionOptions = {
  // Tests share a machine, and some of them make a hundred things at once, so a slow answer there is no failure.
  waitFactor: 12,
  Client: new Proxy(ParkedClient, {
    construct: (made, [config]) => ParkedClient.take(config) ?? new made(config),
  }),
}

/** Advisory locks on the server that the tests use: one while the template is made, one for each database in use. */
const TEMPLATE_LOCK = 0x72656d69
const DATABASE_LOCK = 0x72656d6a

/** Schema with the rows that a test database goes back to. */
const KEPT = 'seeded'

/** invalid_catalog_name */
const DATABASE_MISSING = '3D000'

/** Name of the template database, one for each state of the migrations. */
const TEMPLATE = `remit_template_${SCHEMA_DIGEST}`
const MIGRATION_TABLES = [DEFAULT_MIGRATION_TABLE, DEFAULT_MIGRATION_LOCK_TABLE]

let connecting: Promise<pg.Client> | undefined
let making: Promise<void> | undefined

/** A database that this process alone uses until it ends. */
class TestDatabase {
  readonly url: string
  readonly #admin: pg.Client
  readonly #name: string
  /** Connection that empties it. A test may have broken it. */
  #client: pg.Client | undefined

  constructor(server: string, admin: pg.Client, number: number) {
    this.#name = `remit_test_${SCHEMA_DIGEST}_${number}`
    this.url = databaseOn(server, this.#name)
    this.#admin = admin
  }

  /** Keeps a copy of all rows beside them, for `restore`. */
  async keep(): Promise<void> {
    const client = await this.#connected()
    const tables = (await writtenTables(client)) ?? []
    const copies = tables.map((name) => `CREATE TABLE ${KEPT}.${name} AS TABLE public.${name};`)
    await client.query(
      `DROP SCHEMA IF EXISTS ${KEPT} CASCADE; CREATE SCHEMA ${KEPT}; ${copies.join('')}`,
    )
  }

  /** Brings back the rows that `keep` copied, and no others. False when a test changed more than rows. */
  async restore(): Promise<boolean> {
    const client = await this.#connected()
    if (!(await empty(client))) return false
    const { rows } = await client.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = '${KEPT}'::regnamespace`,
    )
    const copies = rows.map(
      ({ name }) =>
        `INSERT INTO public.${name} OVERRIDING SYSTEM VALUE SELECT * FROM ${KEPT}.${name};`,
    )
    await client.query(`SET session_replication_role = replica; ${copies.join('')}`)
    return true
  }

  async #connected(): Promise<pg.Client> {
    this.#client ??= await connect(this.url, () => {
      this.#client = undefined
    })
    return this.#client
  }

  async makeEmpty(): Promise<void> {
    if (await this.#isEmptied()) return
    await this.#client?.end()
    this.#client = undefined
    await this.#admin.query(`DROP DATABASE IF EXISTS ${this.#name} WITH (FORCE)`)
    await this.#admin.query(`CREATE DATABASE ${this.#name} TEMPLATE ${TEMPLATE}`)
  }

  async #isEmptied(): Promise<boolean> {
    try {
      return await empty(await this.#connected())
    } catch (error) {
      if (error instanceof pg.DatabaseError && error.code === DATABASE_MISSING) return false
      throw error
    }
  }
}

/**
 * An empty, migrated database that no other test uses until it is given back. Making and dropping one costs a second
 * of disk time each, so they are kept, emptied, and used again, also by the test processes that follow.
 */
export async function takeDatabase(
  server: string,
): Promise<Pick<TestDatabase, 'url' | 'keep' | 'restore'> & { giveBack(): Promise<void> }> {
  connecting ??= connect(server)
  const admin = await connecting
  making ??= makeTemplate(server, admin)
  await making
  const database = free.pop() ?? new TestDatabase(server, admin, await claim(admin))
  await database.makeEmpty()
  return {
    url: database.url,
    keep: () => database.keep(),
    restore: () => database.restore(),
    giveBack: async () => {
      free.push(database)
    },
  }
}

/** Opens a connection that does not keep the process alive. */
async function connect(url: string, onEnd = () => {}): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {}) // `end` follows.
  client.once('end', onEnd)
  await client.connect()
  keepProcessAlive(client, false)
  return client
}

function keepProcessAlive({ connection: { stream } }: pg.Client, isKept: boolean): void {
  if (!(stream instanceof Socket)) return
  if (isKept) stream.ref()
  else stream.unref()
}

/** Databases of this process that no test uses. */
const free: TestDatabase[] = []
let claimed = -1

/** The server ends the locks of a process with its connection. A lock can be taken twice by one connection. */
async function claim(admin: pg.Client): Promise<number> {
  for (;;) {
    const number = ++claimed
    const { rows } = await admin.query<{ taken: boolean }>(
      'SELECT pg_try_advisory_lock($1, $2) AS taken',
      [DATABASE_LOCK, number],
    )
    if (rows[0]?.taken) return number
  }
}

/** False when a test changed more than rows. */
async function empty(client: pg.Client): Promise<boolean> {
  const written = await writtenTables(client)
  if (!written) return false
  await client.query(
    // Without the triggers of foreign keys, in any order.
    `SET session_replication_role = replica; ${written.map((name) => `DELETE FROM ${name}`).join(';')}`,
  )
  const recorded = await client.query<{ name: string }>(
    `SELECT name FROM ${DEFAULT_MIGRATION_TABLE} ORDER BY name COLLATE "C"`,
  )
  const names = recorded.rows.map(({ name }) => name)
  return isDeepStrictEqual(names, Object.keys(migrationsFor('postgres')).toSorted())
}

/** Tables that had a row since the database was made. `undefined`: those of the migrations are gone. */
async function writtenTables(client: pg.Client): Promise<readonly string[] | undefined> {
  // A table without a page never had a row.
  const { rows } = await client.query<{ name: string; pages: boolean }>(
    `SELECT relname AS name, pg_relation_size(oid) > 0 AS pages FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
  )
  const tables = rows.filter(({ name }) => !MIGRATION_TABLES.includes(name))
  if (tables.length === rows.length) return undefined
  return tables.filter(({ pages }) => pages).map(({ name }) => name)
}

/** Makes the template, in whichever test process comes first. */
async function makeTemplate(server: string, admin: pg.Client): Promise<void> {
  await admin.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK])
  const { rowCount } = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [TEMPLATE])
  if (!rowCount) {
    await admin.query(`CREATE DATABASE ${TEMPLATE}_new`)
    await migrate({ kind: 'postgres', url: databaseOn(server, `${TEMPLATE}_new`) })
    await admin.query(`ALTER DATABASE ${TEMPLATE}_new RENAME TO ${TEMPLATE}`)
  }
  await admin.query('SELECT pg_advisory_unlock($1)', [TEMPLATE_LOCK])
}

function databaseOn(server: string, name: string): string {
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}
