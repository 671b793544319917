import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Detail } from '@remit/engine'
import { addPerson } from '../../approvals/approvals/testing.ts'
import type { CallParts } from '../../calls/calls/index.ts'
import { ALL_OF_ORDERS, ORDERS, READ, REFUND_DESK, worldsOver } from '../../calls/calls/testing.ts'
import { addAgent, permitAll, refundBot, sponsored } from '../../grants/grants/openings/testing.ts'
import { registerAgent, setCeiling, suspendAgent } from '../../identity/agents/index.ts'
import { listPersons } from '../../identity/people/index.ts'
import { suspendPerson } from '../../identity/sessions/index.ts'
import { newId } from '../../platform/lib/id.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { publishPolicies } from '../../policy/policy/index.ts'
import { grantBasis } from '../../tasks/consent/index.ts'
import { whatCan } from './what-can.ts'
import { names, whoCan } from './who-can.ts'

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
    assert.deepEqual(said.get('orders.read')?.for, [], 'no one, though Sam lets it')
    assert.deepEqual((await whoCan(parts, 'orders.read')).agents, [])
    await assert.rejects(whatCan(parts, 'nobody'), /there is no agent/)
  })

  test('agents that are suspended, or whose ceiling has no such action, are not named, and people who are suspended neither', {
    timeout: 60_000,
  }, async (t) => {
    const world = await worlds.own(t)
    const { parts, sam } = world
    const bounds = [{ path: '/amount', op: 'lte' as const, value: '10.00' }]
    const some = { ...ALL_OF_ORDERS, actions: ['orders.refund'], bounds }
    const read = { ...ALL_OF_ORDERS, actions: ['orders.read'] }
    await addAgent(world, 'reader', { ceiling: [read] })
    await addAgent(world, 'refunder', { ceiling: [read, some] })
    await addAgent(world, 'gone')
    await suspendAgent(parts, { agentId: 'gone', by: 'operator', reason: 'test' })
    await permitAll(world, sam)
    const before = await whoCan(parts, 'orders.refund')
    assert.deepEqual(
      before.agents.map(({ agent, within }) => [agent.id, within]),
      [
        ['refund-bot', ['orders.refund']],
        ['refunder', ['orders.refund where amount ≤ 10.00']],
      ],
    )
    await suspendPerson(parts, { personId: sam.id, by: 'operator', reason: 'test' })
    const { people } = await whoCan(parts, 'orders.refund')
    assert.deepEqual(
      [before.people, people].map((list) => list.some(({ person }) => person.id === sam.id)),
      [true, false],
    )
  })

  test('an agent acts for those whose basis or sponsor grant has the action', {
    timeout: 60_000,
  }, async (t) => {
    const world = await worlds.own(t)
    const { ada, parts, sam } = world
    await permitAll(world, sam)
    await sponsored(world, refundBot(world))
    await grantBasis(parts, {
      ...{ personId: world.finn.id, agentId: 'refund-bot', kind: 'consent' },
      ...{ details: [{ ...ALL_OF_ORDERS, actions: ['orders.list'] }], grantedBy: world.finn.id },
    })
    const actsFor = async (action: string) => {
      const { agents } = await whoCan(parts, action)
      return agents.find(({ agent }) => agent.id === 'refund-bot')?.for
    }
    assert.deepEqual(await actsFor('orders.read'), [
      { personId: sam.id, by: 'basis' },
      { personId: ada.id, by: 'sponsor grant' },
    ])
    assert.deepEqual(await actsFor('orders.refund'), [{ personId: sam.id, by: 'basis' }])
    const { actions } = await whatCan(parts, 'refund-bot')
    assert.deepEqual(actions.find(({ action }) => action === 'orders.refund')?.for, [
      { personId: sam.id, by: 'basis' },
    ])
  })

  test('everybody is looked at, each once, however many pages they are', {
    timeout: 60_000,
  }, async (t) => {
    const world = await worlds.own(t)
    const { parts } = world
    const found = await listPersons(parts.storage.read, { limit: 1_000 })
    // The last page is full, and the next one is empty.
    for (let left = 400 - found.length; left > 0; left--) await addPerson(parts, 'support')
    const { cut, people } = await whoCan(parts, 'orders.read')
    const ids = people.map(({ person }) => person.id)
    const inSupport = (await listPersons(parts.storage.read, { limit: 1_000 })).filter(
      ({ groups }) => groups.includes('support'),
    )
    assert.equal(new Set(ids).size, ids.length)
    assert.deepEqual(ids.toSorted(), inSupport.map(({ id }) => id).toSorted())
    assert.equal(cut, false)
  })

  test('of more people than are looked at, it says that there are more', {
    timeout: 60_000,
  }, async (t) => {
    const world = await worlds.own(t)
    const { clock, random, storage } = world.parts
    // Policies are asked about none of those who are suspended; by name, all of them come before Sam.
    const suspended = () => ({
      id: newId('person', random),
      ...{ issuer: 'https://idp.example', subject: newId('person', random) },
      ...{ name: 'A person', email: null, status: 'suspended' as const },
      ...{ created_at: clock.now(), last_seen_at: clock.now() },
    })
    const add = (count: number) =>
      storage.transaction(async (tx) => {
        for (let left = count; left > 0; left -= 1_000)
          await tx
            .insertInto('persons')
            .values(Array.from({ length: Math.min(left, 1_000) }, suspended))
            .execute()
      })
    const looked = async () => {
      const { cut, people } = await whoCan(world.parts, 'orders.read')
      return { cut, sam: people.some(({ person }) => person.id === world.sam.id) }
    }
    const found = await listPersons(storage.read, { limit: 1_000 })
    await add(20_000 - found.length)
    assert.deepEqual(await looked(), { cut: true, sam: true })
    await add(1)
    assert.deepEqual(await looked(), { cut: true, sam: false })
  })

  test('what may be handed on may not therefore be done, and each API is its own', () => {
    const is = (over: Partial<Detail>) =>
      names({ ...ALL_OF_ORDERS, actions: ['orders.read'], ...over }, ORDERS, 'orders.read')
    assert.equal(is({}), true)
    assert.equal(is({ type: 'remit_delegate' }), false)
    assert.equal(is({ locations: [`${ORDERS}/`] }), false)
    assert.equal(is({ actions: ['orders.list'] }), false)
  })

  test('an action whose API was removed can be done by no one', {
    timeout: 60_000,
  }, async (t) => {
    const world = await worlds.own(t)
    const view = { ...(await world.parts.catalog.current()), resources: new Map() }
    const catalog = { current: async () => view } as unknown as CallParts['catalog'] // as: nothing else is asked
    const parts = { ...world.parts, catalog }
    await assert.rejects(whoCan(parts, 'orders.read'), { code: 'action.unknown' })
    assert.deepEqual((await whatCan(parts, 'refund-bot')).actions, [])
  })
})
