import assert from 'node:assert/strict'
import { test } from 'node:test'
import { worldsOver } from '../../calls/calls/testing.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { Facts } from './facts.ts'

forEachEngine('limits that a task falls under', (open) => {
  const worlds = worldsOver(open)

  test('a store that cannot be read is told to who asks, and to nobody else', async (t) => {
    const world = await worlds.own(t)
    const held = await world.open()
    const lineage = await world.parts.facts.task(held.opened.task.id)
    assert.ok(lineage)
    const unheard: unknown[] = []
    const onUnheard = (error: unknown) => unheard.push(error)
    process.on('unhandledRejection', onUnheard)
    t.after(() => process.off('unhandledRejection', onUnheard))
    const failure = new Problem('server.clock_off', 'the clock is 24 s behind')
    const live = { view: () => Promise.reject(failure), viewAtHand: () => undefined }
    const { catalog, issuers, storage } = world.parts
    const freshFor = { present: 1, absent: 1 }
    const facts = new Facts({ storage, live, catalog, issuers, freshFor })
    await assert.rejects(async () => facts.limits(lineage), failure)
    // Node tells of what nobody handles after the microtasks of the turn.
    await new Promise(setImmediate)
    assert.deepEqual(unheard, [])
  })
})
