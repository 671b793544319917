import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { mayContinue, stillLive } from '../../calls/calls/still-live.ts'
import {
  type HeldTask,
  newKey,
  READ,
  REFUND_DESK,
  refund,
  type World,
  worldsOver,
} from '../../calls/calls/testing.ts'
import { openTask } from '../../grants/grants/openings/open-task.ts'
import {
  alone,
  beginAlone,
  child,
  only,
  permitAll,
  reasonOf,
  refundBot,
  sponsored,
  ticketFor,
} from '../../grants/grants/openings/testing.ts'
import { registerAgent } from '../../identity/agents/index.ts'
import {
  ClientAuthenticator,
  type MachineClient,
  removeClient,
} from '../../identity/machine-clients/index.ts'
import { clientWith, machinesOf } from '../../identity/machine-clients/testing.ts'
import type { Person } from '../../identity/people/index.ts'
import { suspendPerson } from '../../identity/sessions/index.ts'
import {
  changeSpace,
  createSpace,
  endThread,
  removeSpace,
  resumeSpace,
  type SpaceRules,
  type Statement,
  stateThread,
  suspendSpace,
} from '../../identity/spaces/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { publishPolicies } from '../../policy/policy/index.ts'
import { findTask, TaskKeeper } from '../tasks/index.ts'

import { MAX_LOOKING_MS } from './space-context-cache.ts'

const by = 'operator'
/** Rules: everybody of support may be there, and the refund bot. */
const OPEN: SpaceRules = { people: ['group:support'], agents: ['refund-bot'] }

forEachEngine('a task in a space', (open) => {
  const worlds = worldsOver(open)

  /** acme → desk → returns; a surface for the desk and all below it. */
  async function begin(t: TestContext, rules: SpaceRules = {}) {
    const world = await worlds.own(t)
    const { parts } = world
    await createSpace(parts, { name: 'acme', kind: 'organization', rules: OPEN, by })
    await createSpace(parts, { name: 'desk', kind: 'workspace', parent: 'acme', rules, by })
    await createSpace(parts, { name: 'returns', kind: 'channel', parent: 'desk', rules: {}, by })
    await createSpace(parts, { name: 'other', kind: 'workspace', parent: 'acme', rules: {}, by })
    const machines = machinesOf(parts)
    const desk = { space: 'desk' }
    const { client: surface, secret } = await clientWith(machines, 'chat', 'surface', desk)
    const clients = new ClientAuthenticator(machines)
    const heard = (shown: string) =>
      clients.authenticate({ kind: 'secret', secret: shown }, 'threads')
    let version = 0
    const say = (
      there: readonly Person[],
      over: Partial<Statement> = {},
      at: { space?: string; thread?: string; surface?: MachineClient<'surface'> } = {},
    ) =>
      stateThread(parts, at.surface ?? surface, {
        space: at.space ?? 'desk',
        thread: at.thread ?? 't1',
        statement: {
          version: ++version,
          requester: { id: world.sam.id },
          participants: there.map(({ id }) => ({ id })),
          others: 0,
          agents: ['refund-bot'],
          ...over,
        },
      })
    const tryOpen = async (over: object) =>
      reasonOfOpening(await openTask(parts, 'token_exchange', await world.opening(newKey(), over)))
    const read = async (held: HeldTask, token?: string) => {
      const verdict = await world.decide(held, token ?? (await world.token(held)), READ)
      return verdict.outcome === 'deny' ? verdict.reason : verdict.outcome
    }
    const set = (name: string, change: SpaceRules) =>
      changeSpace(parts, { name, rules: change, by })
    return { world, parts, machines, heard, secret, surface, say, tryOpen, read, set }
  }

  function reasonOfOpening(answer: Awaited<ReturnType<typeof openTask>>): string {
    return answer.outcome === 'refused' ? answer.reason : answer.outcome
  }

  /** Policies: everyone of support may read; and nobody else. */
  const may = (world: World, ...people: readonly Person[]) => permitAll(world, ...people)

  test('opens where person and agent are let in, all the way up, and nowhere else', async (t) => {
    const { set, tryOpen } = await begin(t)
    assert.equal(await tryOpen({ space: 'returns' }), 'opened')
    assert.equal(await tryOpen({ space: 'nowhere' }), 'space.not_open')
    assert.equal(await tryOpen({ thread: 't1' }), 'thread.unknown')
    assert.equal(await tryOpen({ space: 'desk', thread: 'never-stated' }), 'thread.unknown')
    // A channel cannot let in whom the workspace does not.
    await set('desk', { agents: ['another-bot'] })
    await set('returns', { agents: ['refund-bot'] })
    assert.equal(await tryOpen({ space: 'returns' }), 'space.not_open')
    assert.equal(await tryOpen({ space: 'other' }), 'opened')
    await set('desk', { agents: null, people: ['group:finance'] })
    assert.equal(await tryOpen({ space: 'desk' }), 'space.not_open')
    assert.equal(await tryOpen({}), 'opened', 'no space restricts nothing')
  })

  test('a space of which nobody says who may open tasks there is open to nobody', async (t) => {
    const { set, tryOpen } = await begin(t)
    await set('acme', { people: null })
    assert.equal(await tryOpen({ space: 'desk' }), 'space.not_open')
    await set('acme', { people: ['group:support'], agents: null })
    assert.equal(await tryOpen({ space: 'desk' }), 'space.not_open')
  })

  test('gets what the spaces leave, and less when they leave less', async (t) => {
    const { read, set, tryOpen, world } = await begin(t, {
      details: [only('orders.read', 'orders.list')],
    })
    const held = await world.open({ space: 'returns' })
    assert.deepEqual(held.opened.task.details.flatMap(({ actions }) => actions).toSorted(), [
      'orders.list',
      'orders.read',
    ])
    assert.equal(await read(held), 'permit')
    const before = await world.token(held)
    // Lowered above it, while it runs: counts at once.
    await set('acme', { details: [only('orders.list')] })
    assert.equal(await read(held, before), 'token.stale')
    assert.equal(await read(held), 'task.not_covered')
    await set('acme', { details: [only('orders.refund')] })
    assert.equal(await tryOpen({ space: 'returns' }), 'task.beyond_space')
  })

  test('stands still with any space above it, and closes when one is removed', async (t) => {
    const { parts, read, tryOpen, world } = await begin(t)
    const held = await world.open({ space: 'returns' })
    const token = await world.token(held)
    await suspendSpace(parts, { name: 'acme', by, reason: 'audit' })
    assert.equal(await read(held, token), 'space.suspended')
    assert.equal(await tryOpen({ space: 'returns' }), 'space.suspended')
    await resumeSpace(parts, { name: 'acme', by, reason: 'done' })
    assert.equal(await read(held, token), 'token.stale')
    assert.equal(await read(held), 'permit')
    const keeper = new TaskKeeper(parts, { onError: (error) => assert.ifError(error) })
    const again = await world.token(held)
    await removeSpace(parts, { name: 'desk', by, reason: 'moved' })
    assert.equal(await read(held, again), 'space.removed')
    assert.equal(await tryOpen({ space: 'returns' }), 'space.removed')
    await keeper.start()
    await keeper.sweep()
    await keeper.stop()
    const closed = await findTask(parts.storage.read, held.opened.task.id)
    assert.deepEqual([closed?.state, closed?.closeReason], ['closed', 'space.ended'])
  })

  test('policies see the space and those above it, the requester and who is there', async (t) => {
    const { parts, read, say, world } = await begin(t)
    const rule = (id: string, when: string) =>
      publishPolicies(parts, {
        text: `@id("${id}") permit (principal, action, resource) when { ${when} };`,
        by,
        note: 'test',
      })
    await say([world.sam, world.finn])
    const held = await world.open({ space: 'desk', thread: 't1' })
    const finn = `Person::"${world.finn.id}"`
    for (const [when, outcome] of [
      ['context has space && context.space in Space::"acme"', 'permit'],
      ['context has space && context.space == Space::"desk"', 'permit'],
      ['context has space && context.space in Space::"other"', 'person.not_permitted'],
      [`context has requester && context.requester == Person::"${world.sam.id}"`, 'permit'],
      [`context.participants.contains(${finn})`, 'permit'],
      ['context has thread && context.thread.strangers == 0', 'permit'],
    ] as const) {
      await rule('seen', when)
      assert.equal(await read(held), outcome, when)
    }
    // Someone leaves: the next call knows, and no token ended.
    const token = await world.token(held)
    await rule('seen', `context.participants.contains(${finn})`)
    assert.equal(await read(held, token), 'permit')
    await say([world.sam])
    assert.equal(await read(held, token), 'person.not_permitted')
  })

  test('intersection: everyone there has to be permitted, each by themselves', async (t) => {
    const { read, say, tryOpen, world } = await begin(t, { mode: 'intersection' })
    await may(world, world.sam, world.finn)
    assert.equal(await tryOpen({ space: 'desk' }), 'space.no_source', 'fail closed')
    await say([world.sam, world.finn])
    const held = await world.open({ space: 'returns', thread: 't1' }).catch(() => undefined)
    assert.equal(held, undefined, 'a thread is of its own space')
    const there = await world.open({ space: 'desk', thread: 't1' })
    const token = await world.token(there)
    assert.equal(await read(there, token), 'permit')
    await say([world.sam, world.finn, world.fay])
    assert.equal(await read(there, token), 'person.not_permitted')
    await say([world.sam, world.finn])
    assert.equal(await read(there, token), 'permit')
    await say([world.sam], { others: 1 })
    assert.equal(await read(there, token), 'thread.strangers')
    const stranger = { issuer: world.provider.issuer, subject: 'never-seen' }
    await say([], { participants: [{ id: world.sam.id }, stranger] })
    assert.equal(await read(there, token), 'thread.strangers')
  })

  test('a change of groups of someone who is there counts on the next call', async (t) => {
    const { parts, read, say, world } = await begin(t, { mode: 'intersection' })
    await publishPolicies(parts, { text: REFUND_DESK, by, note: 'test' })
    await world.signIn('fay', 'finance', 'support')
    await say([world.sam, world.fay])
    const held = await world.open({ space: 'desk', thread: 't1' })
    const token = await world.token(held)
    assert.equal(await read(held, token), 'permit')
    await world.signIn('fay', 'finance')
    assert.equal(await read(held, token), 'person.not_permitted')
    await world.signIn('fay', 'finance', 'support')
    assert.equal(await read(held, token), 'permit')
    await suspendPerson(parts, { personId: world.fay.id, by, reason: 'left' })
    assert.equal(await read(held, token), 'thread.participant_suspended')
  })

  test('the mode is nearest first, and a change of it counts for tasks that run', async (t) => {
    const { read, set, world } = await begin(t)
    const held = await world.open({ space: 'returns' })
    assert.equal(await read(held), 'permit')
    await set('acme', { mode: 'agent' })
    await assert.rejects(world.token(held), /space\.mode/)
    await set('returns', { mode: 'requester' })
    assert.equal(await read(held), 'permit')
    await set('returns', { mode: 'intersection' })
    await assert.rejects(world.token(held), /space\.no_source/)
  })

  test('agent: only with no person present, and the sponsor stands at the person gate', async (t) => {
    const { parts, read, say, set, tryOpen, world } = await begin(t, {
      mode: 'agent',
      people: ['group:support', `person:psn_${'a'.repeat(22)}`],
    })
    await may(world, world.ada)
    await sponsored(world, refundBot(world))
    assert.equal(await tryOpen({ space: 'desk' }), 'space.mode')
    assert.equal(
      reasonOf(await beginAlone(world, refundBot(world), { space: 'desk' })),
      'space.not_open',
    )
    await set('acme', { people: ['group:support', `person:${world.ada.id}`] })
    await set('desk', { people: null })
    await say([world.sam])
    const held = await alone(world, refundBot(world), { space: 'desk', thread: 't1' })
    assert.equal(await read(held), 'permit')
    // The sponsor's authority, not that of the one who asks, who is named all the same.
    await publishPolicies(parts, {
      text: `@id("asked") permit (principal, action, resource) when { context has requester && context.requester == Person::"${world.sam.id}" && !(context has person) };`,
      by,
      note: 'test',
    })
    assert.equal(await read(held), 'permit')
    await may(world, world.sam)
    assert.equal(await read(held), 'person.not_permitted')
    // And where a person has to ask, nobody works with a sponsor's authority.
    await set('desk', { mode: 'requester' })
    assert.equal(
      reasonOf(await beginAlone(world, refundBot(world), { space: 'desk' })),
      'space.mode',
    )
    await assert.rejects(world.token(held), /space\.mode/)
  })

  test('who asks in the conversation cannot lift what they ask for', async (t) => {
    const { parts, say, set, world } = await begin(t, { mode: 'agent' })
    await set('acme', { people: ['group:support', `person:${world.ada.id}`] })
    await publishPolicies(parts, {
      text: `@id("all") permit (principal, action, resource);
@id("ask") @requestable("") @approvers("group:finance") forbid (principal is Person, action == Action::"orders.refund", resource);`,
      by,
      note: 'test',
    })
    await sponsored(world, refundBot(world), { details: [only('orders.refund')] })
    await say([], { requester: { id: world.finn.id } })
    const held = await alone(world, refundBot(world), { space: 'desk', thread: 't1' })
    const token = await world.token(held)
    const asked = await world.decide(held, token, refund('10.00'))
    assert.ok(asked.outcome === 'requestable')
    await assert.rejects(world.answer(asked.request.id, world.finn, 'approve'), {
      code: 'approval.own_request',
    })
    await world.answer(asked.request.id, world.fay, 'approve')
    // Nor may one begin to ask after having approved.
    await say([], { requester: { id: world.fay.id } })
    const again = await world.decide(held, token, refund('10.00'))
    assert.ok(again.outcome === 'requestable')
    assert.notEqual(again.request.id, asked.request.id)
    // Nor who asked there before, whoever asks now.
    await assert.rejects(world.answer(again.request.id, world.finn, 'approve'), {
      code: 'approval.own_request',
    })
    const gail = await world.signIn('gail', 'finance', 'support')
    await world.answer(again.request.id, gail, 'approve')
    assert.equal((await world.decide(held, token, refund('10.00'))).outcome, 'permit')
  })

  test('a child is where its parent is or below, in the same conversation', async (t) => {
    const { parts, read, say, set, world } = await begin(t, { mode: 'intersection' })
    await may(world, world.sam, world.finn)
    await say([world.sam, world.finn])
    const parent = await world.open({ space: 'desk', thread: 't1' })
    const bot = refundBot(world)
    const same = await child(world, parent, bot)
    assert.deepEqual(
      [same.opened.task.spaceId, same.opened.task.threadId],
      ['desk', parent.opened.task.threadId],
    )
    const below = await child(world, parent, bot, { space: 'returns' })
    assert.deepEqual([below.opened.task.spaceId], ['returns'])
    const token = await world.token(below)
    assert.equal(await read(below, token), 'permit')
    await assert.rejects(ticketFor(world, parent, { agent: bot.id, space: 'other' }), {
      code: 'space.not_below',
    })
    await assert.rejects(ticketFor(world, below, { agent: bot.id, space: 'desk' }), {
      code: 'space.not_below',
    })
    const free = await world.open()
    await assert.rejects(ticketFor(world, free, { agent: bot.id, space: 'desk' }), {
      code: 'space.not_below',
    })
    await say([world.sam, world.fay])
    assert.equal(await read(below, token), 'person.not_permitted')
    // Nor does it get more where fewer count: it is still in the conversation of its parent.
    await set('returns', { mode: 'requester' })
    const later = await world.token(below)
    assert.equal(await read(below, later), 'person.not_permitted')
    await say([world.sam, world.finn], { others: 1 })
    assert.equal(await read(below, later), 'thread.strangers')
    await say([world.sam, world.finn])
    assert.equal(await read(below, later), 'permit')
    await set('returns', { mode: null })
    // An agent that is not let in is not let in as a child either.
    await say([world.sam, world.finn])
    await registerAgent(parts, {
      ...{ name: 'stray', description: '', ownerId: world.ada.id, trust: 3, keys: [], by },
      ceiling: [only('orders.read')],
    })
    await assert.rejects(ticketFor(world, parent, { agent: 'stray' }), { code: 'space.not_open' })
    await set('returns', { details: [only('orders.list')] })
    await assert.rejects(ticketFor(world, parent, { agent: bot.id, space: 'returns' }), {
      code: 'task.beyond_space',
    })
  })

  test('attacks: what an agent or another surface says about who is there is worth nothing', async (t) => {
    const { heard, machines, parts, read, say, secret, surface, tryOpen, world } = await begin(t, {
      mode: 'intersection',
    })
    await may(world, world.sam, world.finn)
    await say([world.sam, world.finn])
    // A surface of another space: to it, the desk does not exist, nor does a thread there.
    const other = { space: 'other' }
    const { client: foreign } = await clientWith(machines, 'foreign', 'surface', other)
    await assert.rejects(say([world.sam], {}, { surface: foreign }), { code: 'space.unknown' })
    await assert.rejects(endThread(parts, foreign, { space: 'desk', thread: 't1' }), {
      code: 'thread.unknown',
    })
    // A surface of the same space: one thread has one.
    const acme = { space: 'acme' }
    const { client: second, secret: secondSecret } = await clientWith(
      machines,
      'second',
      'surface',
      acme,
    )
    await assert.rejects(say([world.sam], {}, { surface: second }), { code: 'thread.not_yours' })
    // An older statement that arrives late does not bring anyone back, nor take anyone out.
    await assert.rejects(say([world.sam], { version: 1 }), { code: 'thread.overtaken' })
    // The conversation is somebody else's, or one that the agent is not part of.
    await say([world.finn], { requester: { id: world.finn.id } }, { thread: 'finns' })
    assert.equal(await tryOpen({ space: 'desk', thread: 'finns' }), 'thread.other_requester')
    await say([world.sam], { agents: ['another-bot'] }, { thread: 'without' })
    assert.equal(await tryOpen({ space: 'desk', thread: 'without' }), 'thread.agent_not_in_it')
    // Somebody else begins to ask: what runs for the first one stops.
    const held = await world.open({ space: 'desk', thread: 't1' })
    const token = await world.token(held)
    await say([world.sam, world.finn], { requester: { id: world.finn.id } })
    assert.equal(await read(held, token), 'thread.other_requester')
    await say([world.sam, world.finn])
    assert.equal(await read(held, token), 'permit')
    // The surface falls silent, and speaks again.
    parts.clock.advance(15 * 60_000 + 1)
    const late = await world.token(held).catch((error: Error) => error.message)
    assert.match(late, /thread\.not_fresh/)
    await heard(secret)
    assert.equal(await read(held), 'permit')
    // Revoked: nothing it said counts any more.
    const last = await world.token(held)
    await removeClient(machines, { id: surface.id, by })
    assert.equal(await read(held, last), 'space.no_source')
    await assert.rejects(world.open({ space: 'desk', thread: 't1' }))
    // Another one may go on with the thread.
    await heard(secondSecret)
    await say([world.sam], { version: 1 }, { surface: second })
    assert.equal(await read(held, last), 'permit')
    await endThread(parts, second, { space: 'desk', thread: 't1' })
    assert.equal(await read(held, last), 'thread.ended')
    await assert.rejects(say([world.sam], {}, { surface: second }), { code: 'thread.ended' })
  })

  test('what was permitted is not sent when someone joined in between', async (t) => {
    const { parts, say, world } = await begin(t, { mode: 'intersection' })
    await may(world, world.sam)
    await say([world.sam])
    const held = await world.open({ space: 'desk', thread: 't1' })
    const verdict = await world.decide(held, await world.token(held), READ)
    assert.ok(verdict.outcome === 'permit')
    const holds = () => parts.live.holds(verdict.ticket.also) && parts.live.holds(verdict.view)
    assert.ok(holds())
    await say([world.sam, world.fay])
    assert.ok(!holds())
  })

  test('what runs is cut when the surface falls silent, and not when another replica heard it', {
    timeout: 60_000,
  }, async (t) => {
    const { heard, parts, say, secret, world } = await begin(t)
    await say([world.sam])
    const permit = async () => {
      const held = await world.open({ space: 'desk', thread: 't1' })
      const verdict = await world.decide(held, await world.token(held), READ)
      assert.ok(verdict.outcome === 'permit')
      return verdict
    }
    /** Moves wall time on. The lease, which another clock bounds, is renewed meanwhile. */
    const pass = (ms: number) => parts.clock.jump(ms)
    /** Looks again and again, as a gateway does. */
    const until = async (wanted: boolean, running: Awaited<ReturnType<typeof permit>>) => {
      while (mayContinue(parts, running) !== wanted) await setImmediate()
    }
    const first = await permit()
    pass(15 * 60_000 - 1)
    assert.ok(mayContinue(parts, first))
    // Another replica hears it: only the row says so.
    await heard(secret)
    pass(2)
    assert.ok(mayContinue(parts, first), 'what looks silent is read again')
    pass(MAX_LOOKING_MS)
    await until(true, first)
    // Nobody hears it any more.
    pass(15 * 60_000 + 1)
    await until(false, first)
    assert.ok(!stillLive(parts, first), 'nor is anything begun')
    // It speaks again: what is begun then runs.
    await heard(secret)
    const second = await permit()
    assert.ok(mayContinue(parts, second))
    // And where nobody can look any more, nobody is heard.
    pass(15 * 60_000 + 1)
    await parts.storage.close()
    await until(false, second)
  })
})
