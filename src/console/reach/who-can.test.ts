import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ALL_OF_ORDERS, READ, REFUND_DESK, worldsOver } from '../../calls/calls/testing.ts'
import { registerAgent, setCeiling } from '../../identity/agents/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { publishPolicies } from '../../policy/policy/index.ts'
import { whatCan } from './what-can.ts'
import { whoCan } from './who-can.ts'

forEachEngine('who can ever do what', (open) => {
  const worlds = worldsOver(open)

  test('people by their groups, agents by their ceilings, and for whom', {
    timeout: 60_000,
  }, async (t) => {
    const world = await worlds.own(t)
    const { ada, parts, sam } = world
    await registerAgent(parts, {
      ...{
        name: 'reader',
        description: '',
        ownerId: ada.id,
        trust: 3,
        keys: [],
        clients: [],
        by: ada.id,
      },
      ceiling: [{ ...ALL_OF_ORDERS, actions: ['orders.read'] }],
    })
    const { agents, people, ...rest } = await whoCan(parts, 'orders.refund')
    assert.deepEqual(rest, {
      policyVersion: 1,
      action: 'orders.refund',
      resource: 'orders',
      cut: false,
    })
    assert.ok(people.some(({ person }) => person.id === sam.id))
    assert.ok(!people.some(({ person }) => person.id === ada.id), 'in no group that may')
    assert.deepEqual(
      agents.map(({ agent }) => agent.id),
      ['refund-bot'],
    )
    assert.deepEqual(agents[0]?.for, [{ personId: sam.id, by: 'basis' }])
    assert.ok(people[0]?.forbids.some(({ approvers }) => approvers.includes('group:finance')))
    await assert.rejects(whoCan(parts, 'orders.nothing'), /there is no action/)
  })

  test('who is not named is denied; who is taken from a group is not named any more', {
    timeout: 60_000,
  }, async (t) => {
    const world = await worlds.own(t)
    const held = await world.open()
    await world.signIn('sam', 'finance')
    const { people } = await whoCan(world.parts, 'orders.read')
    const named = people.some(({ person }) => person.id === world.sam.id)
    const verdict = await world.decide(held, await world.token(held), READ)
    assert.deepEqual([named, verdict.outcome], [false, 'deny'])
  })

  test('what an agent can do, and why not the rest', { timeout: 60_000 }, async (t) => {
    const world = await worlds.own(t)
    const { ada, parts } = world
    const by = ada.id
    const bounds = [{ path: '/amount', op: 'lte' as const, value: '10.00' }]
    const ceiling = [
      { ...ALL_OF_ORDERS, actions: ['orders.refund'], bounds },
      { ...ALL_OF_ORDERS, actions: ['orders.read'] },
    ]
    await setCeiling(parts, { agentId: 'refund-bot', ceiling, by })
    const text = `${REFUND_DESK}\n@id("no-reading") forbid (principal is Agent, action == Action::"orders.read", resource);`
    await publishPolicies(parts, { text, by, note: '' })
    const { actions } = await whatCan(parts, 'refund-bot')
    const said = new Map(actions.map((each) => [each.action, each]))
    assert.deepEqual([...said.keys()].toSorted(), ['orders.read', 'orders.refund'])
    assert.deepEqual(said.get('orders.refund')?.within, ['orders.refund where amount ≤ 10.00'])
    assert.equal(said.get('orders.refund')?.said.possible, true)
    const read = said.get('orders.read')?.said
    assert.ok(
      read && !read.possible && read.because === 'forbidden' && read.rules[0]?.id === 'no-reading',
    )
    await assert.rejects(whatCan(parts, 'nobody'), /there is no agent/)
  })
})
