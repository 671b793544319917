import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  ALL_OF_ORDERS,
  type HeldTask,
  ISSUER,
  ORDERS,
  READ,
  worldsOver,
} from '../../../calls/calls/testing.ts'
import { retireAgent, setCeiling, setTrust, suspendAgent } from '../../../identity/agents/index.ts'
import {
  checkResourceToken,
  checkTaskToken,
  checkTicket,
  mintTicket,
} from '../../../identity/tokens/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { grantBasis } from '../../../tasks/consent/index.ts'
import { minting } from '../../../tasks/facts/minting.ts'
import {
  closeTask,
  listTasks,
  resumeTask,
  suspendTask,
  TREE_LIMITS,
} from '../../../tasks/tasks/index.ts'
import { openedChild } from '../../../tasks/tasks/testing.ts'
import { openTask } from './open-task.ts'
import {
  addAgent,
  child,
  handOn,
  only,
  permitAll,
  reasonOf,
  redeem,
  redemption,
  refundBot,
  refundsUpTo,
  ticketFor,
} from './testing.ts'

forEachEngine('a child task', (open) => {
  const worlds = worldsOver(open)

  async function begin(t: TestContext) {
    const world = await worlds.own(t)
    const helper = await addAgent(world, 'helper-bot')
    const own = { issuer: ISSUER, keys: world.parts.keys, clock: world.parts.clock }
    const parent = await world.open()
    return { world, parts: world.parts, helper, own, parent }
  }

  const refusedTicket =
    (code: string, detail = /./) =>
    (error: unknown) =>
      error instanceof Problem && error.code === code && detail.test(error.detail)

  test('is opened by the agent that the ticket names, for the same person, under the parent', async (t) => {
    const { world, parts, helper, own, parent } = await begin(t)
    const ticket = await ticketFor(world, parent, { agent: helper.id })
    assert.ok(ticket.expiresIn <= 60)
    const said = await checkTicket(ticket.token, own)
    assert.deepEqual([said.sub, said.aud, said.agent], [world.sam.id, ISSUER, 'helper-bot'])
    const opened = await redeem(world, helper, ticket.token)
    if (opened.outcome !== 'opened') assert.fail(reasonOf(opened))
    const { task } = opened
    assert.equal(task.parentId, parent.opened.task.id)
    assert.equal(task.rootId, parent.opened.task.id)
    assert.equal(task.personId, world.sam.id)
    assert.equal(task.openedBy, 'child')
    assert.deepEqual(task.bases, parent.opened.task.bases)
    assert.deepEqual(opened.chain, ['helper-bot', 'refund-bot'])
    const claims = await checkTaskToken(opened.token.token, own)
    assert.equal(claims.sub, world.sam.id)
    assert.equal(claims.act?.sub, 'helper-bot')
    assert.equal(claims.act?.act?.sub, 'refund-bot')
    assert.equal(claims.act?.act?.act, undefined)
    assert.equal(claims.task.parent, parent.opened.task.id)
    const types = (await parts.recorded()).map(({ type }) => type)
    assert.ok(types.includes('ticket.issued'))
  })

  test('calls with a token that names the whole chain, and every agent in it is asked', async (t) => {
    const { world, helper, own, parent } = await begin(t)
    const held = await child(world, parent, helper)
    const token = await world.token(held)
    const claims = await checkResourceToken(token, ORDERS, own)
    assert.equal(claims.act?.act?.sub, 'refund-bot')
    const denied = await world.decide(held, token, READ)
    assert.equal(denied.outcome, 'deny')
    assert.equal(denied.outcome === 'deny' && denied.reason, 'agent.not_permitted')
    await permitAll(world)
    const permitted = await world.decide(held, await world.token(held), READ)
    assert.equal(permitted.outcome, 'permit')
    assert.deepEqual(permitted.outcome === 'permit' && permitted.chain, [
      'helper-bot',
      'refund-bot',
    ])
  })

  test('gets nothing that the parent may not hand on, and the parent is told what it may', async (t) => {
    const { world, parts, helper } = await begin(t)
    const parent = await world.open({ details: [only('orders.read'), refundsUpTo('50.00')] })
    const ask = (details: unknown) => ticketFor(world, parent, { agent: helper.id, details })
    await assert.rejects(
      ask([refundsUpTo('50.01')]),
      refusedTicket('task.beyond_parent', /orders\.refund where amount ≤ 50\.00/),
    )
    await assert.rejects(ask([only('orders.list')]), refusedTicket('task.beyond_parent'))
    await assert.rejects(ask([handOn('orders.watch')]), refusedTicket('task.beyond_parent'))
    await assert.rejects(
      ask([only('orders.read'), handOn('orders.list')]),
      refusedTicket('task.beyond_parent'),
    )
    await ask([refundsUpTo('50.00')])
    const refusals = (await parts.recorded()).filter(({ type }) => type === 'ticket.refused')
    assert.deepEqual(
      refusals.map(({ reason }) => reason),
      new Array(4).fill('task.beyond_parent'),
    )
  })

  test('can do what a coordinator hands on and cannot do itself', async (t) => {
    const { world, helper } = await begin(t)
    const boss = await addAgent(world, 'boss-bot', {
      ceiling: [only('orders.list')],
      mayDelegate: [handOn('orders.read', 'orders.list')],
    })
    await world.allow([only('orders.read')], boss.id)
    const root = await world.open()
    const asked = [only('orders.list'), handOn('orders.read', 'orders.list')]
    const coordinator = await child(world, root, boss, { details: asked })
    assert.deepEqual(
      coordinator.opened.details.flatMap(({ actions }) => actions),
      ['orders.list'],
    )
    assert.deepEqual(coordinator.opened.mayDelegate?.flatMap(({ actions }) => actions).toSorted(), [
      'orders.list',
      'orders.read',
    ])
    const held = await child(world, coordinator, helper, { details: [only('orders.read')] })
    assert.deepEqual(
      held.opened.details.flatMap(({ actions }) => actions),
      ['orders.read'],
    )
    // Below it, what was handed on is the most, in both lists: whoever is handed one thing hands on no other.
    const below = (details: unknown) => ticketFor(world, held, { agent: boss.id, details })
    await assert.rejects(below([only('orders.list')]), refusedTicket('task.beyond_parent'))
    await assert.rejects(
      below([only('orders.read'), handOn('orders.list')]),
      refusedTicket('task.beyond_parent'),
    )
    await below([only('orders.read')])
  })

  test('does not get what its parent can do and may not hand on', async (t) => {
    const { world, helper } = await begin(t)
    const doer = await addAgent(world, 'doer-bot', {
      ceiling: [only('orders.read', 'orders.list')],
      mayDelegate: [handOn('orders.list')],
    })
    const root = await world.open()
    const does = await child(world, root, doer, {
      details: [only('orders.read', 'orders.list')],
    })
    const actions = (details: readonly { readonly actions: readonly string[] }[] = []) =>
      details.flatMap((detail) => detail.actions).toSorted()
    assert.deepEqual(actions(does.opened.details), ['orders.list', 'orders.read'])
    const ask = (details: unknown) => ticketFor(world, does, { agent: helper.id, details })
    await assert.rejects(ask([only('orders.read')]), refusedTicket('task.beyond_parent'))
    await assert.rejects(
      ask([only('orders.list'), handOn('orders.read')]),
      refusedTicket('task.beyond_parent'),
    )
    const got = await child(world, does, helper, { details: [only('orders.list')] })
    assert.deepEqual(actions(got.opened.details), ['orders.list'])
  })

  test('a stolen, replayed, expired or altered ticket opens nothing', async (t) => {
    const { world, parts, helper, parent } = await begin(t)
    const thief = await addAgent(world, 'thief-bot')
    const { token } = await ticketFor(world, parent, { agent: helper.id })
    assert.equal(reasonOf(await redeem(world, thief, token)), 'ticket.wrong_agent')
    const altered = `${token.slice(0, -4)}${token.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`
    assert.equal(reasonOf(await redeem(world, helper, altered)), 'token.bad_signature')
    // a token of another kind is no ticket, and a ticket no token of another kind
    assert.equal(
      reasonOf(await redeem(world, helper, parent.opened.token.token)),
      'token.wrong_type',
    )
    const own = { issuer: ISSUER, keys: parts.keys, clock: parts.clock }
    await assert.rejects(checkTaskToken(token, own), refusedTicket('token.wrong_type'))
    assert.equal(reasonOf(await redeem(world, helper, token)), 'opened')
    assert.equal(reasonOf(await redeem(world, helper, token)), 'ticket.replayed')
    const late = await ticketFor(world, parent, { agent: helper.id })
    parts.clock.advance(60_001)
    assert.equal(reasonOf(await redeem(world, helper, late.token)), 'token.expired')
  })

  test('a ticket redeemed sixteen times at once opens one child', async (t) => {
    const { world, parts, helper, parent } = await begin(t)
    const { token } = await ticketFor(world, parent, { agent: helper.id })
    const answers = await Promise.all(
      Array.from({ length: 16 }, () => redeem(world, helper, token)),
    )
    const reasons = answers.map(reasonOf)
    assert.equal(reasons.filter((reason) => reason === 'opened').length, 1)
    assert.equal(reasons.filter((reason) => reason === 'ticket.replayed').length, 15)
    const tasks = await listTasks(parts.storage.read, { agentId: helper.id, limit: 50 })
    assert.equal(tasks.length, 1)
  })

  test('needs a fresh key of its own: not the parent’s, not one of another task', async (t) => {
    const { world, helper, parent } = await begin(t)
    const { token } = await ticketFor(world, parent, { agent: helper.id })
    assert.equal(reasonOf(await redeem(world, helper, token, parent.key)), 'task.key_used')
    assert.equal(reasonOf(await redeem(world, helper, token)), 'opened')
  })

  test('does not begin under a parent that was closed or suspended, nor above a suspended one', async (t) => {
    const { world, parts, helper, parent } = await begin(t)
    const middle = await child(world, parent, helper)
    const { token } = await ticketFor(world, middle, { agent: helper.id })
    const change = { taskId: parent.opened.task.id, by: 'operator', reason: 'test' }
    await suspendTask(parts, change)
    assert.equal(reasonOf(await redeem(world, helper, token)), 'task.suspended')
    await assert.rejects(
      ticketFor(world, middle, { agent: helper.id }),
      refusedTicket('task.suspended'),
    )
    await resumeTask(parts, change)
    assert.equal(reasonOf(await redeem(world, helper, token)), 'opened')
    const again = await ticketFor(world, middle, { agent: helper.id })
    await closeTask(parts, change)
    assert.equal(reasonOf(await redeem(world, helper, again.token)), 'task.closed')
  })

  test('stands still with what is above it, and ends with it', async (t) => {
    const { world, parts, helper, parent } = await begin(t)
    await permitAll(world)
    const held = await child(world, parent, helper)
    const token = await world.token(held)
    const change = { taskId: parent.opened.task.id, by: 'operator', reason: 'test' }
    await suspendTask(parts, change)
    const still = await world.decide(held, token, READ)
    assert.equal(still.outcome === 'deny' && still.reason, 'task.suspended')
    await resumeTask(parts, change)
    assert.equal((await world.decide(held, await world.token(held), READ)).outcome, 'permit')
    const last = await world.token(held)
    await closeTask(parts, change)
    const ended = await world.decide(held, last, READ)
    assert.equal(ended.outcome === 'deny' && ended.reason, 'task.closed')
  })

  test('never outlasts its parent', async (t) => {
    const { world, helper } = await begin(t)
    const parent = await world.open({ lifeSeconds: 120 })
    const { deadline } = parent.opened.task
    const long = await child(world, parent, helper, { lifeSeconds: 3600 })
    assert.equal(long.opened.task.deadline, deadline)
    assert.ok((await child(world, parent, helper)).opened.task.deadline <= deadline)
    const short = await child(world, parent, helper, { lifeSeconds: 30 })
    assert.equal(short.opened.task.deadline, short.opened.task.openedAt + 30_000)
    const below = await child(world, short, helper, { lifeSeconds: 60 })
    assert.equal(below.opened.task.deadline, short.opened.task.deadline)
  })

  test('the sixth agent in a row is refused, by the ticket and by whoever has one', async (t) => {
    const { world, parts, helper, parent } = await begin(t)
    let last: HeldTask = parent
    for (let depth = 2; depth <= 5; depth++) last = await child(world, last, helper)
    assert.equal(last.opened.chain.length, 5)
    await assert.rejects(
      ticketFor(world, last, { agent: helper.id }),
      refusedTicket('task.too_deep'),
    )
    const { token } = await mintTicket(minting(parts), {
      sub: world.sam.id,
      agent: helper.id,
      task: { parent: last.opened.task.id, purpose: 'one deeper' },
      details: [only('orders.read')],
      delegates: undefined,
      budget: undefined,
      lifeSeconds: undefined,
      space: undefined,
      notAfter: last.opened.task.deadline,
    })
    assert.equal(reasonOf(await redeem(world, helper, token)), 'task.too_deep')
  })

  test('X4: a flood of children is bounded, also when their tickets were made before', async (t) => {
    const { world, parts, helper, parent } = await begin(t)
    const { children } = TREE_LIMITS
    const tickets = await Promise.all(
      Array.from({ length: 2 }, () => ticketFor(world, parent, { agent: helper.id })),
    )
    for (let i = 1; i < children; i++) await openedChild(parts, parent.opened.task)
    const [first, second] = tickets.map(({ token }) => token)
    const answers = await Promise.all([
      redeem(world, helper, first ?? ''),
      redeem(world, helper, second ?? ''),
    ])
    assert.deepEqual(answers.map(reasonOf).toSorted(), ['opened', 'task.too_many_children'])
    await assert.rejects(
      ticketFor(world, parent, { agent: helper.id }),
      refusedTicket('task.too_many_children'),
    )
    // room again, once something below has ended
    const [opened] = answers.filter(({ outcome }) => outcome === 'opened')
    assert.ok(opened?.outcome === 'opened')
    await closeTask(parts, { taskId: opened.task.id, by: 'operator', reason: 'test' })
    await child(world, parent, helper)
  })

  test('is within the ceiling of its own agent, and what administrators allow that agent for the person', async (t) => {
    const { world, parts, parent } = await begin(t)
    const reader = await addAgent(world, 'reader-bot', { ceiling: [only('orders.read')] })
    const all = { details: [ALL_OF_ORDERS] }
    const narrow = await child(world, parent, reader, all)
    assert.deepEqual(
      narrow.opened.details.flatMap(({ actions }) => actions),
      ['orders.read'],
    )
    const beyond = await ticketFor(world, parent, {
      agent: reader.id,
      details: [only('orders.watch')],
    })
    assert.equal(reasonOf(await redeem(world, reader, beyond.token)), 'task.beyond_ceiling')
    await grantBasis(parts, {
      personId: world.sam.id,
      agentId: reader.id,
      kind: 'admin',
      details: [only('orders.list')],
      grantedBy: world.ada.id,
    })
    const other = await ticketFor(world, parent, { agent: reader.id })
    assert.equal(reasonOf(await redeem(world, reader, other.token)), 'task.beyond_basis')
  })

  test('of an agent that is unknown, quarantined, suspended or retired is not begun', async (t) => {
    const { world, parts, helper, parent } = await begin(t)
    const ask = () => ticketFor(world, parent, { agent: helper.id })
    await assert.rejects(
      ticketFor(world, parent, { agent: 'nobody-bot' }),
      refusedTicket('agent.unknown'),
    )
    const { token } = await ask()
    await setTrust(parts, { agentId: helper.id, trust: 0, by: 'operator' })
    await assert.rejects(ask(), refusedTicket('agent.quarantined'))
    assert.equal(reasonOf(await redeem(world, helper, token)), 'agent.quarantined')
    await setTrust(parts, { agentId: helper.id, trust: 3, by: 'operator' })
    await suspendAgent(parts, { agentId: helper.id, by: 'operator', reason: 'test' })
    await assert.rejects(ask(), refusedTicket('agent.suspended'))
    assert.equal(reasonOf(await redeem(world, helper, token)), 'agent.unauthenticated')
    await retireAgent(parts, { agentId: helper.id, by: 'operator', reason: 'test' })
    await assert.rejects(ask(), refusedTicket('agent.retired'))
  })

  test('what an agent above may hand on is lowered for children that run, at once', async (t) => {
    const { world, parts, helper, parent } = await begin(t)
    await permitAll(world)
    const held = await child(world, parent, helper)
    assert.equal((await world.decide(held, await world.token(held), READ)).outcome, 'permit')
    await setCeiling(parts, {
      agentId: refundBot(world).id,
      ceiling: [ALL_OF_ORDERS],
      mayDelegate: [handOn('orders.list')],
      by: 'operator',
    })
    await assert.rejects(world.token(held), /task\.resource_not_granted/)
    await assert.rejects(
      ticketFor(world, parent, { agent: helper.id }),
      refusedTicket('task.beyond_parent', /orders\.list/),
    )
  })

  test('a refusal uses up the proof and is recorded, and the ticket stays good', async (t) => {
    const { world, parts, helper, parent } = await begin(t)
    const { token } = await ticketFor(world, parent, { agent: helper.id })
    const once = { ...redemption(world, helper, token), assertion: world.assertion() }
    assert.equal(reasonOf(await openTask(parts, 'ticket', once)), 'ticket.wrong_agent')
    assert.equal(reasonOf(await openTask(parts, 'ticket', once)), 'proof.replayed')
    const refusals = (await parts.recorded()).filter(({ type }) => type === 'task.refused')
    assert.deepEqual(
      refusals.map(({ reason }) => reason),
      ['ticket.wrong_agent', 'proof.replayed'],
    )
    assert.equal(reasonOf(await redeem(world, helper, token)), 'opened')
  })
})
