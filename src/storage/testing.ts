import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe } from 'node:test'
import { migrate, openStorage } from './open.ts'
import { takeDatabase, WAIT_FACTOR } from './postgres/testing.ts'
import type { Storage } from './storage.ts'

export { timedBy } from './timed-by.ts'

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

async function freshPostgres(server: string): Promise<Fresh> {
  const { url, giveBack } = await takeDatabase(server)
  return {
    storage: await openStorage({ kind: 'postgres', url, waitFactor: WAIT_FACTOR }),
    end: giveBack,
  }
}
