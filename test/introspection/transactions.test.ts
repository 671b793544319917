import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import {
  behindGateway,
  type InsideDomainOptions,
  insideDomain,
  protect,
  type RemitCall,
  type Route,
  replaceTransactionToken,
} from 'remit-sdk/api'
import { suspendResource } from '../../src/catalog/catalog-changes/index.ts'
import { type OpenTask, postForm } from '../agent.ts'
import { assertNoToken } from '../refusals.ts'
import { addRules, type KnownShop, letIn, shopBehind, shopDirect } from '../sdk/shops.ts'
import { decode, tampered } from '../signing.ts'
import { inOneWorld, type World } from '../world.ts'
import { ECHO_RULES, enforcerOf } from './asking.ts'

const TXN = 'urn:ietf:params:oauth:token-type:txn_token'
const DOMAIN = 'test.remit'

/** A service that others call: reads lines of what was permitted as `echo.read`. Tells what it fetched. */
function inner(w: World, over: Partial<InsideDomainOptions> = {}, route: Partial<Route> = {}) {
  const fetched: string[] = []
  const calls: RemitCall[] = []
  const guard = insideDomain({
    issuer: w.issuer,
    trustDomain: DOMAIN,
    locations: [`${w.gateway}/echo`],
    now: () => w.clock.now(),
    fetch: (url, init) => {
      fetched.push(String(url))
      return fetch(url, init)
    },
    ...over,
  })
  const handler = protect(
    guard,
    {
      action: 'echo.read',
      path: '/lines/{id}',
      arguments: ({ path }) => ({ thing: path.id ?? '' }),
      ...route,
    },
    (_, call) => {
      calls.push(call)
      return Response.json({ ok: true })
    },
  )
  const ask = async (token: string | undefined, init: RequestInit & { path?: string } = {}) => {
    const { path = '/lines/1', ...rest } = init
    const headers = token === undefined ? {} : { 'txn-token': token }
    const answer = await handler(new Request(`http://inner.test${path}`, { headers, ...rest }))
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> } // every answer is an object
  }
  return { ask, calls, fetched }
}

inOneWorld('transaction tokens that are passed on', (world) => {
  let second: KnownShop
  let outside: KnownShop
  let echo: { readonly secret: string }
  let next: { readonly secret: string }
  let task: OpenTask
  let first = ''

  /** Makes one call, and answers the transaction token that the API behind the gateway got. */
  async function given(): Promise<string> {
    const w = world()
    w.echo.answer = (request, reply) => {
      first = String(request.headers['txn-token'])
      reply.end()
    }
    const { status, text } = await w.agent.call(task, 'GET', '/echo/things/1')
    assert.equal(status, 200, text)
    return first
  }

  const replace = (secret: string, token: string) => {
    const { issuer } = world()
    return replaceTransactionToken({
      issuer,
      trustDomain: DOMAIN,
      secret,
      token,
      action: 'echo.read',
    })
  }

  /** Asks by hand, with something else here and there. */
  const ask = (over: Record<string, string | undefined>, secret = echo.secret) =>
    postForm(
      `${world().issuer}/oauth/token`,
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        requested_token_type: TXN,
        subject_token_type: TXN,
        subject_token: first,
        audience: DOMAIN,
        scope: 'echo.read',
        ...over,
      },
      [['Authorization', `Bearer ${secret}`]],
    )

  before(async () => {
    const w = world()
    second = await shopBehind(w, 'web')
    outside = await shopDirect(w, 'web')
    await letIn(w, [second, outside])
    await addRules(w, ECHO_RULES)
    await w.trustEcho()
    echo = await enforcerOf(w, { name: 'echo' })
    next = await enforcerOf(w, second)
    task = await w.open()
  })

  it('two hops: each service decides by itself who calls for whom, and asks nobody', async () => {
    const w = world()
    const token = await given()
    const passed = await replace(echo.secret, token)
    const lines = inner(w, { from: [`${w.gateway}/echo`] })
    const answer = await lines.ask(passed)
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    const [call] = lines.calls
    assert.equal(call?.person?.id, (await w.person('sam')).id)
    assert.deepEqual(call?.chain, ['refund-bot'])
    assert.equal(call?.task.id, task.id)
    assert.deepEqual(call?.arguments, { thing: '1' })
    assert.deepEqual(call?.via, [w.gateway, `${w.gateway}/echo`])
    const again = await replace(next.secret, passed)
    const books = inner(w, { from: [second.identifier] })
    assert.equal((await books.ask(again)).status, 200)
    const via = [w.gateway, `${w.gateway}/echo`, second.identifier]
    assert.deepEqual(books.calls[0]?.via, via)
    assert.equal((await books.ask(again)).status, 200, 'reading twice is nothing')
    for (const service of [lines, books])
      assert.deepEqual(new Set(service.fetched), new Set([`${w.issuer}/oauth/jwks`]))
    const types = (await w.ledger()).filter(({ type }) => type === 'transaction.replaced')
    assert.equal(types.length, 2)
  })

  it('X2: a replacement says the same, names one service more, and never lives longer', async () => {
    const w = world()
    const token = await given()
    w.clock.advance(20_000)
    const answer = await ask({})
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.body.token_type, 'N_A')
    assert.equal(answer.body.issued_token_type, TXN)
    assert.equal(answer.body.refresh_token, undefined)
    const [one, two] = [decode(token), decode(String(answer.body.access_token))]
    assert.deepEqual(two.header, one.header)
    const { exp: before, iat: _, req_wl: asked, ...same } = one.claims
    const { exp, iat, req_wl, ...after } = two.claims
    assert.deepEqual(after, same)
    assert.equal(exp, before)
    assert.equal(req_wl, `${asked} ${w.gateway}/echo`)
    assert.equal(answer.body.expires_in, Number(exp) - Number(iat))
    assert.ok(Number(iat) >= Number(one.claims.iat) + 20)
  })

  it('X2, X3: another action, another domain, anything that would add: refused', async () => {
    await given()
    assertNoToken(await ask({ scope: 'echo.delete' }), 'invalid_scope', 'task.bad_scope')
    const both = await ask({ scope: 'echo.read echo.delete' })
    assertNoToken(both, 'invalid_scope', 'task.bad_scope')
    const elsewhere = await ask({ audience: 'other.domain' })
    assertNoToken(elsewhere, 'invalid_target', 'transaction.other_domain')
    for (const name of ['scope', 'audience', 'subject_token', 'subject_token_type'])
      assertNoToken(await ask({ [name]: undefined }), 'invalid_request', 'oauth.invalid_request')
    for (const name of ['request_details', 'request_context', 'resource', 'actor_token'])
      assertNoToken(await ask({ [name]: '{}' }), 'invalid_request', 'oauth.invalid_request')
  })

  it('T5: nothing but a transaction token becomes one, and it becomes nothing else', async () => {
    const w = world()
    const token = await given()
    const types = [
      'access_token',
      'id_token',
      'jwt',
      'refresh_token',
      'self_signed',
      'unsigned_json',
    ]
    for (const type of types) {
      const subject_token_type = `urn:ietf:params:oauth:token-type:${type}`
      const answer = await ask({ subject_token_type, subject_token: task.token })
      assertNoToken(answer, 'invalid_request', 'oauth.invalid_request')
    }
    const resource = await w.agent.token(task, `${w.gateway}/echo`)
    for (const subject_token of [task.token, resource, await w.idToken()])
      assertNoToken(await ask({ subject_token }), 'invalid_grant', 'token.wrong_type')
    const passed = await replace(echo.secret, token)
    const call = await w.agent.call(task, 'GET', '/echo/things/1', { token: passed })
    assert.equal(call.body.code, 'token.wrong_type')
  })

  it('T1, T4, T8: forged, changed or expired: refused', async () => {
    const w = world()
    const token = await given()
    const wider = tampered(token, { claims: { scope: 'echo.delete' } })
    const changed = await ask({ subject_token: wider, scope: 'echo.delete' })
    assertNoToken(changed, 'invalid_grant', 'token.bad_signature')
    assertNoToken(await ask({ subject_token: `${token}A` }), 'invalid_grant', 'token.bad_signature')
    const lines = inner(w)
    for (const bad of [undefined, 'x', wider, task.token])
      assert.equal((await lines.ask(bad)).status, 401)
    assert.equal((await lines.ask(token)).status, 200)
  })

  it('who is not inside the domain gets nothing: no secret, a wrong one, an API outside', async () => {
    await given()
    const out = await enforcerOf(world(), outside)
    for (const secret of ['', 'enf_x', `${echo.secret}x`, out.secret, task.token]) {
      const answer = await ask({}, secret)
      assertNoToken(answer, 'invalid_client', 'client.unauthenticated', secret.slice(0, 8))
    }
  })

  it('an inner service refuses another API, operation, argument or sender, and one request twice', async () => {
    const w = world()
    const token = await given()
    const passed = await replace(echo.secret, token)
    const code = async (service: ReturnType<typeof inner>, path?: string) =>
      (await service.ask(passed, path === undefined ? {} : { path })).body.code
    assert.equal(await code(inner(w, { locations: [w.orders] })), 'transaction.other_api')
    assert.equal(await code(inner(w, {}, { action: 'echo.list' })), 'transaction.other_action')
    assert.equal(await code(inner(w), '/lines/2'), 'transaction.other_arguments')
    const strict = inner(w, { from: [second.identifier] })
    assert.equal(await code(strict), 'transaction.other_sender')
    assert.equal((await strict.ask(token)).body.code, 'transaction.other_sender')
    assert.equal(await code(inner(w, { trustDomain: 'other' })), 'transaction.invalid')
    assert.equal(
      await code(inner(w, { issuer: w.gateway, jwksUri: `${w.issuer}/oauth/jwks` })),
      'transaction.invalid',
    )
    const writes = inner(w, {}, { write: true })
    assert.equal((await writes.ask(passed)).status, 200)
    assert.equal(await code(writes), 'transaction.used')
  })

  it('what was passed on is not taken by the API that the gateway stands in front of', async () => {
    const w = world()
    const token = await given()
    const guard = behindGateway({
      issuer: w.issuer,
      trustDomain: DOMAIN,
      location: `${w.gateway}/echo`,
      now: () => w.clock.now(),
    })
    const handler = protect(guard, { action: 'echo.read', path: '/things/{thing}' }, () =>
      Response.json({ ok: true }),
    )
    const by = async (used: string) =>
      handler(new Request('http://echo.test/things/1', { headers: { 'txn-token': used } }))
    assert.equal((await by(token)).status, 200)
    const refused = await by(await replace(echo.secret, token))
    const { code } = (await refused.json()) as { code: unknown } // problem details
    assert.equal(code, 'transaction.other_sender')
  })

  it('X4: eight services at most', async () => {
    let token = await given()
    for (let i = 0; i < 7; i++) token = await replace(echo.secret, token)
    await assert.rejects(replace(echo.secret, token), { code: 'transaction.too_many_hops' })
  })

  it('X5: not after the task has ended, or the API was suspended', async () => {
    const w = world()
    const { id: by } = await w.person('ada')
    await given()
    await w.agent.about(task, 'DELETE', '')
    assertNoToken(await ask({}), 'invalid_grant', 'task.closed')
    task = await w.open()
    await given()
    assert.equal((await ask({}, next.secret)).status, 200)
    await suspendResource(w.rooms.connections, { name: 'echo', by, reason: 'a test' })
    assertNoToken(await ask({}, next.secret), 'invalid_target', 'resource.suspended')
    assertNoToken(await ask({}), 'invalid_client', 'client.unauthenticated')
  })
})
