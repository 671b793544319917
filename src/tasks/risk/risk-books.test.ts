import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { decideCall } from '../../calls/calls/decide-call.ts'
import { identify } from '../../calls/calls/identify.ts'
import { recordOutcome } from '../../calls/calls/outcome.ts'
import {
  type HeldTask,
  READ,
  refund,
  riskBooks,
  type Wish,
  type World,
  worldsOver,
} from '../../calls/calls/testing.ts'
import { setMark } from '../../catalog/catalog-changes/index.ts'
import { DAY } from '../../platform/lib/time-units.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { findDecision } from '../decision-log/decision-store.ts'
import { CallsElsewhere } from './calls-elsewhere.ts'
import { forgetRisk } from './forget.ts'
import { RiskHistory } from './risk-books.ts'

/** Counts how often an embedded server begins to read its database. */
function countingReads(of: Storage) {
  const counts = { reads: 0 }
  const read = () => {
    counts.reads++
    return of.read
  }
  const storage: Storage = Object.create(of, { read: { get: read }, engine: { value: 'sqlite' } })
  return { counts, storage }
}

forEachEngine('what is known from before', (open) => {
  const worlds = worldsOver(open)

  async function begin(t: TestContext) {
    const world = await worlds.own(t)
    // Noon: the hour is none of what these tests are about.
    world.parts.clock.advance(DAY / 2)
    const { policies } = world.parts
    const parts = { ...world.parts, revalidate: policies.revalidate.bind(policies) }
    const by = 'operator'
    await setMark(parts, { action: 'orders.refund', mark: 'counterparty', path: '/order_id', by })
    return { world, ...(await held(world)) }
  }

  async function held(world: World) {
    const held = await world.open()
    return { held, token: await world.token(held) }
  }

  async function stored(world: World, id: string) {
    const decision = await findDecision(world.parts.storage.read, id)
    assert.ok(decision?.explanation.risk)
    return decision.explanation.risk
  }

  /** Decides one call; answers its verdict and the stored risk. */
  async function weighed(world: World, by: { held: HeldTask; token: string }, wish: Wish) {
    const verdict = await world.decide(by.held, by.token, wish)
    return { verdict, ...(await stored(world, verdict.decisionId)) }
  }

  /** Inputs of the risk of a call, as another process with these books sees them. */
  async function seenBy(
    books: RiskHistory,
    world: World,
    by: { held: HeldTask; token: string },
    wish: Wish,
  ) {
    const call = await world.call(by.held, by.token, wish)
    const who = await identify(world.parts, call)
    assert.ok(who.known)
    const { action, arguments: args } = call
    const at = world.parts.clock.now()
    const about = { action, arguments: args, at, held: who.held, view: who.view }
    return (await books.observe(about)).assessment.inputs
  }

  test('a call is the first of its kind once, and the next with somebody else is again', async (t) => {
    const { world, ...by } = await begin(t)
    const first = async (wish: Wish) => (await weighed(world, by, wish)).first
    assert.deepEqual(await first(READ), ['agent', 'action'])
    assert.deepEqual(await first(READ), [])
    assert.deepEqual(await first(refund('10.00')), ['action', 'counterparty'])
    assert.deepEqual(await first(refund('11.00')), [])
    assert.deepEqual(await first(refund('12.00', '1043')), ['counterparty'])
    const again = await held(world)
    assert.deepEqual((await weighed(world, again, refund('12.00', '1043'))).first, [], 'other task')
  })

  test('what people are asked about is still the first when they have answered', async (t) => {
    const { world, ...by } = await begin(t)
    const wish = refund('900.00')
    const asked = await weighed(world, by, wish)
    assert.deepEqual([asked.verdict.outcome, asked.first.length], ['requestable', 3])
    await world.approved(by.held, by.token, wish)
    const permitted = await weighed(world, by, wish)
    assert.deepEqual([permitted.verdict.outcome, permitted.first.length], ['permit', 3])
    assert.deepEqual((await weighed(world, by, refund('901.00'))).first, [])
  })

  test('what was not sent has not begun anything, in no process', async (t) => {
    const { world, ...by } = await begin(t)
    const unsent = await weighed(world, by, refund('10.00'))
    const other = riskBooks(world.parts, world.parts.live)
    assert.equal((await seenBy(other, world, by, refund('10.00'))).firstForAction, false)
    await recordOutcome(world.parts, unsent.verdict.decisionId, { state: 'not_sent' })
    assert.equal((await seenBy(other, world, by, refund('10.00'))).firstForAction, true)
    assert.deepEqual((await weighed(world, by, refund('10.00'))).first.length, 3)
    const sent = await weighed(world, by, refund('10.00', '1043'))
    await recordOutcome(world.parts, sent.verdict.decisionId, { state: 'answered', status: 200 })
    assert.deepEqual((await weighed(world, by, refund('11.00', '1043'))).first, [])
  })

  test('64 at once are all permitted, and counted each', async (t) => {
    const { world, ...by } = await begin(t)
    const calls = await Promise.all(
      Array.from({ length: 64 }, () => world.call(by.held, by.token, refund('10.00'))),
    )
    const verdicts = await Promise.all(calls.map((call) => decideCall(world.parts, call)))
    assert.ok(verdicts.every(({ outcome }) => outcome === 'permit'))
    const { read } = world.parts.storage
    const sizes = await read.selectFrom('action_sizes').select('count').execute()
    assert.equal(
      sizes.reduce((sum, { count }) => sum + Number(count), 0),
      64,
    )
    const habits = await read.selectFrom('agent_habits').selectAll().execute()
    assert.equal(habits.length, 3)
    assert.equal((await weighed(world, by, refund('10.00'))).callsLastMinute, 64)
  })

  test('the usual size is that of the days before today', async (t) => {
    const { world, ...by } = await begin(t)
    for (const amount of ['10.00', '12.00', '11.00', '10.50', '90.00'])
      assert.equal((await weighed(world, by, refund(amount))).sizeRatio, undefined)
    world.parts.clock.advance(DAY)
    const next = await held(world)
    const large = await weighed(world, next, refund('99.00'))
    assert.ok(Math.abs(Number(large.sizeRatio) - 9) < 0.3, large.sizeRatio)
    assert.deepEqual(large.points, { 'class.high': 20, size: 15, 'definition.new': 10 })
    assert.equal(large.definitionAgeDays, 1)
    const small = await weighed(world, next, refund('11.00'))
    assert.ok(Math.abs(Number(small.sizeRatio) - 1) < 0.05, small.sizeRatio)
    assert.equal((await weighed(world, next, refund('99.00'))).sizeRatio, large.sizeRatio)
    world.parts.clock.advance(31 * DAY)
    const later = await held(world)
    const much = await weighed(world, later, refund('99.00'))
    assert.deepEqual([much.sizeRatio, much.points], [undefined, { 'class.high': 20 }])
  })

  test('pace is of the last minute, also across a restart and other replicas', async (t) => {
    const { world, ...by } = await begin(t)
    const replica = (replicaId: string) =>
      new RiskHistory({
        storage: world.parts.storage,
        random: world.parts.random,
        replicaId,
        key: world.parts.master.derive('counterparties'),
        timeZone: 'Asia/Tokyo',
      })
    for (let i = 0; i < 30; i++) await world.decide(by.held, by.token, READ)
    const now = await weighed(world, by, READ)
    assert.deepEqual([now.callsLastMinute, now.points.velocity], [30, 10])
    await world.decide(by.held, by.token, refund('6000.00'))
    const elsewhere = await seenBy(replica('rpl_other'), world, by, READ)
    assert.deepEqual([elsewhere.callsLastMinute, elsewhere.hour, elsewhere.hourUtc], [31, 21, 12])
    // What was only asked about was no call.
    await world.parts.storage.transaction((tx) =>
      tx
        .updateTable('decisions')
        .set({ state: 'decided' })
        .where('task_id', '=', by.held.opened.task.id)
        .execute(),
    )
    assert.equal(
      (await seenBy(replica('rpl_third'), world, by, READ)).callsLastMinute,
      0,
      'questions are no calls',
    )
    world.parts.clock.advance(61_000)
    assert.equal((await weighed(world, by, READ)).callsLastMinute, 0)
  })

  test('calls that come while others are counted share one count, and go on with the last for two seconds more', async (t) => {
    const { world, ...by } = await begin(t)
    const { counts, storage } = countingReads(world.parts.storage)
    const books = new CallsElsewhere({ storage, replicaId: 'rpl_other' })
    const { agentId, personId } = by.held.opened.task
    const count = () => books.count({ agentId, personId }, world.parts.clock.now())
    await world.decide(by.held, by.token, READ)
    assert.deepEqual(await Promise.all(Array.from({ length: 32 }, count)), Array(32).fill(1))
    assert.equal(counts.reads, 1)
    assert.equal(count(), 1)
    world.parts.clock.advance(2_000)
    await world.decide(by.held, by.token, READ)
    assert.deepEqual([count(), count(), counts.reads], [1, 1, 2], 'nobody waits for the new count')
    while ((await count()) !== 2) await setImmediate()
    assert.equal(counts.reads, 2)
    world.parts.clock.advance(4_000)
    assert.equal(await count(), 2)
    assert.equal(counts.reads, 3, 'a count that is four seconds old is waited for')
  })

  test('an agent that does what it always does reads no database', async (t) => {
    const { world, ...by } = await begin(t)
    const { counts, storage } = countingReads(world.parts.storage)
    const books = riskBooks({ ...world.parts, storage }, world.parts.live)
    await world.decide(by.held, by.token, refund('10.00'))
    world.parts.clock.advance(120_000)
    await seenBy(books, world, by, refund('10.00'))
    // Long enough for what began to be certain, and for an embedded server to have no past.
    world.parts.clock.advance(700_000)
    const again = await held(world)
    await seenBy(books, world, again, refund('10.00'))
    counts.reads = 0
    await seenBy(books, world, again, refund('11.00'))
    assert.equal(counts.reads, 0)
    await seenBy(books, world, again, refund('11.00', '1044'))
    assert.equal(counts.reads, 1)
  })

  test('what an agent has not done is looked for every two seconds at most', async (t) => {
    const { world, ...by } = await begin(t)
    const { counts, storage } = countingReads(world.parts.storage)
    const books = riskBooks({ ...world.parts, storage }, world.parts.live)
    // Past the minute in which a server that was just started looks for calls of before.
    await seenBy(books, world, by, READ)
    world.parts.clock.advance(120_000)
    assert.equal((await seenBy(books, world, by, READ)).firstForAction, true)
    counts.reads = 0
    world.parts.clock.advance(1_999)
    assert.equal((await seenBy(books, world, by, READ)).firstForAction, true)
    assert.equal(counts.reads, 0)
    // Another server begins it.
    await world.decide(by.held, by.token, READ)
    assert.equal((await seenBy(books, world, by, READ)).firstForAction, true)
    world.parts.clock.advance(2_000)
    assert.equal((await seenBy(books, world, by, READ)).firstForAction, false)
  })

  test('is forgotten when it is long ago; what goes on is not', async (t) => {
    const { world, ...by } = await begin(t)
    await world.decide(by.held, by.token, READ)
    await world.decide(by.held, by.token, refund('10.00'))
    world.parts.clock.advance(100 * DAY)
    const between = await held(world)
    assert.deepEqual((await weighed(world, between, READ)).first, [])
    world.parts.clock.advance(100 * DAY)
    await forgetRisk(world.parts)
    const { read } = world.parts.storage
    const habits = await read
      .selectFrom('agent_habits')
      .select('action')
      .orderBy('action')
      .execute()
    assert.deepEqual(
      habits.map(({ action }) => action),
      ['', 'orders.read'],
    )
    assert.deepEqual(await read.selectFrom('action_sizes').selectAll().execute(), [])
  })

  test('whom an agent dealt with is not in the books in the clear', async (t) => {
    const { world, ...by } = await begin(t)
    await world.decide(by.held, by.token, refund('10.00', '1043'))
    const rows = await world.parts.storage.read.selectFrom('agent_habits').selectAll().execute()
    assert.equal(rows.length, 3)
    const whom = rows.map(({ counterparty }) => counterparty).filter((text) => text !== '')
    assert.deepEqual(
      whom.map((text) => /^[\w-]{22}$/.test(text)),
      [true],
    )
  })
})
