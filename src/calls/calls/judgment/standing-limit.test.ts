import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createSpace } from '../../../identity/spaces/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import {
  budgetUse,
  EVERYTHING,
  type Limit,
  type LimitSubject,
  removeLimit,
  setLimit,
  showLimits,
  subjectsOf,
} from '../../../tasks/budgets/index.ts'
import { explain } from '../../../tasks/explanations/explain.ts'
import { findTask } from '../../../tasks/tasks/index.ts'
import { decideCall } from '../decide-call.ts'
import { recordOutcome } from '../outcome.ts'
import { stillLive } from '../still-live.ts'
import { type HeldTask, READ, refund, type Wish, type World, worldsOver } from '../testing.ts'
import type { Verdict } from '../verdict.ts'
import { limited } from './testing.ts'

const calls = (most: number): Limit => ({ name: 'calls', kind: 'calls', most: String(most) })
const perHour = (most: number): Limit => ({
  name: 'calls in 1 h',
  kind: 'calls',
  most: String(most),
  seconds: 3600,
})
const refunds = (most: string): Limit => ({
  name: 'orders.refund/amount in 1 d',
  kind: 'sum',
  action: 'orders.refund',
  path: '/amount',
  most,
  seconds: 86_400,
})
const BOT: LimitSubject = { kind: 'agent', id: 'refund-bot' }

test('a call is counted for everything, its person, every agent of the chain once, and its spaces', () => {
  const agents = ['helper', 'refund-bot', 'helper']
  assert.deepEqual(subjectsOf({ personId: 'psn_sam', agents, spaces: ['desk', 'acme'] }), [
    EVERYTHING,
    { kind: 'person', id: 'psn_sam' },
    { kind: 'agent', id: 'helper' },
    { kind: 'agent', id: 'refund-bot' },
    { kind: 'space', id: 'desk' },
    { kind: 'space', id: 'acme' },
  ])
})

forEachEngine('a call under standing limits', (open) => {
  const worlds = worldsOver(open)

  async function begin(t: TestContext, budget: readonly Limit[] = []) {
    const world = await worlds.own(t)
    const held = await limited(world, budget)
    return { world, held, token: await world.token(held) }
  }

  const set = (world: World, subject: LimitSubject, limit: Limit, eachTask = false) =>
    setLimit(world.parts, { subject, limit, eachTask, by: world.ada.id })

  const of = ({ sam }: World): LimitSubject => ({ kind: 'person', id: sam.id })

  async function used(world: World): Promise<Record<string, string | undefined>> {
    const shown = await showLimits(world.parts, { most: 100 })
    return Object.fromEntries(
      shown.map(({ standing, use }) => [
        `${standing.subject.kind} ${standing.limit.name}`,
        use?.used,
      ]),
    )
  }

  async function together(
    world: World,
    each: (i: number) => { held: HeldTask; token: string; wish: Wish },
  ): Promise<Verdict[]> {
    const made = await Promise.all(
      Array.from({ length: 64 }, (_, i) => {
        const { held, token, wish } = each(i)
        return world.call(held, token, wish)
      }),
    )
    return Promise.all(made.map((call) => decideCall(world.parts, call)))
  }

  const permits = (verdicts: readonly Verdict[]) =>
    verdicts.filter(({ outcome }) => outcome === 'permit').length

  test('is refused when one of them is used up, and the agent is told nothing of what others did', async (t) => {
    const { held, token, world } = await begin(t)
    await set(world, of(world), calls(3))
    const other = await world.open()
    const otherToken = await world.token(other)
    for (const by of [
      { held, token },
      { held: other, token: otherToken },
      { held, token },
    ])
      assert.equal((await world.decide(by.held, by.token, READ)).outcome, 'permit')
    const refused = await world.decide(held, token, READ)
    assert.ok(refused.outcome === 'deny')
    assert.equal(refused.reason, 'limit.used_up')
    assert.equal(refused.detail, 'calls: the limit for the person leaves less than this call takes')
    assert.equal(refused.retryAfter, undefined)
    const told = await explain(world.parts, refused.decisionId, 'person')
    assert.doesNotMatch(JSON.stringify(told), /3 of 3/)
    const all = await explain(world.parts, refused.decisionId, 'operator')
    const note = all.gates.find(({ gate }) => gate === 'budget')?.note
    assert.match(note ?? '', new RegExp(`^lim_.* of person ${world.sam.id}: 3 of 3 used$`))
    assert.equal((await findTask(world.parts.storage.read, held.opened.task.id))?.state, 'open')
  })

  test('a permit says what there was, to operators', async (t) => {
    const { held, token, world } = await begin(t, [calls(5)])
    await set(world, BOT, perHour(7))
    const verdict = await world.decide(held, token, READ)
    const all = await explain(world.parts, verdict.decisionId, 'operator')
    const gates = all.gates.filter(({ gate }) => gate === 'budget')
    assert.deepEqual(
      gates.map(({ detail, passed }) => [passed, detail]),
      [
        [true, 'calls: 0 of 5 used'],
        [true, 'calls in 1 h: the limit for an agent of the task leaves enough'],
      ],
    )
    assert.match(gates[1]?.note ?? '', /of agent refund-bot: 0 of 7 used$/)
  })

  test('that are on a time say when, and never close the task', async (t) => {
    const { held, token, world } = await begin(t)
    await set(world, BOT, perHour(1))
    assert.equal((await world.decide(held, token, READ)).outcome, 'permit')
    // What the world of the tests holds on to ends before an hour is over.
    world.parts.clock.advance(1_000)
    const refused = await world.decide(held, token, READ)
    assert.ok(refused.outcome === 'deny')
    assert.deepEqual([refused.reason, refused.retryAfter], ['limit.try_later', 3599])
    assert.match(refused.enough, /^the same call after 2026-/)
    assert.equal((await findTask(world.parts.storage.read, held.opened.task.id))?.state, 'open')
  })

  test('set, raised, lowered and removed: the next call knows', async (t) => {
    const { held, token, world } = await begin(t)
    const outcome = async () => (await world.decide(held, token, READ)).outcome
    assert.equal(await outcome(), 'permit')
    const { id } = await set(world, EVERYTHING, calls(1))
    assert.equal(await outcome(), 'permit', 'counts from now on')
    assert.equal(await outcome(), 'deny')
    assert.equal((await set(world, EVERYTHING, calls(2))).id, id)
    assert.equal(await outcome(), 'permit', 'what was used stays used')
    assert.equal(await outcome(), 'deny')
    await set(world, EVERYTHING, calls(1))
    assert.deepEqual((await showLimits(world.parts, { most: 9 }))[0]?.use, {
      ...calls(1),
      used: '2',
      left: '0',
    })
    await removeLimit(world.parts, { id, by: world.ada.id })
    assert.equal(await outcome(), 'permit')
    const records = (await world.parts.recorded()).filter(({ type }) => type.startsWith('limit.'))
    assert.deepEqual(
      records.map(({ by, facts, type }) => [type, by, facts?.limit_id, facts?.subject]),
      ['limit.set', 'limit.set', 'limit.set', 'limit.removed'].map((type) => [
        type,
        world.ada.id,
        id,
        { ...EVERYTHING },
      ]),
    )
  })

  test('one that was set has counted every call that is sent after that', async (t) => {
    const { held, token, world } = await begin(t)
    const verdict = await world.decide(held, token, READ)
    assert.ok(verdict.outcome === 'permit')
    assert.ok(stillLive(world.parts, verdict))
    await set(world, BOT, perHour(1))
    assert.equal(stillLive(world.parts, verdict), false)
  })

  test('cost no read where there are none', async (t) => {
    const { held, token, world } = await begin(t)
    assert.equal((await world.decide(held, token, READ)).outcome, 'permit')
    const read: string[] = []
    const executor = world.parts.storage.read.getExecutor()
    t.mock.method(executor, 'executeQuery', function (this: typeof executor, ...given: unknown[]) {
      const [query] = given as [{ readonly sql: string }] // as: a compiled query, by its own type
      read.push(query.sql)
      return Reflect.apply(Object.getPrototypeOf(executor).executeQuery, this, given)
    })
    assert.equal((await world.decide(held, token, READ)).outcome, 'permit')
    assert.deepEqual(
      read.filter((sql) => sql.includes('limit')),
      [],
    )
    await set(world, BOT, perHour(9))
    assert.equal((await world.decide(held, token, READ)).outcome, 'permit')
    assert.notDeepEqual(
      read.filter((sql) => sql.includes('limit')),
      [],
      'or the test sees nothing',
    )
  })

  test('64 at once of two tasks: all limits that apply or none, and exactly as many as fit', async (t) => {
    const one = await begin(t, [calls(12)])
    const { world } = one
    const two = { held: await world.open() }
    const token = await world.token(two.held)
    await set(world, EVERYTHING, calls(500))
    await set(world, of(world), refunds('9.50'))
    await set(world, BOT, perHour(30))
    const verdicts = await together(world, (i) => ({
      ...(i % 2 ? one : { held: two.held, token }),
      wish: i % 4 < 2 ? READ : refund('1.00'),
    }))
    assert.equal(permits(verdicts), 30)
    const refunded = verdicts.filter(({ outcome }, i) => outcome === 'permit' && i % 4 >= 2).length
    assert.ok(refunded <= 9)
    const byOne = verdicts.filter(({ outcome }, i) => outcome === 'permit' && i % 2).length
    assert.ok(byOne <= 12)
    assert.deepEqual(await used(world), {
      'organization calls': '30',
      'person orders.refund/amount in 1 d': `${refunded}.00`,
      'agent calls in 1 h': '30',
    })
    const [own] = await budgetUse(world.parts, { ...one.held.opened.task, budget: [calls(12)] })
    assert.equal(own?.used, String(byOne))
  })

  test('64 at once beside returns and changes of the limits: nobody waits for ever, nothing is lost', async (t) => {
    const { held, token, world } = await begin(t, [calls(60)])
    await set(world, EVERYTHING, perHour(200))
    await set(world, of(world), calls(50))
    await set(world, BOT, perHour(55))
    const changing = async () => {
      for (const most of [52, 48, 50]) await set(world, of(world), calls(most))
    }
    const made = await Promise.all(Array.from({ length: 64 }, () => world.call(held, token, READ)))
    const changes = changing()
    const kept = await Promise.all(
      made.map(async (call, i) => {
        const verdict = await decideCall(world.parts, call)
        if (verdict.outcome !== 'permit') return 0
        if (i % 3 > 0) return 1
        await recordOutcome(world.parts, verdict.decisionId, { state: 'not_sent' })
        return 0
      }),
    )
    await changes
    const sent = kept.reduce<number>((sum, each) => sum + each, 0)
    assert.ok(sent > 0)
    const counts = await used(world)
    assert.deepEqual(new Set(Object.values(counts)), new Set([String(sent)]))
    const more = await Promise.all(
      Array.from({ length: 64 }, () => world.decide(held, token, READ)),
    )
    assert.equal(permits(more), 50 - sent)
  })

  test('of a space count what is done in it and below it', async (t) => {
    const { held, token, world } = await begin(t)
    const by = world.ada.id
    const rules = { people: ['group:support'], agents: ['refund-bot'] }
    await createSpace(world.parts, { name: 'acme', kind: 'organization', rules, by })
    for (const [name, parent, kind] of [
      ['desk', 'acme', 'workspace'],
      ['returns', 'desk', 'channel'],
      ['other', 'acme', 'workspace'],
    ] as const)
      await createSpace(world.parts, { name, parent, kind, rules: {}, by })
    await set(world, { kind: 'space', id: 'desk' }, calls(5))
    await set(world, { kind: 'space', id: 'other' }, calls(9), true)
    await assert.rejects(
      set(world, { kind: 'space', id: 'nowhere' }, calls(1)),
      (error) => error instanceof Problem && error.code === 'limit.unknown_subject',
    )
    const [desk, below, other] = [
      await world.open({ space: 'desk' }),
      await world.open({ space: 'returns' }),
      await world.open({ space: 'other' }),
    ]
    assert.deepEqual(other.opened.task.budget, [calls(9)])
    const tokens = [await world.token(desk), await world.token(below)]
    const verdicts = await together(world, (i) => ({
      held: i % 2 ? below : desk,
      token: tokens[i % 2] ?? '',
      wish: READ,
    }))
    assert.equal(permits(verdicts), 5)
    assert.equal((await world.decide(other, await world.token(other), READ)).outcome, 'permit')
    assert.equal((await world.decide(held, token, READ)).outcome, 'permit', 'in no space')
    const [{ use } = { use: undefined }] = await showLimits(world.parts, {
      subject: { kind: 'space', id: 'desk' },
      most: 9,
    })
    assert.equal(use?.used, '5')
  })

  test('come back when nothing was sent', async (t) => {
    const { held, token, world } = await begin(t)
    await set(world, of(world), refunds('50.00'))
    await set(world, BOT, perHour(1))
    const verdict = await world.decide(held, token, refund('50.00'))
    assert.equal((await world.decide(held, token, READ)).outcome, 'deny')
    await recordOutcome(world.parts, verdict.decisionId, { state: 'not_sent' })
    assert.deepEqual(await used(world), {
      'person orders.refund/amount in 1 d': '0.00',
      'agent calls in 1 h': '0',
    })
    assert.equal((await world.decide(held, token, refund('50.00'))).outcome, 'permit')
  })

  test('of each task are in its budget from the start, the smaller where both say something', async (t) => {
    const { world } = await begin(t)
    await set(world, BOT, calls(4), true)
    await set(world, of(world), calls(9), true)
    await set(world, EVERYTHING, perHour(2), true)
    const asked = await world.open({ budget: [{ limit: 'calls', max: 3 }] })
    const unasked = await world.open({ budget: [{ limit: 'calls', max: 100 }] })
    const budgetOf = async ({ opened }: HeldTask) =>
      (await findTask(world.parts.storage.read, opened.task.id))?.budget
    assert.deepEqual(await budgetOf(asked), [calls(3), perHour(2)])
    assert.deepEqual(await budgetOf(unasked), [calls(4), perHour(2)])
    const tokens = [await world.token(asked), await world.token(unasked)]
    const verdicts = await together(world, (i) => ({
      held: i % 2 ? unasked : asked,
      token: tokens[i % 2] ?? '',
      wish: READ,
    }))
    assert.equal(permits(verdicts), 4, 'two of each')
  })
})
