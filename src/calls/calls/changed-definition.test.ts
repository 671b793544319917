import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { planOrders } from '../../catalog/catalog/testing.ts'
import { acceptOffers, applyImport, listOffers } from '../../catalog/catalog-changes/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { findDecision } from '../../tasks/decision-log/decision-store.ts'
import { stillLive } from './still-live.ts'
import { READ, refund, type World, worldsOver } from './testing.ts'

const BY = 'psn_admin'
const LARGE = refund('900.00')
const SMALL = refund('40.00')

forEachEngine('an action whose definition changed', (open) => {
  const worlds = worldsOver(open)

  async function begin(t: TestContext) {
    const world = await worlds.own(t)
    const held = await world.open()
    return { world, held, token: await world.token(held) }
  }

  function rulesOf({ parts }: World) {
    return { ...parts, revalidate: parts.policies.revalidate.bind(parts.policies) }
  }

  async function change(world: World): Promise<void> {
    const plan = planOrders((text) => text.replace('maxLength: 200', 'maxLength: 100'))
    const { quarantined } = await applyImport(rulesOf(world), plan, BY)
    assert.deepEqual(quarantined, ['orders.refund'])
  }

  async function accept(world: World): Promise<void> {
    const offers = await listOffers(world.parts.storage.read, 'orders')
    await acceptOffers(rulesOf(world), { resource: 'orders', offers, by: BY })
  }

  test('is called by nobody until somebody accepts it; the rest of the API is, with the same tokens', async (t) => {
    const { held, token, world } = await begin(t)
    const before = await world.decide(held, token, SMALL)
    assert.ok(before.outcome === 'permit')
    await change(world)
    assert.equal(stillLive(world.parts, before), false, 'what was permitted is not sent any more')
    const refused = await world.decide(held, token, SMALL)
    assert.ok(refused.outcome === 'deny')
    assert.equal(refused.reason, 'definition.changed')
    assert.match(refused.enough, /remit resources review orders/)
    const row = await findDecision(world.parts.storage.read, refused.decisionId)
    assert.deepEqual([row?.outcome, row?.reason], ['deny', 'definition.changed'])
    assert.equal((await world.decide(held, token, READ)).outcome, 'permit')
    await accept(world)
    assert.equal((await world.decide(held, token, SMALL)).outcome, 'permit')
  })

  test('needs a new approval: one of the old definition is for another call', async (t) => {
    const { held, token, world } = await begin(t)
    const approved = await world.approved(held, token, LARGE)
    await change(world)
    const refused = await world.decide(held, token, LARGE)
    assert.equal(refused.outcome === 'deny' && refused.reason, 'definition.changed')
    await accept(world)
    const asked = await world.decide(held, token, LARGE)
    assert.ok(asked.outcome === 'requestable')
    assert.notEqual(asked.request.id, approved.id)
  })
})
