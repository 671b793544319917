import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ended } from '../../../test/ended.ts'
import { assertRefused } from '../../../test/refusals.ts'
import { inEachWorld } from '../../../test/world.ts'
import { type Source, verifyLedger } from '../../../verifier/src/index.ts'

inEachWorld('erasing what is kept beside the ledger', (world) => {
  const CANARY = '41.17'

  async function refunded(): Promise<string> {
    const w = world()
    const task = await w.open()
    const body = `{"amount": ${CANARY}}`
    const call = await w.agent.call(task, 'POST', '/orders/orders/1042/refunds', { body })
    assert.equal(call.status, 201, call.text)
    return (await ended(w, call.headers['remit-decision'])).id
  }

  /** Exports all that an administrator could still read of it. */
  async function exported(): Promise<ReadonlyMap<string, Buffer>> {
    const files = new Map<string, Buffer>()
    await world().rooms.ledger.exportTo(
      async (path, bytes) => {
        files.set(path, Buffer.concat([files.get(path) ?? Buffer.alloc(0), bytes]))
      },
      { private: true },
    )
    return files
  }

  it('takes the values of a decision, and leaves a tree that verifies, and a record of it', async () => {
    const w = world()
    const ada = await w.api('ada')
    const id = await refunded()
    const before = await exported()
    assert.ok(before.get('private.jsonl')?.includes(CANARY))

    const erased = await ada.send('POST', '/ledger/erase', { decision: id, why: 'requested' })
    assert.equal(erased.status, 200, erased.text)
    const positions = erased.body.positions as number[] // as the API says
    const records = await w.ledger()
    const types = positions.map((position) => records[position]?.type)
    assert.deepEqual(types, ['decision.intent', 'decision.outcome'])
    assert.ok(positions.every((position) => records[position]?.decision_id === id))
    assert.ok(Number(erased.body.erased) >= 1)

    const after = await exported()
    assert.ok(!after.get('private.jsonl')?.includes(CANARY))
    const report = await verifyLedger(sourceOf(after))
    assert.equal(report.verdict, 'ok', JSON.stringify(report))
    const told = await ada.send('GET', `/decisions/${id}`)
    assert.equal(told.body.facts, 'erased')
    const last = records.findLast(({ type }) => type === 'ledger.erased')
    assert.equal(last?.reason, 'erasure.requested')
    assert.equal(last?.by, (await w.person('ada')).id)
    assert.deepEqual(last?.facts, { erased: erased.body.erased, positions })

    const again = await ada.send('POST', '/ledger/erase', { decision: id, why: 'requested' })
    assert.deepEqual([again.status, again.body.erased], [200, 0])
  })

  it('takes those of records by their place, and of no others', async () => {
    const w = world()
    const ada = await w.api('ada')
    const [first, second] = [await refunded(), await refunded()]
    const records = await w.ledger()
    const position = records.findIndex(
      ({ decision_id, type }) => decision_id === first && type === 'decision.intent',
    )
    const erased = await ada.send('POST', '/ledger/erase', {
      positions: [position],
      why: 'retention',
    })
    assert.deepEqual([erased.body.positions, erased.body.erased], [[position], 1])
    assert.equal((await ada.send('GET', `/decisions/${first}`)).body.facts, 'erased')
    assert.equal((await ada.send('GET', `/decisions/${second}`)).body.facts, 'facts')
  })

  it('refuses what is neither, both, not there, and whoever is no administrator', async () => {
    const w = world()
    const ada = await w.api('ada')
    const erase = (body: object) => ada.send('POST', '/ledger/erase', body)
    assertRefused(await erase({ why: 'requested' }), 'request.malformed')
    assertRefused(
      await erase({ decision: 'dec_x', positions: [0], why: 'requested' }),
      'request.malformed',
    )
    assertRefused(await erase({ decision: 'dec_x', why: 'requested' }), 'decision.unknown')
    assertRefused(
      await erase({ positions: [1_000_000], why: 'requested' }),
      'ledger.unknown_position',
    )
    assertRefused(await erase({ positions: [0], why: 'I felt like it' }), 'request.malformed')
    const sam = await w.api('sam')
    const answer = await sam.send('POST', '/ledger/erase', { positions: [0], why: 'requested' })
    assert.equal(answer.status, 403)
  })
})

function sourceOf(files: ReadonlyMap<string, Buffer>): Source {
  return {
    read: async (path) => files.get(path),
    async *lines(path) {
      for (const line of (files.get(path)?.toString() ?? '').split('\n'))
        if (line !== '') yield line
    },
  }
}
