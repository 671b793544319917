import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setCeiling } from '../../../identity/agents/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { publishPolicies } from '../../../policy/policy/index.ts'
import {
  ALL_OF_ORDERS,
  type HeldTask,
  ORDERS,
  READ,
  REFUND_DESK,
  refund,
  type World,
  worldsOver,
} from '../testing.ts'
import { type AdmissionRequest, admit } from './admit.ts'
import { reachOf } from './reachable.ts'

forEachEngine('what an agent sees listed', (open) => {
  const worlds = worldsOver(open)

  async function begin(t?: TestContext): Promise<{ world: World; held: HeldTask; token: string }> {
    const world = await (t ? worlds.own(t) : worlds.shared())
    const held = await world.open()
    return { world, held, token: await world.token(held) }
  }

  async function listed(world: World, held: HeldTask, token: string): Promise<readonly string[]> {
    const { origin, resource } = await world.call(held, token, READ)
    const proof = world.proof(held.key, { method: 'POST', url: ORDERS, token })
    const at = { method: 'POST', url: ORDERS }
    const asked: AdmissionRequest = { token, scheme: 'DPoP', proof, ...at, resource, origin }
    const admitted = await admit(world.parts, asked)
    assert.ok(admitted.outcome === 'admitted')
    return (await reachOf(world.parts, admitted)).actions.map(({ name }) => name)
  }

  test('is what some arguments could do, also where people have to be asked', async () => {
    const { held, token, world } = await begin()
    const names = await listed(world, held, token)
    assert.deepEqual(names.toSorted(), [...ALL_OF_ORDERS.actions].sort())
    for (const wish of [READ, refund('40.00'), refund('900.00')])
      assert.notEqual((await world.decide(held, token, wish)).outcome, 'deny')
  })

  test('is what the task covers, and of that what the token was narrowed to', async () => {
    const { world } = await begin()
    const bounds = [{ path: '/order_id', op: 'eq', value: '1042' }] as const
    const details = [{ ...ALL_OF_ORDERS, actions: ['orders.read', 'orders.refund'], bounds }]
    const held = await world.open({ details })
    const token = await world.token(held)
    const names = await listed(world, held, token)
    assert.deepEqual(names.toSorted(), ['orders.read', 'orders.refund'])
  })

  test('is never more than the token holds, nor are its bounds', async () => {
    const { world } = await begin()
    const bounds = [{ path: '/order_id', op: 'in', value: ['1042', '1043'] }] as const
    const actions = ['orders.read', 'orders.refund']
    const held = await world.open({ details: [{ ...ALL_OF_ORDERS, actions, bounds }] })
    const token = await world.token(held)
    const call = await world.call(held, token, READ)
    const { origin, resource } = call
    const proof = world.proof(held.key, { method: 'POST', url: ORDERS, token })
    const at = { method: 'POST', url: ORDERS }
    const admitted = await admit(world.parts, {
      ...{ token, scheme: 'DPoP' as const, proof, resource, origin },
      ...at,
    })
    assert.ok(admitted.outcome === 'admitted')
    const one = { path: '/order_id', op: 'eq', value: '1042' } as const
    const narrowed = [{ ...ALL_OF_ORDERS, actions: ['orders.read'], bounds: [one] }]
    const wide = await reachOf(world.parts, admitted)
    const narrow = await reachOf(world.parts, { ...admitted, narrowed })
    assert.equal(wide.actions.length, 2)
    assert.deepEqual(
      narrow.actions.map(({ name }) => name),
      ['orders.read'],
    )
    const covered = async (path: string) => {
      const { action, arguments: given } = await world.call(held, token, { path })
      return [wide.covers(action, given), narrow.covers(action, given)]
    }
    assert.deepEqual(await covered('/orders/1042'), [true, true])
    assert.deepEqual(await covered('/orders/1043'), [true, false])
    assert.deepEqual(await covered('/orders/1044'), [false, false])
  })

  test('follows the ceiling of the agent and the policies of now', async (t) => {
    const { held, world } = await begin(t)
    const { parts } = world
    const never = `@id("no-refunds-by-agents") forbid (principal is Agent, action == Action::"orders.refund", resource)
      unless { context.args.amount.lessThan(decimal("1.0")) && principal.trust < 3 };`
    const text = `${REFUND_DESK}\n${never}`
    await publishPolicies(parts, { text, by: 'operator', note: '' })
    const without = await listed(world, held, await world.token(held))
    assert.equal(without.includes('orders.refund'), false)
    assert.equal(without.includes('orders.read'), true)
    const ceiling = [{ ...ALL_OF_ORDERS, actions: ['orders.read'] }]
    await setCeiling(parts, { agentId: 'refund-bot', ceiling, by: 'psn_admin' })
    assert.deepEqual(await listed(world, held, await world.token(held)), ['orders.read'])
  })

  test('is nothing for a person whom nothing permits', async (t) => {
    const { held, world } = await begin(t)
    await world.signIn('sam')
    assert.deepEqual(await listed(world, held, await world.token(held)), [])
  })

  test('is nothing once the calls of the task are used up', async () => {
    const { world } = await begin()
    const held = await world.open({ budget: [{ limit: 'calls', max: 1 }] })
    const token = await world.token(held)
    assert.ok((await listed(world, held, token)).length > 0)
    assert.equal((await world.decide(held, token, READ)).outcome, 'permit')
    assert.deepEqual(await listed(world, held, token), [])
  })
})
