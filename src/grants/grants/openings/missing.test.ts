import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Detail } from '@remit/engine'
import { newKey, worldsOver } from '../../../calls/calls/testing.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { pendingConsents } from '../../../tasks/consent/index.ts'
import { DeferralWorld, pollReason } from '../deferral/testing.ts'
import type { Opening } from '../opening.ts'
import { openTask } from './open-task.ts'
import { addAgent, beginAlone, only, sponsored } from './testing.ts'

const actionsOf = (details: readonly Detail[] = []) => details.flatMap(({ actions }) => actions)

forEachEngine('M5: asking for more than was allowed', (open) => {
  const worlds = worldsOver(open)

  async function begin(t: TestContext) {
    const world = await worlds.own(t)
    const waiting = await DeferralWorld.in(world)
    const { parts, sam } = world
    const openFor = async (details: readonly Detail[], over: Partial<Opening> = {}) => {
      const opening = await world.opening(newKey(), { details })
      return openTask(parts, 'token_exchange', { ...opening, ...over })
    }
    const asked = () => pendingConsents(parts.storage.read, sam.id, parts.clock.now())
    return { asked, openFor, parts, waiting, world }
  }

  const MORE = [only('orders.read'), only('orders.list')]

  test('is answered with what is granted, what is missing, and where a person can allow it', async (t) => {
    const { asked, openFor, waiting, world } = await begin(t)
    await world.consent([only('orders.read')])
    const less = await openFor(MORE)
    assert.ok(less.outcome === 'opened')
    assert.deepEqual(actionsOf(less.details), ['orders.read'])
    assert.deepEqual(actionsOf(less.missing?.details), ['orders.list'])
    const [question] = await asked()
    assert.equal(less.missing?.question?.consentId, question?.id)
    assert.deepEqual(actionsOf(question?.details), ['orders.list'])
    // The same again asks the same, and nobody twice.
    const again = await openFor(MORE)
    assert.ok(again.outcome === 'opened')
    assert.equal(again.missing?.question?.consentId, question?.id)
    await waiting.answer('grant')
    const all = await openFor(MORE)
    assert.ok(all.outcome === 'opened')
    assert.deepEqual(actionsOf(all.details).toSorted(), ['orders.list', 'orders.read'])
    assert.equal(all.missing, undefined)
  })

  test('gets nothing less where all is needed: the person is asked for the difference alone', async (t) => {
    const { asked, openFor, waiting, world } = await begin(t)
    await world.consent([only('orders.read')])
    assert.equal(pollReason(await openFor(MORE, { requireAll: true })), 'needs_consent')
    assert.deepEqual(
      (await asked()).map(({ details }) => actionsOf(details)),
      [['orders.list']],
    )
    await waiting.answer('grant')
    const all = await openFor(MORE, { requireAll: true })
    assert.ok(all.outcome === 'opened')
    assert.equal(all.missing, undefined)
  })

  test('what a person left out of an answer is missing, and they are asked again only by an agent that needs it', async (t) => {
    const { asked, openFor, waiting } = await begin(t)
    assert.equal(pollReason(await openFor(MORE)), 'needs_consent')
    await waiting.answer('grant', { details: [only('orders.read')] })
    const less = await openFor(MORE)
    assert.ok(less.outcome === 'opened')
    assert.deepEqual(actionsOf(less.missing?.details), ['orders.list'])
    assert.equal(less.missing?.question, undefined)
    assert.deepEqual(await asked(), [])
    assert.equal(pollReason(await openFor(MORE, { requireAll: true })), 'needs_consent')
    assert.equal((await asked()).length, 1)
  })

  test('what nobody can allow is refused where all is needed, and named where it is not', async (t) => {
    const { openFor, world } = await begin(t)
    await world.consent([only('orders.read')])
    const beyond = [only('orders.read'), only('orders.cancel')]
    const refusal = await openFor(beyond, { requireAll: true })
    assert.ok(refusal.outcome === 'refused')
    assert.equal(refusal.reason, 'grant.incomplete')
    const less = await openFor(beyond)
    assert.ok(less.outcome === 'opened')
    assert.deepEqual(actionsOf(less.missing?.details), ['orders.cancel'])
    assert.equal(less.missing?.question, undefined)
  })

  test('the same holds under a sponsor grant, where nobody is asked', async (t) => {
    const { world } = await begin(t)
    const agent = await addAgent(world, 'counter-bot')
    await sponsored(world, agent, { details: [only('orders.read')] })
    const less = await beginAlone(world, agent, { details: MORE })
    assert.ok(less.outcome === 'opened', JSON.stringify(less))
    assert.deepEqual(actionsOf(less.missing?.details), ['orders.list'])
    assert.equal(
      pollReason(await beginAlone(world, agent, { details: MORE, requireAll: true })),
      'grant.incomplete',
    )
  })
})
