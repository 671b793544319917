import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { manualClock } from '../lib/clock.ts'
import { Problem } from '../lib/problem.ts'
import { UNOBSERVED } from '../lib/request-observer.ts'
import { ClientAddresses } from './inbound/client-addresses.ts'
import { LineBudget } from './inbound/line-budget.ts'
import { StrangerLimits } from './inbound/stranger-limits.ts'
import { openLog } from './logger.ts'
import { type RateLimit, RateLimits } from './rate-limit.ts'
import { createNodeServer } from './server.ts'
import { TEST_ORIGIN, testHttp } from './testing.ts'

const TOKENS: RateLimit = {
  of: 'token requests',
  paths: ['/oauth/token'],
  method: 'POST',
  perMinute: 6,
}
const SIGN_INS: RateLimit = { of: 'sign-ins', paths: ['/sign-in', '/setup/'], perMinute: 2 }

function limits(...rates: readonly RateLimit[]) {
  const clock = manualClock()
  const limited = new RateLimits(rates, () => clock.monotonic())
  /** Seconds to wait; 0: taken. */
  const ask = (
    remoteAddress: string | undefined,
    url = '/oauth/token',
    method = 'POST',
  ): number => {
    try {
      limited.check({ method, url, socket: { remoteAddress } } as Parameters<
        typeof limited.check
      >[0]) // all that it looks at
      return 0
    } catch (error) {
      assert.ok(error instanceof Problem && error.code === 'request.too_many')
      return Number(error.members.retry_after)
    }
  }
  return { clock, ask }
}

describe('how often one address may ask', () => {
  it('a minute’s worth at once, then evenly, and the refusal says when', () => {
    const { ask, clock } = limits(TOKENS)
    for (let i = 0; i < 6; i++) assert.equal(ask('192.0.2.1'), 0)
    assert.equal(ask('192.0.2.1'), 10)
    clock.advance(4_000)
    assert.equal(ask('192.0.2.1'), 6, 'being refused costs nothing')
    clock.advance(6_000)
    assert.equal(ask('192.0.2.1'), 0)
    assert.equal(ask('192.0.2.1'), 10)
    clock.advance(3_600_000)
    for (let i = 0; i < 6; i++) assert.equal(ask('192.0.2.1'), 0)
    assert.equal(ask('192.0.2.1'), 10, 'never more than a minute’s worth')
  })

  it('counts each address, each rate, and nothing else', () => {
    const { ask } = limits(TOKENS, SIGN_INS)
    for (let i = 0; i < 6; i++) ask('192.0.2.1')
    assert.ok(ask('192.0.2.1') > 0)
    assert.equal(ask('192.0.2.2'), 0)
    assert.equal(ask('192.0.2.1', '/sign-in?x=1', 'GET'), 0)
    assert.equal(ask('192.0.2.1', '/setup/abc', 'GET'), 0)
    assert.ok(ask('192.0.2.1', '/sign-in') > 0, 'paths of one rate count together')
    assert.equal(ask('192.0.2.1', '/oauth/token', 'GET'), 0)
    for (let i = 0; i < 20; i++) assert.equal(ask('192.0.2.1', '/livez', 'GET'), 0)
  })

  it('O16 (better-auth CVE-2026-45364): takes an IPv6 network for one address, and IPv4 in IPv6 for IPv4', () => {
    const { ask } = limits(SIGN_INS)
    for (const ip of ['2001:db8::1', '2001:0db8:0:0:ffff::9']) ask(ip, '/sign-in')
    assert.ok(ask('2001:db8::2', '/sign-in') > 0)
    assert.equal(ask('2001:db8:0:1::2', '/sign-in'), 0)
  })

  it('never limits this machine, nor anyone where the rate is 0', () => {
    const { ask } = limits(SIGN_INS, { ...TOKENS, perMinute: 0 })
    for (const ip of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '127.8.8.8']) {
      for (let i = 0; i < 10; i++) assert.equal(ask(ip, '/sign-in'), 0)
    }
    for (let i = 0; i < 100; i++) assert.equal(ask('192.0.2.1'), 0)
  })

  it('remembers ten thousand addresses, and forgets who was quiet for longest', () => {
    const { ask } = limits(SIGN_INS)
    const address = (i: number) => `10.0.${i >> 8}.${i & 255}`
    for (let i = 0; i < 3; i++) ask(address(0), '/sign-in')
    for (let i = 0; i < 3; i++) ask('198.51.100.1', '/sign-in')
    for (let i = 1; i < 10_000; i++) {
      ask(address(i), '/sign-in')
      if (i % 1000 === 0)
        assert.ok(ask('198.51.100.1', '/sign-in') > 0, 'whoever goes on stays known')
    }
    assert.equal(ask(address(0), '/sign-in'), 0)
    assert.ok(ask('198.51.100.1', '/sign-in') > 0)
  })
})

describe('a refusal', () => {
  it('is a page for people and RFC 9457 for programs, with Retry-After; nothing is handled', async (t) => {
    const http = testHttp({ rates: [{ of: 'sign-ins', paths: ['/sign-in'], perMinute: 1 }] })
    t.after(() => http.stop(0))
    let handled = 0
    http.app.get('/sign-in', async () => ({ handled: ++handled }))
    const ask = (accept: string, remoteAddress = '192.0.2.1') =>
      http.app.inject({ url: '/sign-in', headers: { host: 'remit.test', accept }, remoteAddress })
    assert.equal((await ask('text/html')).statusCode, 200)
    const page = await ask('text/html')
    assert.equal(page.statusCode, 429)
    assert.equal(page.headers['retry-after'], '60')
    assert.match(page.body, /<title>request\.too_many/)
    const told = await ask('*/*')
    assert.match(String(told.headers['content-type']), /^application\/problem\+json/)
    assert.equal(told.headers['retry-after'], '60')
    assert.equal(handled, 1)
    assert.equal((await ask('*/*', '192.0.2.2')).statusCode, 200)
  })

  it('comes before a raw handler, too', async (t) => {
    let handled = 0
    const monotonic = () => 0
    const addresses = new ClientAddresses()
    const strangers = new StrangerLimits({ addresses, monotonic, perMinute: 0 })
    const server = createNodeServer({
      origin: TEST_ORIGIN,
      log: openLog({ level: 'silent' }),
      headers: {},
      raw: [{ name: 'raw', paths: ['/oauth/token'], handle: () => void handled++ }],
      limits: {
        check() {
          throw new Problem('request.too_many', 'too many', { members: { retry_after: 7 } })
        },
      },
      newRequestId: () => 'r',
      observer: UNOBSERVED,
      ...{ monotonic, strangers, budget: new LineBudget(addresses, monotonic) },
      otherwise() {},
    })
    t.after(() => server.close())
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo // listening on TCP
    const asked = request({
      port,
      host: '127.0.0.1',
      path: '/oauth/token',
      headers: { host: 'remit.test' },
    })
    const [answer]: IncomingMessage[] = await once(asked.end(), 'response')
    answer?.resume()
    assert.equal(answer?.statusCode, 429)
    assert.equal(answer?.headers['retry-after'], '7')
    assert.equal(handled, 0)
  })
})
