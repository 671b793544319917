import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../lib/clock.ts'
import { onBothEngines } from '../storage/testing.ts'
import { ledgerOn } from './testing.ts'
import { UnplacedRecords } from './unplaced-records.ts'

onBothEngines('records without a position', (open) => {
  test('are looked for behind the numbers of a minute ago; one that comes late is found when all are looked at', async () => {
    const storage = await open()
    if (storage.engine !== 'postgres') return
    const clock = manualClock()
    const ledger = ledgerOn(storage, { clock })
    const append = () => storage.commit([ledger.appendStep({ type: 'test.happened' })])
    const unplaced = new UnplacedRecords(storage.read, clock)
    const found = async () => (await unplaced.read(10)).map(({ position }) => position)
    await append()
    const [old = 0] = await found()
    assert.ok(old < 0)
    for (let i = 0; i < 2; i++) {
      clock.advance(60_000)
      assert.deepEqual(await found(), [old], 'a look at all')
    }
    assert.deepEqual(await found(), [])
    await append()
    assert.deepEqual(await found(), [old - 1])
    clock.advance(59_999)
    assert.deepEqual(await found(), [old - 1])
    clock.advance(1)
    assert.deepEqual(await found(), [old, old - 1])
    assert.deepEqual(await found(), [old - 1])
  })

  test('are looked at again where there are more than fit', async () => {
    const storage = await open()
    if (storage.engine !== 'postgres') return
    const clock = manualClock()
    const ledger = ledgerOn(storage, { clock })
    await storage.commit([1, 2, 3].map(() => ledger.appendStep({ type: 'test.happened' })))
    const unplaced = new UnplacedRecords(storage.read, clock)
    for (let i = 0; i < 3; i++) {
      assert.equal((await unplaced.read(2)).length, 2)
      clock.advance(60_000)
    }
    assert.equal(await ledger.sequence(), 3)
  })
})
