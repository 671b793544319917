import assert from 'node:assert/strict'
import { it } from 'node:test'
import { actBefore } from '../../../test/act-before.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { DecisionLists } from '../../tasks/decision-log/index.ts'
import { setHold } from './holds.ts'
import { DAY_MS } from './rules.ts'
import { sweep } from './sweep.ts'
import { decided, left, type RetentionTestParts, records, retentionOn } from './testing.ts'

const EVERYTHING = { personId: null, agentId: null, taskId: null, resource: null }

/** Lets one step happen, and no other. */
function once(): () => boolean {
  let asked = 0
  return () => asked++ === 0
}

async function many(parts: RetentionTestParts, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await decided(parts, `dec_${i}`, { daysAgo: 40 - i })
}

forEachEngine('a sweep', (open) => {
  it('gives calls their turn between two steps', async () => {
    const parts = await retentionOn(await open(), { permits: 10 })
    await many(parts, 3)
    let rests = 0
    const rest = async () => void rests++
    assert.equal((await sweep(parts, { atOnce: 1, rest })).permits, 3)
    assert.equal(rests, 3)
  })

  it('stops before a step when it is told to, and goes on from there', async () => {
    const parts = await retentionOn(await open(), { permits: 10 })
    await many(parts, 3)
    assert.equal((await sweep(parts, { atOnce: 2, goesOn: once() })).permits, 2)
    assert.deepEqual(await left(parts), ['dec_2'])
    assert.equal((await sweep(parts, { atOnce: 2, goesOn: () => false })).permits, 0)
    assert.equal((await sweep(parts, { atOnce: 2 })).permits, 1)
    assert.deepEqual(await left(parts), [])
  })

  it('leaves a class to another replica that was faster, and writes nothing of its own step', async () => {
    const storage = await open()
    const parts = await retentionOn(storage, { permits: 10 })
    await many(parts, 4)
    // The first transaction begins the pass; the second deletes.
    const { hasActed, wrapped } = actBefore(storage, {
      ...{ before: ['transaction'], nth: 2 },
      act: () => sweep(parts, { atOnce: 2, goesOn: once() }),
    })
    const went = await sweep({ ...parts, storage: wrapped }, { atOnce: 2 })
    assert.ok(hasActed())
    assert.equal(went.permits, 0)
    assert.deepEqual(await left(parts), ['dec_2', 'dec_3'])
    const swept = (await records(parts)).filter(({ type }) => type === 'retention.swept')
    assert.deepEqual(
      swept.map(({ facts }) => facts.count),
      [2],
    )
  })

  it('fails where the store fails', async () => {
    const storage = await open()
    const parts = await retentionOn(storage, { permits: 10 })
    await many(parts, 1)
    const { wrapped } = actBefore(storage, {
      ...{ before: ['transaction'], nth: 2 },
      act: () => Promise.reject(new Error('the disk is full')),
    })
    await assert.rejects(sweep({ ...parts, storage: wrapped }), /the disk is full/)
    assert.deepEqual(await left(parts), ['dec_0'])
  })

  it('looks at a class from its beginning once a day', async () => {
    const parts = await retentionOn(await open(), { permits: 10 })
    await decided(parts, 'dec_late', { daysAgo: 50, state: 'sending' })
    await many(parts, 1)
    assert.equal((await sweep(parts)).permits, 1)
    await parts.storage.transaction((tx) =>
      tx.updateTable('decisions').set({ state: 'answered' }).execute(),
    )
    assert.equal((await sweep(parts)).permits, 0)
    parts.clock.advance(DAY_MS - 1)
    assert.equal((await sweep(parts)).permits, 0)
    parts.clock.advance(1)
    assert.equal((await sweep(parts)).permits, 1)
    assert.deepEqual(await left(parts), [])
  })

  it('forgets the places of deleted decisions in lists with the next pass', async () => {
    const parts = await retentionOn(await open(), { permits: 10 })
    await many(parts, 4)
    // PostgreSQL has indexes in their place.
    if (parts.storage.engine !== 'sqlite') return
    await new DecisionLists({ ...parts, atOnce: 1 }).fill()
    const places = async () =>
      (await parts.storage.read.selectFrom('decision_lists').select('row').execute()).length
    const before = await places()
    assert.ok(before > 0)
    assert.equal((await sweep(parts, { atOnce: 1 })).permits, 4)
    assert.equal(await places(), before)
    parts.clock.advance(DAY_MS)
    await sweep(parts)
    assert.equal(await places(), 0)
  })

  it('records how much a hold kept of what was due', async () => {
    const parts = await retentionOn(await open(), { permits: 10 })
    await many(parts, 3)
    const at = parts.clock.now() - 39 * DAY_MS
    const span = { fromAt: at, untilAt: at + 1 }
    await setHold(parts, { ...EVERYTHING, ...span, matter: 'case-17', by: 'psn_admin' })
    assert.equal((await sweep(parts)).permits, 2)
    const [swept] = (await records(parts)).filter(({ type }) => type === 'retention.swept')
    assert.deepEqual([swept?.facts.count, swept?.facts.held], [2, 1])
    assert.deepEqual(await left(parts), ['dec_1'])
  })
})
