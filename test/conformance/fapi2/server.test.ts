import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { addAdmissionRule } from '../../../src/identity/client-metadata/index.ts'
import { JWT_BEARER, TestAgent } from '../../agent.ts'
import { Installation } from '../../clients/installation.ts'
import { deskActions, openDesk, ping, Stranger } from '../../mcp/stranger.ts'
import { newKey, proof, type TestKey } from '../../signing.ts'
import { type Answer, send } from '../../wire.ts'
import { World } from '../../world.ts'

/**
 * FAPI 2.0 Security Profile (Final), section 5.3.2, requirements for authorization servers: a test for each item, by its number. What is on
 * the wire is the same on both engines.
 */
describe('FAPI 2.0 Security Profile, with the profile for every client', () => {
  let w: World
  const desk = () => `${w.gateway}/desk`

  before(async () => {
    w = await World.start('sqlite', {
      desk: true,
      deviceCodes: true,
      settings: { REMIT_SECURITY_PROFILE: 'fapi2' },
    })
    await openDesk(w)
    const { id } = await w.person('ada')
    await addAdmissionRule(w.rooms.agents, {
      ...{ name: 'this-computer', redirectHosts: ['localhost'], trust: 2 },
      ...{ ceiling: deskActions(w), ownerId: id, by: id },
    })
  })
  after(() => w?.stop())

  interface Confidential {
    readonly stranger: Stranger
    readonly key: TestKey
    readonly agent: TestAgent
  }

  /** A client that registered its key. */
  async function confidential(over: object = {}): Promise<Confidential> {
    const stranger = await Stranger.arrive(w)
    const key = await newKey()
    const answer = await stranger.register({
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ ...key.publicJwk, kid: 'k1' }] },
      ...over,
    })
    assert.equal(answer.status, 201, answer.text)
    return { stranger, key, agent: new TestAgent(w, stranger.id, key) }
  }

  async function proved({ agent }: Confidential, claims: Readonly<Record<string, unknown>> = {}) {
    return {
      client_assertion_type: JWT_BEARER,
      client_assertion: await agent.assertion({ header: { kid: 'k1' }, claims }),
    }
  }

  const post = (path: string, form: Readonly<Record<string, string>>, dpop?: string) =>
    send(w.issuer + path, {
      method: 'POST',
      headers: [
        ['Content-Type', 'application/x-www-form-urlencoded'],
        ...(dpop === undefined ? [] : ([['DPoP', dpop]] as const)),
      ],
      body: new URLSearchParams({ ...form }).toString(),
    })

  async function push(
    client: Confidential,
    over: Readonly<Record<string, string | undefined>> = {},
    as: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const asked = client.stranger.asking(desk(), over).searchParams
    return post('/oauth/par', {
      ...Object.fromEntries(asked),
      ...(await proved(client)),
      ...as,
    })
  }

  /** Runs all up to the code; the verifier is the one of `stranger.asking`. */
  async function codeOf(client: Confidential, over: Record<string, string> = {}): Promise<URL> {
    const pushed = await push(client, over)
    assert.equal(pushed.status, 201, pushed.text)
    const page = new URL(`${w.issuer}/oauth/authorize`)
    page.searchParams.set('client_id', client.stranger.id)
    page.searchParams.set('request_uri', String(pushed.body.request_uri))
    return client.stranger.answered(await client.stranger.ask('sam', page))
  }

  const VERIFIER = { code_verifier: 'v'.repeat(43) }

  async function redeem(
    client: Confidential,
    back: URL,
    {
      key = client.key,
      as,
      over = {},
    }: {
      readonly key?: TestKey
      readonly as?: Readonly<Record<string, string>>
      readonly over?: Readonly<Record<string, string>>
    } = {},
  ) {
    const url = `${w.issuer}/oauth/token`
    return client.stranger.redeem(
      back,
      desk(),
      { ...VERIFIER, ...(as ?? (await proved(client))), ...over },
      await proof(w.clock, key, { method: 'POST', url }),
    )
  }

  const metadata = async () =>
    (await send(`${w.issuer}/.well-known/oauth-authorization-server`)).body

  describe('5.3.2.1 general requirements', () => {
    it('1: metadata are where RFC 8414 and OpenID Connect Discovery have them', async () => {
      const one = await metadata()
      const two = await send(`${w.issuer}/.well-known/openid-configuration`)
      assert.equal(one.authorization_endpoint, `${w.issuer}/oauth/authorize`)
      assert.deepEqual(two.body, one)
    })

    it('2: the password grant is refused', async () => {
      const client = await confidential()
      const asked = { grant_type: 'password', username: 'sam', password: 'x' }
      const { body } = await post('/oauth/token', { ...asked, ...(await proved(client)) })
      assert.equal(body.error, 'unsupported_grant_type')
      assert.ok(!((await metadata()).grant_types_supported as string[]).includes('password'))
    })

    it('3: clients are confidential: public ones do not register, and get nothing where they are known', async () => {
      const stranger = await Stranger.arrive(w)
      const refused = await stranger.register()
      assert.deepEqual([refused.status, refused.body.error], [400, 'invalid_client_metadata'])
      const methods = (await metadata()).token_endpoint_auth_methods_supported as string[]
      assert.ok(!methods.includes('none'))
      const client = await confidential()
      const back = await codeOf(client)
      const bare = await redeem(client, back, { as: {} })
      assert.equal(bare.body.error, 'invalid_client')
    })

    it('4, 5: every token is bound by DPoP: without a proof there is none', async () => {
      const client = await confidential()
      const back = await codeOf(client)
      const unbound = await client.stranger.redeem(back, desk(), {
        ...VERIFIER,
        ...(await proved(client)),
      })
      assert.equal(unbound.body.code, 'proof.missing')
      const bound = await redeem(client, back)
      assert.equal(bound.body.token_type, 'DPoP')
      assert.equal((await ping(desk(), String(bound.body.access_token))).status, 401)
    })

    it('6: clients authenticate by `private_key_jwt` or mutual TLS, and by nothing else', async () => {
      const { token_endpoint_auth_methods_supported: ways, challenge_endpoint: challenge } =
        await metadata()
      assert.deepEqual(ways, ['private_key_jwt'])
      assert.equal(challenge, undefined, 'no attestations')
      const client = await confidential()
      const secret = {
        client_id: client.stranger.id,
        client_secret: 'x',
        grant_type: 'refresh_token',
      }
      assert.equal((await post('/oauth/token', { ...secret, refresh_token: 'x' })).status, 400)
      // A token of the identity provider says who a person is, and is no client authentication.
      const idToken = await w.idToken()
      const foreign = { client_assertion_type: JWT_BEARER, client_assertion: idToken }
      const alone = { grant_type: 'client_credentials', ...foreign }
      const url = `${w.issuer}/oauth/token`
      const dpop = await proof(w.clock, await newKey(), { method: 'POST', url })
      assert.equal((await post('/oauth/token', alone, dpop)).body.error, 'invalid_client')
    })

    it('7: no open redirector: an address that is not registered is not gone to', async () => {
      const client = await confidential()
      const redirect_uri = 'https://evil.example/'
      assert.equal((await push(client, { redirect_uri })).status, 400)
      const asked = await client.stranger.authorize(desk(), { redirect_uri })
      assert.deepEqual([asked.status, asked.location], [400, ''])
    })

    it('8: the audience of an assertion is the issuer, as a string', async () => {
      const client = await confidential()
      const aud = [`${w.issuer}/oauth/token`, `${w.issuer}/oauth/par`, [w.issuer], [w.issuer, 'x']]
      for (const each of aud) {
        const refused = await push(client, {}, await proved(client, { aud: each }))
        assert.equal(refused.body.error, 'invalid_client', JSON.stringify(each))
      }
      assert.equal((await push(client, {}, await proved(client, { aud: w.issuer }))).status, 201)
      // CIBA would accept others.
      const { id: login_hint } = await w.person('sam')
      const wish = { scope: 'openid orders.watch', binding_message: 'w', login_hint }
      const other = await w.agent.assertion({ claims: { aud: `${w.issuer}/oauth/token` } })
      const said = { client_assertion_type: JWT_BEARER, client_assertion: other }
      assert.equal((await post('/oauth/bc-authorize', { ...wish, ...said })).status, 401)
    })

    it('9: refresh tokens do not rotate', async () => {
      const program = await Installation.of(w, 'private_key_jwt')
      const { refresh_token: token } = await program.signIn(desk())
      for (let i = 0; i < 3; i++) assert.equal((await program.refresh(token))?.refresh_token, token)
    })

    it('10: nonces of the server may be demanded: `REMIT_DPOP_NONCES`', async () => {
      // They are off in this world, so that proofs say what tests mean; `test/attacks/dpop-nonces.test.ts` has them.
      const client = await confidential()
      assert.equal((await redeem(client, await codeOf(client))).status, 200)
    })

    // 11 is last: it moves the clock.

    it('12: a code is bound to the DPoP key that the request named, or was pushed with', async () => {
      const client = await confidential()
      const [key, other] = [await newKey(), await newKey()]
      const back = await codeOf(client, { dpop_jkt: key.thumbprint })
      const stolen = await redeem(client, back, { key: other })
      assert.equal(stolen.body.code, 'proof.wrong_key')
      assert.equal((await redeem(client, back, { key })).status, 200)
      const url = `${w.issuer}/oauth/par`
      const asked = client.stranger.asking(desk(), { dpop_jkt: other.thumbprint }).searchParams
      const form = { ...Object.fromEntries(asked), ...(await proved(client)) }
      const dpop = await proof(w.clock, key, { method: 'POST', url })
      assert.equal((await post('/oauth/par', form, dpop)).body.code, 'proof.wrong_key')
    })

    it('13: `iat` and `nbf` up to 8 seconds ahead are accepted, more than 60 are not', async () => {
      const client = await confidential()
      const now = Math.floor(w.clock.now() / 1000)
      const at = (ahead: number) => ({ iat: now + ahead, nbf: now + ahead, exp: now + 120 })
      assert.equal((await push(client, {}, await proved(client, at(8)))).status, 201)
      assert.equal((await push(client, {}, await proved(client, at(61)))).status, 401)
    })

    it('14: a token holds no more than what the person left, at one resource', async () => {
      const client = await confidential()
      const { body } = await redeem(client, await codeOf(client, { scope: 'desk.search-notes' }))
      const [detail, ...others] = body.authorization_details as { actions: string[] }[] // as: RFC 9396
      assert.deepEqual([detail?.actions, others], [['desk.search-notes'], []])
    })
  })

  describe('5.3.2.2 authorization endpoint flows', () => {
    it('1: `response_type` is `code`', async () => {
      const client = await confidential()
      for (const response_type of ['token', 'code id_token', 'none'])
        assert.equal(
          (await push(client, { response_type })).body.error,
          'unsupported_response_type',
        )
      assert.deepEqual((await metadata()).response_types_supported, ['code'])
    })

    it('2: pushed requests of clients that authenticate are supported', async () => {
      assert.equal((await push(await confidential())).status, 201)
      const { pushed_authorization_request_endpoint: at } = await metadata()
      assert.equal(at, `${w.issuer}/oauth/par`)
    })

    it('3: requests that were not pushed are refused, and the metadata say so', async () => {
      const client = await confidential()
      const unpushed = await client.stranger.authorize(desk())
      assert.ok(!unpushed.location.startsWith('/authorize/'), unpushed.location)
      assert.equal((await metadata()).require_pushed_authorization_requests, true)
    })

    it('4: pushed requests without client authentication are refused', async () => {
      const client = await confidential()
      const asked = Object.fromEntries(client.stranger.asking(desk()).searchParams)
      const refused = await post('/oauth/par', asked)
      assert.deepEqual([refused.status, refused.body.error], [401, 'invalid_client'])
    })

    it('5: PKCE with `S256`', async () => {
      const client = await confidential()
      for (const over of [
        { code_challenge: undefined, code_challenge_method: undefined },
        { code_challenge_method: 'plain' },
        { code_challenge_method: undefined },
      ])
        assert.equal((await push(client, over)).body.error, 'invalid_request')
      assert.deepEqual((await metadata()).code_challenge_methods_supported, ['S256'])
      const back = await codeOf(client)
      for (const code_verifier of ['', 'w'.repeat(43)])
        assert.equal(
          (await redeem(client, back, { over: { code_verifier } })).body.error,
          'invalid_grant',
        )
    })

    it('6: `redirect_uri` is required in a pushed request', async () => {
      const refused = await push(await confidential(), { redirect_uri: undefined })
      assert.equal(refused.body.error, 'invalid_request')
    })

    it('7: the answer says `iss`', async () => {
      const back = await codeOf(await confidential())
      assert.equal(back.searchParams.get('iss'), w.issuer)
    })

    it('8: answers go to `https`, or to this computer', async () => {
      const stranger = await Stranger.arrive(w)
      const key = await newKey()
      const jwks = { keys: [{ ...key.publicJwk, kid: 'k1' }] }
      const proving = { token_endpoint_auth_method: 'private_key_jwt', jwks }
      for (const uri of ['http://app.example/cb', 'http://192.0.2.1/cb']) {
        const refused = await stranger.register({ ...proving, redirect_uris: [uri] })
        assert.equal(refused.body.error, 'invalid_redirect_uri')
      }
      const uri = 'https://app.example/cb'
      assert.equal((await stranger.register({ ...proving, redirect_uris: [uri] })).status, 201)
    })

    it('9: a code that was used is refused', async () => {
      const client = await confidential()
      const back = await codeOf(client)
      assert.equal((await redeem(client, back)).status, 200)
      assert.equal((await redeem(client, back)).body.error, 'invalid_grant')
    })

    it('10, 11: browsers are sent on with 303, never with 307', async () => {
      const client = await confidential()
      const { body } = await push(client)
      const at = new URL(`${w.issuer}/oauth/authorize`)
      at.searchParams.set('client_id', client.stranger.id)
      at.searchParams.set('request_uri', String(body.request_uri))
      assert.equal((await send(at.href)).status, 303)
    })

    it('12: a `request_uri` lives for less than 600 seconds', async () => {
      const { body } = await push(await confidential())
      assert.ok(Number(body.expires_in) < 600)
    })

    it('13: the person is told who asks, and for what', async () => {
      const client = await confidential({ client_name: 'Notes for the profile' })
      const { body } = await push(client)
      const at = new URL(`${w.issuer}/oauth/authorize`)
      at.searchParams.set('client_id', client.stranger.id)
      at.searchParams.set('request_uri', String(body.request_uri))
      const { text } = await client.stranger.ask('sam', at)
      for (const word of [/Notes for the profile/, /search/i, /127\.0\.0\.1|this computer/])
        assert.match(text, word)
    })

    it('14: there is no OpenID Connect, and so no `nonce` to bound', async () => {
      const told = await metadata()
      assert.equal(told.id_token_signing_alg_values_supported, undefined)
      assert.equal(
        (await push(await confidential(), { scope: 'openid', nonce: 'n'.repeat(64) })).status,
        201,
      )
    })
  })

  describe('5.3.2.1 general requirements, as time goes by', () => {
    it('11: a code lives for 60 seconds at most', async () => {
      const client = await confidential()
      const back = await codeOf(client)
      w.clock.advance(61_000)
      assert.equal((await redeem(client, back)).body.error, 'invalid_grant')
    })
  })
})

describe('FAPI 2.0 Security Profile, for one client', () => {
  let w: World
  before(async () => {
    w = await World.start('sqlite', { desk: true })
  })
  after(() => w?.stop())

  it('its registration says it and is told so; it has a key, and its requests are pushed; others stay as they are', async () => {
    const own = await Stranger.arrive(w)
    const key = await newKey()
    const jwks = { keys: [{ ...key.publicJwk, kid: 'k1' }] }
    const profile = { security_profile: 'fapi2' }
    const open = await own.register(profile)
    assert.equal(open.body.error, 'invalid_client_metadata')
    const proving = { token_endpoint_auth_method: 'private_key_jwt', jwks }
    const { body } = await own.register({ ...proving, ...profile })
    assert.equal(body.security_profile, 'fapi2')
    assert.equal(body.require_pushed_authorization_requests, true)
    const unpushed = await own.authorize(`${w.gateway}/desk`)
    assert.ok(!unpushed.location.startsWith('/authorize/'))
    const other = await Stranger.arrive(w)
    assert.match((await other.authorize(`${w.gateway}/desk`)).location, /^\/authorize\//)
    for (const over of [
      { security_profile: 'fapi1' },
      { require_pushed_authorization_requests: 1 },
    ])
      assert.equal((await other.register(over)).body.error, 'invalid_client_metadata')
  })

  it('RFC 9126, 6: `require_pushed_authorization_requests` of a public client counts, and is echoed', async () => {
    const own = await Stranger.arrive(w)
    const { body } = await own.register({ require_pushed_authorization_requests: true })
    assert.equal(body.require_pushed_authorization_requests, true)
    const unpushed = await own.authorize(`${w.gateway}/desk`)
    assert.ok(!unpushed.location.startsWith('/authorize/'))
    const pushed = await send(`${w.issuer}/oauth/par`, {
      method: 'POST',
      headers: [['Content-Type', 'application/x-www-form-urlencoded']],
      body: own.asking(`${w.gateway}/desk`).searchParams.toString(),
    })
    assert.equal(pushed.status, 201, pushed.text)
  })
})
