import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Detail } from '@remit/engine'
import { ISSUER, newKey, READ, worldsOver } from '../../../calls/calls/testing.ts'
import { findAgent } from '../../../identity/agents/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { findConsent, grantBasis, pendingConsents } from '../../../tasks/consent/index.ts'
import { grantSponsorship } from '../../../tasks/sponsorship/index.ts'
import { askDirectly } from '../deferral/ask-directly.ts'
import { beginDevice, claimDevice } from '../deferral/device.ts'
import { DeferralWorld, pollReason } from '../deferral/testing.ts'
import { openTask } from './open-task.ts'
import { addAgent, alone, handOn, only, refundBot, ticketFor } from './testing.ts'

const names = (details: readonly Detail[] = []) =>
  details.map(
    ({ actions, type }) => `${type === 'remit_call' ? 'do' : 'hand on'} ${actions.join()}`,
  )

forEachEngine('doing and handing on', (open) => {
  const worlds = worldsOver(open)

  async function begin(t: TestContext) {
    const world = await worlds.own(t)
    const waiting = await DeferralWorld.in(world)
    const { parts, sam } = world
    const openFor = async (details: readonly Detail[]) =>
      openTask(parts, 'token_exchange', await world.opening(newKey(), { details }))
    const asked = async () => {
      const [first] = await pendingConsents(parts.storage.read, sam.id, parts.clock.now())
      return first
    }
    return { asked, openFor, parts, sam, waiting, world }
  }

  test('who was allowed to hand something on may not do it: a new task for it asks the person', async (t) => {
    const { asked, openFor, waiting, world } = await begin(t)
    const first = await openFor([handOn('orders.read')])
    assert.equal(pollReason(first), 'needs_consent')
    assert.deepEqual(names((await asked())?.details), ['hand on orders.read'])
    await waiting.answer('grant')
    const coordinator = await world.open({ details: [handOn('orders.read')] })
    assert.deepEqual(names(coordinator.opened.details), [])
    assert.deepEqual(names(coordinator.opened.mayDelegate), ['hand on orders.read'])
    assert.equal(pollReason(await openFor([only('orders.read')])), 'needs_consent')
    assert.deepEqual(names((await asked())?.details), ['do orders.read'])
  })

  test('who was allowed to do something may not hand it on: a child is refused, and asking for it asks the person', async (t) => {
    const { asked, openFor, waiting, world } = await begin(t)
    const helper = await addAgent(world, 'helper-bot')
    await world.consent([only('orders.read')])
    const doer = await world.open({ details: [only('orders.read')] })
    const decided = await world.decide(doer, await world.token(doer), READ)
    assert.equal(decided.outcome, 'permit')
    await assert.rejects(ticketFor(world, doer, { agent: helper.id }), {
      code: 'task.beyond_parent',
    })
    const wanted = [only('orders.read'), handOn('orders.read')]
    assert.equal(pollReason(await openFor(wanted)), 'needs_consent')
    assert.deepEqual(names((await asked())?.details), ['do orders.read', 'hand on orders.read'])
    await waiting.answer('grant')
    const both = await world.open({ details: wanted })
    await ticketFor(world, both, { agent: helper.id })
  })

  test('a person who leaves handing on out of the answer is not asked again at once', async (t) => {
    const { openFor, waiting } = await begin(t)
    const wanted = [only('orders.read'), handOn('orders.read')]
    await openFor(wanted)
    await waiting.answer('grant', { details: [only('orders.read')] })
    const opened = await openFor(wanted)
    assert.ok(opened.outcome === 'opened')
    assert.deepEqual(names(opened.details), ['do orders.read'])
    assert.deepEqual(names(opened.mayDelegate), [])
  })

  test('an answer cannot turn one into the other', async (t) => {
    const { openFor, waiting } = await begin(t)
    await openFor([handOn('orders.read'), only('orders.list')])
    for (const details of [[only('orders.read')], [handOn('orders.list')]])
      await assert.rejects(
        waiting.answer('grant', { details }),
        (error) => error instanceof Problem && error.code === 'consent.widened',
      )
  })

  test('what administrators grant counts for one of them, too', async (t) => {
    const { openFor, parts, sam, waiting } = await begin(t)
    const by = { personId: sam.id, agentId: 'refund-bot', kind: 'admin', grantedBy: 'a' } as const
    await grantBasis(parts, { ...by, details: [only('orders.list'), handOn('orders.read')] })
    const opened = await openFor([
      only('orders.list', 'orders.read'),
      handOn('orders.list', 'orders.read'),
    ])
    assert.ok(opened.outcome === 'opened')
    assert.deepEqual(names(opened.details), ['do orders.list'])
    assert.deepEqual(names(opened.mayDelegate), ['hand on orders.read'])
    assert.equal(pollReason(await openFor([only('orders.read')])), 'task.beyond_basis')
    assert.equal(await waiting.agent().then(({ status }) => status), 'active')
  })

  test('put off, asked by the agent itself, or from a device: the question and the task keep them apart', async (t) => {
    const { parts, sam, waiting, world } = await begin(t)
    const details = [only('orders.list'), handOn('orders.read')]
    const said = ['do orders.list', 'hand on orders.read']
    const consentOf = async (id: string | null) =>
      (await findConsent(parts.storage.read, id ?? ''))?.details

    const deferred = await waiting.deferred({ details })
    await waiting.answer('grant')
    const late = await waiting.poll(deferred.code)
    assert.ok(late.outcome === 'opened')
    assert.deepEqual([...names(late.details), ...names(late.mayDelegate)], said)
    await waiting.endBases()

    const url = `${ISSUER}/oauth/bc-authorize`
    const ciba = await askDirectly(parts, {
      ...waiting.presented(newKey(), url),
      ...{ proof: undefined, details, purpose: 'look', message: undefined, waits: 600 },
      ...{ hint: { kind: 'login_hint', value: sam.id }, notificationToken: undefined },
    })
    assert.ok(ciba.outcome === 'asked')
    assert.deepEqual(names(await consentOf(ciba.held.consentId)), said)
    await waiting.answer('grant', { details: [handOn('orders.read')] })
    const answered = await waiting.poll(ciba.held.code, {
      ...waiting.presented(newKey()),
      flow: 'ciba',
    })
    assert.equal(pollReason(answered), 'deferral.denied', 'nothing that it would do was allowed')

    const begun = await beginDevice(parts, {
      ...waiting.presented(newKey(), `${ISSUER}/oauth/device_authorization`),
      ...{ proof: undefined, scope: undefined, purpose: 'a display', details },
    })
    assert.ok(begun.outcome === 'begun')
    const consentId = await claimDevice(parts, { person: world.sam, typed: begun.userCode })
    assert.deepEqual(names(await consentOf(consentId)), said)
  })

  test('a sponsor grant to do one thing and hand on another gives neither as the other', async (t) => {
    const { parts, world } = await begin(t)
    const bot = refundBot(world)
    const agent = await findAgent(parts.storage.read, bot.id)
    assert.ok(agent)
    const { kindOf } = await parts.catalog.current()
    await grantSponsorship(
      parts,
      {
        agent,
        sponsor: world.ada,
        purpose: 'nightly',
        details: [only('orders.list')],
        mayDelegate: [handOn('orders.read')],
        rate: { tasks: 9, seconds: 60 },
        expiresAt: parts.clock.now() + 3_600_000,
      },
      kindOf,
    )
    const opened = await alone(world, bot, {
      details: [only('orders.list', 'orders.read'), handOn('orders.list', 'orders.read')],
    })
    const { details, mayDelegate } = opened.opened
    assert.deepEqual(names(details), ['do orders.list'])
    assert.deepEqual(names(mayDelegate), ['hand on orders.read'])
  })
})
