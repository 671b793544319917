import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { Feed } from './feed.ts'
import { KnownTasks, taskFrom } from './known-tasks.ts'
import { Lease } from './lease.ts'
import { Records } from './records.ts'
import { RemitClient } from './remit.ts'
import { readBundle } from './rules.ts'

const ISSUER = 'https://remit.example'
const SHOP = 'https://shop.example/api'
const NOW = 1_800_000_000_000

/** A feed whose Remit gives these answers, one after the other, and then none. */
function feedOf(answers: readonly object[]) {
  const at = { monotonic: 0, wall: NOW }
  const clocks = { monotonic: () => at.monotonic, wall: () => at.wall }
  const lease = new Lease(clocks)
  const heard: string[] = []
  const asked: string[] = []
  const left = [...answers]
  const { promise: over, resolve } = Promise.withResolvers<void>()
  const fetch = async (_: unknown, init?: RequestInit) => {
    asked.push(String(init?.body))
    const answer = left.shift()
    if (answer) return Response.json(answer)
    resolve()
    return new Promise<Response>((_, reject) => {
      init?.signal?.addEventListener('abort', () => reject(init.signal?.reason))
    })
  }
  const feed = new Feed({
    ...{ lease, clocks, remit: new RemitClient(ISSUER, 'enf_secret', fetch) },
    listener: {
      reset: () => heard.push('reset'),
      drop: (changes) => heard.push(...changes.map(([digest]) => digest)),
      heard: () => {},
    },
    sleep: async () => {},
    onError: () => heard.push('error'),
  })
  return { at, asked, feed, heard, lease, over }
}

const NEWS = { session: 's', reset: false, position: 5, through: 9, changes: [], lease_ms: 4_000 }
const FIRST = { ...NEWS, reset: true, rules: 1, now: NOW, waited_ms: 0 }
const NEXT = { ...FIRST, reset: false }
const OLDER = JSON.stringify({ ...NEXT, position: 4 })

describe('the feed of an API', () => {
  it('acknowledges an answer once everything in it was dropped', async () => {
    const news = { ...NEXT, position: 7, changes: [['a', 2]], lease_ms: 0 }
    const { asked, feed, heard, lease, over } = feedOf([FIRST, news])
    feed.start()
    await over
    assert.deepEqual(
      asked.map((body) => JSON.parse(body).position),
      [undefined, 5, 7],
    )
    assert.deepEqual([heard, lease.leftMs], [['reset', 'a'], 4_000])
    await feed.close()
    assert.equal(lease.leftMs, 0)
  })

  it('believes no lease of an answer that is repeated, out of order or of another session', async () => {
    for (const wrong of [
      { ...NEXT, position: 4 },
      { ...NEXT, session: 'other' },
      { ...NEXT, position: 'x' },
      { ...NEXT, lease_ms: -1 },
      { ...NEXT, changes: [['a']] },
      {},
    ]) {
      const { feed, heard, lease, over } = feedOf([
        FIRST,
        { ...NEXT, position: 6, lease_ms: 0 },
        wrong,
      ])
      feed.start()
      await over
      assert.ok(heard.includes('error'), JSON.stringify(wrong))
      assert.ok(lease.leftMs <= 4_000)
      const follows = !JSON.stringify(wrong).includes('other') && JSON.stringify(wrong) !== OLDER
      if (!follows)
        assert.deepEqual([lease.leftMs, heard.filter((each) => each === 'reset').length], [0, 2])
      await feed.close()
    }
  })

  it('has a lease from before it asked, by the clock that says less, and of 5 s at most', () => {
    const at = { monotonic: 1_000, wall: NOW }
    const lease = new Lease({ monotonic: () => at.monotonic, wall: () => at.wall })
    lease.renew({ ...at }, 60_000)
    assert.equal(lease.leftMs, 5_000)
    at.monotonic += 1_000
    assert.equal(lease.leftMs, 4_000)
    at.wall += 6_000 // the machine slept: one clock stood still
    assert.equal(lease.leftMs, 0)
    at.wall = NOW - 60_000 // set back
    at.monotonic += 4_500
    assert.equal(lease.leftMs, 0)
  })
})

const FACTS = {
  ...{
    rules: 3,
    valid_for_ms: 60_000,
    sponsored: false,
    states: [
      ['task', 4],
      ['person', 1],
    ],
  },
  ...{
    details: [],
    kinds: {},
    person: {},
    intersect_with: [],
    agents: [],
    entities: [],
    context: {},
  },
}

describe('facts of tasks', () => {
  const told = () => taskFrom(FACTS, { ep: 'e', sub: 'psn_1', now: 0 })

  it('are void when something that they rest on changes, also while they are on their way', () => {
    const tasks = new KnownTasks()
    const read = tasks.beginRead()
    tasks.keep(read, 'a', told())
    assert.ok(tasks.find('a', 0))
    tasks.drop([['other', 9]])
    assert.ok(tasks.find('a', 0))
    tasks.drop([['task', 5]])
    assert.equal(tasks.find('a', 0), undefined)
    tasks.keep(read, 'a', told())
    assert.equal(tasks.find('a', 0), undefined, 'read before the change was heard of')
    tasks.endRead(read)
    tasks.keep(tasks.beginRead(), 'a', told())
    assert.ok(tasks.find('a', 0), 'read after it')
    const overtaken = tasks.beginRead()
    tasks.clear()
    tasks.keep(overtaken, 'a', told())
    assert.equal(tasks.find('a', 0), undefined)
  })

  it('end by themselves, and there are only so many', () => {
    const tasks = new KnownTasks()
    const read = tasks.beginRead()
    for (let i = 0; i < 10_050; i++) tasks.keep(read, String(i), told())
    assert.equal(tasks.size, 10_000)
    assert.ok(tasks.find('10049', 59_999))
    assert.equal(tasks.find('10049', 60_000), undefined)
    tasks.drop([['person', 2]])
    assert.equal(tasks.size, 0)
  })
})

describe('a policy bundle', () => {
  const bundle = {
    ...{ rules: 4, policy_version: 2, resource: { name: 'shop', identifier: SHOP }, actions: [] },
    ...{ entities: [], policies: [], obligations: [] },
  }

  it('counts only if Remit signed it, as one, for this API, for now, and not for rules of before', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    const other = await generateKeyPair('ES256')
    const keys = async () => publicKey
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k' }] }
    const seconds = NOW / 1000
    const good = {
      ...{ iss: ISSUER, sub: 'shop-api', aud: SHOP, iat: seconds, exp: seconds + 600 },
      ...{ jti: '1', jwks, bundle },
    }
    const sign = (claims: object, { key = privateKey, typ = 'remit-policy-bundle+jwt' } = {}) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES256', typ, kid: 'k' }).sign(key)
    const read = (token: unknown) =>
      readBundle(token, { issuer: ISSUER, resource: SHOP, keys, now: NOW, rules: 4 })
    const right = await sign(good)
    assert.equal((await read(right)).epoch, 4)
    const wrong: unknown[] = [
      await sign(good, { key: other.privateKey }),
      await sign(good, { typ: 'at+jwt' }),
      await sign({ ...good, iss: 'https://other.example' }),
      await sign({ ...good, aud: 'https://other.example' }),
      await sign({ ...good, aud: [SHOP, 'https://other.example'] }),
      await sign({ ...good, exp: seconds }),
      await sign({ ...good, bundle: { ...bundle, rules: 3 } }),
      await sign({
        ...good,
        bundle: { ...bundle, resource: { name: 'x', identifier: 'https://x' } },
      }),
      await sign({
        ...good,
        bundle: { ...bundle, policies: [{ id: 'a', json: '{"effect":"allow"}' }] },
      }),
      await sign({ ...good, bundle: { ...bundle, actions: [{ name: 'x' }] } }),
      `${right.slice(0, -6)}AAAAAA`,
      undefined,
    ]
    for (const [i, token] of wrong.entries()) await assert.rejects(read(token), `number ${i}`)
  })
})

describe('records of an API', () => {
  it('arrive in order and at least once, and when they do not, nothing more is decided', async () => {
    const at = { now: 0 }
    const sent: string[] = []
    let fails = 2
    const fetch = async (_: unknown, init?: RequestInit) => {
      if (fails-- > 0) throw new TypeError('the network is cut')
      sent.push(String(init?.body))
      return Response.json({ refused: [] })
    }
    const errors: unknown[] = []
    const ports = { fetch, now: () => at.now, sleep: () => Promise.resolve() }
    const records = new Records(new RemitClient(ISSUER, 's', fetch), ports, (e) => errors.push(e))
    const first = records.decided({ id: 'dec_1' })
    records.ended('dec_1', { state: 'answered', status: 200 })
    at.now = 30_001
    assert.equal(records.open, false, 'they have waited for too long')
    await first
    await records.flush()
    assert.deepEqual(sent, [
      '{"decisions":[{"id":"dec_1"}],"outcomes":[{"id":"dec_1","state":"answered","status":200}]}',
    ])
    assert.deepEqual([records.open, records.size, errors.length], [true, 0, 1])
    await records.close()
    assert.equal(records.open, false)
  })
})
