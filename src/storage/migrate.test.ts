import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sql } from 'kysely'
import { Problem } from '../lib/problem.ts'
import { requireCurrentSchema, runMigrations } from './migrate.ts'
import { MIGRATIONS } from './migrations/index.ts'
import { migrate, openStorage } from './open.ts'
import type { Storage } from './storage.ts'
import { forEachEngine } from './testing.ts'

const withCode = (code: string) => (error: unknown) =>
  error instanceof Problem && error.code === code

/** `table.column`, with a `?` where NULL is allowed. */
async function columnsOf(storage: Storage): Promise<string[]> {
  const query =
    storage.engine === 'sqlite'
      ? sql<{ name: string }>`
          SELECT t.name || '.' || c.name || CASE WHEN c."notnull" THEN '' ELSE '?' END AS name
          FROM sqlite_schema t JOIN pragma_table_info(t.name) c
          WHERE t.type = 'table' AND t.name NOT IN ('migrations', 'sqlite_sequence')`
      : sql<{ name: string }>`
          SELECT table_name || '.' || column_name || CASE is_nullable WHEN 'YES' THEN '?' ELSE '' END AS name
          FROM information_schema.columns
          WHERE table_schema = 'public' AND table_name <> 'migrations'`
  const { rows } = await query.execute(storage.read)
  return rows.map(({ name }) => name).toSorted()
}

/** The same, as `schema.ts` and `rows/` promise it to the rest of the code. */
function columnsPromised(): string[] {
  const rowFiles = join(import.meta.dirname, 'rows')
  const files = [
    join(import.meta.dirname, 'schema.ts'),
    ...readdirSync(rowFiles).map((name) => join(rowFiles, name)),
  ]
  const text = files.map((file) => readFileSync(file, 'utf8')).join('\n')
  const rows = new Map<string, string[]>()
  for (const [, name, body] of text.matchAll(/export interface (\w+Row) \{([^}]*)\}/g)) {
    const columns = [...(body ?? '').matchAll(/^ {2}(\w+): (.*)$/gm)]
    rows.set(
      name ?? '',
      columns.map(([, column, type]) => `${column}${type?.includes('null') ? '?' : ''}`),
    )
  }
  const schema = /export interface Schema \{([^}]*)\}/.exec(text)?.[1] ?? ''
  return [...schema.matchAll(/(\w+): (\w+)/g)]
    .flatMap(([, table, row]) => (rows.get(row ?? '') ?? []).map((column) => `${table}.${column}`))
    .toSorted()
}

forEachEngine('migrations', (open) => {
  test('make exactly the tables and columns that the code is typed by', async () => {
    const promised = columnsPromised()
    assert.ok(promised.length > 200)
    assert.deepEqual(await columnsOf(await open()), promised)
  })

  test('run once', async () => {
    const storage = await open()
    assert.deepEqual(await runMigrations(storage), {
      version: MIGRATIONS.at(-1)?.version,
      applied: [],
    })
    await requireCurrentSchema(storage)
  })

  test('refuse a schema that a newer build made, and leave it alone', async () => {
    const storage = await open()
    await storage.transaction((tx) =>
      sql`INSERT INTO migrations (version, name) VALUES (1000, 'from-the-future')`.execute(tx),
    )
    await assert.rejects(requireCurrentSchema(storage), withCode('storage.newer'))
    await assert.rejects(runMigrations(storage), withCode('storage.newer'))
  })

  test('an older schema is refused by whoever was not told to migrate', async () => {
    const storage = await open()
    await storage.transaction((tx) => sql`DELETE FROM migrations`.execute(tx))
    await assert.rejects(requireCurrentSchema(storage), withCode('storage.outdated'))
    await storage.transaction((tx) => sql`DROP TABLE migrations`.execute(tx))
    await assert.rejects(requireCurrentSchema(storage), withCode('storage.outdated'))
  })

  test('one that fails leaves nothing behind', async () => {
    const storage = await open()
    const before = await columnsOf(storage)
    const failing = storage.exclusively(async (tx) => {
      await sql`CREATE TABLE half_done (a INTEGER)`.execute(tx)
      await sql`CREATE TABLE meta (a INTEGER)`.execute(tx)
    })
    await assert.rejects(failing)
    assert.deepEqual(await columnsOf(storage), before)
  })

  test('two that run at once do the work once', async () => {
    const storage = await open()
    await storage.transaction((tx) => sql`DELETE FROM migrations`.execute(tx))
    const seen = await Promise.all(
      [1, 2, 3].map((replica) =>
        storage.exclusively(async (tx) => {
          const { rows } = await sql`SELECT 1 FROM migrations`.execute(tx)
          if (rows.length) return 'nothing to do'
          await sql`INSERT INTO migrations (version, name) VALUES (1, 'x')`.execute(tx)
          return replica
        }),
      ),
    )
    assert.equal(seen.filter((one) => one === 'nothing to do').length, 2)
  })
})

test('a new data directory is refused until it was migrated', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'remit-test-'))
  t.after(() => rmSync(directory, { recursive: true }))
  await assert.rejects(openStorage({ kind: 'sqlite', directory }), withCode('storage.outdated'))
  const { applied } = await migrate({ kind: 'sqlite', directory })
  assert.deepEqual(
    applied,
    MIGRATIONS.map(({ name }) => name),
  )
  await (await openStorage({ kind: 'sqlite', directory })).close()
})
