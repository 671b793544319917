import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { Stranger, VERIFIER } from '../mcp/stranger.ts'
import { newKey, proof } from '../signing.ts'
import { send } from '../wire.ts'
import { inEachWorld } from '../world.ts'

/** Loopback without TLS. */
const HTTP = { [oauth.allowInsecureRequests]: true }

inEachWorld('authorization requests with details (RFC 9396), pushed (RFC 9126)', (world) => {
  const refunds = (most = '100.00', over: object = {}) => ({
    type: 'remit_call',
    locations: [world().orders],
    actions: ['orders.read', 'orders.refund'],
    bounds: [{ path: '/order_id', op: 'eq', value: '1042' }],
    ...over,
    ...(most === ''
      ? {}
      : {
          actions: ['orders.refund'],
          bounds: [
            { path: '/order_id', op: 'eq', value: '1042' },
            { path: '/amount', op: 'lte', value: most },
          ],
        }),
  })

  before(async () => {
    const { id } = await world().person('ada')
    await addAdmissionRule(world().rooms.agents, {
      name: 'this-computer',
      redirectHosts: ['localhost'],
      trust: 2,
      ceiling: [
        {
          type: 'remit_call',
          locations: [world().orders],
          actions: ['orders.read', 'orders.refund', 'orders.list'],
          bounds: [],
        },
      ],
      ownerId: id,
      by: id,
    })
  })

  it('openid-client pushes details; the person makes them smaller; code, token and refreshing keep to that', async () => {
    const w = world()
    const stranger = await Stranger.arrive(w)
    await stranger.register()
    const config = await openid.discovery(new URL(w.issuer), stranger.id, {}, openid.None(), {
      execute: [openid.allowInsecureRequests],
    })
    const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
    const pkceCodeVerifier = openid.randomPKCECodeVerifier()
    const url = await openid.buildAuthorizationUrlWithPAR(
      config,
      {
        redirect_uri: stranger.redirectUrl,
        resource: w.orders,
        code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: 'S256',
        authorization_details: JSON.stringify([refunds()]),
        state: 'st',
      },
      { DPoP },
    )
    assert.ok(url.searchParams.get('request_uri')?.startsWith('urn:ietf:params:oauth:request_uri:'))
    assert.equal(url.searchParams.get('authorization_details'), null)
    const page = await stranger.ask('sam', url)
    assert.ok(page.text.includes('1042') && page.html.includes('value="100.00"'), page.text)
    const field = /name="(bound-[\d-]+)" value="100.00"/.exec(page.html)?.[1] ?? ''
    const wider = { 'detail-0': 'yes', [field]: '100.01' }
    const sam = await w.browser('sam')
    assert.equal((await sam.submit(page, /^grant$/, wider)).status, 400, 'only smaller')
    const fields = { 'detail-0': 'yes', [field]: '50.00' }
    const back = await stranger.answered(await stranger.ask('sam', url), { fields })
    const options = { pkceCodeVerifier, expectedState: 'st' }
    const resource = { resource: w.orders }
    const got = await openid.authorizationCodeGrant(config, back, options, resource, { DPoP })
    const granted = JSON.stringify(got.authorization_details)
    assert.ok(granted.includes('"50.00"') && !granted.includes('100.00'), granted)
    assert.ok(!granted.includes('orders.read'), 'what was not asked for is not given')
    const next = await openid.refreshTokenGrant(
      config,
      got.refresh_token ?? '',
      { authorization_details: JSON.stringify([refunds('20.00')]) },
      { DPoP },
    )
    assert.ok(JSON.stringify(next.authorization_details).includes('"20.00"'))
    const whole = await openid.refreshTokenGrant(config, next.refresh_token ?? '', {}, { DPoP })
    assert.ok(JSON.stringify(whole.authorization_details).includes('"50.00"'), 'only that token')
    const more = await openid.refreshTokenGrant(
      config,
      whole.refresh_token ?? '',
      { authorization_details: JSON.stringify([refunds('90.00')]) },
      { DPoP },
    )
    assert.ok(!JSON.stringify(more.authorization_details).includes('90.00'), 'never more')
    // M5: and never silently less.
    assert.ok(JSON.stringify(more.missing_authorization_details).includes('90.00'))
    const all = {
      authorization_details: JSON.stringify([refunds('90.00')]),
      require_all: 'true',
    }
    await assert.rejects(
      openid.refreshTokenGrant(config, more.refresh_token ?? '', all, { DPoP }),
      (error) =>
        error instanceof openid.ResponseBodyError &&
        error.cause.code === 'grant.incomplete' &&
        error.error === 'invalid_authorization_details',
    )
    const still = await openid.refreshTokenGrant(config, more.refresh_token ?? '', {}, { DPoP })
    assert.equal('missing_authorization_details' in still, false)
    // A pushed request is for one answer.
    const again = await stranger.ask('sam', url)
    assert.ok(again.status >= 400, String(again.status))
  })

  it('M5: a client that asked for more by name is told what is missing, and one that takes what there is is not', async () => {
    const w = world()
    const stranger = await Stranger.arrive(w)
    await stranger.register()
    stranger.verifier = VERIFIER
    const key = await newKey()
    const enter = async (over: Readonly<Record<string, string>>, fields = {}) => {
      const url = stranger.asking(w.orders, {
        dpop_jkt: key.thumbprint,
        prompt: 'consent',
        ...over,
      })
      const page = await stranger.ask('sam', url)
      const back = await stranger.answered(page, { fields })
      const token = `${w.issuer}/oauth/token`
      const given = await proof(w.clock, key, { method: 'POST', url: token })
      const { body, status } = await stranger.redeem(back, w.orders, {}, given)
      assert.equal(status, 200, JSON.stringify(body))
      return body
    }
    const actionsOf = (details: unknown): readonly unknown[] =>
      Array.isArray(details) ? details.flatMap(({ actions }) => actions).toSorted() : []
    const scope = 'orders.read orders.list offline_access'
    const all = await enter({ scope })
    assert.equal('missing_authorization_details' in all, false)
    // The person takes one out.
    const less = await enter({ scope }, { 'detail-1': undefined })
    const [left] = actionsOf(less.authorization_details)
    const [missing, ...more] = actionsOf(less.missing_authorization_details)
    assert.deepEqual([left, missing].toSorted(), ['orders.list', 'orders.read'])
    assert.deepEqual(more, [])
    assert.equal(less.scope, left)
    // What its agent may never have is named, too.
    const beyond = await enter({ scope: 'orders.read orders.list-refunds' })
    assert.deepEqual(actionsOf(beyond.missing_authorization_details), ['orders.list-refunds'])
    // It named nothing, and takes what it gets.
    const any = await enter({}, { 'detail-1': undefined })
    assert.equal('missing_authorization_details' in any, false)
  })

  it('oauth4webapi pushes them too, bound to its key', async () => {
    const w = world()
    const stranger = await Stranger.arrive(w)
    await stranger.register()
    const issuer = new URL(w.issuer)
    const found = await oauth.discoveryRequest(issuer, { ...HTTP, algorithm: 'oauth2' })
    const server = await oauth.processDiscoveryResponse(issuer, found)
    const client: oauth.Client = { client_id: stranger.id }
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
    const verifier = oauth.generateRandomCodeVerifier()
    const pushed = await oauth.processPushedAuthorizationResponse(
      server,
      client,
      await oauth.pushedAuthorizationRequest(
        server,
        client,
        oauth.None(),
        {
          response_type: 'code',
          redirect_uri: stranger.redirectUrl,
          resource: w.orders,
          code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
          authorization_details: JSON.stringify([refunds('10.00')]),
          completion_mode: 'deferred',
        },
        { ...HTTP, DPoP },
      ),
    )
    assert.ok(pushed.expires_in <= 600)
    const url = new URL(server.authorization_endpoint ?? '')
    url.searchParams.set('client_id', stranger.id)
    url.searchParams.set('request_uri', pushed.request_uri)
    const back = await stranger.answered(await stranger.ask('sam', url), {
      fields: { 'detail-0': 'yes' },
    })
    const parameters = oauth.validateAuthResponse(server, client, back)
    const redeem = (handle: typeof DPoP, more: Record<string, string>) =>
      oauth.authorizationCodeGrantRequest(
        server,
        client,
        oauth.None(),
        parameters,
        stranger.redirectUrl,
        verifier,
        { ...HTTP, DPoP: handle, additionalParameters: { resource: w.orders, ...more } },
      )
    const hinted = { completion_mode: 'deferred' }
    const other = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
    const stolen = (await (await redeem(other, hinted)).json()) as Record<string, unknown>
    assert.equal(stolen.code, 'proof.wrong_key')
    const silent = (await (await redeem(DPoP, {})).json()) as Record<string, unknown>
    assert.equal(silent.error, 'invalid_request', 'it was said that it may be deferred')
    const answer = await redeem(DPoP, hinted)
    const got = await oauth.processAuthorizationCodeResponse(server, client, answer)
    assert.ok(JSON.stringify(got.authorization_details).includes('"10.00"'))
  })

  it('details that cannot be read, or are about something else, are refused', async () => {
    const w = world()
    const stranger = await Stranger.arrive(w)
    await stranger.register()
    const push = (details: string) =>
      send(`${w.issuer}/oauth/par`, {
        method: 'POST',
        headers: [['Content-Type', 'application/x-www-form-urlencoded']],
        body: stranger.asking(w.orders, { authorization_details: details }).searchParams.toString(),
      })
    const elsewhere = { locations: [`${w.gateway}/echo`] }
    for (const bad of [
      'x',
      '{}',
      '[]',
      '[{"type":"remit_call","type":"remit_call"}]',
      JSON.stringify([{ type: 'payment' }]),
      JSON.stringify([refunds('', { type: 'remit_delegate' })]),
      JSON.stringify([refunds('', elsewhere)]),
      JSON.stringify([refunds(''), refunds('', elsewhere)]),
      JSON.stringify([refunds('', { datatypes: ['x'] })]),
      JSON.stringify([refunds('', { actions: ['orders.nothing'] })]),
      JSON.stringify([refunds('much')]),
      `[${' '.repeat(20_000)}]`,
    ]) {
      const refused = await push(bad)
      assert.equal(refused.status, 400, bad + refused.text)
      assert.equal(refused.body.error, 'invalid_authorization_details', bad + refused.text)
    }
    const twice = await send(`${w.issuer}/oauth/par`, {
      method: 'POST',
      headers: [['Content-Type', 'application/x-www-form-urlencoded']],
      body: stranger
        .asking(w.orders, { completion_mode: 'deferred deferred' })
        .searchParams.toString(),
    })
    assert.equal(twice.body.error, 'invalid_request')
  })

  it('says what details may look like', async () => {
    const w = world()
    const { body } = await send(`${w.issuer}/.well-known/oauth-authorization-server`)
    const types = await send(String(body.authorization_details_types_metadata_endpoint))
    assert.equal(types.status, 200)
    assert.deepEqual(Object.keys(types.body), body.authorization_details_types_supported)
    for (const type of Object.values(types.body))
      for (const member of ['version', 'description', 'schema', 'examples'])
        assert.ok(member in Object(type), member)
  })
})
