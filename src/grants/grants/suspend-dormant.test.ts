import assert from 'node:assert/strict'
import { test } from 'node:test'
import { worldsOver } from '../../calls/calls/testing.ts'
import { findAgent, resumeAgent } from '../../identity/agents/index.ts'
import { DAY } from '../../platform/lib/time-units.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { Dormancy } from './dormancy.ts'
import { suspendDormant } from './suspend-dormant.ts'

const agentId = 'refund-bot'

forEachEngine('dormant agents', (open) => {
  const worlds = worldsOver(open)

  test('one that had no task for so long is suspended, and says why; resumed, its days begin anew', async (t) => {
    const { parts } = await worlds.own(t)
    const sweep = (days = 60) => suspendDormant({ ...parts, dormancy: new Dormancy(days) })
    const standing = async () => {
      const agent = await findAgent(parts.storage.read, agentId)
      return [agent?.status, agent?.suspendedFor]
    }
    parts.clock.advance(60 * DAY)
    assert.equal(await sweep(), 0)
    parts.clock.advance(1)
    assert.equal(await sweep(0), 0)
    assert.equal(await sweep(), 1)
    assert.deepEqual(await standing(), ['suspended', 'dormant'])
    const last = (await parts.recorded()).at(-1)
    assert.deepEqual([last?.type, last?.reason], ['agent.suspended', 'agent.dormant'])
    await resumeAgent(parts, { agentId, by: 'operator', reason: 'needed again' })
    assert.equal(await sweep(), 0)
    assert.deepEqual(await standing(), ['active', null])
    parts.clock.advance(60 * DAY + 1)
    assert.equal(await sweep(), 1)
  })

  test('its last task counts until that was over, and a short time never ends one that runs', async (t) => {
    const world = await worlds.own(t)
    const { clock } = world.parts
    const sweep = (days: number) => suspendDormant({ ...world.parts, dormancy: new Dormancy(days) })
    const { opened } = await world.open()
    assert.equal(await sweep(1), 0)
    clock.advance(opened.task.deadline - clock.now() + 60 * DAY)
    assert.equal(await sweep(60), 0)
    clock.advance(1)
    assert.equal(await sweep(60), 1)
  })
})
