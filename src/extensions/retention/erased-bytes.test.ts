import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { openStorage } from '../../platform/storage/index.ts'
import { continueErasures, erasePerson } from './erasures.ts'
import { sweep } from './sweep.ts'
import { decided, type RetentionTestParts, retentionOn } from './testing.ts'

/** Number of decisions whose argument is somewhere in the files of the database. */
function wordsLeft(directory: string): number {
  const files = readdirSync(directory).map((name) => readFileSync(join(directory, name), 'latin1'))
  const words = files.join().match(/words of dec_\d+/g) ?? []
  return new Set(words).size
}

for (const [how, erase] of [
  ['by rule', (parts: RetentionTestParts) => sweep(parts)],
  ['for a person', eraseTheirs],
] as const)
  test(`what is erased ${how} is in no file of SQLite any more`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'remit-erased-'))
    after(() => rmSync(directory, { recursive: true }))
    const storage = await openStorage({ kind: 'sqlite', directory, migrate: true })
    const parts = await retentionOn(storage, { arguments: 30 })
    const many = Array.from({ length: 200 }, (_, i) => `dec_${1000 + i}` as const)
    for (const id of many) await decided(parts, id, { daysAgo: 40 })
    assert.equal(wordsLeft(directory), 200)
    await erase(parts)
    await storage.close()
    // As SQLite does by itself, when the log has some thousand pages.
    const db = new DatabaseSync(join(directory, 'remit.db'))
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    db.close()
    assert.equal(wordsLeft(directory), 0)
  })

async function eraseTheirs(parts: RetentionTestParts): Promise<void> {
  await erasePerson(parts, { personId: 'psn_1', by: 'psn_admin' })
  await continueErasures(parts)
}
