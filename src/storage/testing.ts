import { createHash, randomBytes } from 'node:crypto'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe } from 'node:test'
import pg from 'pg'
import { MIGRATIONS } from './migrations/index.ts'
import { wordsOf } from './migrations/migration.ts'
import { migrate, openStorage } from './open.ts'
import type { Storage } from './storage.ts'

interface Fresh {
  readonly storage: Storage
  end(): Promise<void>
}

/**
 * Declares the same tests for SQLite and, when `TEST_POSTGRES_URL` names a server on which databases may be made, for
 * PostgreSQL. Each `open()` gives an empty, migrated database of its own, closed when the suite ends.
 */
export function forEachEngine(name: string, declare: (open: () => Promise<Storage>) => void): void {
  const server = process.env.TEST_POSTGRES_URL
  const only = server ? '' : ', without TEST_POSTGRES_URL no PostgreSQL'
  suite(`${name} (sqlite${only})`, freshSqlite, declare)
  if (server) suite(`${name} (postgres)`, () => freshPostgres(server), declare)
}

function suite(
  name: string,
  fresh: () => Promise<Fresh>,
  declare: (open: () => Promise<Storage>) => void,
): void {
  describe(name, () => {
    const opened: Fresh[] = []
    after(async () => {
      for (const { storage, end } of opened) {
        await storage.close()
        await end()
      }
    })
    declare(async () => {
      const made = await fresh()
      opened.push(made)
      return made.storage
    })
  })
}

let sqliteTemplate: Promise<string> | undefined

async function freshSqlite(): Promise<Fresh> {
  sqliteTemplate ??= makeSqliteTemplate()
  const template = await sqliteTemplate
  const directory = mkdtempSync(join(tmpdir(), 'remit-test-'))
  copyFileSync(join(template, 'remit.db'), join(directory, 'remit.db'))
  const storage = await openStorage({ kind: 'sqlite', directory })
  return { storage, end: async () => rmSync(directory, { recursive: true }) }
}

async function makeSqliteTemplate(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'remit-test-'))
  process.once('exit', () => rmSync(directory, { recursive: true }))
  await migrate({ kind: 'sqlite', directory })
  return directory
}

let postgresTemplate: Promise<string> | undefined

async function freshPostgres(server: string): Promise<Fresh> {
  const { url, end } = await emptyPostgres(server)
  const storage = await openStorage({ kind: 'postgres', url })
  return { storage, end }
}

/** An empty, migrated database on the server that `server` names, and how to drop it. */
export async function emptyPostgres(
  server: string,
): Promise<{ readonly url: string; end(): Promise<void> }> {
  postgresTemplate ??= makePostgresTemplate(server)
  const template = await postgresTemplate
  const name = `remit_test_${randomBytes(8).toString('hex')}`
  await onServer(server, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`))
  return {
    url: databaseOn(server, name),
    end: () => onServer(server, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`)),
  }
}

/** One migrated database per state of the migrations and server; made by whichever test file comes first. */
async function makePostgresTemplate(server: string): Promise<string> {
  const statements = MIGRATIONS.flatMap((migration) => migration.statements(wordsOf('postgres')))
  const digest = createHash('sha256').update(statements.join(';')).digest('hex').slice(0, 16)
  const name = `remit_template_${digest}`
  await onServer(server, async (client) => {
    await client.query(`SELECT pg_advisory_lock(hashtext('remit_template'))`)
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])
    if (rowCount) return
    await client.query(`CREATE DATABASE ${name}_new`)
    await migrate({ kind: 'postgres', url: databaseOn(server, `${name}_new`) })
    await client.query(`ALTER DATABASE ${name}_new RENAME TO ${name}`)
  })
  return name
}

async function onServer(
  server: string,
  work: (client: pg.Client) => Promise<unknown>,
): Promise<void> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

function databaseOn(server: string, name: string): string {
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}
