import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe } from 'node:test'
import { openStorage } from './open.ts'
import type { Storage } from './storage.ts'

/**
 * Declares the same tests for every engine. Each `open()` gives an empty, migrated database of its own,
 * closed and removed when the suite ends.
 */
export function forEachEngine(name: string, declare: (open: () => Promise<Storage>) => void): void {
  describe(`${name} (sqlite)`, () => {
    const ends: (() => Promise<void>)[] = []
    after(async () => {
      for (const end of ends) await end()
    })
    declare(async () => {
      const directory = mkdtempSync(join(tmpdir(), 'remit-test-'))
      const storage = await openStorage({ kind: 'sqlite', directory, migrate: true })
      ends.push(async () => {
        await storage.close()
        rmSync(directory, { recursive: true })
      })
      return storage
    })
  })
}
