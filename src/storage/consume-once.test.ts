import assert from 'node:assert/strict'
import { test } from 'node:test'
import { consumeOnce, consumeOnceStep, forgetUsed } from './consume-once.ts'
import { Guard } from './guard.ts'
import type { Step, Storage } from './storage.ts'
import { onBothEngines } from './testing.ts'

const UNUSED = new Guard('unused')

function useStep(storage: Storage, kind: string, key: string, expiresAt: number): Step {
  return consumeOnceStep(storage.read, UNUSED, { kind, key, expiresAt })
}

onBothEngines('single use', (open) => {
  test('of 64 transactions that race for one key exactly one wins', async () => {
    const storage = await open()
    const won = await Promise.all(
      Array.from({ length: 64 }, () =>
        storage.transaction((tx) => consumeOnce(tx, 'proof', 'a', 1_000)),
      ),
    )
    assert.equal(won.filter(Boolean).length, 1)
  })

  test('of 64 commits that race for one key exactly one wins, and the others say why', async () => {
    const storage = await open()
    const results = await Promise.all(
      Array.from({ length: 64 }, () => storage.commit([useStep(storage, 'proof', 'a', 1_000)])),
    )
    assert.equal(results.filter((result) => result.committed).length, 1)
    const lost = results.filter((result) => !result.committed)
    assert.deepEqual(new Set(lost.map((result) => result.failed)), new Set([UNUSED]))
  })

  test('batches and transactions race for one key: still one wins', async () => {
    const storage = await open()
    const won = await Promise.all(
      Array.from({ length: 64 }, async (_, i) =>
        i % 2
          ? storage.transaction((tx) => consumeOnce(tx, 'link', 'b', 1_000))
          : (await storage.commit([useStep(storage, 'link', 'b', 1_000)])).committed,
      ),
    )
    assert.equal(won.filter(Boolean).length, 1)
  })

  test('the same key of another kind is another thing', async () => {
    const storage = await open()
    await storage.transaction(async (tx) => {
      assert.equal(await consumeOnce(tx, 'proof', 'a', 1_000), true)
      assert.equal(await consumeOnce(tx, 'assertion', 'a', 1_000), true)
      assert.equal(await consumeOnce(tx, 'proof', 'a', 1_000), false)
    })
  })

  test('a use that is rolled back did not happen', async () => {
    const storage = await open()
    const failing = storage.transaction(async (tx) => {
      await consumeOnce(tx, 'proof', 'a', 1_000)
      throw new Error('changed my mind')
    })
    await assert.rejects(failing, /changed my mind/)
    assert.equal(await storage.transaction((tx) => consumeOnce(tx, 'proof', 'a', 1_000)), true)
  })

  test('only what has expired is forgotten', async () => {
    const storage = await open()
    await storage.commit([
      useStep(storage, 'proof', 'old', 999),
      useStep(storage, 'proof', 'now', 1_000),
    ])
    assert.equal(await forgetUsed(storage, 1_000), 1)
    assert.equal(await storage.transaction((tx) => consumeOnce(tx, 'proof', 'now', 2_000)), false)
    assert.equal(await storage.transaction((tx) => consumeOnce(tx, 'proof', 'old', 2_000)), true)
  })
})
