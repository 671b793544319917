import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { direct, protect } from 'remit-sdk/api'
import { lapse, REPORT_WITHIN_MS } from '../../src/calls/calls/expire-unreported.ts'
import type { OpenTask } from '../agent.ts'
import { assertRefused } from '../refusals.ts'
import { until } from '../until.ts'
import { type Answer, abandon, send } from '../wire.ts'
import { inOneWorld, type World } from '../world.ts'
import { FRAMEWORKS } from './shop.ts'
import { allOf, approve, type KnownShop, letIn, shopDirect } from './shops.ts'

const RESOURCE = 'https://shop.example/api'
const headers = { authorization: 'DPoP token', dpop: 'proof' }

/** A permit as Remit writes it. */
const PERMIT = {
  decision: true,
  decision_id: 'dec_1',
  valid_for_ms: 5000,
  action: 'shop.list',
  person: null,
  agent: 'bot',
  chain: ['bot'],
  task: { id: 'tsk_1', purpose: 'test' },
  arguments: {},
}

/** A guarded handler whose Remit answers this. */
function guardedBy(answer: (url: string, init: RequestInit) => Response | Promise<Response>) {
  const seen: { ran: number; errors: unknown[]; reports: unknown[] } = {
    ran: 0,
    errors: [],
    reports: [],
  }
  let now = 0
  const guard = direct({
    issuer: 'https://remit.example',
    resource: RESOURCE,
    secret: 'enf_secret',
    timeoutMs: 20,
    now: () => now,
    sleep: async () => {},
    onError: (error) => seen.errors.push(error),
    fetch: async (input, init = {}) => {
      const url = String(input)
      if (!url.endsWith('/outcome')) return answer(url, init)
      seen.reports.push(JSON.parse(String(init.body)))
      return Response.json({})
    },
  })
  const handler = protect(guard, { action: 'shop.list' }, () => {
    seen.ran++
    return new Response('done')
  })
  const ask = (url = `${RESOURCE}/items`) => handler(new Request(url, { headers }))
  return { seen, guard, ask, pass: (ms: number) => (now += ms) }
}

describe('an API that asks', () => {
  it('runs nothing when no answer comes, or one that is no plain yes', async () => {
    const answers: Record<string, () => Response | Promise<Response>> = {
      'connection refused': () => Promise.reject(new TypeError('fetch failed')),
      'an error': () => new Response('no', { status: 500 }),
      'a wrong secret': () => Response.json({ code: 'client.unauthenticated' }, { status: 401 }),
      'a redirect': () => Response.redirect('https://elsewhere.example/', 302),
      'no JSON': () => new Response('<html>'),
      'a list': () => Response.json([PERMIT]),
      'an obligation': () =>
        Response.json({ ...PERMIT, obligations: [{ id: '1', type: 'redact', properties: {} }] }),
      'obligations that cannot be read': () => Response.json({ ...PERMIT, obligations: null }),
      'no decision': () => Response.json({ ...PERMIT, decision: undefined }),
      'a decision in words': () => Response.json({ ...PERMIT, decision: 'true' }),
      'a decision of one': () => Response.json({ ...PERMIT, decision: 1 }),
      'no id': () => Response.json({ ...PERMIT, decision_id: '' }),
      'no task': () => Response.json({ ...PERMIT, task: {} }),
      'no time': () => Response.json({ ...PERMIT, valid_for_ms: undefined }),
      'half a person': () => Response.json({ ...PERMIT, person: { id: 'psn_1', issuer: 'x' } }),
      'arguments that are none': () => Response.json({ ...PERMIT, arguments: { n: 1 } }),
      'a created permit': () => Response.json(PERMIT, { status: 201 }),
      'a refusal without words': () => Response.json({ decision: false, status: 403 }),
      'a refusal with 200': () =>
        Response.json({ decision: false, status: 200, problem: { code: 'x' } }),
    }
    for (const [hint, answer] of Object.entries(answers)) {
      const { ask, seen } = guardedBy(answer)
      const got = await ask()
      const body = (await got.json()) as { code?: string } // a problem
      assert.deepEqual([got.status, body.code, seen.ran], [503, 'api.not_decided', 0], hint)
      assert.equal(seen.errors.length, 1, hint)
      assert.ok(!JSON.stringify(body).includes('enf_'), hint)
    }
  })

  it('does not wait for ever', async () => {
    const { ask, seen } = guardedBy(
      (_, { signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason))
        }),
    )
    assert.equal((await ask()).status, 503)
    assert.equal(seen.ran, 0)
  })

  it('does not begin with a permit that comes late, and says that it did not', async () => {
    const late = guardedBy(() => {
      late.pass(5_001)
      return Response.json(PERMIT)
    })
    assert.equal((await late.ask()).status, 503)
    assert.deepEqual([late.seen.ran, late.seen.reports], [0, [{ state: 'not_sent' }]])
    const early = guardedBy(() => {
      early.pass(5_000)
      return Response.json(PERMIT)
    })
    assert.equal((await early.ask()).status, 200)
    assert.deepEqual(early.seen.reports, [{ state: 'answered', status: 200 }])
  })

  it('runs nothing that Remit knows as another operation', async () => {
    const { ask, seen } = guardedBy(() => Response.json({ ...PERMIT, action: 'shop.remove' }))
    assert.equal((await ask()).status, 500)
    assert.deepEqual([seen.ran, seen.reports], [0, [{ state: 'not_sent' }]])
  })

  it('names itself as configured, whatever Host says, and tells every proof', async () => {
    const asked: { url: string; proofs: string[]; headers: unknown }[] = []
    const { ask } = guardedBy((_, { body }) => {
      asked.push(JSON.parse(String(body)))
      return Response.json(PERMIT)
    })
    await ask('http://attacker.example/api/items?x=1')
    assert.equal(asked[0]?.url, `${RESOURCE}/items?x=1`)
    assert.deepEqual(asked[0]?.proofs, ['proof'])
    assert.equal((await ask('http://attacker.example/other/items')).status, 500)
    assert.equal((await ask('http://attacker.example/apiitems')).status, 500)
    assert.equal(asked.length, 1)
  })

  it('passes on what Remit says, word by word, as Remit’s own', async () => {
    const access_request = { id: 'req_1', page: 'https://remit.example/approvals/req_1' }
    for (const [status, headers] of [
      [403, { 'remit-decision': 'dec_1' }],
      [401, { 'www-authenticate': 'DPoP error="invalid_token"' }],
      [409, {}],
    ] as const) {
      const problem = {
        type: 'urn:remit:problem:x',
        code: 'x',
        status,
        detail: 'd',
        access_request,
      }
      const { ask, seen } = guardedBy(() =>
        Response.json({ decision: false, status, headers, problem }),
      )
      const answer = await ask()
      assert.equal(answer.status, status)
      assert.deepEqual(await answer.json(), problem)
      assert.equal(answer.headers.get('content-type'), 'application/problem+json')
      assert.equal(answer.headers.get('cache-control'), 'no-store')
      assert.equal(answer.headers.get('remit-answer'), 'own')
      for (const [name, value] of Object.entries(headers))
        assert.equal(answer.headers.get(name), value)
      assert.deepEqual([seen.ran, seen.reports, seen.errors], [0, [], []])
    }
  })

  it('tells what came, and nothing that says who calls', async () => {
    const asked: Record<string, unknown>[] = []
    const guard = direct({
      issuer: 'https://remit.example',
      resource: RESOURCE,
      secret: 'enf_secret',
      headers: ['X-Tenant'],
      fetch: async (url, init) => {
        if (String(url).endsWith('/outcome')) return Response.json({})
        assert.equal(new Headers(init?.headers).get('authorization'), 'Bearer enf_secret')
        assert.equal(init?.redirect, 'manual')
        asked.push(JSON.parse(String(init?.body)))
        return Response.json(PERMIT)
      },
    })
    const handler = protect(guard, undefined, async (request) => new Response(await request.text()))
    const text = '{ "amount": 12.50 }'
    const answer = await handler(
      new Request(`${RESOURCE}/items?x=%20`, {
        method: 'POST',
        body: text,
        headers: {
          authorization: 'Bearer token',
          dpop: 'one, two',
          cookie: 'session=secret',
          'content-type': 'application/json',
          'idempotency-key': 'k',
          'x-tenant': 't',
          'x-other': 'o',
          'txn-token': 'x',
        },
      }),
    )
    assert.equal(await answer.text(), text)
    assert.deepEqual(asked, [
      {
        scheme: 'Bearer',
        token: 'token',
        proofs: ['one', 'two'],
        method: 'POST',
        url: `${RESOURCE}/items?x=%20`,
        headers: [
          ['idempotency-key', 'k'],
          ['x-tenant', 't'],
        ],
        body: text,
        obligations: ['redact', 'cap'],
      },
    ])
    for (const name of ['Authorization', 'cookie', 'DPoP'])
      assert.throws(
        () =>
          direct({ issuer: 'https://r.example', resource: RESOURCE, secret: '', headers: [name] }),
        { code: 'sdk.usage' },
      )
  })

  it('asks about nothing that brings no credential, or a body that it does not read', async () => {
    const { guard, seen } = guardedBy(() => assert.fail('nobody is asked'))
    const handler = protect(guard, undefined, () => assert.fail('nothing runs'))
    const json = { ...headers, 'content-type': 'application/json' }
    for (const [code, status, init] of [
      ['token.missing', 401, { headers: {} }],
      ['token.missing', 401, { headers: { authorization: 'Basic YTpi' } }],
      ['token.missing', 401, { headers: { authorization: 'DPoP' } }],
      ['token.missing', 401, { headers: { authorization: 'DPoP one, DPoP two' } }],
      ['token.missing', 401, { headers: { authorization: 'DPoP token x' } }],
      ['request.unsupported_media_type', 415, { body: '{}', headers }],
      ['input.too_large', 413, { body: `"${'x'.repeat(256 * 1024)}"`, headers: json }],
      ['input.too_large', 413, { body: '{}', headers: { ...json, 'content-length': '999999' } }],
      ['input.malformed', 400, { body: new Uint8Array([0xff]), headers: json }],
    ] as [string, number, RequestInit][]) {
      const answer = await handler(new Request(`${RESOURCE}/items`, { method: 'POST', ...init }))
      const body = (await answer.json()) as { code?: string } // a problem
      assert.deepEqual([body.code, answer.status], [code, status])
      const challenge = answer.headers.get('www-authenticate')
      assert.equal(challenge !== null, status === 401)
    }
    assert.deepEqual(seen.errors, [])
    const target = 'http://shop.example/api/items'
    const admission = await guard.for()({
      method: 'GET',
      target,
      header: (name) => new Headers(headers).get(name) ?? undefined,
      bytes: async () => new Uint8Array(),
    })
    assert.equal(
      admission.admitted || JSON.parse(admission.answer.body).code,
      'request.ambiguous_target',
    )
  })

  it('reports a handler that fails as one whose effect is not known, and does not begin for nobody', async () => {
    const { guard, seen } = guardedBy(() => Response.json(PERMIT))
    const failing = protect(guard, undefined, () => {
      throw new RangeError('the handler fails')
    })
    await assert.rejects(failing(new Request(RESOURCE, { headers })), RangeError)
    assert.deepEqual(seen.reports, [{ state: 'failed' }])
    const never = protect(guard, undefined, () => assert.fail('nobody waits for it'))
    const signal = AbortSignal.abort(new RangeError('gone'))
    await assert.rejects(never(new Request(RESOURCE, { headers, signal })), RangeError)
    assert.deepEqual(seen.reports.slice(1), [{ state: 'not_sent' }])
  })

  it('takes it that an outcome arrived when it is told so, and tells of one that is refused', async () => {
    for (const [code, told] of [
      ['decision.ended', 0],
      ['decision.unknown', 1],
      ['client.unauthenticated', 1],
    ] as const) {
      const errors: unknown[] = []
      let attempts = 0
      const guard = direct({
        issuer: 'https://remit.example',
        resource: RESOURCE,
        secret: 'enf_secret',
        sleep: async () => {},
        onError: (error) => errors.push(error),
        fetch: async (url) => {
          if (!String(url).endsWith('/outcome')) return Response.json(PERMIT)
          // The first one arrives, and its answer does not.
          if (++attempts === 1) throw new TypeError('cut')
          return Response.json({ code }, { status: 409 })
        },
      })
      const handler = protect(guard, undefined, () => new Response('done'))
      assert.equal((await handler(new Request(RESOURCE, { headers }))).status, 200)
      await guard.settled()
      assert.deepEqual([attempts, errors.length], [2, told], code)
      assert.ok(!String(errors).includes('enf_'))
    }
  })

  it('tries again to report, and says when nobody takes it', async () => {
    const states: number[] = []
    const errors: unknown[] = []
    const guard = direct({
      issuer: 'https://remit.example',
      resource: RESOURCE,
      secret: 'enf_secret',
      sleep: async () => {},
      onError: (error) => errors.push(error),
      fetch: async (url) => {
        if (!String(url).endsWith('/outcome')) return Response.json(PERMIT)
        states.push(503)
        return new Response(null, { status: 503 })
      },
    })
    const handler = protect(guard, undefined, () => new Response('done'))
    assert.equal((await handler(new Request(`${RESOURCE}/items`, { headers }))).status, 200)
    await guard.settled()
    assert.deepEqual([states.length, errors.length], [4, 1])
  })
})

inOneWorld('asking about calls', (world) => {
  for (const framework of FRAMEWORKS) {
    it(`with ${framework}: nothing runs while Remit cannot be asked, nor with a revoked secret`, async () => {
      const w = world()
      const errors: unknown[] = []
      let down = true
      const shop = await shopDirect(w, framework, {
        onError: (error) => errors.push(error),
        fetch: (input, init) =>
          down ? Promise.reject(new TypeError('unreachable')) : fetch(input, init),
      })
      await letIn(w, [shop])
      const task = await w.open({ details: [allOf(shop)] })
      const call = () => callShop(w, task, shop, 'GET', '/items')
      const refused = await call()
      assert.deepEqual([refused.status, refused.body.code], [503, 'api.not_decided'], refused.text)
      down = false
      assert.equal((await call()).status, 200)
      const ada = await w.api('ada')
      const { body } = await ada.send('GET', `/clients?target=${shop.name}`)
      const [{ id }] = body.clients as [{ id: string }] // one was made
      assert.ok(!JSON.stringify(body).includes('secret'))
      assert.equal((await ada.send('DELETE', `/clients/${id}`)).status, 200)
      assert.equal((await call()).status, 503)
      assert.equal(shop.handled.length, 1)
    })
  }

  for (const framework of FRAMEWORKS) {
    it(`with ${framework}: nothing begins for a client that has gone, and its approval is not used up`, async () => {
      const w = world()
      const asking = Promise.withResolvers<void>()
      const gone = Promise.withResolvers<void>()
      const shop = await shopDirect(w, framework, {
        fetch: async (input, init) => {
          const answer = await fetch(input, init)
          if (!String(input).endsWith('/outcome')) {
            asking.resolve()
            await gone.promise
          }
          return answer
        },
      })
      await letIn(w, [shop])
      const task = await w.open({ details: [allOf(shop)] })
      const { proofs, token, url } = await askedAbout(w, task, shop, 'GET', '/items')
      const leaving = abandon(url, {
        headers: [
          ['Authorization', `DPoP ${token}`],
          ...proofs.map((each) => ['DPoP', each] as const),
        ],
      })
      await asking.promise
      leaving.leave()
      await until(async () => (shop.connections() === 0 ? true : undefined))
      gone.resolve()
      const api = await w.api('ada')
      const decision = await until(async () => {
        const { body } = await api.send('GET', `/decisions?task=${task.id}`)
        const [first] = body.decisions as { state: string }[] // documented
        return first && first.state !== 'sending' ? first : undefined
      })
      assert.equal(decision.state, 'not_sent', JSON.stringify(decision))
      assert.equal(shop.handled.length, 0)
    })
  }

  it('needs the secret of an enforcement point, and answers only about its own API', async () => {
    const w = world()
    const { asked, shop, secret, task } = await known(w)
    const url = `${w.issuer}/v1/calls`
    for (const wrong of ['', 'enf_', `${secret}x`, `enf_${'A'.repeat(43)}`]) {
      const authorization = ['Authorization', `Bearer ${wrong}`] as const
      assertRefused(await post(url, asked, [authorization]), 'client.unauthenticated')
    }
    assertRefused(await post(url, asked, []), 'client.unauthenticated')
    const mine = [['Authorization', `Bearer ${secret}`]] as const
    for (const [hint, change] of Object.entries({
      'another origin': { url: 'http://127.0.0.1:1/items' },
      'an address that only begins like it': { url: `${shop.identifier}0/items` },
      'a credential among the headers': { headers: [['authorization', 'x']] },
      'a header twice': {
        headers: [
          ['prefer', 'a'],
          ['prefer', 'b'],
        ],
      },
      'an unknown member': { unexpected: true },
    }))
      assertRefused(await post(url, { ...asked, ...change }, mine), 'request.malformed', hint)
    const about = (path: string) => askedAbout(w, task, shop, 'GET', path)
    const unknown = await post(url, await about('/nothing'), mine)
    assert.deepEqual(
      [unknown.status, unknown.body.decision, unknown.body.status],
      [200, false, 404],
    )
    const dots = await post(url, await about('/items/%2e%2e'), mine)
    assert.deepEqual([dots.status, dots.body.decision, dots.body.status], [200, false, 400])
  })

  it('takes a proof once, and a token only of its own API', async () => {
    const w = world()
    const { asked, mine, shop } = await known(w)
    const url = `${w.issuer}/v1/calls`
    const first = await post(url, asked, mine)
    assert.equal(first.body.decision, true, first.text)
    const again = await post(url, asked, mine)
    assert.deepEqual([again.body.decision, again.body.status], [false, 401], again.text)
    assert.equal((again.body.problem as { code: string }).code, 'proof.replayed') // RFC 9457
    const answered = again.body.headers as Record<string, string> // documented
    assert.match(answered['www-authenticate'] ?? '', /^DPoP error="invalid_dpop_proof"/)
    const task = await w.open()
    const orders = await w.agent.token(task, w.orders)
    const request = { method: 'GET', url: `${shop.identifier}/items`, token: orders }
    const proofs = [await w.agent.proof(task.key, request)]
    const other = await post(url, { ...asked, token: orders, proofs }, mine)
    assert.equal((other.body.problem as { code: string }).code, 'token.wrong_audience', other.text) // RFC 9457
  })

  it('an outcome is said once, by the API that the call was to', async () => {
    const w = world()
    const two = await known(w)
    const one = await known(w)
    const permit = await post(`${w.issuer}/v1/calls`, one.asked, one.mine)
    assert.equal(permit.body.decision, true, permit.text)
    const outcome = `${w.issuer}/v1/calls/${String(permit.body.decision_id)}/outcome`
    const done = { state: 'answered', status: 200, latency_ms: 3 }
    assertRefused(await post(outcome, done, two.mine), 'decision.unknown')
    assertRefused(await post(outcome, { state: 'indeterminate' }, one.mine), 'request.malformed')
    assert.equal((await post(outcome, done, one.mine)).status, 200)
    assertRefused(await post(outcome, { state: 'failed' }, one.mine), 'decision.ended')
    const nothing = `${w.issuer}/v1/calls/dec_nothing/outcome`
    assertRefused(await post(nothing, done, one.mine), 'decision.unknown')
    const records = await w.ledger()
    const outcomes = records.filter(
      ({ type, decision_id }) =>
        type === 'decision.outcome' && decision_id === permit.body.decision_id,
    )
    assert.equal(outcomes.length, 1)
  })

  it('an approval is given back when the API says that it did not begin', async () => {
    const w = world()
    const { mine, shop } = await known(w)
    const task = await w.open({ details: [allOf(shop)] })
    const ask = async () =>
      post(`${w.issuer}/v1/calls`, await askedAbout(w, task, shop, 'DELETE', '/items/b'), mine)
    const { problem } = (await ask()).body as { problem: { access_request: { page: string } } } // documented
    await approve(w, problem.access_request.page)
    const permit = await ask()
    assert.equal(permit.body.decision, true, permit.text)
    const outcome = `${w.issuer}/v1/calls/${String(permit.body.decision_id)}/outcome`
    assert.equal((await post(outcome, { state: 'not_sent' }, mine)).status, 200)
    const again = await until(async () => {
      const answer = await ask()
      return answer.body.decision === true ? answer : undefined
    })
    assert.notEqual(again.body.decision_id, permit.body.decision_id)
  })
})

inOneWorld('asking about calls, and time', (world) => {
  it('a call that nobody reports in time is indeterminate, until what is true is told, once', async () => {
    const w = world()
    const { asked, mine } = await known(w)
    const permit = await post(`${w.issuer}/v1/calls`, asked, mine)
    const id = String(permit.body.decision_id)
    const ada = await w.api('ada')
    const state = async () => (await ada.send('GET', `/decisions/${id}`)).body.state
    w.clock.advance(REPORT_WITHIN_MS - 1_000)
    await lapse(w.rooms.decisions)
    assert.equal(await state(), 'sending')
    w.clock.advance(2_000)
    await lapse(w.rooms.decisions)
    assert.equal(await state(), 'indeterminate')
    const outcome = `${w.issuer}/v1/calls/${id}/outcome`
    // What was presumed gives way to what is known (contract 12.12); what was told does not.
    assert.equal((await post(outcome, { state: 'answered', status: 200 }, mine)).status, 200)
    assert.equal(await state(), 'answered')
    assertRefused(await post(outcome, { state: 'not_sent' }, mine), 'decision.ended')
  })
})

function post(
  url: string,
  body: object,
  headers: readonly (readonly [string, string])[],
): Promise<Answer> {
  return send(url, {
    method: 'POST',
    headers: [['Content-Type', 'application/json'], ...headers],
    body: JSON.stringify(body),
  })
}

/** A shop, its secret, and a call that it could ask about. */
async function known(w: World) {
  const shop = await shopDirect(w, 'web')
  await letIn(w, [shop])
  const ada = await w.api('ada')
  const added = await ada.send('POST', '/clients', {
    ...{ id: `${shop.name}-second`, kind: 'enforcer', settings: { resource: shop.name } },
  })
  assert.equal(added.status, 200, added.text)
  const secret = String(added.body.secret)
  const task = await w.open({ details: [allOf(shop)] })
  const asked = await askedAbout(w, task, shop, 'GET', '/items')
  return { shop, secret, asked, task, mine: [['Authorization', `Bearer ${secret}`]] as const }
}

async function askedAbout(w: World, task: OpenTask, shop: KnownShop, method: string, path: string) {
  const token = await w.agent.token(task, shop.identifier)
  const url = shop.identifier + path
  const proofs = [await w.agent.proof(task.key, { method, url, token })]
  return { scheme: 'DPoP', token, proofs, method, url }
}

/** A call straight at the shop, by the tests' own client. */
async function callShop(w: World, task: OpenTask, shop: KnownShop, method: string, path: string) {
  const { proofs, token, url } = await askedAbout(w, task, shop, method, path)
  return send(url, {
    method,
    headers: [['Authorization', `DPoP ${token}`], ...proofs.map((each) => ['DPoP', each] as const)],
  })
}
