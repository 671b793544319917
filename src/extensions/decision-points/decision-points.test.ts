import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { findRequest } from '../../approvals/access-requests/index.ts'
import { answerRequest, shownDigest } from '../../approvals/approvals/index.ts'
import { decideCall } from '../../calls/calls/decide-call.ts'
import {
  type HeldTask,
  READ,
  refund,
  type Wish,
  type World,
  worldsOver,
} from '../../calls/calls/testing.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { explain } from '../../tasks/explanations/explain.ts'
import { addPoint, type NewPoint, removePoint } from './configure.ts'
import { DECISION_POINT_TABLES } from './tables.ts'
import { type ReplyHandler, says, sends, TestPoint } from './testing.ts'

const SMALL = refund('10.00')
const LARGE = refund('900.00')

forEachEngine('decision points of others', (open) => {
  const worlds = worldsOver(open)

  async function begin(t: TestContext, change: Partial<NewPoint> = {}) {
    const world = await worlds.own(t)
    // So many worlds at once would use up the server's connections.
    t.after(() => world.parts.storage.close())
    const point = new TestPoint()
    const url = await point.listen()
    t.after(() => point.close())
    await add(world, { url, ...change })
    const held = await world.open()
    return { world, point, url, held, token: await world.token(held) }
  }

  function add(world: World, change: Partial<NewPoint>) {
    return addPoint(world.parts, { name: 'opa', url: '', by: 'psn_admin', ...change })
  }

  async function decided(by: { world: World; held: HeldTask; token: string }, wish: Wish = SMALL) {
    const verdict = await by.world.decide(by.held, by.token, wish)
    return { verdict, told: await explain(by.world.parts, verdict.decisionId, 'operator') }
  }

  const code = (expected: string) => (error: unknown) =>
    error instanceof Problem && error.code === expected

  test('are told about a call, and nothing that would be a secret', async (t) => {
    const secret = new Secret('canary-of-the-point')
    const by = await begin(t, { secret })
    const { verdict } = await decided(by)
    assert.equal(verdict.outcome, 'permit')
    const [asked, ...more] = by.point.asked
    assert.ok(asked && more.length === 0)
    const { time: _, ...context } = asked.body.context as Record<string, unknown> // as documented
    const { sam } = by.world
    assert.deepEqual(
      { ...asked.body, context },
      {
        subject: {
          type: 'person',
          id: sam.id,
          properties: { issuer: sam.issuer, subject: 'sam', groups: ['support'] },
        },
        action: { name: 'orders.refund', properties: { access: 'write' } },
        resource: {
          type: 'resource',
          id: 'orders',
          properties: { location: 'http://127.0.0.1:7481/orders' },
        },
        context: {
          agent: { id: 'refund-bot', trust: 3 },
          chain: ['refund-bot'],
          sponsored: false,
          task: { id: by.held.opened.task.id, purpose: 'refund order 1042' },
          arguments: { amount: '10.00', order_id: '1042' },
          risk: {
            class: 'high',
            score: 50,
            signals: ['class.high', 'first.agent', 'first.action', 'hour', 'definition.new'],
          },
          decision_id: verdict.decisionId,
        },
      },
    )
    assert.equal(asked.headers.authorization, 'Bearer canary-of-the-point')
    assert.equal(asked.headers['x-request-id'], verdict.decisionId)
    for (const hidden of [by.token, by.held.opened.token.token, 'canary'])
      assert.ok(!asked.text.includes(hidden))
    assert.equal(asked.headers.dpop, undefined)
    const rows = await DECISION_POINT_TABLES.in(by.world.parts.storage.read)
      .selectFrom('decision_points')
      .selectAll()
      .execute()
    assert.ok(!Buffer.from(rows[0]?.sealed ?? []).includes('canary'))
  })

  test('deny what all else would permit; what else they say is for operators', async (t) => {
    const by = await begin(t)
    by.point.answering = says({
      decision: false,
      context: { reason_admin: { en: 'no-such-words' } },
    })
    const { told, verdict } = await decided(by)
    assert.ok(verdict.outcome === 'deny' && verdict.reason === 'external.denied')
    const { gates: _, ...toAgent } = verdict
    assert.doesNotMatch(JSON.stringify(toAgent), /no-such-words/)
    const gate = told.gates.find((each) => each.gate === 'external')
    assert.match(gate?.note ?? '', /no-such-words/)
    const own = await explain(by.world.parts, verdict.decisionId, 'person')
    assert.doesNotMatch(JSON.stringify(own), /no-such-words/)
  })

  test('are not asked about what is denied anyway, and once about anything else', async (t) => {
    const by = await begin(t)
    const asks = async (wish: Wish, outcome: string) => {
      const before = by.point.asked.length
      assert.equal((await decided(by, wish)).verdict.outcome, outcome)
      return by.point.asked.length - before
    }
    assert.equal(await asks(refund('6000.00'), 'deny'), 0)
    assert.equal(await asks(SMALL, 'permit'), 1)
    assert.equal(await asks(LARGE, 'requestable'), 1)
    const { world } = by
    const { verdict } = await decided(by, LARGE)
    assert.ok(verdict.outcome === 'requestable')
    await world.answer(verdict.request.id, world.finn, 'approve')
    assert.equal(await asks(LARGE, 'permit'), 1, 'evaluated again with the approval')
    const request = await findRequest(world.parts, verdict.request.id)
    assert.match(request?.usedBy ?? '', /^dec_/)
  })

  test('are asked once also where other calls take what was there', async (t) => {
    const by = await begin(t)
    const { held, token, world } = by
    const { verdict } = await decided(by, LARGE)
    assert.ok(verdict.outcome === 'requestable')
    const request = await findRequest(world.parts, verdict.request.id)
    assert.ok(request)
    await answerRequest(world.parts, {
      requestId: request.id,
      person: world.finn,
      answer: 'approve',
      shown: shownDigest(request),
      authTime: 0,
    })
    const calls = await Promise.all(Array.from({ length: 8 }, () => world.call(held, token, LARGE)))
    const before = by.point.asked.length
    const verdicts = await Promise.all(calls.map((call) => decideCall(world.parts, call)))
    assert.equal(verdicts.filter(({ outcome }) => outcome === 'permit').length, 1)
    assert.equal(by.point.asked.length - before, 8)
  })

  test('keep people from being asked about what they deny', async (t) => {
    const by = await begin(t)
    by.point.answering = says({ decision: false })
    assert.equal((await decided(by, LARGE)).verdict.outcome, 'deny')
    const requests = await by.world.parts.storage.read
      .selectFrom('access_requests')
      .select('id')
      .execute()
    assert.deepEqual(requests, [])
  })

  test('all have to permit; they are asked at the same time', async (t) => {
    const by = await begin(t)
    const other = new TestPoint()
    const url = await other.listen()
    t.after(() => other.close())
    await add(by.world, { name: 'cerbos', url })
    // Each answers only once the other one was asked, too.
    const waiting: (() => void)[] = []
    const together: ReplyHandler = (reply) => {
      waiting.push(() => says({ decision: true })(reply, reply.req))
      if (waiting.length === 2) for (const answer of waiting) answer()
    }
    by.point.answering = together
    other.answering = together
    assert.equal((await decided(by)).verdict.outcome, 'permit')
    by.point.answering = says({ decision: true })
    other.answering = says({ decision: false })
    const { told, verdict } = await decided(by)
    assert.equal(verdict.outcome, 'deny')
    assert.deepEqual(
      told.gates
        .filter(({ gate }) => gate === 'external')
        .map(({ passed, subject }) => [subject, passed]),
      [
        ['cerbos', false],
        ['opa', true],
      ],
    )
  })

  test('are asked about the resources and actions that they are for, with or without arguments', async (t) => {
    const by = await begin(t, { actions: ['orders.refund'], sendsArguments: false })
    await decided(by, READ)
    assert.equal(by.point.asked.length, 0)
    await decided(by)
    assert.equal(by.point.asked.length, 1)
    assert.ok(!by.point.asked[0]?.text.includes('10.00'))
    await add(by.world, { name: 'all-of-orders', url: by.url, resources: ['orders'] })
    await decided(by, READ)
    assert.equal(by.point.asked.length, 2)
  })

  test('count from the moment they are added, and not after they are removed', async (t) => {
    const by = await begin(t)
    by.point.answering = says({ decision: false })
    assert.equal((await decided(by)).verdict.outcome, 'deny')
    await removePoint(by.world.parts, { name: 'opa', by: 'psn_admin' })
    assert.equal((await decided(by)).verdict.outcome, 'permit')
    await add(by.world, { url: by.url })
    assert.equal((await decided(by)).verdict.outcome, 'deny')
    const types = (await by.world.parts.recorded()).map(({ type }) => type)
    assert.equal(types.filter((type) => type === 'decision_point.added').length, 2)
    assert.equal(types.filter((type) => type === 'decision_point.removed').length, 1)
  })

  const hangs: ReplyHandler = () => {}
  const drips: ReplyHandler = (reply) => {
    reply.writeHead(200, { 'content-type': 'application/json' })
    const drip = setInterval(() => reply.write(' '), 5)
    reply.on('close', () => clearInterval(drip))
  }
  const resets: ReplyHandler = (reply) => reply.socket?.resetAndDestroy()
  const breaksOff: ReplyHandler = (reply) => {
    reply.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
    reply.write('{"decision":true', () => reply.socket?.destroy())
  }
  const YES = '{"decision":true}'
  const FAULTS: readonly (readonly [name: string, answering: ReplyHandler, words: RegExp])[] = [
    ['never answers', hangs, /in time/],
    ['answers a byte at a time, for ever', drips, /in time/],
    ['resets the connection', resets, /reached/],
    ['breaks off', breaksOff, /reached/],
    ['answers 500', sends(YES, 500), /answered 500/],
    ['does not know us', sends(YES, 401), /answered 401/],
    ['answers 201', sends(YES, 201), /answered 201/],
    ['answers nothing', sends('', 204), /answered 204/],
    ['sends us elsewhere', sends('', 307, { location: '/elsewhere' }), /answered 307/],
    ['answers what is no JSON', sends('permit'), /cannot be read/],
    ['answers half of it', sends('{"decision":true'), /cannot be read/],
    ['answers twice', sends(`${YES}${YES}`), /cannot be read/],
    ['says it twice', sends('{"decision":false,"decision":true}'), /cannot be read/],
    ['says "true"', says({ decision: 'true' }), /no decision/],
    ['says 1', says({ decision: 1 }), /no decision/],
    ['says nothing', says({}), /no decision/],
    ['says null', sends('null'), /no decision/],
    ['answers a list', says([{ decision: true }]), /no decision/],
    ['answers as a page', sends(YES, 200, { 'content-type': 'text/html' }), /plain JSON/],
    ['answers compressed', sends(gzipSync(YES), 200, { 'content-encoding': 'gzip' }), /plain JSON/],
    ['answers too much', sends(`${' '.repeat(100_000)}${YES}`), /too much/],
    ['answers a deep tower', sends(`{"decision":true,"x":${'['.repeat(5000)}`), /cannot be read/],
    [
      'permits under obligations',
      says({ decision: true, context: { obligations: [{ id: '1', type: 'step-up' }] } }),
      /obligations/,
    ],
    ['permits under what cannot be read', says({ decision: true, context: 'x' }), /obligations/],
    [
      'permits under one obligation',
      says({ decision: true, context: { obligations: {} } }),
      /obligations/,
    ],
  ]
  for (const [name, answering, words] of FAULTS) {
    test(`one that ${name} denies`, async (t) => {
      // Short only for those that have to run into it: other tests may keep this process waiting.
      const timeoutMs = answering === hangs || answering === drips ? 100 : 5_000
      const by = await begin(t, { timeoutMs })
      by.point.answering = answering
      const { told, verdict } = await decided(by)
      assert.ok(verdict.outcome === 'deny', JSON.stringify(verdict))
      assert.equal(verdict.reason, 'external.failed')
      assert.match(verdict.detail, words)
      assert.equal(told.gates.find((each) => each.gate === 'external')?.passed, false)
      assert.equal(by.point.asked.length, 1)
    })
  }

  test('one that permits with no obligations permits', async (t) => {
    const by = await begin(t)
    by.point.answering = says({ decision: true, context: { obligations: [], reason: 'fine' } })
    assert.equal((await decided(by)).verdict.outcome, 'permit')
  })

  test('one that is not there denies, and one at an address that nobody may reach', async (t) => {
    const by = await begin(t)
    await by.point.close()
    assert.match(String(Object(await decided(by)).verdict.detail), /reached/)
    await removePoint(by.world.parts, { name: 'opa', by: 'psn_admin' })
    await add(by.world, { url: 'http://169.254.169.254/latest' })
    const { verdict } = await decided(by)
    assert.ok(verdict.outcome === 'deny')
    assert.match(verdict.detail, /may not be reached/)
  })

  test('one that keeps failing is left alone, denies at once, and is tried again later', async (t) => {
    const by = await begin(t)
    by.point.answering = sends('', 500)
    for (let i = 0; i < 5; i++) await decided(by)
    assert.equal(by.point.asked.length, 5)
    by.point.answering = says({ decision: true })
    const { verdict } = await decided(by)
    assert.ok(verdict.outcome === 'deny' && verdict.reason === 'external.failed')
    assert.match(verdict.detail, /not asked for a while/)
    assert.equal(by.point.asked.length, 5)
    by.world.parts.clock.advance(5_000)
    assert.equal((await decided(by)).verdict.outcome, 'permit')
    assert.equal((await decided(by)).verdict.outcome, 'permit')
    assert.equal(by.point.asked.length, 7)
  })

  test('are refused when they are not configured right', async (t) => {
    const by = await begin(t)
    const bad: readonly Partial<NewPoint>[] = [
      { name: 'No Name' },
      { url: 'ftp://opa.example/' },
      { url: 'https://user:word@opa.example/' },
      { url: 'https://opa.example/?token=1' },
      { url: 'https://opa.example' },
      { timeoutMs: 10 },
      { timeoutMs: 60_000 },
      { timeoutMs: Number.NaN },
      { resources: ['nothing'] },
      { actions: ['orders.nothing'] },
      { secret: new Secret('x'), header: 'host' },
      { secret: new Secret('with\nline') },
    ]
    for (const change of bad) {
      const given = { name: 'another', url: by.url, ...change }
      await assert.rejects(add(by.world, given), code('decision_point.bad'), JSON.stringify(change))
    }
    await assert.rejects(add(by.world, { url: by.url }), code('decision_point.exists'))
    await assert.rejects(
      removePoint(by.world.parts, { name: 'nobody', by: 'x' }),
      code('decision_point.unknown'),
    )
  })
})
