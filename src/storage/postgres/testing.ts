import { Socket } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { DEFAULT_MIGRATION_LOCK_TABLE, DEFAULT_MIGRATION_TABLE } from 'kysely/migration'
import pg from 'pg'
import { migrationsFor, SCHEMA_DIGEST } from '../migrations/index.ts'
import { migrate } from '../open.ts'

/**
 * Factor by which tests wait longer: they share a machine, and some of them make a hundred things
 * at once, so a slow answer there is no failure.
 */
export const WAIT_FACTOR = 12

/** Advisory locks on the server that the tests use: one while the template is made, one for each database in use. */
const TEMPLATE_LOCK = 0x72656d69
const DATABASE_LOCK = 0x72656d6a

/** Name of the template database, one for each state of the migrations. */
const TEMPLATE = `remit_template_${SCHEMA_DIGEST}`
const MIGRATION_TABLES = [DEFAULT_MIGRATION_TABLE, DEFAULT_MIGRATION_LOCK_TABLE]

let connecting: Promise<pg.Client> | undefined
let making: Promise<void> | undefined

/**
 * An empty, migrated database that no other test uses until it is given back. Making and dropping one costs a second
 * of disk time each, so they are kept, emptied, and used again, also by the test processes that follow.
 */
export async function takeDatabase(
  server: string,
): Promise<{ url: string; giveBack(): Promise<void> }> {
  connecting ??= connect(server)
  const admin = await connecting
  making ??= makeTemplate(server, admin)
  await making
  const number = await claim(admin)
  const name = `remit_test_${SCHEMA_DIGEST}_${number}`
  const url = databaseOn(server, name)
  const { rowCount } = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])
  if (!rowCount || !(await empty(url))) {
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`)
  }
  return {
    url,
    giveBack: async () => {
      await admin.query('SELECT pg_advisory_unlock($1, $2)', [DATABASE_LOCK, number])
      mine.delete(number)
    },
  }
}

/** Opens the connection whose locks are this process's claims; the server ends them with it. */
async function connect(server: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  const { stream } = client.connection
  if (stream instanceof Socket) stream.unref()
  return client
}

const mine = new Set<number>()

async function claim(admin: pg.Client): Promise<number> {
  for (let number = 0; ; number++) {
    // A lock can be taken twice by one connection.
    if (mine.has(number)) continue
    mine.add(number)
    const { rows } = await admin.query<{ taken: boolean }>(
      'SELECT pg_try_advisory_lock($1, $2) AS taken',
      [DATABASE_LOCK, number],
    )
    if (rows[0]?.taken) return number
    mine.delete(number)
  }
}

/** False when a test changed more than rows. */
async function empty(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    // A table without a page never had a row.
    const { rows } = await client.query<{ name: string; pages: boolean }>(
      `SELECT relname AS name, pg_relation_size(oid) > 0 AS pages FROM pg_class
       WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
    )
    const tables = rows.map(({ name }) => name).filter((name) => !MIGRATION_TABLES.includes(name))
    if (tables.length === rows.length) return false
    const written = rows.filter(({ name, pages }) => pages && !MIGRATION_TABLES.includes(name))
    await client.query(
      // Without the triggers of foreign keys, in any order.
      `SET session_replication_role = replica; ${written.map(({ name }) => `DELETE FROM ${name}`).join(';')}`,
    )
    const recorded = await client.query<{ name: string }>(
      `SELECT name FROM ${DEFAULT_MIGRATION_TABLE} ORDER BY name COLLATE "C"`,
    )
    const names = recorded.rows.map(({ name }) => name)
    return isDeepStrictEqual(names, Object.keys(migrationsFor('postgres')).toSorted())
  } finally {
    await client.end()
  }
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
