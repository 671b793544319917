import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { publishPolicies } from '../../../policy/policy/index.ts'
import { decideCall } from '../decide-call.ts'
import { READ, REFUND_DESK, refund, worldsOver } from '../testing.ts'
import { eraseNotices } from './notice-store.ts'
import { listNotices } from './notify.ts'

forEachEngine('those who have to be told of a call', (open) => {
  const worlds = worldsOver(open)

  test('are told with the permit, and of nothing else', async (t) => {
    const world = await worlds.own(t)
    const { parts } = world
    const told = `@id("told") @notify("group:finance, person:${world.ada.id}")
permit (principal is Person, action == Action::"orders.refund", resource);`
    await publishPolicies(parts, { text: `${REFUND_DESK}\n${told}`, by: 'operator', note: 'test' })
    const held = await world.open()
    const token = await world.token(held)
    const { read } = parts.storage
    const of = (person: typeof world.finn) => listNotices(read, person, 10)
    assert.equal((await world.decide(held, token, READ)).outcome, 'permit')
    // Asked about, and not permitted: nobody is told yet.
    assert.equal((await world.decide(held, token, refund('900.00'))).outcome, 'requestable')
    assert.deepEqual(await of(world.finn), [])

    const call = await world.call(held, token, refund('10.00'))
    const verdict = await decideCall(parts, call)
    assert.ok(verdict.outcome === 'permit')
    for (const person of [world.finn, world.ada]) {
      const [notice, ...more] = await of(person)
      assert.deepEqual(more, [])
      assert.equal(notice?.decisionId, verdict.decisionId)
      assert.match(notice?.text ?? '', /10\.00/)
    }
    assert.deepEqual(await of(world.sam), [], 'and nobody else')
    // The same proof again is refused, and tells nobody a second time.
    assert.equal((await decideCall(parts, call)).outcome, 'deny')
    assert.equal((await of(world.ada)).length, 1)
    // Who has left the group reads nothing of it.
    assert.deepEqual(await of(await world.signIn('finn')), [])
    await parts.storage.transaction((tx) => eraseNotices(tx, [verdict.decisionId]))
    assert.deepEqual(await of(world.ada), [])
  })
})
