import { createHash } from 'node:crypto'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, describe } from 'node:test'
import { type StorageBuild, storageBuild } from './build.ts'
import { migrate, openStorage } from './open.ts'
import { TEST_CONNECTIONS, takeDatabase } from './postgres/testing.ts'
import type { Storage } from './storage.ts'

export { timedBy } from './open.ts'

/** Opens an empty, migrated database of its own, which is closed before the next test begins. */
export interface OpenStorage {
  (): Promise<Storage>
  /** Opens a storage that is closed when the suite ends. */
  shared(): Promise<Storage>
}

type Engine = 'sqlite' | 'postgres'

interface FreshStorage {
  readonly storage: Storage
  end(): Promise<void>
}

/** Engines that can be tested here: PostgreSQL where `TEST_POSTGRES_URL` names a server on which databases may be made. */
export function testedEngines(): readonly Engine[] {
  return process.env.TEST_POSTGRES_URL ? ['sqlite', 'postgres'] : ['sqlite']
}

/**
 * Engines of one suite in this run. `npm test` takes one of each suite, which the name chooses, and `npm run test:rest`
 * the other (`TEST_PART`). Everything else takes both.
 */
export function enginesOf(name: string): readonly Engine[] {
  const all = testedEngines()
  const part = process.env.TEST_PART
  if (!part) return all
  const chosen = chosenEngine(name)
  return all.filter((engine) => (engine === chosen) === (part === 'first'))
}

/** Makes the build whose last migration has that name. */
export function buildUpTo(engine: Engine, last: string): StorageBuild {
  const { migrations, tables } = storageBuild(engine)
  const known = Object.entries(migrations).filter(([name]) => name <= last)
  return { tables, migrations: Object.fromEntries(known) }
}

/** One of the engines, always the same one for a name. */
export function chosenEngine(name: string): Engine {
  const all = testedEngines()
  const number = createHash('sha256').update(name).digest()[0] ?? 0
  return all[number % all.length] ?? 'sqlite'
}

/** Declares the same tests for each engine: for all that depends on stored rows. See `enginesOf`. */
export function forEachEngine(name: string, declare: (open: OpenStorage) => void): void {
  for (const engine of enginesOf(name)) suite(engine, name, declare)
}

/** Declares the same tests for each engine, together in every run: for storage itself, and for promises that rest on it. */
export function onBothEngines(name: string, declare: (open: OpenStorage) => void): void {
  if (process.env.TEST_PART === 'rest') return
  for (const engine of testedEngines()) suite(engine, name, declare)
}

/** Declares tests for a file that several processes share, beside those for each engine. */
export function onSharedFile(name: string, declare: (open: OpenStorage) => void): void {
  suiteOf(`${name} (sqlite, shared)`, freshShared, declare)
}

function suite(engine: Engine, name: string, declare: (open: OpenStorage) => void): void {
  const fresh = engine === 'sqlite' ? freshSqlite : freshPostgres
  const only = process.env.TEST_POSTGRES_URL ? '' : ', without TEST_POSTGRES_URL no PostgreSQL'
  suiteOf(`${name} (${engine}${only})`, fresh, declare)
}

function suiteOf(
  name: string,
  fresh: () => Promise<FreshStorage>,
  declare: (open: OpenStorage) => void,
): void {
  describe(name, () => {
    const shared: FreshStorage[] = []
    const ofTest: FreshStorage[] = []
    // Not after each: a test's own `t.after` comes later than that, and still needs its database.
    beforeEach(() => endAll(ofTest))
    after(() => endAll([...ofTest, ...shared]))
    const openInto = (opened: FreshStorage[]) => async () => {
      const made = await fresh()
      opened.push(made)
      return made.storage
    }
    declare(Object.assign(openInto(ofTest), { shared: openInto(shared) }))
  })
}

async function endAll(opened: FreshStorage[]): Promise<void> {
  for (const { storage, end } of opened.splice(0)) {
    await storage.close()
    await end()
  }
}

let sqliteTemplate: Promise<string> | undefined

async function freshSqlite(): Promise<FreshStorage & { readonly directory: string }> {
  sqliteTemplate ??= makeSqliteTemplate()
  const template = await sqliteTemplate
  const directory = mkdtempSync(join(tmpdir(), 'remit-test-'))
  copyFileSync(join(template, 'remit.db'), join(directory, 'remit.db'))
  const storage = await openStorage({ kind: 'sqlite', directory })
  return { storage, directory, end: async () => rmSync(directory, { recursive: true }) }
}

async function freshShared(): Promise<FreshStorage> {
  const { storage: parent, end, directory } = await freshSqlite()
  const writer = await parent.share?.()
  return {
    storage: await openStorage({ kind: 'sqlite', directory, writer }),
    end: async () => {
      await parent.close()
      await end()
    },
  }
}

async function makeSqliteTemplate(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'remit-test-'))
  process.once('exit', () => rmSync(directory, { recursive: true }))
  await migrate({ kind: 'sqlite', directory })
  return directory
}

async function freshPostgres(): Promise<FreshStorage> {
  const { url, giveBack } = await takeDatabase(process.env.TEST_POSTGRES_URL ?? '')
  return {
    storage: await openStorage({ kind: 'postgres', url, connections: TEST_CONNECTIONS }),
    end: giveBack,
  }
}
