import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, describe } from 'node:test'
import { migrate, openStorage } from './open.ts'
import { TEST_CONNECTIONS, takeDatabase } from './postgres/testing.ts'
import type { Storage } from './storage.ts'

export { timedBy } from './timed-by.ts'

/** Opens an empty, migrated database of its own, which is closed before the next test begins. */
export interface OpenStorage {
  (): Promise<Storage>
  /** Opens a storage that is closed when the suite ends. */
  shared(): Promise<Storage>
}

interface FreshStorage {
  readonly storage: Storage
  end(): Promise<void>
}

/**
 * Declares the same tests for SQLite and, when `TEST_POSTGRES_URL` names a server on which databases may be made, for
 * PostgreSQL.
 */
export function forEachEngine(name: string, declare: (open: OpenStorage) => void): void {
  const server = process.env.TEST_POSTGRES_URL
  const only = server ? '' : ', without TEST_POSTGRES_URL no PostgreSQL'
  suite(`${name} (sqlite${only})`, freshSqlite, declare)
  if (server) suite(`${name} (postgres)`, () => freshPostgres(server), declare)
}

function suite(
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

async function freshSqlite(): Promise<FreshStorage> {
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

async function freshPostgres(server: string): Promise<FreshStorage> {
  const { url, giveBack } = await takeDatabase(server)
  return {
    storage: await openStorage({ kind: 'postgres', url, connections: TEST_CONNECTIONS }),
    end: giveBack,
  }
}
