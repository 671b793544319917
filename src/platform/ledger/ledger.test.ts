import assert from 'node:assert/strict'
import { verify } from 'node:crypto'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { RECORDS } from '../dictionaries/index.ts'
import { systemRandom } from '../lib/random.ts'
import type { Step, Storage } from '../storage/index.ts'
import { onBothEngines } from '../storage/testing.ts'
import { ledgerOrigin } from './checkpoint.ts'
import { FENCE_GUARD } from './ledger-store.ts'
import { exported, ledgerKey, ledgerOn, ORIGIN } from './testing.ts'

const event = (i: number) => ({ type: 'test.happened', facts: { i } })

async function fill(storage: Storage, ledger = ledgerOn(storage), count = 300): Promise<void> {
  const steps = Array.from({ length: count }, (_, i) => ledger.appendStep(event(i)))
  await storage.commit(steps)
}

/** The `i` of every record, in the order of positions. */
async function order(storage: Storage): Promise<readonly number[]> {
  const rows = await storage.read
    .selectFrom('ledger_leaves')
    .select(['position', 'record'])
    .orderBy('position')
    .execute()
  return rows.map(({ position, record }, at) => {
    assert.equal(position, at, 'no gap')
    return JSON.parse(Buffer.from(RECORDS.restore(record)).toString()).facts.i
  })
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)

onBothEngines('ledger', (open) => {
  test('what was rolled back was not recorded, what was committed was', async () => {
    const storage = await open()
    const ledger = ledgerOn(storage)
    await assert.rejects(
      storage.transaction(async (tx) => {
        await ledger.append(tx, event(0))
        throw new Error('no')
      }),
      /no/,
    )
    await storage.transaction((tx) => ledger.append(tx, event(1)))
    assert.equal(await ledger.sequence(), 1)
    assert.deepEqual(await order(storage), [1])
    assert.equal(await ledger.sequence(), 0)
  })

  test('positions follow the order of commits, over many batches, and nothing is left in the intake', async () => {
    const storage = await open()
    const ledger = ledgerOn(storage)
    await fill(storage, ledger, 1_000)
    assert.equal(await ledger.sequence(), 1_000)
    assert.deepEqual(await order(storage), numbers(1_000))
    assert.deepEqual(await storage.read.selectFrom('ledger_intake').select('seq').execute(), [])
    assert.equal(await ledger.size(), 1_000)
    const [first, second] = await ledger.records(998, 10)
    assert.equal(first?.position, 998)
    assert.match(second?.record ?? '', /"facts":\{"i":999\}/)
  })

  test('many sequencers at once: every record gets one position', async () => {
    const storage = await open()
    const { key } = ledgerKey()
    const replicas = [
      ledgerOn(storage, { key }),
      ledgerOn(storage, { key }),
      ledgerOn(storage, { key }),
    ]
    const counts: number[] = []
    for (let round = 0; round < 4; round++) {
      const work = replicas.map(async (replica, i) => {
        await storage.commit(
          Array.from({ length: 150 }, (_, n) =>
            replica.appendStep(event(round * 1_000 + i * 200 + n)),
          ),
        )
        counts.push(await replica.sequence())
      })
      await Promise.all(work)
    }
    const got = await order(storage)
    assert.equal(got.length, 1_800)
    assert.equal(new Set(got).size, 1_800)
    assert.equal(
      counts.reduce((a, b) => a + b),
      1_800,
    )
    for (const replica of replicas) await replica.sequence()
    assert.match((await replicas[0]?.checkpoint()) ?? '', /\n1800\n/)
  })

  test('a sequencer that was computed on an older head changes nothing', async () => {
    const storage = await open()
    const { key } = ledgerKey()
    await fill(storage, undefined, 10)
    const held: { steps?: readonly Step[] } = {}
    const slow = ledgerOn(
      {
        ...storage,
        commit: async (steps) => {
          if (held.steps || !steps.some(({ guard }) => guard === FENCE_GUARD))
            return storage.commit(steps)
          held.steps = steps
          // It is frozen here. Meanwhile another replica does the same work, and more.
          await ledgerOn(storage, { key }).sequence()
          await fill(storage, undefined, 5)
          return storage.commit(steps)
        },
      },
      { key },
    )
    assert.equal(await slow.sequence(), 5)
    assert.equal((await order(storage)).length, 15)
    assert.deepEqual(await storage.commit(held.steps ?? []), {
      committed: false,
      failed: FENCE_GUARD,
    })
    await slow.sequence()
  })

  test('a crash before, between or after the commits leaves no gap and no double', async () => {
    const storage = await open()
    const { key } = ledgerKey()
    for (let crashAt = 0; crashAt < 4; crashAt++) {
      for (const when of ['before', 'after']) {
        await fill(storage, undefined, 300)
        let commits = 0
        const crashing = ledgerOn(
          {
            ...storage,
            commit: async (steps) => {
              const crash = commits++ === crashAt
              if (crash && when === 'before') throw new Error('crash')
              const done = await storage.commit(steps)
              if (crash) throw new Error('crash')
              return done
            },
          },
          { key },
        )
        await crashing.sequence().catch(() => {})
        const next = ledgerOn(storage, { key })
        await next.sequence()
        assert.equal(next.failure, undefined)
      }
    }
    assert.equal((await order(storage)).length, 8 * 300)
  })

  test('a checkpoint is a signed note over the whole tree, with the key id of the specification', async () => {
    const storage = await open()
    const { key, publicKey } = ledgerKey()
    const ledger = ledgerOn(storage, { key })
    assert.equal((await ledger.checkpoint()).split('\n')[1], '0')
    await fill(storage, ledger, 3)
    await ledger.sequence()
    const note = await ledger.checkpoint()
    const [origin, size, root = '', blank, line = '', end] = note.split('\n')
    assert.deepEqual([origin, size, blank, end], [ORIGIN, '3', '', ''])
    assert.equal(Buffer.from(root, 'base64').length, 32)
    const [dash, name, signature = ''] = line.split(' ')
    assert.deepEqual([dash, name], ['—', ORIGIN])
    const bytes = Buffer.from(signature, 'base64')
    assert.ok(
      verify(null, Buffer.from(`${origin}\n${size}\n${root}\n`), publicKey, bytes.subarray(4)),
    )
    assert.equal(ledger.vkey.split('+')[1], bytes.subarray(0, 4).toString('hex'))
  })

  test('signing the same tree twice, here or elsewhere, is one checkpoint', async () => {
    const storage = await open()
    const { key } = ledgerKey()
    const [a, b] = [ledgerOn(storage, { key }), ledgerOn(storage, { key })]
    await fill(storage, a, 3)
    await Promise.all([a.sequence(), b.sequence(), a.sequence()])
    const rows = await storage.read.selectFrom('ledger_checkpoints').select('size').execute()
    assert.deepEqual(new Set(rows.map(({ size }) => size)).size, rows.length)
    assert.equal(await a.checkpoint(), await b.checkpoint())
  })

  test('a tree that was changed behind our back is not signed, and appending goes on', async () => {
    const storage = await open()
    const { key } = ledgerKey()
    const ledger = ledgerOn(storage, { key })
    await fill(storage, ledger, 10)
    await ledger.sequence()
    const before = await ledger.checkpoint()
    const tile = await storage.read.selectFrom('ledger_tiles').selectAll().executeTakeFirstOrThrow()
    const hashes = Buffer.from(tile.hashes)
    hashes[40] = (hashes[40] ?? 0) ^ 1
    await storage.transaction((tx) => tx.updateTable('ledger_tiles').set({ hashes }).execute())
    await fill(storage, ledger, 10)
    for (const replica of [ledger, ledgerOn(storage, { key })]) {
      await assert.rejects(replica.sequence(), { code: 'ledger.inconsistent' })
      assert.ok(replica.failure)
      assert.equal(await replica.checkpoint(), before)
    }
    await fill(storage, ledger, 1)
  })

  test('a store that was rolled back under a running server is not signed', async () => {
    const storage = await open()
    const ledger = ledgerOn(storage)
    await fill(storage, ledger, 10)
    await ledger.sequence()
    await storage.transaction(async (tx) => {
      await tx.deleteFrom('ledger_leaves').execute()
      await tx.deleteFrom('ledger_tiles').execute()
      await tx.deleteFrom('ledger_checkpoints').execute()
      await tx.updateTable('ledger_head').set({ size: 0 }).execute()
    })
    await fill(storage, ledger, 20)
    await assert.rejects(ledger.sequence(), { code: 'ledger.inconsistent' })
  })

  test('proofs are given for what there is, and refused for what there is not', async () => {
    const storage = await open()
    const ledger = ledgerOn(storage)
    await fill(storage, ledger, 300)
    await ledger.sequence()
    const inclusion = await ledger.inclusionProof(299)
    assert.deepEqual([inclusion.position, inclusion.size], [299, 300])
    assert.equal((await ledger.inclusionProof(2, 3)).hashes.length, 1)
    assert.deepEqual(await ledger.inclusionProof(0, 1).then(({ hashes }) => hashes), [])
    const consistency = await ledger.consistencyProof(256)
    assert.deepEqual([consistency.from, consistency.to], [256, 300])
    assert.deepEqual((await ledger.consistencyProof(0)).hashes, [])
    for (const wrong of [
      () => ledger.inclusionProof(300),
      () => ledger.inclusionProof(-1),
      () => ledger.inclusionProof(0.5),
      () => ledger.inclusionProof(3, 3),
      () => ledger.inclusionProof(0, 301),
      () => ledger.consistencyProof(301),
      () => ledger.consistencyProof(5, 4),
    ])
      await assert.rejects(wrong, { code: 'ledger.unknown_position' })
  })

  test('an export holds the files of tlog-tiles, and private values only when asked for', async () => {
    const storage = await open()
    const ledger = ledgerOn(storage)
    await storage.commit(
      numbers(600).map((i) => ledger.appendStep({ ...event(i), private: { ip: `192.0.2.${i}` } })),
    )
    const files = await exported(ledger)
    assert.deepEqual([...files.keys()].sort(), [
      'checkpoint',
      'tile/0/000',
      'tile/0/001',
      'tile/0/002.p/88',
      'tile/1/000.p/2',
      'tile/entries/000',
      'tile/entries/001',
      'tile/entries/002.p/88',
      'vkey',
    ])
    assert.equal([...files.keys()].at(-1), 'checkpoint')
    const lines = Buffer.from(
      (await exported(ledger, { private: true })).get('private.jsonl') ?? [],
    )
      .toString()
      .trim()
      .split('\n')
    assert.equal(lines.length, 600)
    const { position, name, value } = JSON.parse(lines[599] ?? '')
    assert.deepEqual([position, name, value], [599, 'ip', '"192.0.2.599"'])
  })

  test('erasing removes values and salts, leaves every hash, and is itself recorded', async () => {
    const storage = await open()
    const ledger = ledgerOn(storage)
    await storage.commit(
      numbers(5).map((i) => ledger.appendStep({ ...event(i), private: { note: `note ${i}` } })),
    )
    const before = await exported(ledger)
    const erased = await storage.transaction((tx) =>
      ledger.erasePrivate(tx, {
        positions: [1, 3, 99],
        by: 'psn_admin',
        reason: 'erasure.requested',
      }),
    )
    assert.equal(erased, 2)
    const after = await exported(ledger, { private: true })
    const lines = Buffer.from(after.get('private.jsonl') ?? []).toString()
    assert.deepEqual(
      [...lines.matchAll(/"position":(\d)/g)].map(([, at]) => at),
      ['0', '2', '4'],
    )
    // With a space in it, no salt in base64url can look like it.
    assert.ok(!/note [13]/.test(lines))
    const entries = Buffer.from(after.get('tile/entries/000.p/6') ?? [])
    assert.ok(
      entries
        .subarray(0, before.get('tile/entries/000.p/5')?.length)
        .equals(before.get('tile/entries/000.p/5') ?? Buffer.of()),
    )
    const [record] = await ledger.records(5, 1)
    assert.match(record?.record ?? '', /"by":"psn_admin".*"type":"ledger.erased"/)
  })

  test('the loop is woken by appending, gathers for a moment, and stopping leaves nothing behind', async () => {
    const storage = await open()
    const waits: { ms: number; end: () => void }[] = []
    const ledger = ledgerOn(storage, {
      random: systemRandom,
      wait: (ms, signal) =>
        new Promise((resolve) => {
          waits.push({ ms, end: resolve })
          signal.addEventListener('abort', () => resolve(), { once: true })
        }),
    })
    await ledger.start()
    assert.equal(waits.at(-1)?.ms, 800)
    await fill(storage, ledger, 3)
    await setImmediate()
    assert.equal(waits.at(-1)?.ms, 200)
    waits.at(-1)?.end()
    while ((await ledger.size()) < 3) await setImmediate()
    await fill(storage, ledger, 2)
    await ledger.stop()
    assert.equal(await ledger.size(), 5)
    assert.match(await ledger.checkpoint(), /\n5\n/)
  })

  test('a record committed late, with a smaller number, is not lost', async () => {
    const storage = await open()
    if (storage.engine === 'sqlite') return
    const ledger = ledgerOn(storage)
    const written = Promise.withResolvers<void>()
    const commit = Promise.withResolvers<void>()
    const slow = storage.transaction(async (tx) => {
      await ledger.append(tx, event(1))
      written.resolve()
      await commit.promise
    })
    await written.promise
    await fill(storage, ledger, 1)
    assert.equal(await ledger.sequence(), 1)
    commit.resolve()
    await slow
    assert.equal(await ledger.sequence(), 1)
    assert.deepEqual(await order(storage), [0, 1])
  })
})

test('the origin is the issuer without its scheme', () => {
  assert.equal(ledgerOrigin('http://127.0.0.1:7480'), '127.0.0.1:7480/ledger')
  assert.equal(ledgerOrigin('https://remit.example.com/'), 'remit.example.com/ledger')
  assert.equal(ledgerOrigin('https://example.com/remit'), 'example.com/remit/ledger')
})
