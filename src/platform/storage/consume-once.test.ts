import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  consumeOnce,
  consumeOnceStep,
  forgetUsed,
  PROOF,
  returnUseStep,
  wasProofUsed,
  wasUsed,
} from './consume-once.ts'
import { Guard } from './guard.ts'
import type { Step, Storage } from './storage.ts'
import { onBothEngines } from './testing.ts'

const UNUSED = new Guard('unused')

function useStep(storage: Storage, kind: string, key: string, expiresAt: number): Step {
  return consumeOnceStep(storage.read, UNUSED, { kind, key, expiresAt })
}

for (const kind of ['assertion', PROOF])
  onBothEngines(`single use, ${kind}`, (open) => {
    test('of 64 transactions that race for one key exactly one wins', async () => {
      const storage = await open()
      const won = await Promise.all(
        Array.from({ length: 64 }, () =>
          storage.transaction((tx) => consumeOnce(tx, kind, 'a', 1_000)),
        ),
      )
      assert.equal(won.filter(Boolean).length, 1)
    })

    test('of 64 commits that race for one key exactly one wins, and the others say why', async () => {
      const storage = await open()
      const results = await Promise.all(
        Array.from({ length: 64 }, () => storage.commit([useStep(storage, kind, 'a', 1_000)])),
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
            ? storage.transaction((tx) => consumeOnce(tx, kind, 'b', 1_000))
            : (await storage.commit([useStep(storage, kind, 'b', 1_000)])).committed,
        ),
      )
      assert.equal(won.filter(Boolean).length, 1)
    })

    test('the same key of another kind is another thing', async () => {
      const storage = await open()
      await storage.transaction(async (tx) => {
        assert.equal(await consumeOnce(tx, kind, 'a', 1_000), true)
        assert.equal(await consumeOnce(tx, 'another', 'a', 1_000), true)
        assert.equal(await consumeOnce(tx, kind, 'a', 1_000), false)
      })
    })

    test('a use that is rolled back did not happen', async () => {
      const storage = await open()
      const failing = storage.transaction(async (tx) => {
        await consumeOnce(tx, kind, 'a', 1_000)
        throw new Error('changed my mind')
      })
      await assert.rejects(failing, /changed my mind/)
      assert.equal(await storage.transaction((tx) => consumeOnce(tx, kind, 'a', 1_000)), true)
    })

    test('only what has expired is forgotten', async () => {
      const storage = await open()
      await storage.commit([
        useStep(storage, kind, 'old', 999),
        useStep(storage, kind, 'now', 1_000),
      ])
      await forgetUsed(storage, 1_000)
      assert.equal(await storage.transaction((tx) => consumeOnce(tx, kind, 'now', 2_000)), false)
      assert.equal(await storage.transaction((tx) => consumeOnce(tx, kind, 'old', 2_000)), true)
    })
  })

onBothEngines('used proofs', (open) => {
  const use = (storage: Storage, key: string, expiresAt: number) =>
    storage.transaction((tx) => consumeOnce(tx, PROOF, key, expiresAt))

  test('a key that was used is refused whatever the proof says of its time', async () => {
    const storage = await open()
    assert.equal(await use(storage, 'a', 1_000), true)
    assert.equal(await use(storage, 'a', 2_000), false)
    const { committed } = await storage.commit([useStep(storage, PROOF, 'a', 3_000)])
    assert.equal(committed, false)
  })

  test('a step that fails takes back the use of its own batch, and of no other', async () => {
    const storage = await open()
    const failing: Step = { ...useStep(storage, PROOF, 'a', 1), rows: 2 }
    const [first, second, third] = await Promise.all([
      storage.commit([useStep(storage, PROOF, 'a', 1_000), failing]),
      storage.commit([useStep(storage, PROOF, 'b', 1_000)]),
      storage.commit([useStep(storage, PROOF, 'b', 1_000)]),
    ])
    assert.equal(first.committed, false)
    assert.notEqual(second.committed, third.committed)
    assert.equal(await use(storage, 'a', 1_000), true)
    assert.equal(await use(storage, 'b', 1_000), false)
  })

  test('who only asks hears of a use, and not of one that was rolled back', async () => {
    const storage = await open()
    const rolledBack = storage.transaction(async (tx) => {
      await consumeOnce(tx, PROOF, 'b', 1_000)
      throw new Error('changed my mind')
    })
    await assert.rejects(rolledBack, /changed my mind/)
    await use(storage, 'a', 1_000)
    const asked = ['a', 'b'].map((key) => wasProofUsed(storage, key))
    assert.deepEqual(await Promise.all(asked), [true, false])
  })

  test('where proofs have no place of their own, a question writes nothing, and they go with the other uses', async () => {
    const storage = await open()
    await use(storage, 'a', 999)
    const writes = () => Promise.reject(new Error('it writes'))
    const elsewhere = { ...storage, engine: 'postgres', commit: writes } as const
    assert.equal(await wasProofUsed(elsewhere, 'b'), false)
    await forgetUsed(elsewhere, 1_000, 'proofs')
    assert.equal(await wasProofUsed(storage, 'a'), true)
  })

  test('however many have expired, all are forgotten, and can be used again', async () => {
    const storage = await open()
    const steps = Array.from({ length: 1_201 }, (_, i) => useStep(storage, PROOF, `${i}`, 999))
    await storage.commit(steps)
    await forgetUsed(storage, 1_000)
    const again = await storage.commit(steps)
    assert.ok(again.committed)
  })
})

onBothEngines('single uses of several kinds', (open) => {
  const isFree = (storage: Storage, kind: string, key: string) =>
    storage.transaction((tx) => consumeOnce(tx, kind, key, 1_000))

  test('steps of proofs and of other kinds use up what transactions do', async () => {
    for (const kinds of [
      ['link', PROOF],
      [PROOF, 'link'],
    ]) {
      const storage = await open()
      for (const kind of kinds) {
        const { committed } = await storage.commit([useStep(storage, kind, 'a', 1_000)])
        assert.ok(committed)
      }
      for (const kind of kinds) assert.equal(await isFree(storage, kind, 'a'), false, kind)
    }
  })

  test('a use that is given back can be used again, and no other', async () => {
    const storage = await open()
    for (const key of ['a', 'b']) await storage.commit([useStep(storage, 'link', key, 1_000)])
    await storage.commit([useStep(storage, 'grant', 'a', 1_000)])
    await storage.commit([returnUseStep(storage.read, { kind: 'link', key: 'a' })])
    assert.deepEqual(
      [
        await wasUsed(storage.read, 'link', 'a'),
        await wasUsed(storage.read, 'link', 'b'),
        await wasUsed(storage.read, 'grant', 'a'),
      ],
      [false, true, true],
    )
    assert.equal(await isFree(storage, 'link', 'a'), true)
  })

  test('where only proofs are forgotten, other uses stay', async () => {
    const storage = await open()
    for (const kind of ['link', PROOF]) await storage.commit([useStep(storage, kind, 'a', 999)])
    await forgetUsed(storage, 1_000, 'proofs')
    assert.equal(await isFree(storage, 'link', 'a'), false)
    await forgetUsed(storage, 1_000)
    assert.equal(await isFree(storage, 'link', 'a'), true)
  })
})
