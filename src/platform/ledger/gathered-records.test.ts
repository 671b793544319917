import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { onBothEngines } from '../storage/testing.ts'
import { GatheredRecords } from './gathered-records.ts'
import { ledgerOn } from './testing.ts'

onBothEngines('records that are gathered', (open) => {
  test('all of them are in the ledger when they are answered, each once, in few commits', async () => {
    const storage = await open()
    const ledger = ledgerOn(storage)
    let commits = 0
    const counting = {
      ...{ engine: storage.engine, read: storage.read },
      commit: (steps: Parameters<typeof storage.commit>[0]) => {
        commits++
        return storage.commit(steps)
      },
    }
    const gathered = new GatheredRecords({ storage: counting, ledger })
    // More than one commit holds, and every size of statement.
    const numbers = Array.from({ length: 600 }, (_, i) => i)
    await Promise.all(
      numbers.map((n) =>
        gathered.append({ type: 'test.happened', facts: { n }, private: { said: `word ${n}` } }),
      ),
    )
    await gathered.append({ type: 'test.happened', facts: { n: 600 } })
    assert.equal(commits, 3)
    await ledger.sequence()
    const records = await ledger.records(0, 1000)
    const found = records.map(({ record }) => JSON.parse(record).facts.n)
    assert.deepEqual(
      found.toSorted((a, b) => a - b),
      [...numbers, 600],
    )
    const kept = await storage.read.selectFrom('ledger_private').selectAll().execute()
    assert.equal(kept.length, 600)
  })

  test('who comes alone waits for no turn, and those who come meanwhile share the next commit', async () => {
    const storage = await open()
    const ledger = ledgerOn(storage)
    const begun: number[] = []
    const waiting: (() => void)[] = []
    const gathered = new GatheredRecords({
      ledger,
      storage: {
        ...{ engine: storage.engine, read: storage.read },
        commit: (steps) => {
          begun.push(steps.length)
          return new Promise((resolve) => waiting.push(() => resolve({ committed: true })))
        },
      },
    })
    const append = () => gathered.append({ type: 'test.happened' })
    const alone = append()
    await undefined
    assert.deepEqual(begun, [1])
    const others = [append(), append(), append()]
    waiting.shift()?.()
    await alone
    for (let i = 0; i < 5; i++) await setImmediate()
    // Three statements of one row each, in one commit.
    assert.deepEqual(begun, [1, 3])
    waiting.shift()?.()
    await Promise.all(others)
  })

  test('what cannot be written is answered to everyone it was gathered with, and the next is tried again', async () => {
    const storage = await open()
    const ledger = ledgerOn(storage)
    let broken = true
    const gathered = new GatheredRecords({
      ledger,
      storage: {
        ...{ engine: storage.engine, read: storage.read },
        commit: (steps) =>
          broken ? Promise.reject(new Error('the disk is full')) : storage.commit(steps),
      },
    })
    const event = { type: 'test.happened' }
    const both = await Promise.allSettled([gathered.append(event), gathered.append(event)])
    assert.deepEqual(
      both.map(({ status }) => status),
      ['rejected', 'rejected'],
    )
    broken = false
    await gathered.append(event)
    assert.equal(await ledger.sequence(), 1)
    await assert.rejects(gathered.append({ type: 'test.happened', chain: ['x'.repeat(70_000)] }), {
      code: 'ledger.record_too_large',
    })
  })
})
