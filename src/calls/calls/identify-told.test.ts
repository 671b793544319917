import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { identifyTold } from './identify.ts'
import { READ, worldsOver } from './testing.ts'

forEachEngine('a task that an enforcement point names', (open) => {
  const worlds = worldsOver(open)

  test('is dead past its deadline, before any sweep has closed it: no token says when it ends', async () => {
    const world = await worlds.shared()
    const held = await world.open()
    const { id: task, deadline } = held.opened.task
    const { resource } = await world.call(held, await world.token(held), READ)
    const at = async (now: number) => {
      const parts = { ...world.parts, clock: { ...world.parts.clock, now: () => now } }
      const answer = await identifyTold(parts, { task, resource })
      assert.ok(answer.known)
      return answer.liveness.passed
    }
    assert.equal(await at(deadline - 1), true)
    assert.equal(await at(deadline), false)
    assert.equal(await at(deadline + 60_000), false)
    assert.equal((await world.parts.facts.task(task))?.task.state, 'open', 'nothing has closed it')
  })
})
