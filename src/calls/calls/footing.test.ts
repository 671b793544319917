import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { suspendAgent } from '../../identity/agents/index.ts'
import { ActiveResponses, LEASE_MS } from '../../platform/revocation/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { publishPolicies } from '../../policy/policy/index.ts'
import { footingOf } from './footing.ts'
import { READ, REFUND_DESK, worldsOver } from './testing.ts'

const OTHERS = `${REFUND_DESK}
@id("others") permit (principal == Agent::"somebody-else", action == Action::"orders.read", resource);`
const NO_MORE = `${REFUND_DESK}
@id("stop") forbid (principal, action == Action::"orders.read", resource);`

forEachEngine('a call under way', (open) => {
  const worlds = worldsOver(open)

  async function begin(t: TestContext) {
    const world = await worlds.own(t)
    const held = await world.open()
    const verdict = await world.decide(held, await world.token(held), READ)
    assert.ok(verdict.outcome === 'permit')
    const publish = (text: string) =>
      publishPolicies(world.parts, { text, by: 'operator', note: '' })
    const suspend = () =>
      suspendAgent(world.parts, { agentId: 'refund-bot', by: 'operator', reason: '' })
    return { world, publish, suspend, footing: footingOf(world.parts, [verdict]) }
  }

  test('G5: goes on under policies that permit it, too, and a call that has not begun begins', async (t) => {
    const { footing, publish } = await begin(t)
    await publish(OTHERS)
    assert.deepEqual([footing.mayStart(), footing.lives(), footing.isOver()], [false, false, false])
    assert.equal(await footing.startsAgain(), true)
    assert.deepEqual([footing.mayStart(), footing.lives()], [true, true])
    await publish(REFUND_DESK)
    assert.equal(footing.lives(), false)
    assert.equal(await footing.again(), true)
    assert.equal(footing.lives(), true)
  })

  test('G5: ends under policies that do not permit it any more', async (t) => {
    const { footing, publish } = await begin(t)
    await publish(NO_MORE)
    assert.equal(await footing.startsAgain(), false)
    assert.equal(await footing.again(), false)
    assert.deepEqual([footing.mayStart(), footing.lives()], [false, false])
  })

  test('G5: ends when what it depends on changed, whatever was published beside it', async (t) => {
    const { footing, publish, suspend } = await begin(t)
    await publish(OTHERS)
    await suspend()
    assert.equal(footing.isOver(), true)
    assert.equal(await footing.again(), false)
    assert.equal(footing.lives(), false)
  })

  test('core M1: goes on after a lease that ran out, and ends where something changed meanwhile', async (t) => {
    const { footing, suspend, world } = await begin(t)
    world.parts.clock.advance(LEASE_MS)
    assert.deepEqual([footing.mayStart(), footing.isOver()], [false, false])
    assert.equal(await footing.again(), true)
    assert.deepEqual([footing.mayStart(), footing.lives()], [true, true])
    await suspend()
    world.parts.clock.advance(LEASE_MS)
    assert.equal(await footing.again(), false)
  })

  test('G5: an answer that is watched is cut at once for what ended, and not for other policies', async (t) => {
    const { footing, publish, suspend, world } = await begin(t)
    const running = new ActiveResponses(world.parts.live, assert.ifError)
    t.after(() => running.stop())
    const cuts: string[] = []
    running.watch(footing, (why) => cuts.push(why))
    await publish(OTHERS)
    await footing.again()
    running.look()
    assert.deepEqual([cuts, footing.lives()], [[], true])
    await suspend()
    assert.deepEqual(cuts, ['ended'])
  })
})
