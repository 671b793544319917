import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rehearse } from './rehearsal.ts'
import type { Storage, Tx } from './storage.ts'
import { type OpenStorage, onBothEngines, onSharedFile } from './testing.ts'

function everywhere(name: string, declare: (open: OpenStorage) => void): void {
  onBothEngines(name, declare)
  onSharedFile(name, declare)
}

async function keys(storage: Storage): Promise<string[]> {
  const rows = await storage.read.selectFrom('meta').select('key').orderBy('key').execute()
  return rows.map(({ key }) => key)
}

const insert = (tx: Tx, key: string) => tx.insertInto('meta').values({ key, value: '0' }).execute()

everywhere('a rehearsal', (open) => {
  test('O: commits nothing, by whatever way the act reaches the store', async () => {
    const storage = await open()
    const before = await keys(storage)
    const step = {
      name: 'insert',
      query: storage.read.insertInto('meta').values({ key: 'rehearsed', value: '0' }),
      rows: 1,
    }
    const ways: Record<string, () => Promise<unknown>> = {
      transaction: () => storage.transaction((tx) => insert(tx, 'rehearsed')),
      lane: () => storage.lanes.revocation.transaction((tx) => insert(tx, 'rehearsed')),
      exclusively: () => storage.exclusively((tx) => insert(tx, 'rehearsed')),
      commit: () => storage.commit([step]),
    }
    for (const [way, write] of Object.entries(ways)) {
      let isPast = false
      await rehearse(async () => {
        await write()
        isPast = true
      })
      assert.equal(isPast, false, `${way}: nothing behind the first commit is run`)
      assert.deepEqual(await keys(storage), before, way)
    }
  })

  test('O: throws what the act throws, in its transaction and before', async () => {
    const storage = await open()
    const refused = new Error('refused')
    const refuse = async () => Promise.reject(refused)
    await assert.rejects(rehearse(refuse), refused)
    await assert.rejects(
      rehearse(() => storage.transaction(refuse)),
      refused,
    )
  })

  test('O: what the act started commits nothing later, and others commit meanwhile', async () => {
    const storage = await open()
    const gate = Promise.withResolvers<void>()
    let late: Promise<unknown> | undefined
    await rehearse(async () => {
      late = gate.promise.then(() => storage.transaction((tx) => insert(tx, 'late')))
      await storage.transaction((tx) => insert(tx, 'first'))
    })
    await storage.transaction((tx) => insert(tx, 'another'))
    gate.resolve()
    await assert.rejects(async () => late)
    const there = await keys(storage)
    assert.deepEqual(
      there.filter((key) => ['late', 'first', 'another'].includes(key)),
      ['another'],
    )
  })
})
