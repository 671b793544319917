import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { COMMITTED_VALUES } from '../dictionaries/index.ts'
import { systemRandom } from '../lib/random.ts'
import { onBothEngines } from '../storage/testing.ts'
import { returnToIntake } from './append-store.ts'
import { intakeQuery } from './ledger-store.ts'
import { makeRecord } from './record.ts'
import { ledgerKey, ledgerOn } from './testing.ts'
import { leafHash } from './tree.ts'

const event = (i: number) => ({
  type: 'test.happened',
  facts: { i },
  private: { said: `word ${i}` },
})

onBothEngines('records that are appended', (open) => {
  test('wait, are shown when they are in the tree, and keep what is private beside them', async () => {
    const storage = await open()
    const ledger = ledgerOn(storage)
    await storage.commit([
      ledger.appendStep(event(0)),
      ledger.appendStep({ type: 'test.happened' }),
    ])
    await storage.transaction((tx) => ledger.append(tx, event(2), event(3)))
    assert.equal(await ledger.waiting(), 4)
    assert.deepEqual(await ledger.records(0, 10), [])
    assert.equal(await ledger.sequence(), 4)
    assert.equal(await ledger.waiting(), 0)
    assert.equal((await ledger.records(0, 10)).length, 4)
    const kept = await storage.read
      .selectFrom('ledger_private')
      .selectAll()
      .orderBy('position')
      .execute()
    assert.deepEqual(
      kept.map(({ position, private: text }) => [
        position,
        JSON.parse(COMMITTED_VALUES.restoreText(text)).said.value,
      ]),
      [0, 2, 3].map((i) => [i, `"word ${i}"`]),
    )
  })

  test('are written once: where they stay, and nowhere else', async () => {
    const storage = await open()
    const ledger = ledgerOn(storage)
    await storage.commit([ledger.appendStep(event(0))])
    const intake = await storage.read.selectFrom('ledger_intake').select('seq').execute()
    const leaves = () => storage.read.selectFrom('ledger_leaves').select('position').execute()
    const [leaf, ...others] = await leaves()
    assert.deepEqual([intake, others], [[], []])
    assert.equal(leaf?.position === 0, storage.engine === 'sqlite')
    await ledger.sequence()
    assert.deepEqual(await leaves(), [{ position: 0 }])
  })

  test('get their position beside the old version, so that the log of PostgreSQL has them once', async () => {
    const storage = await open()
    if (storage.engine !== 'postgres') return
    const ledger = ledgerOn(storage)
    await storage.commit(Array.from({ length: 100 }, (_, i) => ledger.appendStep(event(i))))
    const pages = async () => {
      const { rows } = await sql<{ page: string }>`
        SELECT (ctid::text::point)[0]::text AS page FROM ledger_leaves ORDER BY abs(position)`.execute(
        storage.read,
      )
      return rows.map(({ page }) => page)
    }
    const before = await pages()
    await ledger.sequence()
    assert.deepEqual(await pages(), before)
    assert.ok(new Set(before).size > 5)
  })

  test('leave nothing of what is private when it is erased', async () => {
    const storage = await open()
    const ledger = ledgerOn(storage)
    await storage.commit([0, 1].map((i) => ledger.appendStep(event(i))))
    await ledger.sequence()
    assert.equal(await storage.transaction((tx) => ledger.eraseBeside(tx, [0])), 1)
    const rows = await storage.read
      .selectFrom('ledger_leaves')
      .select(['position', 'private'])
      .where('private', 'is not', null)
      .execute()
    assert.deepEqual(
      rows.map(({ position }) => position),
      storage.engine === 'postgres' ? [1] : [],
    )
  })

  test('count anew in another database', async () => {
    const storage = await open()
    const ledger = ledgerOn(storage)
    await storage.commit([0, 1].map((i) => ledger.appendStep(event(i))))
    await ledger.sequence()
    const moved = [2, 3].map((i) => makeRecord(event(i), 0, systemRandom))
    await storage.transaction(async (tx) => {
      const rows = moved.map((made, i) => ({
        ...{ position: -7 - i, record: made.record, private: made.private },
        leaf_hash: leafHash(made.record),
      }))
      await tx.insertInto('ledger_leaves').values(rows).execute()
      await returnToIntake(tx)
    })
    assert.equal(await ledger.waiting(), 2)
    assert.equal(await ledger.sequence(), 2)
    const records = await ledger.records(0, 10)
    assert.deepEqual(
      records.map(({ record }) => JSON.parse(record).facts.i),
      [0, 1, 2, 3],
    )
    const kept = await storage.read.selectFrom('ledger_private').select('position').execute()
    assert.equal(kept.length, 4)
  })

  test('are taken out of the intake by one of several that look at once', async () => {
    const storage = await open()
    const { key } = ledgerKey()
    const left = Array.from({ length: 600 }, (_, i) => makeRecord(event(i), 0, systemRandom))
    await storage.transaction(async (tx) => {
      await intakeQuery(tx, left).execute()
    })
    const several = [1, 2, 3].map(() => ledgerOn(storage, { key }))
    const taken = await Promise.all(several.map((ledger) => ledger.sequence()))
    assert.equal(
      taken.reduce((a, b) => a + b),
      600,
    )
    assert.equal(await several[0]?.size(), 600)
  })

  test('come behind what the build before left in the intake, and nothing is lost or twice', async () => {
    const storage = await open()
    const ledger = ledgerOn(storage)
    const left = [1, 2].map((i) => makeRecord(event(i), 0, systemRandom))
    await storage.transaction((tx) =>
      intakeQuery(tx, left)
        .execute()
        .then(() => {}),
    )
    await storage.commit([ledger.appendStep(event(3))])
    assert.equal(await ledger.waiting(), 3)
    assert.equal(await ledger.sequence(), 3)
    const found = (await ledger.records(0, 10)).map(({ record }) => JSON.parse(record).facts.i)
    assert.deepEqual(found.toSorted(), [1, 2, 3])
    assert.equal(await ledger.sequence(), 0)
  })

  test('are taken by one run, however many there are, and wherever a move between engines left them', async () => {
    const storage = await open()
    const ledger = ledgerOn(storage)
    const made = [0, 1, 2].map((i) => makeRecord(event(i), 0, systemRandom))
    const [moved, waiting] = [made.slice(0, 2), made.slice(2)]
    await storage.transaction(async (tx) => {
      const leaves = moved.map(({ record }, position) => ({
        ...{ position, record, leaf_hash: leafHash(record) },
      }))
      await tx.insertInto('ledger_leaves').values(leaves).execute()
      await intakeQuery(tx, waiting).execute()
    })
    assert.equal(await ledger.sequence(), 3)
    for (let i = 3; i < 603; i++) await storage.commit([ledger.appendStep(event(i))])
    assert.equal(await ledger.sequence(), 600)
    assert.equal(await ledger.size(), 603)
  })

  test('a record that is missing behind the tree is noticed', async () => {
    const storage = await open()
    const ledger = ledgerOn(storage)
    if (storage.engine !== 'sqlite') return
    await storage.commit([0, 1, 2].map((i) => ledger.appendStep(event(i))))
    await storage.transaction((tx) =>
      tx.deleteFrom('ledger_leaves').where('position', '=', 1).execute(),
    )
    await assert.rejects(ledger.sequence(), { code: 'ledger.inconsistent' })
  })
})
