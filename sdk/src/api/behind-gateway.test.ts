import assert from 'node:assert/strict'
import { describe, it, mock } from 'node:test'
import { base64url, type JWK, type JWTPayload } from 'jose'
import { UsageError } from '../errors.ts'
import { type BehindGatewayOptions, behindGateway } from './behind-gateway.ts'
import type { ApiRequest } from './incoming.ts'
import {
  claims,
  ISSUER,
  KEY,
  LOCATION,
  NOW,
  newSigner,
  sign,
  signedByHand,
  wrongClaims,
  wrongTokens,
} from './testing.ts'

const ROUTE = { action: 'shop.buy', path: '/items/{item}/orders' }

/** A guard whose issuer has these keys. */
function guarded(over: Partial<BehindGatewayOptions> = {}) {
  const world = {
    keys: [KEY.publicJwk] as readonly JWK[],
    fetched: 0,
    down: false,
    now: NOW * 1000,
  }
  const errors: unknown[] = []
  const guard = behindGateway({
    issuer: ISSUER,
    trustDomain: 'example.remit',
    location: LOCATION,
    now: () => world.now,
    onError: (error) => errors.push(error),
    fetch: async (url) => {
      world.fetched++
      assert.equal(String(url), `${ISSUER}/oauth/jwks`)
      if (world.down) throw new TypeError('fetch failed')
      return Response.json({ keys: world.keys })
    },
    ...over,
  })
  const admit = guard.for(ROUTE)
  const ask = async (headers: Record<string, string>, given: Partial<Request_> = {}) => {
    const admission = await admit(incoming({ headers, ...given }))
    if (admission.admitted) return 'admitted'
    const { body, headers: told, status } = admission.answer
    assert.equal(told['content-type'], 'application/problem+json')
    const { code } = JSON.parse(body)
    assert.equal(JSON.parse(body).status, status)
    return String(code)
  }
  return { ask, errors, guard, world }
}

interface Request_ {
  readonly method: string
  readonly target: string
  readonly headers: Record<string, string>
  readonly body: string | Uint8Array
}

function incoming(given: Partial<Request_>): ApiRequest {
  const { body = '{"amount": 12.50}', method = 'POST', target = '/items/lamp/orders' } = given
  const headers: Record<string, string> = { 'content-type': 'application/json', ...given.headers }
  return {
    method,
    target,
    header: (name) => headers[name],
    bytes: async () => (typeof body === 'string' ? new TextEncoder().encode(body) : body),
  }
}

describe('a permit', () => {
  it('that holds lets exactly its call through', async () => {
    const { ask, errors } = guarded()
    assert.equal(await ask({ 'txn-token': await sign(claims()) }), 'admitted')
    assert.deepEqual(errors, [])
  })

  it('says who acts for whom', async () => {
    const { guard } = guarded()
    const admit = guard.for(ROUTE)
    const of = async (payload: JWTPayload) => {
      const headers = { 'txn-token': await sign(payload) }
      const admission = await admit(incoming({ headers }))
      assert.ok(admission.admitted)
      return admission.call
    }
    const ours = (sub: string, act?: object) => ({ iss: ISSUER, sub, ...(act && { act }) })
    const nested = ours('helper', ours('bot'))
    const call = await of(claims({ act: nested }))
    assert.deepEqual([call.agent, call.chain], ['helper', ['helper', 'bot']])
    assert.deepEqual(call.person, { id: 'psn_1', issuer: 'https://idp.example', subject: 'sam' })
    const alone = await of(
      claims({ sub: 'clerk', sub_profile: 'ai_agent', sub_id: undefined, act: undefined }),
    )
    assert.deepEqual([alone.agent, alone.chain, alone.person], ['clerk', ['clerk'], undefined])
    // One of others that is called like an agent here is none of the chain.
    const theirs = { iss: 'https://acme.example', sub: 'bot', act: { iss: 'spiffe://a', sub: 'x' } }
    const led = await of(claims({ act: ours('helper', theirs) }))
    assert.deepEqual(led.chain, ['helper'])
    assert.deepEqual(led.actors, [
      { issuer: 'https://acme.example', subject: 'bot' },
      { issuer: 'spiffe://a', subject: 'x' },
    ])
    const child = await of(claims({ sub: 'clerk', sub_profile: 'ai_agent', sub_id: undefined }))
    assert.deepEqual(child.chain, ['bot', 'clerk'])
  })

  it('does not hold with anything missing or odd in it', async () => {
    const { ask } = guarded()
    for (const [hint, payload] of Object.entries(wrongClaims()))
      assert.equal(await ask({ 'txn-token': await sign(payload) }), 'transaction.invalid', hint)
  })

  it('does not hold when it is another kind of token, or signed in another way', async () => {
    const { ask } = guarded()
    const byHand = await signedByHand({}, base64url.encode(JSON.stringify(claims())))
    assert.equal(await ask({ 'txn-token': byHand }), 'admitted')
    for (const [hint, token] of Object.entries(await wrongTokens()))
      assert.equal(await ask({ 'txn-token': token }), 'transaction.invalid', hint)
    assert.equal(await ask({}), 'transaction.missing')
  })

  it('is not taken by another kind of key of the same issuer', async () => {
    const { ask, world } = guarded()
    const edwards = await newSigner('key_ed', 'EdDSA')
    const rsa = await newSigner('key_rsa', 'RS256')
    world.keys = [KEY.publicJwk, edwards.publicJwk, rsa.publicJwk]
    for (const [signer, alg] of [
      [edwards, 'EdDSA'],
      [rsa, 'RS256'],
    ] as const)
      assert.equal(
        await ask({ 'txn-token': await sign(claims(), { alg }, signer) }),
        'transaction.invalid',
      )
    assert.equal(await ask({ 'txn-token': await sign(claims()) }), 'admitted')
  })

  it('is for one API, one operation, one request', async () => {
    const { ask } = guarded()
    const permit = async () => ({ 'txn-token': await sign(claims()) })
    for (const location of ['https://gw.example/other', `${LOCATION}/`, `${LOCATION}2`, undefined])
      assert.equal(
        await ask({ 'txn-token': await sign(claims({}, { location })) }),
        'transaction.other_api',
      )
    const list = claims({ scope: 'shop.list' }, { action: 'shop.list' })
    assert.equal(await ask({ 'txn-token': await sign(list) }), 'transaction.other_action')
    for (const target of [
      '/items/chair/orders',
      '/items/lamp/orders?amount2=1',
      '/items/Lamp/orders',
    ])
      assert.equal(await ask(await permit(), { target }), 'transaction.other_arguments', target)
    for (const target of ['/items/lamp', '/items/lamp/orders/1', '/Items/lamp/orders', '/'])
      assert.equal(await ask(await permit(), { target }), 'api.misconfigured', target)
    for (const target of [
      '/items/lamp/orders/',
      '//items/lamp/orders',
      '/items/lamp;x=1/orders',
      'http://gw.example/items/lamp/orders',
      '/items/lamp/orders?&',
    ])
      assert.equal(await ask(await permit(), { target }), 'request.ambiguous_target', target)
    for (const body of [
      '{"amount": 12.51}',
      '{"amount": "12.50 "}',
      '{"amount": 12.50, "x": null, "y": 1}',
      '',
    ])
      assert.equal(await ask(await permit(), { body }), 'transaction.other_arguments', body)
    assert.equal(await ask(await permit(), { body: '{"amount": 12.50, "x": null}' }), 'admitted')
  })

  it('that does not fit what the API says of itself is told of here, and not to the agent', async () => {
    for (const [over, tctx, here, came] of [
      [{ aud: 'other.remit' }, {}, 'trustDomain', 'other.remit'],
      [{ iss: 'https://other.example' }, {}, 'issuer', 'https://other.example'],
      [{}, { location: 'https://gw.example/stop' }, 'location', 'https://gw.example/stop'],
      [{ scope: 'shop.sell' }, { action: 'shop.sell' }, 'action', 'shop.sell'],
    ] as const) {
      const { errors, guard } = guarded()
      const headers = { 'txn-token': await sign(claims(over, tctx)) }
      const admission = await guard.for(ROUTE)(incoming({ headers }))
      assert.ok(!admission.admitted)
      assert.ok(!admission.answer.body.includes(came), admission.answer.body)
      assert.match(String(errors), new RegExp(`\`${here}\` here is .*says \`${came}\``))
    }
    // Anyone can write such a token: nobody is told.
    const { ask, errors } = guarded()
    const other = await newSigner(KEY.kid)
    const forged = await sign(claims({ aud: 'other.remit' }), {}, other)
    assert.equal(await ask({ 'txn-token': forged }), 'transaction.invalid')
    assert.deepEqual(errors, [])
  })

  it('counts once for a write, whatever the method says', async () => {
    const { ask, guard } = guarded()
    const headers = { 'txn-token': await sign(claims()) }
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'PURGE']) {
      const code = await ask(headers, { method })
      assert.equal(code, method === 'POST' ? 'admitted' : 'transaction.used', method)
    }
    const read = { 'txn-token': await sign(claims()) }
    for (const method of ['GET', 'HEAD', 'GET'])
      assert.equal(await ask(read, { method }), 'admitted')
    const admit = guard.for({ ...ROUTE, write: true })
    const once = { 'txn-token': await sign(claims()) }
    const admissions = [1, 2].map(() => admit(incoming({ method: 'GET', headers: once })))
    assert.deepEqual((await Promise.all(admissions)).map(({ admitted }) => admitted).toSorted(), [
      false,
      true,
    ])
  })

  it('is not used up by a request that is not its call', async () => {
    const { ask } = guarded()
    const headers = { 'txn-token': await sign(claims()) }
    for (const given of [
      { body: '{"amount": 1}' },
      { body: '{' },
      { target: '/items/chair/orders' },
      { headers: { ...headers, 'content-type': 'text/plain' } },
    ])
      assert.notEqual(await ask(headers, given), 'admitted')
    assert.equal(await ask(headers), 'admitted')
  })
})

describe('a body', () => {
  it('is JSON, plain, and no larger than it may be', async () => {
    const { ask } = guarded({ maxBodyBytes: 100 })
    const headers = { 'txn-token': await sign(claims()) }
    const large = `{"amount": 12.50, "x": "${'x'.repeat(100)}"}`
    assert.equal(await ask(headers, { body: large }), 'input.too_large')
    assert.equal(await ask({ ...headers, 'content-length': '101' }), 'input.too_large')
    for (const odd of [
      { 'content-type': 'text/json' },
      { 'content-type': 'application/json; charset=utf-16' },
      { 'content-type': 'application/x-www-form-urlencoded' },
      { 'content-type': 'application/json, text/plain' },
      { 'content-type': '' },
      { 'content-encoding': 'gzip' },
    ])
      assert.equal(
        await ask({ ...headers, ...odd }),
        'request.unsupported_media_type',
        JSON.stringify(odd),
      )
    const body = new Uint8Array([0x22, 0xff, 0x22])
    assert.equal(await ask(headers, { body }), 'input.malformed')
    assert.equal(await ask(headers, { body: '\ufeff{"amount": 12.50}' }), 'input.malformed')
    assert.equal(
      await ask(headers, { body: '{"amount":12.50,"amount":12.50}' }),
      'input.duplicate_key',
    )
    assert.equal(
      await ask({ ...headers, 'content-type': 'Application/JSON; charset=UTF-8' }),
      'admitted',
    )
  })
})

describe('a credential of an agent', () => {
  it('is not taken, whatever comes with it', async () => {
    const { ask } = guarded()
    const token = await sign({ iss: ISSUER, sub: 'psn_1' }, { typ: 'at+jwt' })
    for (const authorization of [
      `DPoP ${token}`,
      `Bearer ${token}`,
      `bearer  ${token}`,
      'DPoP anything',
      'Bearer remit_at_0123456789',
    ]) {
      assert.equal(await ask({ authorization }), 'transaction.agent_token', authorization)
      const headers = { authorization, 'txn-token': await sign(claims()) }
      assert.equal(await ask(headers), 'transaction.agent_token', authorization)
    }
    const others = await sign({ iss: 'https://other.example' }, { typ: 'at+jwt' })
    for (const authorization of ['Basic YTpi', 'Bearer of-the-shop', `Bearer ${others}`])
      assert.equal(await ask({ authorization, 'txn-token': await sign(claims()) }), 'admitted')
  })
})

describe('the keys of the issuer', () => {
  /** jose looks at the clock of the platform. */
  async function withClock(work: (pass: (ms: number) => void) => Promise<void>): Promise<void> {
    mock.timers.enable({ apis: ['Date'], now: NOW * 1000 })
    try {
      await work((ms) => mock.timers.setTime(Date.now() + ms))
    } finally {
      mock.timers.reset()
    }
  }

  it('that cannot be had let nothing through, and are told of', async () => {
    const { ask, errors, world } = guarded()
    world.down = true
    assert.equal(await ask({ 'txn-token': await sign(claims()) }), 'api.not_decided')
    assert.equal(errors.length, 1)
    world.down = false
    assert.equal(await ask({ 'txn-token': await sign(claims()) }), 'admitted')
    for (const answer of [
      new Response('busy', { status: 503 }),
      new Response('<html>'),
      Response.json({}),
      Response.json({ keys: 'x' }),
      Response.redirect('https://attacker.example/jwks', 302),
    ]) {
      const odd = guarded({ fetch: async () => answer })
      assert.equal(await odd.ask({ 'txn-token': await sign(claims()) }), 'api.not_decided')
    }
  })

  it('are followed when they rotate', async () => {
    await withClock(async (pass) => {
      const { ask, world } = guarded()
      const next = await newSigner('key_next')
      assert.equal(await ask({ 'txn-token': await sign(claims()) }), 'admitted')
      world.keys = [KEY.publicJwk, next.publicJwk]
      pass(6_000)
      assert.equal(await ask({ 'txn-token': await sign(claims(), {}, next) }), 'admitted')
      assert.equal(await ask({ 'txn-token': await sign(claims()) }), 'admitted', 'the old one')
      assert.equal(world.fetched, 2)
    })
  })

  it('that are withdrawn are believed for five minutes at most', async () => {
    await withClock(async (pass) => {
      const { ask, world } = guarded()
      assert.equal(await ask({ 'txn-token': await sign(claims()) }), 'admitted')
      world.keys = [(await newSigner('key_next')).publicJwk]
      pass(299_000)
      assert.equal(await ask({ 'txn-token': await sign(claims()) }), 'admitted')
      pass(2_000)
      assert.equal(await ask({ 'txn-token': await sign(claims()) }), 'transaction.invalid')
    })
  })

  it('that were read long ago and cannot be read again let nothing through', async () => {
    await withClock(async (pass) => {
      const { ask, world } = guarded()
      assert.equal(await ask({ 'txn-token': await sign(claims()) }), 'admitted')
      world.down = true
      pass(60_000)
      assert.equal(await ask({ 'txn-token': await sign(claims()) }), 'admitted')
      pass(300_000)
      assert.equal(await ask({ 'txn-token': await sign(claims()) }), 'api.not_decided')
    })
  })

  it('are not asked for again and again because of keys that do not exist', async () => {
    await withClock(async (pass) => {
      const { ask, world } = guarded()
      const stranger = await newSigner('key_unknown')
      for (let i = 0; i < 100; i++) {
        const token = await sign(claims(), { kid: `key_${i}` }, stranger)
        assert.equal(await ask({ 'txn-token': token }), 'transaction.invalid')
        pass(100)
      }
      assert.ok(world.fetched <= 3, `${world.fetched} times in ten seconds`)
    })
  })
})

describe('what remembers used permits', () => {
  it('and fails lets nothing through', async () => {
    for (const use of [
      () => Promise.reject(new Error('gone')),
      () => {
        throw new Error('gone')
      },
    ]) {
      const { ask, errors } = guarded({ usedOnce: { use } })
      assert.equal(await ask({ 'txn-token': await sign(claims()) }), 'api.not_decided')
      assert.equal(errors.length, 1)
    }
  })

  it('is told the decision, and until when it could come again', async () => {
    const told: unknown[] = []
    const use = (id: string, expiresAt: number) => told.push([id, expiresAt]) > 0
    const { ask } = guarded({ usedOnce: { use } })
    await ask({ 'txn-token': await sign(claims({ txn: 'dec_x' })) })
    assert.deepEqual(told, [['dec_x', (NOW + 65) * 1000]])
  })
})

it('a route says which operation it is', () => {
  const { guard } = guarded()
  assert.throws(() => guard.for(), UsageError)
  assert.throws(() => guard.for({ action: 'shop.buy' }), UsageError)
})
