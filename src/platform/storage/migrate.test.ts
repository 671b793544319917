import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sql } from 'kysely'
import { buildFor } from '../../programs/modules.ts'
import { Problem } from '../lib/problem.ts'
import { storageBuild } from './build.ts'
import {
  neededSchema,
  planMigrations,
  readSchemaVersion,
  requireCurrentSchema,
  requireSupported,
  runMigrations,
} from './migrate.ts'
import { type Migrations, migration, migrationsFor } from './migrations/index.ts'
import { migrate, openStorage } from './open.ts'
import type { Storage } from './storage.ts'
import { onBothEngines } from './testing.ts'

const withCode = (code: string) => (error: unknown) =>
  error instanceof Problem && error.code === code

/** Kysely's own. */
const MIGRATION_TABLES = ['kysely_migration', 'kysely_migration_lock']

/** Number of the schema of this build, and migrations of later ones. */
const NOW = neededSchema(storageBuild('sqlite'))
const asBuild = (storage: Storage, migrations: Migrations): Storage => ({
  ...storage,
  build: { ...storage.build, migrations },
})
/** The store with the migrations of all modules. */
const withModules = (storage: Storage) => asBuild(storage, buildFor(storage.engine).migrations)
const numbered = (number: number) => String(number).padStart(4, '0')
const MORE = `${numbered(NOW + 1)}-more`
const LESS = `${numbered(NOW + 2)}-since-${numbered(NOW + 1)}-less`

/** Migrations of the build, and one more that makes a table. */
function withOneMore(storage: Storage, ...statements: string[]): Migrations {
  const { engine } = storage
  const more = migration(engine, () => statements)
  return { ...migrationsFor(engine), [MORE]: more }
}

/** Migrations of a later build: a third takes away what builds of the first schema use. */
function contracted(storage: Storage): Migrations {
  const { engine } = storage
  const less = migration(engine, () => ['DROP TABLE more'])
  return { ...withOneMore(storage, 'CREATE TABLE more (a INTEGER)'), [LESS]: less }
}

/** Lets a server of another build hold a lease for as long, in milliseconds. */
async function withReplica(storage: Storage, schema: number, forMs: number): Promise<void> {
  const now = await storage.now()
  await storage.transaction((tx) =>
    tx
      .insertInto('live_replicas')
      .values({
        id: `replica_${schema}`,
        schema,
        lease_until: now + forMs,
        acknowledged: 0,
        started_at: now,
      })
      .execute(),
  )
}

/** `table.column`, with a `?` where NULL is allowed. */
async function columnsOf(storage: Storage): Promise<string[]> {
  const query =
    storage.engine === 'sqlite'
      ? sql<{ name: string }>`
          SELECT t.name || '.' || c.name || CASE WHEN c."notnull" THEN '' ELSE '?' END AS name
          FROM sqlite_schema t JOIN pragma_table_info(t.name) c
          WHERE t.type = 'table' AND t.name <> 'sqlite_sequence'
            AND t.name NOT IN (${sql.join(MIGRATION_TABLES)})`
      : sql<{ name: string }>`
          SELECT table_name || '.' || column_name || CASE is_nullable WHEN 'YES' THEN '?' ELSE '' END AS name
          FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
          WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name NOT IN (${sql.join(MIGRATION_TABLES)})`
  const { rows } = await query.execute(storage.read)
  return rows.map(({ name }) => name).toSorted()
}

/** Columns that the tables of this build promise to the rest of the code, in the same form. */
function columnsPromised(): string[] {
  return Object.entries(buildFor('sqlite').tables)
    .flatMap(([table, { columns }]) =>
      Object.entries(columns).map(([name, { empty }]) => `${table}.${name}${empty ? '?' : ''}`),
    )
    .toSorted()
}

async function record(storage: Storage, name: string): Promise<void> {
  await storage.transaction((tx) =>
    sql`INSERT INTO kysely_migration (name, timestamp) VALUES (${name}, '2030-01-01T00:00:00Z')`.execute(
      tx,
    ),
  )
}

async function tablesOf(storage: Storage): Promise<string[]> {
  const query =
    storage.engine === 'sqlite'
      ? sql<{ name: string }>`
          SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'sqlite_sequence'`
      : sql<{ name: string }>`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`
  return (await query.execute(storage.read)).rows.map(({ name }) => name)
}

/** Each table after those that refer to it. */
async function dropEverything(storage: Storage): Promise<void> {
  const tables = await tablesOf(storage)
  await storage.transaction(async (tx) => {
    if (storage.engine === 'postgres')
      await sql`DROP SCHEMA public CASCADE; CREATE SCHEMA public`.execute(tx)
    else {
      for (const view of [
        'ledger_append',
        ...['task', 'person', 'agent', 'all', 'known'].map((which) => `${which}_decisions`),
      ])
        await sql`DROP VIEW ${sql.table(view)}`.execute(tx)
      for (const name of tables) await sql`DROP TABLE ${sql.table(name)}`.execute(tx)
    }
  })
}

onBothEngines('migrations', (open) => {
  test('make exactly the tables and columns that the code is typed by', async () => {
    const promised = columnsPromised()
    assert.ok(promised.length > 200)
    const storage = await open()
    await runMigrations(withModules(storage))
    assert.deepEqual(await columnsOf(storage), promised)
  })

  test('run once', async () => {
    const storage = await open()
    assert.deepEqual(await runMigrations(storage), { version: NOW, applied: [] })
    await requireCurrentSchema(storage)
  })

  test('refuse a schema that a much newer build made, and leave it alone', async () => {
    const storage = await open()
    await record(storage, '1000-since-0900-from-the-future')
    const before = await columnsOf(storage)
    await assert.rejects(requireCurrentSchema(storage), withCode('storage.newer'))
    await assert.rejects(
      runMigrations(asBuild(storage, withOneMore(storage, 'CREATE TABLE more (a INTEGER)'))),
      withCode('storage.newer'),
    )
    assert.deepEqual(await columnsOf(storage), before)
  })

  test('an older schema is refused by whoever was not told to migrate', async () => {
    const storage = await open()
    const newer = withOneMore(storage, 'CREATE TABLE more (a INTEGER)')
    assert.deepEqual(await readSchemaVersion(asBuild(storage, newer)), {
      recorded: NOW,
      needed: NOW + 1,
    })
    await assert.rejects(
      requireCurrentSchema(asBuild(storage, newer)),
      withCode('storage.outdated'),
    )
    assert.deepEqual(await runMigrations(asBuild(storage, newer)), {
      version: NOW + 1,
      applied: [MORE],
    })
    await requireCurrentSchema(asBuild(storage, newer))
  })

  test('a build goes on with a newer schema that only adds, and changes nothing of it', async () => {
    const storage = await open()
    await runMigrations(asBuild(storage, withOneMore(storage, 'CREATE TABLE more (a INTEGER)')))
    assert.deepEqual(await readSchemaVersion(storage), { recorded: NOW + 1, needed: NOW })
    await requireCurrentSchema(storage)
    const before = await columnsOf(storage)
    assert.deepEqual(await runMigrations(storage), { version: NOW + 1, applied: [] })
    assert.deepEqual(await columnsOf(storage), before)
    await storage.transaction((tx) => requireSupported(tx, NOW))
  })

  test('one that takes away something: a plan says who works with it, and older builds begin no more', async () => {
    const storage = await open()
    const { less, more } = { less: contracted(storage), more: withOneMore(storage) }
    await withReplica(storage, NOW, -1)
    await withReplica(storage, NOW + 1, 60_000)
    assert.deepEqual(await planMigrations(asBuild(storage, less)), {
      ...{ recorded: NOW, needed: NOW + 2, oldest: NOW + 1, replicas: [] },
      steps: [
        { name: MORE, kind: 'expand' },
        { name: LESS, kind: 'contract' },
      ],
    })
    assert.deepEqual(await readSchemaVersion(asBuild(storage, less)), {
      recorded: NOW,
      needed: NOW + 2,
    })
    await runMigrations(asBuild(storage, less))
    await requireCurrentSchema(asBuild(storage, more))
    await storage.transaction((tx) => requireSupported(tx, NOW + 1))
    const tooOld = withCode('storage.newer')
    await assert.rejects(requireCurrentSchema(storage), tooOld)
    await assert.rejects(runMigrations(storage), tooOld)
    await assert.rejects(
      storage.transaction((tx) => requireSupported(tx, NOW)),
      tooOld,
    )
  })

  test('nothing is taken away while a server runs that uses it', async () => {
    const storage = await open()
    const less = contracted(storage)
    await withReplica(storage, NOW, 60_000)
    const before = await columnsOf(storage)
    const { replicas } = await planMigrations(asBuild(storage, less))
    assert.deepEqual(replicas, [{ id: `replica_${NOW}`, schema: NOW }])
    await assert.rejects(
      runMigrations(asBuild(storage, less)),
      withCode('storage.replicas_outdated'),
    )
    assert.deepEqual(await columnsOf(storage), before)
    await runMigrations(asBuild(storage, withOneMore(storage, 'CREATE TABLE more (a INTEGER)')))
    await storage.transaction((tx) => tx.deleteFrom('live_replicas').execute())
    assert.deepEqual((await runMigrations(asBuild(storage, less))).applied, [LESS])
  })

  test('one that may come later waits for older servers, and holds up nothing else', async () => {
    const storage = await open()
    const later = `${numbered(NOW + 2)}-since-${numbered(NOW + 1)}-later-less`
    const withLater = {
      ...withOneMore(storage, 'CREATE TABLE more (a INTEGER)'),
      [later]: migration(storage.engine, () => []),
    }
    await withReplica(storage, NOW, 60_000)
    assert.deepEqual(await runMigrations(asBuild(storage, withLater)), {
      version: NOW + 1,
      applied: [MORE],
    })
    assert.deepEqual(await runMigrations(asBuild(storage, withLater)), {
      version: NOW + 1,
      applied: [],
    })
    await requireCurrentSchema(asBuild(storage, withLater))
    await storage.transaction((tx) => requireSupported(tx, NOW))
    await storage.transaction((tx) => tx.deleteFrom('live_replicas').execute())
    assert.deepEqual((await runMigrations(asBuild(storage, withLater))).applied, [later])
    await requireCurrentSchema(asBuild(storage, withLater))
    const tooOld = withCode('storage.newer')
    await assert.rejects(requireCurrentSchema(storage), tooOld)
    await assert.rejects(
      storage.transaction((tx) => requireSupported(tx, NOW)),
      tooOld,
    )
  })

  test('what may come later is no reason to run without the rest', async () => {
    const storage = await open()
    const later = `${numbered(NOW + 2)}-since-${numbered(NOW + 1)}-later-less`
    const nothing = migration(storage.engine, () => [])
    await assert.rejects(
      requireCurrentSchema(asBuild(storage, { ...withOneMore(storage), [later]: nothing })),
      withCode('storage.outdated'),
    )
  })

  test('a schema of a development version is refused, and left alone', async () => {
    const another = await open()
    await another.transaction((tx) =>
      sql`UPDATE kysely_migration SET name = '0001-baseline-01234567' WHERE name LIKE '0001-%'`.execute(
        tx,
      ),
    )
    const unrecorded = await open()
    await unrecorded.transaction(async (tx) => {
      await sql`DROP TABLE kysely_migration`.execute(tx)
      await sql`DROP TABLE kysely_migration_lock`.execute(tx)
    })
    for (const storage of [another, unrecorded]) {
      const more = withOneMore(storage, 'CREATE TABLE more (a INTEGER)')
      const before = await columnsOf(storage)
      for (const act of [readSchemaVersion, requireCurrentSchema, runMigrations])
        await assert.rejects(act(asBuild(storage, more)), withCode('storage.prerelease'))
      assert.deepEqual(await columnsOf(storage), before)
    }
  })

  test('O2: a step that was taken back is never called newer', async () => {
    const storage = await open()
    // What ac5ec1c8 made, beside a step that a later one would have after it.
    await record(storage, '0010-since-0010-dictionaries')
    await record(storage, '1000-since-0004-later-packed-records')
    for (const act of [readSchemaVersion, requireCurrentSchema, runMigrations])
      await assert.rejects(act(storage), withCode('storage.prerelease'))
  })

  test('one that may come later is needed where another comes after it', async () => {
    const storage = await open()
    const later = `${numbered(NOW + 1)}-since-${numbered(NOW)}-later-less`
    const nothing = migration(storage.engine, () => [])
    const both = {
      ...migrationsFor(storage.engine),
      [later]: nothing,
      [`${numbered(NOW + 2)}-more`]: nothing,
    }
    await assert.rejects(requireCurrentSchema(asBuild(storage, both)), withCode('storage.outdated'))
    await withReplica(storage, NOW - 1, 60_000)
    await assert.rejects(
      runMigrations(asBuild(storage, both)),
      withCode('storage.replicas_outdated'),
    )
    await storage.transaction((tx) => tx.deleteFrom('live_replicas').execute())
    assert.equal((await runMigrations(asBuild(storage, both))).version, NOW + 2)
    await requireCurrentSchema(asBuild(storage, both))
  })

  test('one that fails leaves nothing behind, and says why', async () => {
    const storage = await open()
    const before = await columnsOf(storage)
    const failing = withOneMore(
      storage,
      'CREATE TABLE half_done (a INTEGER)',
      'CREATE TABLE meta (a INTEGER)',
    )
    await assert.rejects(runMigrations(asBuild(storage, failing)), /meta.*already exists/)
    assert.deepEqual(await columnsOf(storage), before)
    assert.deepEqual(await readSchemaVersion(storage), { recorded: NOW, needed: NOW })
  })

  test('several that run at once do the work once', async () => {
    const storage = await open()
    const more = withOneMore(storage, 'CREATE TABLE more (a INTEGER)')
    const done = await Promise.all([1, 2, 3].map(() => runMigrations(asBuild(storage, more))))
    assert.deepEqual(
      done.flatMap(({ applied }) => applied),
      [MORE],
    )
    assert.deepEqual(
      done.map(({ version }) => version),
      [NOW + 1, NOW + 1, NOW + 1],
    )
  })

  test('several that find nothing at once make everything once', async () => {
    const storage = await open()
    await dropEverything(storage)
    const whole = withModules(storage)
    const done = await Promise.all([1, 2, 3].map(() => runMigrations(whole)))
    assert.deepEqual(
      done.flatMap(({ applied }) => applied),
      Object.keys(whole.build.migrations),
    )
    assert.deepEqual(await columnsOf(storage), columnsPromised())
  })

  test('one that loses a lock to a server that works begins again, and nothing is there twice', async () => {
    const storage = await open()
    let attempts = 0
    await storage.exclusively(async (tx) => {
      attempts++
      await sql`CREATE TABLE more (a INTEGER)`.execute(tx)
      if (attempts === 1 && storage.engine === 'postgres')
        await sql`DO 'BEGIN RAISE EXCEPTION USING ERRCODE = ''deadlock_detected''; END'`.execute(tx)
    })
    assert.equal(attempts, storage.engine === 'postgres' ? 2 : 1)
    assert.ok((await tablesOf(storage)).includes('more'))
  })

  test('a baseline that fails leaves an empty database', async () => {
    const storage = await open()
    await dropEverything(storage)
    const failing = withOneMore(storage, 'CREATE TABLE meta (a INTEGER)')
    await assert.rejects(runMigrations(asBuild(storage, failing)), /meta.*already exists/)
    assert.deepEqual(await tablesOf(storage), [])
  })
})

test('a new data directory is refused until it was migrated', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'remit-test-'))
  t.after(() => rmSync(directory, { recursive: true }))
  await assert.rejects(openStorage({ kind: 'sqlite', directory }), withCode('storage.outdated'))
  const { applied } = await migrate({ kind: 'sqlite', directory })
  assert.deepEqual(applied, Object.keys(migrationsFor('sqlite')))
  await (await openStorage({ kind: 'sqlite', directory })).close()
})
