import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { CLIENT_CREDENTIALS, TOKEN_EXCHANGE } from '../../src/edges/oauth/grant-types.ts'
import { findAgent } from '../../src/identity/agents/index.ts'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { deskActions, openDesk, Stranger } from '../mcp/stranger.ts'
import { type Answer, send } from '../wire.ts'
import { inEachWorld } from '../world.ts'

inEachWorld('clients that introduce themselves with bad intentions', (world) => {
  const desk = () => `${world().gateway}/desk`
  let stranger: Stranger

  before(async () => {
    await openDesk(world())
    stranger = await Stranger.arrive(world())
    const { id } = await world().person('ada')
    await addAdmissionRule(world().rooms.agents, {
      ...{ name: 'this-computer', redirectHosts: ['localhost'], trust: 2 },
      ...{ ceiling: deskActions(world()), ownerId: id, by: id },
    })
  })

  const refused = async (over: Readonly<Record<string, unknown>>, error: string) => {
    const answer = await stranger.register(over)
    const hint = `${JSON.stringify(over).slice(0, 200)} ${answer.text}`
    assert.equal(answer.status, 400, hint)
    assert.equal(answer.body.error, error, hint)
    assert.equal(answer.body.client_id, undefined, hint)
    assert.equal(answer.headers['cache-control'], 'no-store')
  }

  it('are public, come by a code and refresh, and are nothing else', async () => {
    for (const token_endpoint_auth_method of [
      'client_secret_basic',
      'client_secret_post',
      'client_secret_jwt',
      'private_key_jwt',
      'tls_client_auth',
      'self_signed_tls_client_auth',
      'None',
      ['none'],
      null,
      '',
    ])
      await refused({ token_endpoint_auth_method }, 'invalid_client_metadata')
    for (const grant_types of [
      [],
      ['refresh_token'],
      ['authorization_code', 'implicit'],
      ['authorization_code', 'password'],
      ['authorization_code', CLIENT_CREDENTIALS],
      ['authorization_code', TOKEN_EXCHANGE],
      ['authorization_code', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
      ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
      'authorization_code',
      { 0: 'authorization_code', length: 1 },
      null,
    ])
      await refused({ grant_types }, 'invalid_client_metadata')
    for (const response_types of [['token'], ['code', 'token'], ['code id_token'], 'code', null])
      await refused({ response_types }, 'invalid_client_metadata')
  })

  it('have addresses of the one spelling there is, on https or this computer', async () => {
    for (const uri of [
      'http://app.example/callback',
      'http://localhost.evil.example/callback',
      'http://127.0.0.2/callback',
      'http://127.1/callback',
      'http://0x7f000001/callback',
      'http://2130706433/callback',
      'http://[::ffff:127.0.0.1]/callback',
      'http://[0:0:0:0:0:0:0:1]/callback',
      'http://LOCALHOST/callback',
      'http://localhost./callback',
      'http://0.0.0.0/callback',
      'https://app.example/callback#',
      'https://app.example/callback#fragment',
      'https://user@app.example/callback',
      'https://user:password@app.example/callback',
      'https://@app.example/callback',
      'https://APP.example/callback',
      'https://app.example:443/callback',
      'https://аpp.example/callback',
      'https://app。example/callback',
      'https://app.example/a/../callback',
      'https://app.example/./callback',
      'https://app.example\\@evil.example/callback',
      'https://app.example/call\tback',
      'https://app.example/call back',
      'https:app.example/callback',
      ' https://app.example/callback',
      'https://*.example/callback',
      'https://app.example/callback?code=x',
      'https://app.example/callback?x=1&state=x',
      'https://app.example/callback?iss=https://evil.example',
      'https://app.example/callback?%69ss=https://evil.example',
      'https://app.example/callback?ERROR=x',
      'myapp://callback',
      'com.example.app:/callback',
      'javascript:alert(1)',
      'data:text/html,x',
      'file:///etc/passwd',
      'urn:ietf:wg:oauth:2.0:oob',
      '/callback',
      '',
      `https://app.example/${'x'.repeat(512)}`,
      1,
      null,
      ['https://app.example/callback'],
    ])
      await refused({ redirect_uris: [stranger.redirectUrl, uri] }, 'invalid_redirect_uri')
    const many = Array.from({ length: 11 }, (_, i) => `https://app.example/${i}`)
    for (const redirect_uris of [undefined, [], many, 'https://app.example/', {}, null])
      await refused({ redirect_uris }, 'invalid_client_metadata')
    for (const uri of [
      'https://app.example/callback?tenant=1',
      'https://app.example',
      'https://app.example:8443/callback',
      'https://xn--pp-5ma.example/callback',
      'http://localhost/callback',
      'http://127.0.0.1:1234/callback',
      'http://[::1]:1234/callback',
      'https://localhost:8443/callback',
      'https://127.0.0.1:8443/callback',
    ])
      assert.equal((await stranger.register({ redirect_uris: [uri] })).status, 201, uri)
  })

  it('have a name of one line that people can see, and it stays theirs', async () => {
    for (const client_name of [
      '',
      '   ',
      'Notes\nAllowed by Ada',
      'Notes\u0000',
      'Notes\u001b[2J',
      'Notes \u202egnp.exe',
      'No\u200btes',
      'No\u00adtes',
      'Notes\u2028x',
      'Notes\ue000',
      'Notes\ud800',
      '\u3164',
      '\u115f\u1160',
      'Notes\u{e0041}',
      'x'.repeat(101),
      1,
      null,
      ['Notes'],
      { en: 'Notes' },
    ])
      await refused({ client_name }, 'invalid_client_metadata')
    const named = await stranger.register({
      client_name: '<script>alert(1)</script> & "co"',
      'client_name#de': 'Etwas anderes',
    })
    assert.equal(named.status, 201)
    assert.equal(named.body['client_name#de'], undefined)
    const browser = await world().browser('sam')
    const page = await browser.get(stranger.asking(desk()).href)
    assert.ok(page.text.includes('Let <script>alert(1)</script> & "co" act for you?'))
    assert.ok(!page.html.includes('<script'))
  })

  it('M2: that call themselves like an agent of the house are not taken for it', async () => {
    const w = world()
    const { read } = w.rooms.storage
    const ids: string[] = []
    for (const client_name of ['refund-bot', 'refund-bot', 'Remit']) {
      const impostor = await Stranger.arrive(w, client_name)
      const page = await impostor.codeFor(desk()).then(() => w.browser('sam'))
      ids.push(impostor.id)
      const tail = impostor.id.slice(-12)
      const agent = await findAgent(read, impostor.id)
      assert.equal(agent?.name, `${client_name} (self-registered ${tail})`)
      const tasks = await page.get(`${w.issuer}/tasks`)
      assert.ok(tasks.text.includes(`${client_name} (self-registered ${tail})`))
    }
    assert.equal(new Set(ids).size, 3)
    const house = await findAgent(read, 'refund-bot')
    assert.deepEqual([house?.name, house?.admission], ['refund-bot', null])
  })

  it('get a name of ours, no secret, and nothing they did not ask for or cannot have', async () => {
    const answer = await stranger.register({
      client_id: 'https://evil.example/client.json',
      client_secret: 'chosen',
      software_statement: 'a.b.c',
      jwks: { keys: [] },
      jwks_uri: 'http://169.254.169.254/latest',
      logo_uri: 'http://169.254.169.254/logo',
      policy_uri: 'javascript:alert(1)',
      scope: 'desk.delete-note',
      application_type: 'web',
      response_modes: ['form_post'],
      dpop_bound_access_tokens: false,
      request_uris: ['https://evil.example'],
      id_token_signed_response_alg: 'none',
    })
    assert.equal(answer.status, 201, answer.text)
    assert.match(String(answer.body.client_id), /^client-[0-9a-f]{32}$/)
    assert.deepEqual(Object.keys(answer.body).toSorted(), [
      'application_type',
      'client_id',
      'client_id_issued_at',
      'client_name',
      'grant_types',
      'redirect_uris',
      'registration_access_token',
      'registration_client_uri',
      'response_modes',
      'response_types',
      'token_endpoint_auth_method',
    ])
    assert.deepEqual(answer.body.response_modes, ['query'])
    assert.equal(answer.body.application_type, 'native')
  })

  it('are no agents by that, and cannot become one by another grant', async () => {
    const w = world()
    const { body } = await stranger.register()
    const client_id = String(body.client_id)
    assert.equal(await findAgent(w.rooms.storage.read, client_id), undefined)
    for (const grant of [
      { grant_type: CLIENT_CREDENTIALS },
      { grant_type: CLIENT_CREDENTIALS, client_secret: 'x' },
      { grant_type: TOKEN_EXCHANGE, subject_token: await w.idToken(), purpose: 'x' },
      { grant_type: 'password', username: 'sam', password: 'x' },
      { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: 'x' },
      { grant_type: 'authorization_code', code: 'x', code_verifier: 'v'.repeat(43) },
      { grant_type: 'refresh_token', refresh_token: 'x' },
    ]) {
      const { status, body: said } = await stranger.token({ client_id, ...grant })
      assert.ok(status === 400 || status === 401, JSON.stringify(grant))
      assert.equal(said.access_token, undefined)
    }
    assert.equal(await findAgent(w.rooms.storage.read, client_id), undefined)
  })

  it('send one small JSON object, once', async () => {
    const url = `${world().issuer}/oauth/register`
    const post = (body: string | Buffer, type = 'application/json'): Promise<Answer> =>
      send(url, { method: 'POST', headers: [['Content-Type', type]], body })
    const good = JSON.stringify(stranger.clientMetadata)
    const bad: readonly (readonly [string | Buffer, number])[] = [
      ['', 400],
      ['[]', 400],
      ['null', 400],
      ['"x"', 400],
      [`[${good}]`, 400],
      [`${good}${good}`, 400],
      [good.replace('{', '{"redirect_uris":["https://evil.example/"],'), 400],
      [good.replace('{', '{"__proto__":{"token_endpoint_auth_method":"none"},'), 400],
      [good.replace('{', `{"x":${'['.repeat(100)}${']'.repeat(100)},`), 400],
      [Buffer.concat([Buffer.from('\ufeff'), Buffer.from(good)]), 400],
      [Buffer.from(good.replace('Notes', 'Not\u00ffes'), 'latin1'), 400],
      [good.replace('{', `{"x":"${'x'.repeat(20_000)}",`), 413],
    ]
    for (const [body, status] of bad) {
      const answer = await post(body)
      assert.equal(answer.status, status, `${String(body).slice(0, 100)} ${answer.text}`)
      assert.equal(answer.body.client_id, undefined)
    }
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json5', ''])
      assert.equal((await post(good, type)).status, 400, type)
    assert.equal((await send(url)).status, 405)
    assert.equal((await send(`${url}/client-0`)).status, 401)
    assert.equal((await post(good)).status, 201)
  })
})
