import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { planImport } from '../../src/catalog/catalog/testing.ts'
import {
  applyImport,
  resumeResource,
  suspendResource,
} from '../../src/catalog/catalog-changes/index.ts'
import { findAuthorization } from '../../src/grants/code-grant/index.ts'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { resumePerson, suspendPerson } from '../../src/identity/sessions/index.ts'
import { sha256url } from '../../src/platform/lib/bytes.ts'
import { deskActions, Stranger } from '../mcp/stranger.ts'
import { send } from '../wire.ts'
import { inEachWorld } from '../world.ts'

/** Address at which programs of the organization may be answered. */
const HOUSE = 'https://app.example/oauth/callback?tenant=1'

inEachWorld('the authorization endpoint under attack', (world) => {
  const desk = () => `${world().gateway}/desk`

  before(async () => {
    const { id } = await world().person('fiona')
    const rule = { trust: 2, ceiling: deskActions(world()), ownerId: id, by: id }
    const { agents } = world().rooms
    await addAdmissionRule(agents, { ...rule, name: 'computers', redirectHosts: ['localhost'] })
    await addAdmissionRule(agents, { ...rule, name: 'house', redirectHosts: ['app.example'] })
  })

  /** A client with these addresses. */
  async function registered(...redirect_uris: readonly string[]): Promise<Stranger> {
    const stranger = await Stranger.arrive(world())
    const answer = await stranger.register({ redirect_uris })
    assert.equal(answer.status, 201, answer.text)
    return stranger
  }

  it('O2, O3: no code without PKCE by S256, and the error goes to the client with iss', async () => {
    const stranger = await Stranger.arrive(world())
    for (const over of [
      { code_challenge: undefined, code_challenge_method: undefined },
      { code_challenge_method: 'plain' },
      { code_challenge_method: undefined },
      { code_challenge: 'short' },
    ]) {
      const { location } = await stranger.authorize(desk(), over)
      const url = new URL(location)
      assert.equal(url.searchParams.get('error'), 'invalid_request', JSON.stringify(over))
      assert.equal(url.searchParams.get('iss'), world().issuer)
      assert.equal(url.searchParams.get('state'), 'st')
      assert.equal(url.searchParams.get('code'), null)
    }
  })

  it('a state comes back as it was, and brings no parameter or header of its own', async () => {
    const stranger = await Stranger.arrive(world())
    for (const state of [
      'a&code=x&iss=https://evil.example',
      'a\r\nSet-Cookie: x=y',
      '%26code=x',
      'ü"<b>',
    ]) {
      const { headers, location } = await stranger.authorize(desk(), { state, scope: '\u0001' })
      const { searchParams } = new URL(location)
      assert.deepEqual(searchParams.getAll('state'), [state])
      assert.deepEqual(searchParams.getAll('iss'), [world().issuer])
      assert.equal(searchParams.get('code'), null)
      assert.ok(!String(headers['set-cookie'] ?? '').includes('x=y'))
    }
  })

  it('exactly one known resource behind the gateway', async () => {
    const stranger = await Stranger.arrive(world())
    for (const resource of [
      undefined,
      [desk(), `${world().gateway}/orders`],
      [desk(), desk()],
      `${world().gateway}/nothing`,
      world().issuer,
      `${desk()}/`,
      `${desk()}#x`,
      `${desk()}?x`,
      desk().toUpperCase(),
      'desk',
    ]) {
      const { location } = await stranger.authorize(desk(), { resource })
      assert.equal(new URL(location).searchParams.get('error'), 'invalid_target', String(resource))
    }
  })

  it('no resource that is suspended, or that agents call themselves', async () => {
    const w = world()
    const direct = 'https://direct.example/api'
    const list = { operationId: 'list', responses: { 200: { description: 'a list' } } }
    const document = {
      openapi: '3.1.0',
      info: { title: 'Direct', version: '1' },
      paths: { '/things': { get: list } },
    }
    const where = { name: 'direct', identifier: direct, upstream: direct, mode: 'direct' } as const
    const plan = planImport(document, where)
    await applyImport(w.rooms.connections, plan, 'operator')
    const stranger = await Stranger.arrive(w)
    const errorAt = async (resource: string) => {
      const { location } = await stranger.authorize(desk(), {
        resource,
        dpop_jkt: sha256url('a key'),
      })
      return location.startsWith('/') ? undefined : new URL(location).searchParams.get('error')
    }
    assert.equal(await errorAt(direct), 'invalid_target')
    assert.equal(await errorAt(w.orders), undefined)
    const why = { name: 'orders', by: 'operator', reason: 'test' }
    await suspendResource(w.rooms.connections, why)
    assert.equal(await errorAt(w.orders), 'invalid_target')
    await resumeResource(w.rooms.connections, why)
    assert.equal(await errorAt(w.orders), undefined)
  })

  it('O1: never redirects anywhere but to what was registered; only the port on this computer may differ', async () => {
    const stranger = await Stranger.arrive(world(), undefined, 'callback')
    const { host, port } = new URL(stranger.redirectUrl)
    for (const redirect_uri of [
      undefined,
      'https://evil.example/callback',
      `http://127.0.0.1.evil.example:${port}/callback`,
      `http://evil.example@${host}/callback`,
      `http://${host}@evil.example/callback`,
      `http://${host}/callback/`,
      `http://${host}/callback?x=1`,
      `http://${host}/callback?`,
      `http://${host}/callback#x`,
      `http://${host}/CALLBACK`,
      `http://${host}/a/../callback`,
      `http://${host}//callback`,
      `http://${host}/callb%61ck`,
      `http://${host}\\callback`,
      `http://${host}/call\tback`,
      ` http://${host}/callback`,
      `https://${host}/callback`,
      `HTTP://${host}/callback`,
      `http://localhost:${port}/callback`,
      `http://localhost.evil.example:${port}/callback`,
      `http://[::1]:${port}/callback`,
      `http://[::ffff:127.0.0.1]:${port}/callback`,
      `http://2130706433:${port}/callback`,
      `http://127.1:${port}/callback`,
      `http://127.0.0.2:${port}/callback`,
      `http://127。0。0。1:${port}/callback`,
      `http://127.0.0.1:${port}x/callback`,
      `http://127.0.0.1:99999/callback`,
      'javascript:alert(1)',
      `data:text/html,x`,
      `//${host}/callback`,
      '/callback',
      [stranger.redirectUrl, 'https://evil.example/'],
      [stranger.redirectUrl, stranger.redirectUrl],
    ]) {
      const { status, location, text } = await stranger.authorize(desk(), { redirect_uri })
      assert.equal(location, '', `${redirect_uri} → ${location}`)
      assert.equal(status, 400)
      assert.ok(!text.includes('<script') && !text.includes('href="http'), text)
    }
    const moved = await stranger.authorize(desk(), { redirect_uri: 'http://127.0.0.1:1/callback' })
    assert.match(moved.location, /^\/authorize\//)
  })

  it('an address of the house is that address, to the letter', async () => {
    const house = await registered(HOUSE)
    for (const redirect_uri of [
      'https://app.example/oauth/callback',
      'https://app.example/oauth/callback?tenant=2',
      'https://app.example/oauth/callback?tenant=1&x=1',
      'https://app.example/oauth/callback?tenant=1#x',
      'https://app.example/oauth/callback?tenant=1#',
      'https://app.example/oauth/callback/?tenant=1',
      'https://app.example/oauth/./callback?tenant=1',
      'https://app.example/oauth/x/../callback?tenant=1',
      'https://app.example/oauth%2Fcallback?tenant=1',
      'https://app.example:443/oauth/callback?tenant=1',
      'https://app.example:8443/oauth/callback?tenant=1',
      'https://app.example./oauth/callback?tenant=1',
      'https://APP.example/oauth/callback?tenant=1',
      'https://user@app.example/oauth/callback?tenant=1',
      'https://app.example@evil.example/oauth/callback?tenant=1',
      'https://app.example.evil.example/oauth/callback?tenant=1',
      'https://evil-app.example/oauth/callback?tenant=1',
      'https://аpp.example/oauth/callback?tenant=1',
      'https://evil.example/https://app.example/oauth/callback?tenant=1',
      'http://app.example/oauth/callback?tenant=1',
      'https:/app.example/oauth/callback?tenant=1',
      'https:app.example/oauth/callback?tenant=1',
      'https:\\\\app.example\\oauth\\callback?tenant=1',
    ]) {
      const { status, location } = await house.authorize(desk(), { redirect_uri })
      assert.deepEqual([status, location], [400, ''], redirect_uri)
    }
    const right = await house.authorize(desk(), { redirect_uri: HOUSE, resource: 'x' })
    const url = new URL(right.location)
    assert.ok(right.location.startsWith('https://app.example/oauth/callback?'))
    assert.equal(url.searchParams.get('tenant'), '1')
    assert.equal(url.searchParams.get('error'), 'invalid_target')
  })

  it('an unknown client, and agents that did not register themselves, get a page and no redirect', async () => {
    const stranger = await Stranger.arrive(world())
    for (const client_id of [
      'refund-bot',
      'client-0',
      '',
      '__proto__',
      "client-' or 1=1 --",
      'x'.repeat(4000),
    ]) {
      const { status, location, text } = await stranger.authorize(desk(), { client_id })
      assert.equal(location, '')
      assert.equal(status, 400)
      assert.ok(text.includes('authorization.bad_request'), text)
    }
    // Addresses of documents that are none, or that nobody may be sent to.
    for (const [client_id, code] of [
      [stranger.redirectUrl, 'client_document.invalid'],
      ['https://user@app.example/client.json', 'client_document.invalid'],
      ['https://127.0.0.1:9/client.json', 'client_document.unavailable'],
      ['https://10.0.0.1/client.json', 'client_document.unavailable'],
      ['https://169.254.169.254/latest', 'client_document.unavailable'],
    ] as const) {
      const { location, text } = await stranger.authorize(desk(), { client_id })
      assert.equal(location, '')
      assert.ok(text.includes(code), text)
    }
  })

  it('is no way to an address of somebody whom nobody let in: not even errors go there by themselves', async () => {
    const w = world()
    const evil = await registered('https://evil.example/callback')
    const redirect_uri = 'https://evil.example/callback'
    const wrong = [
      { resource: undefined },
      { resource: 'https://elsewhere.example' },
      { code_challenge: undefined, code_challenge_method: undefined },
      { code_challenge_method: 'plain' },
      { response_type: 'token' },
      { response_type: 'code id_token' },
      { prompt: 'none' },
      { prompt: 'nonsense' },
      { request: 'a.b.c' },
      { registration: '{}' },
      { scope: '\u0001' },
    ]
    for (const over of wrong) {
      const refused = await evil.authorize(desk(), { redirect_uri, ...over })
      const hint = JSON.stringify(over)
      assert.deepEqual([refused.status, refused.location], [400, ''], hint)
      assert.ok(!refused.text.includes('evil.example'), hint)
      assert.ok(refused.text.includes('Nothing was allowed'), hint)
    }
    // It can ask a person, who is told where the answer would go.
    const asked = await evil.authorize(desk(), { redirect_uri })
    assert.match(asked.location, /^\/authorize\//)

    // Programs of the house hear of their mistakes, as long as somebody answers for the rule.
    const house = await registered(HOUSE)
    const other = { redirect_uri: HOUSE, response_type: 'token' }
    const told = new URL((await house.authorize(desk(), other)).location)
    assert.equal(told.searchParams.get('error'), 'unsupported_response_type')
    assert.equal(told.hash, '')
    const hears = async () => {
      const { location } = await house.authorize(desk(), { redirect_uri: HOUSE, prompt: 'none' })
      return location === '' ? undefined : new URL(location).searchParams.get('error')
    }
    assert.equal(await hears(), 'consent_required')
    const { id: personId } = await w.person('fiona')
    const why = { personId, by: 'operator', reason: 'test' }
    await suspendPerson(w.rooms.people, why)
    assert.equal(await hears(), undefined)
    await resumePerson(w.rooms.people, why)
    assert.equal(await hears(), 'consent_required')

    // One address that leads elsewhere, and the rule does not know it any more.
    const both = await registered(HOUSE, redirect_uri)
    const { location } = await both.authorize(desk(), { redirect_uri: HOUSE, prompt: 'none' })
    assert.equal(location, '')
  })

  it('O17: answers in the query and in no other way, errors included', async () => {
    const stranger = await Stranger.arrive(world())
    const house = await registered(HOUSE)
    for (const [client, redirect_uri] of [
      [stranger, stranger.redirectUrl],
      [house, HOUSE],
    ] as const)
      for (const response_mode of [
        'fragment',
        'form_post',
        'web_message',
        'jwt',
        'query.jwt',
        'form_post.jwt',
        'Query',
        'nonsense',
        ['query', 'form_post'],
        ['query', 'query'],
      ])
        for (const more of [{}, { resource: undefined }]) {
          const over = { redirect_uri, response_mode, ...more }
          const { location, status, text } = await client.authorize(desk(), over)
          assert.deepEqual([status, location], [400, ''], String(response_mode))
          assert.ok(!/<(?:form|script|input)\b/.test(text), text)
        }
    const fine = await stranger.authorize(desk(), { response_mode: 'query' })
    assert.match(fine.location, /^\/authorize\//)
  })

  it('O12: a parameter that comes twice is no request, and one in a body is none either', async () => {
    const stranger = await Stranger.arrive(world())
    await stranger.register()
    const twice = {
      client_id: [stranger.id, stranger.id],
      state: ['a', 'b'],
      code_challenge: ['x'.repeat(43), 'y'.repeat(43)],
      response_type: ['code', 'code'],
      scope: ['desk.read-note', 'desk.add-note'],
    }
    for (const [name, value] of Object.entries(twice)) {
      const { location } = await stranger.authorize(desk(), { [name]: value })
      assert.ok(!location.startsWith('/authorize/'), `${name} ${location}`)
      if (location !== '')
        assert.equal(new URL(location).searchParams.get('error'), 'invalid_request', name)
    }
    const url = stranger.asking(desk())
    const posted = await send(url.origin + url.pathname, {
      method: 'POST',
      headers: [['Content-Type', 'application/x-www-form-urlencoded']],
      body: url.searchParams.toString(),
    })
    assert.equal(posted.status, 404)
  })

  it('O13: a pushed request is held to the same, is for its client, and is not added to', async () => {
    const w = world()
    const stranger = await Stranger.arrive(w)
    const other = await Stranger.arrive(w)
    await Promise.all([stranger.register(), other.register()])
    const push = (over: Record<string, string | string[] | undefined>) =>
      send(`${w.issuer}/oauth/par`, {
        method: 'POST',
        headers: [['Content-Type', 'application/x-www-form-urlencoded']],
        body: stranger.asking(desk(), over).searchParams.toString(),
      })
    for (const over of [
      { redirect_uri: 'https://evil.example/' },
      { code_challenge: undefined, code_challenge_method: undefined },
      { code_challenge_method: 'plain' },
      { resource: undefined },
      { resource: 'https://elsewhere.example' },
      { response_mode: 'form_post' },
      { response_type: 'token' },
      { client_id: 'refund-bot' },
      { request_uri: 'urn:ietf:params:oauth:request_uri:x' },
    ]) {
      const refused = await push(over)
      assert.ok(
        refused.status === 400 || refused.status === 401,
        JSON.stringify(over) + refused.text,
      )
      assert.equal(refused.body.request_uri, undefined)
    }
    for (const response_type of ['token', 'code id_token', 'none'])
      assert.equal((await push({ response_type })).body.error, 'unsupported_response_type')
    const pushed = await push({})
    assert.equal(pushed.status, 201, pushed.text)
    const request_uri = String(pushed.body.request_uri)
    const alone = {
      response_type: undefined,
      code_challenge: undefined,
      code_challenge_method: undefined,
    }
    const bare = { ...alone, resource: undefined, state: undefined, request_uri }
    const stolen = await other.authorize(desk(), { ...bare, redirect_uri: undefined })
    assert.ok(!stolen.location.startsWith('/authorize/'), stolen.location)
    const added = await stranger.authorize(desk(), {
      ...bare,
      redirect_uri: 'https://evil.example/',
      resource: `${w.gateway}/orders`,
      scope: 'desk.delete-note',
    })
    if (added.location.startsWith('/authorize/')) {
      const id = added.location.slice('/authorize/'.length)
      const kept = await findAuthorization(w.rooms.storage.read, id)
      assert.equal(kept?.redirectUri, stranger.redirectUrl)
      assert.equal(kept.resource, desk())
      assert.equal(kept.scope, null)
    } else assert.ok(!added.location.includes('evil.example'))
  })

  it('O8: its pages are framed by nobody, kept by nobody and tell no other site where they are', async () => {
    const stranger = await Stranger.arrive(world())
    const refused = await stranger.authorize(desk(), { redirect_uri: 'https://evil.example' })
    const asked = await stranger.authorize(desk())
    const page = await (await world().browser('sam')).get(stranger.asking(desk()).href)
    assert.equal(page.status, 200)
    const shown = await send(page.url)
    for (const { headers } of [refused, asked, shown]) {
      assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/)
      assert.equal(headers['x-frame-options'], 'DENY')
      assert.equal(headers['cache-control'], 'no-store')
      assert.equal(headers['referrer-policy'], 'no-referrer')
    }
    const cookies = [asked.headers['set-cookie'] ?? []].flat()
    assert.ok(cookies.length >= 1)
    for (const cookie of cookies) assert.match(cookie, /; ?httponly/i)
    for (const cookie of cookies) assert.match(cookie, /; ?samesite=lax/i)
  })
})
