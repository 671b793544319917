import assert from 'node:assert/strict'
import { it } from 'node:test'
import { verifyLedger } from '../../../../verifier/src/index.ts'
import { exported, ledgerOn } from '../../../platform/ledger/testing.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { diagnosed } from '../testing.ts'

forEachEngine('the ledger, as the doctor sees it', (open) => {
  it('as it was signed; with a record that somebody changed; without what was signed', async () => {
    const storage = await open()
    const look = () => diagnosed('ledger', { snapshot: storage })
    assert.deepEqual(await look(), {
      status: 'ok',
      message: '0 records; those that are packed next are as they were signed.',
    })
    const ledger = ledgerOn(storage)
    const events = Array.from({ length: 600 }, () => ({ type: 'test.done' }))
    for (let i = 0; i < 600; i += 200)
      await storage.transaction((tx) => ledger.append(tx, ...events.slice(i, i + 200)))
    await ledger.sequence()
    assert.equal((await look()).status, 'ok')
    await storage.transaction((tx) =>
      tx
        .updateTable('ledger_leaves')
        .set({ record: Buffer.from('{"type":"test.forged"}') })
        .where('position', '=', 7)
        .execute(),
    )
    const changed = await look()
    assert.equal(changed.status, 'error')
    assert.match(changed.message, /^Record 7 in the database is not the one/)
    // As `docs/operations/incidents.md` says: the export has it, and the verifier names it.
    const files = await exported(ledger, { private: true })
    const report = await verifyLedger({
      read: async (path) => files.get(path),
      async *lines() {},
    })
    assert.deepEqual([report.verdict, 'index' in report && report.index], ['modified', 7])

    await storage.transaction((tx) =>
      tx
        .insertInto('ledger_breaks')
        .values({
          ...{ history: 1, detail: 'lost', head: '', size: 600, found_at: 1 },
          ...{ accepted_at: null, accepted_by: null },
        })
        .execute(),
    )
    const broken = await look()
    assert.equal(broken.status, 'error')
    assert.match(broken.message, /Nothing is permitted/)
  })
})
