import assert from 'node:assert/strict'
import { test } from 'node:test'
import { READ, REFUND_DESK, refund, type World, worldsOver } from '../../../calls/calls/testing.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { publishPolicies } from '../../../policy/policy/index.ts'
import { suggestPolicy } from './suggest-policy.ts'

const by = 'operator'
/** Policies by which the bot does everything under rules for it alone. */
const OWN = `@id("support-orders") permit (principal in Group::"support", action, resource);
@id("bot") @description("the refund bot")
permit (principal == Agent::"refund-bot", action, resource)
when { context has person };
@id("bot-lists") permit (principal == Agent::"refund-bot", action == Action::"orders.list", resource);
`

forEachEngine('narrower rules from what an agent did', (open) => {
  const worlds = worldsOver(open)

  function suggested(world: World, whose: Parameters<typeof suggestPolicy>[1]) {
    return suggestPolicy(world.parts, whose, { since: 0, until: world.parts.clock.now() })
  }

  async function refunds(world: World, amounts: readonly string[]) {
    const held = await world.open()
    const token = await world.token(held)
    for (const amount of amounts) {
      const { outcome } = await world.decide(held, token, refund(amount))
      assert.equal(outcome, 'permit')
    }
    return { held, token }
  }

  test('permit all of it and nothing else, and are what is in force once they are published', {
    timeout: 60_000,
  }, async (t) => {
    const world = await worlds.own(t)
    await publishPolicies(world.parts, { text: OWN, by, note: '', tests: [] })
    const { held, token } = await refunds(world, ['10.00', '20.00', '40.00', '30.00', '5.00'])
    await world.decide(held, token, READ)
    const { before, text, version, ...found } = await suggested(world, { agent: 'refund-bot' })
    assert.equal(before, OWN)
    assert.ok(version > 0)
    assert.match(
      text,
      /@id\("bot"\) @description\("the refund bot"\)\npermit \(principal == Agent::"refund-bot", action == Action::"orders\.refund", resource == Resource::"orders"\)\nwhen \{ context has person \}\nwhen \{ context\.args\.order_id == "1042" && context\.args\.amount\.lessThanOrEqual\(decimal\("50\.00"\)\) \};/,
    )
    assert.match(text, /@id\("bot-read"\)/)
    assert.deepEqual(found, {
      agent: 'refund-bot',
      narrowed: ['bot'],
      removed: ['bot-lists'],
      made: ['bot', 'bot-read'],
      linked: [],
      calls: 6,
      newlyDenied: 0,
      overtaken: 0,
      withoutInputs: 0,
      cut: false,
      beyond: [],
      actions: [
        {
          action: 'orders.refund',
          resource: 'orders',
          calls: 5,
          few: false,
          limits: [
            { path: '/order_id', op: 'in', values: ['1042'], why: 'always', seen: 5 },
            { path: '/amount', op: 'most', values: ['50.00'], why: 'most', seen: 5 },
          ],
        },
        { action: 'orders.read', resource: 'orders', calls: 1, few: true, limits: [] },
      ],
    })
    await publishPolicies(world.parts, { text, by, note: '', tests: [] })
    const now = await world.open()
    const again = await world.token(now)
    assert.equal((await world.decide(now, again, refund('45.00'))).outcome, 'permit')
    assert.equal((await world.decide(now, again, refund('51.00'))).outcome, 'deny')
    assert.equal((await world.decide(now, again, READ)).outcome, 'permit')
  })

  test('of one task leave nothing to others, and say so by what they deny of the agent', {
    timeout: 60_000,
  }, async (t) => {
    const world = await worlds.own(t)
    await publishPolicies(world.parts, { text: OWN, by, note: '', tests: [] })
    const { held } = await refunds(world, ['10.00'])
    const other = await world.open()
    await world.decide(other, await world.token(other), READ)
    const found = await suggested(world, { task: held.opened.task.id })
    assert.deepEqual([found.agent, found.calls, found.newlyDenied], ['refund-bot', 1, 0])
    assert.deepEqual(
      found.actions.map(({ action, few }) => [action, few]),
      [['orders.refund', true]],
    )
    assert.ok(!found.text.includes('orders.read'))
  })

  test('say what other rules could still permit, and that nothing was seen', {
    timeout: 60_000,
  }, async (t) => {
    const world = await worlds.own(t)
    const broad = `@id("agents") permit (principal is Agent, action, resource);
@id("support-orders") permit (principal in Group::"support", action, resource);\n`
    await publishPolicies(world.parts, { text: broad, by, note: '', tests: [] })
    await refunds(world, ['10.00'])
    const found = await suggested(world, { agent: 'refund-bot' })
    assert.equal(found.text, broad)
    assert.deepEqual([found.narrowed, found.removed], [[], []])
    assert.ok(
      found.beyond.some(
        ({ action, rules }) => action === 'orders.list' && rules.join() === 'agents',
      ),
    )
    // What was permitted, and is not any more, is not blamed on the suggestion.
    await publishPolicies(world.parts, {
      text: REFUND_DESK.replaceAll('refund-bot', 'no-bot'),
      by,
      note: '',
      tests: [],
    })
    const later = await suggested(world, { agent: 'refund-bot' })
    assert.deepEqual([later.overtaken, later.newlyDenied], [1, 0])
    world.parts.clock.advance(1)
    const none = await suggestPolicy(
      world.parts,
      { agent: 'refund-bot' },
      { since: world.parts.clock.now(), until: world.parts.clock.now() },
    )
    assert.deepEqual([none.calls, none.actions], [0, []])
    await assert.rejects(suggested(world, { agent: 'nobody' }), { code: 'agent.unknown' })
    await assert.rejects(suggested(world, { task: 'tsk_none' }), { code: 'task.unknown' })
  })
})
