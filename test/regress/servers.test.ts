/**
 * Tests of what was reported against other authorization servers and what agents run in
 * (`test/attacks/README.md`). They share one world, to save its cost.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, it } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { CompactSign, importJWK, type JWK } from 'jose'
import { signIn } from '../../examples/refund-desk/people.ts'
import { endSession, resumePerson, suspendPerson } from '../../src/identity/sessions/index.ts'
import { listTasks } from '../../src/tasks/tasks/index.ts'
import { JWT_BEARER, postForm, TestAgent } from '../agent.ts'
import { askWith } from '../introspection/asking.ts'
import { ping, Stranger } from '../mcp/stranger.ts'
import { assertNoToken } from '../refusals.ts'
import { assertion, decode, jws, newKey, seconds, unsecured } from '../signing.ts'
import { WHY } from '../ways/acts.ts'
import { ANSWERED_WAYS } from '../ways/answered-ways.ts'
import { calls, DIRECT, Ways } from '../ways/desk.ts'
import { type Answer, send } from '../wire.ts'
import { inEachWorld } from '../world.ts'

const ASSERTION_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const FORM = ['Content-Type', 'application/x-www-form-urlencoded'] as const

inEachWorld(
  'what was reported against other servers',
  (world) => {
    let ways: Ways
    const desk = () => `${world().gateway}/desk`
    before(async () => {
      ways = await Ways.make(world())
    })

    async function entered() {
      const stranger = await Stranger.arrive(world())
      // By hand: the SDK forgets the token that goes with it.
      await stranger.register()
      const back = await stranger.codeFor(desk())
      const { body } = await stranger.redeem(back, desk())
      return { stranger, back, body }
    }

    /** A token of the platform that is changed before, or after, it is signed. */
    const byPlatform = async (assertion: string) =>
      world().agent.tokenRequest(await newKey(), { grant_type: ASSERTION_GRANT, assertion })

    it('ZITADEL GHSA-xqxv-4jc2-x56x: what one client waits with is worth nothing to another', async () => {
      for (const { name, prepare } of ANSWERED_WAYS) {
        const { stolen, take } = await prepare(ways)
        assert.equal((await stolen?.())?.through, false, name)
        assert.equal((await take()).through, true, name)
      }
      const stranger = await Stranger.arrive(world())
      const other = await Stranger.arrive(world())
      await other.register()
      const back = await stranger.codeFor(desk())
      const stolen = await stranger.redeem(back, desk(), { client_id: other.id })
      assert.equal(stolen.body.error, 'invalid_grant')
    })

    it('ZITADEL CVE-2026-27840: a token that is cut short is none, whichever and wherever', async () => {
      const w = world()
      const task = await w.open()
      const { body, stranger } = await entered()
      const { registration_access_token: managing, registration_client_uri: at } = Object(
        stranger.client,
      )
      const direct = await w.agent.token(await w.open({ details: ways.everything }), DIRECT)
      for (const cut of [1, 2, 4, 10]) {
        const short = (token: unknown) => String(token).slice(0, -cut)
        const token = short(await w.agent.token(task, `${w.gateway}/echo`))
        const bearer = (text: string) => [['Authorization', `Bearer ${text}`]] as const
        for (const [name, status] of [
          ['call', (await w.agent.call(task, 'GET', '/echo/things', { token })).status],
          ['task', (await w.agent.about({ ...task, token: short(task.token) }, 'GET', '')).status],
          [
            'exchange',
            (await w.agent.askToken({ ...task, token: short(task.token) }, w.orders)).status,
          ],
          ['opaque', (await ping(desk(), short(body.access_token))).status],
          [
            'refresh',
            (await stranger.refresh({ refresh_token: short(body.refresh_token) })).status,
          ],
          ['managing', (await send(String(at), { headers: bearer(short(managing)) })).status],
          ['platform', (await byPlatform(short(await ways.platform.token()))).status],
        ] as const)
          assert.ok(status === 400 || status === 401, `${name} less ${cut}: ${status}`)
        assert.equal((await askWith(w, ways.secret, short(direct))).body.active, false)
      }
      assert.equal((await askWith(w, ways.secret, direct)).body.active, true)
    })

    it('better-auth GHSA-xg6x-h9c9-2m83: a session that ended is not remembered anywhere', async () => {
      const w = world()
      const { id: personId } = await w.person('nils')
      const browser = await signIn(w.issuer, 'nils')
      const shown = await browser.get(`${w.issuer}/tasks`)
      assert.equal(shown.status, 200)
      const cookie = [['Cookie', `remit_session=${browser.cookie(w.issuer, 'remit_session')}`]]
      const look = async () =>
        send(`${w.issuer}/tasks`, { headers: cookie.map(([a = '', b = '']) => [a, b] as const) })
      assert.equal((await look()).status, 200)
      await suspendPerson(w.rooms.people, { ...WHY, personId })
      assert.notEqual((await look()).status, 200)
      await resumePerson(w.rooms.people, { ...WHY, personId })
      assert.notEqual((await look()).status, 200, 'a session from before does not come back')
    })

    it('better-auth #9198: no code for a browser in which nobody is signed in, or not any more', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      const { location, status } = await stranger.authorize(desk())
      assert.ok(status === 303 || status === 302, `${status}`)
      assert.ok(!location.includes('code='), location)
      const browser = await signIn(w.issuer, 'sam')
      await stranger.knock(desk())
      const page = await browser.get(String(stranger.sent))
      const token = browser.cookie(w.issuer, 'remit_session') ?? ''
      await endSession(w.rooms.people, token)
      const answered = await browser.allow(page)
      assert.notEqual(answered.status, 200)
      assert.deepEqual(stranger.arrived, [])
    })

    it('better-auth #9226: what only looks like this computer is not', async () => {
      const stranger = await Stranger.arrive(world())
      for (const uri of [
        'http://localhost.evil.example/cb',
        'http://evil.example/localhost',
        'http://localhost@evil.example/cb',
        'http://127.0.0.1.evil.example/cb',
        'http://evil.example?localhost',
        'http://evil.example#127.0.0.1',
        'http://0x7f.1.evil.example/cb',
        'http://[::ffff:8.8.8.8]/cb',
      ]) {
        const answer = await stranger.register({ redirect_uris: [uri] })
        assert.equal(answer.status, 400, `${uri} ${answer.text}`)
      }
    })

    it('better-auth #9993: what a sign-in began with serves once, of 16 at the same time', async () => {
      const w = world()
      const start = await send(`${w.issuer}/sign-in?return_to=/`)
      const at = new URL(String(start.headers.location), w.issuer)
      const cookies = [start.headers['set-cookie'] ?? []].flat().map((one) => one.split(';')[0])
      const { clickThrough } = await import('../../src/programs/dev/identity-provider/click.ts')
      const back = await clickThrough(at.href, 'nils')
      const answers = await Promise.all(
        Array.from({ length: 16 }, () => send(back, { headers: [['Cookie', cookies.join('; ')]] })),
      )
      const sessions = answers.filter(({ headers }) =>
        [headers['set-cookie'] ?? []].flat().some((one) => /^remit_session=[^;]{20}/.test(one)),
      )
      assert.equal(sessions.length, 1, answers.map(({ status }) => status).join())
    })

    it('better-auth #10150: a code that comes again takes back what it gave', async () => {
      const { back, body, stranger } = await entered()
      assert.equal((await ping(desk(), String(body.access_token))).status, 200)
      assert.equal((await stranger.redeem(back, desk())).body.code, 'code.used')
      assert.equal((await ping(desk(), String(body.access_token))).status, 401)
      const next = await stranger.refresh({ refresh_token: String(body.refresh_token) })
      assert.equal(next.body.error, 'invalid_grant')
    })

    it('better-auth #10065: no answer of the protocol may be kept, whatever it says', async () => {
      const w = world()
      const { stranger } = await entered()
      const post = (path: string, body: string) =>
        send(`${w.issuer}/oauth/${path}`, { method: 'POST', headers: [FORM], body })
      const answers: Answer[] = [
        await w.agent.ask({ subjectToken: await w.idToken(), scope: 'echo.list' }),
        await stranger.register(),
        await stranger.register({ redirect_uris: ['x'] }),
        await askWith(w, ways.secret, 'x'),
      ]
      for (const path of [
        ...['token', 'revoke', 'introspect', 'par', 'bc-authorize', 'device_authorization'],
        ...['backchannel-logout', 'register', 'nothing'],
      ])
        answers.push(await post(path, ''), await post(path, 'grant_type=refresh_token'))
      for (const { headers, status, text } of answers)
        assert.equal(headers['cache-control'], 'no-store', `${status} ${text}`)
    })

    it('oauth2-proxy GHSA-f24x: a session that a browser came with does not outlive a sign-in', async () => {
      const w = world()
      const browser = await signIn(w.issuer, 'fiona')
      const before = browser.cookie(w.issuer, 'remit_session')
      const chooser = await browser.get(`${w.issuer}/sign-in?return_to=/`)
      await browser.submit(chooser, /^nils\b/i)
      const after = browser.cookie(w.issuer, 'remit_session')
      assert.ok(before && after && before !== after)
      const old = await send(`${w.issuer}/tasks`, {
        headers: [['Cookie', `remit_session=${before}`]],
      })
      assert.notEqual(old.status, 200)
    })

    it('Ory Hydra GHSA-3p3g-vpw6-4w66: an assertion serves once, at all endpoints together', async () => {
      const w = world()
      const own = async () => ({
        client_assertion_type: JWT_BEARER,
        client_assertion: await w.agent.assertion(),
      })
      const { id: login_hint } = await w.person('sam')
      const uses = {
        token: async (form: object) =>
          w.agent.ask(
            { subjectToken: await w.idToken(), scope: 'echo.list' },
            { form: { ...form } },
          ),
        introspect: (form: object) =>
          postForm(`${w.issuer}/oauth/introspect`, { ...form, token: 'x' }, []),
        'bc-authorize': (form: object) =>
          postForm(
            `${w.issuer}/oauth/bc-authorize`,
            { ...form, login_hint, scope: 'openid echo.list', purpose: 'look' },
            [],
          ),
        device_authorization: (form: object) =>
          postForm(
            `${w.issuer}/oauth/device_authorization`,
            { ...form, scope: 'echo.list', purpose: 'look' },
            [],
          ),
      }
      for (const [first, use] of Object.entries(uses))
        for (const [second, again] of Object.entries(uses)) {
          const form = await own()
          assert.equal((await use(form)).status, 200, first)
          const replayed = await again(form)
          assert.equal(replayed.status, 401, `${first}, then ${second}: ${replayed.text}`)
        }
    })

    it('Ory Hydra GHSA-3p3g-vpw6-4w66: nor does it push two requests, of 8 at the same time', async () => {
      const w = world()
      const key = await newKey()
      const stranger = await Stranger.arrive(w)
      const made = await stranger.register({
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [key.publicJwk] },
      })
      assert.equal(made.status, 201, made.text)
      const form = {
        ...Object.fromEntries(stranger.asking(desk()).searchParams),
        client_assertion_type: JWT_BEARER,
        client_assertion: await assertion(w.clock, { id: stranger.id, key }, w.issuer),
      }
      const push = () => postForm(`${w.issuer}/oauth/par`, form, [])
      const answers = await Promise.all(Array.from({ length: 8 }, push))
      assert.equal(answers.filter(({ status }) => status === 201).length, 1)
      for (const answer of [...answers.filter(({ status }) => status !== 201), await push()])
        assertNoToken(answer, 'invalid_client', 'agent.unauthenticated')
    })

    it('Ory v26.2.5: of errors at the same time each is told its own', async () => {
      const w = world()
      const marks = Array.from({ length: 48 }, (_, n) => `urn:mark:${n}:`)
      const answers = await Promise.all(
        marks.map(async (mark, n) =>
          n % 2
            ? send(`${w.issuer}/api/v1/agents/${encodeURIComponent(mark)}`)
            : w.agent.tokenRequest(await newKey(), { grant_type: mark }),
        ),
      )
      const ids = new Set(answers.map(({ body }) => body.request_id ?? body.error_description))
      for (const [n, { text }] of answers.entries())
        for (const [m, mark] of marks.entries()) if (m !== n) assert.ok(!text.includes(mark), text)
      assert.ok(ids.size >= 24, `${ids.size}`)
    })

    it('Microsoft CVE-2025-55241: who acts, for whom and where is never taken from what nobody signed', async () => {
      const w = world()
      const { id: victim } = await w.person('ada')
      const { id: sam } = await w.person('sam')
      const task = await w.open()
      const { header, claims } = decode(task.token)
      const wrapped = [
        unsecured(task.token),
        // An outer wrapper without a signature, with a good token inside.
        `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${Buffer.from(
          JSON.stringify({ ...claims, sub: victim, actortoken: task.token }),
        ).toString('base64url')}.`,
        await jws(task.key, { typ: 'at+jwt', kid: header.kid }, { ...claims, sub: victim }),
        await jws(await newKey(), header, { ...claims, sub: victim, actortoken: task.token }),
      ]
      for (const token of wrapped)
        assert.equal((await w.agent.askToken({ ...task, token }, w.orders)).status, 400, token)
      for (const form of [
        { act: JSON.stringify({ sub: 'night-bot' }) },
        { requested_subject: victim },
        { sub: victim },
        { actor_token: ways.secret, actor_token_type: 'urn:ietf:params:oauth:token-type:jwt' },
      ]) {
        const answer = await w.agent.askToken(task, w.orders, { form })
        if (answer.status !== 200) continue
        const got = decode(String(answer.body.access_token)).claims
        assert.equal(got.sub, sam, JSON.stringify(form))
        assert.equal(Object(got.act).sub, 'refund-bot')
      }
      const foreign = await ways.platform.token({ iss: 'https://platform.example/other-tenant' })
      assert.equal((await byPlatform(foreign)).status, 400)
      const person = await ways.platform.token({ sub: sam, nonce: 'n', auth_time: 1 })
      assert.equal((await byPlatform(person)).status, 400)
    })

    it('OpenClaw CVE-2026-33579, GHSA-4jpw-hj22-2xmc, GHSA-whf9-3hcx-gq54, GHSA-rqpp-rjj8-7wv8, GHSA-fqw4-mph7-2vr8: nothing grows when it changes hands', async () => {
      const w = world()
      const narrow = [calls(`${w.gateway}/echo`, ['echo.list'])]
      const wide = JSON.stringify([calls(`${w.gateway}/echo`, ['echo.list', 'echo.read'])])
      const task = await w.open({ details: narrow })
      const exchanged = await w.agent.askToken(task, `${w.gateway}/echo`, {
        form: { authorization_details: wide },
      })
      const held = JSON.stringify(exchanged.body.authorization_details)
      assert.ok(held.includes('echo.list') && !held.includes('echo.read'), 'exchanging')
      const handed = await w.agent.about(task, 'POST', '/children', {
        body: JSON.stringify({
          ...{ agent: ways.helper.id, purpose: 'help' },
          authorization_details: JSON.parse(wide),
        }),
      })
      assert.equal(handed.body.code, 'task.beyond_parent', `handing on ${handed.text}`)
      const { body, stranger } = await entered()
      const refreshed = await stranger.refresh({
        refresh_token: String(body.refresh_token),
        scope: `${body.scope} echo.list`,
      })
      assert.equal(refreshed.body.error, 'invalid_scope', 'refreshing')
      const { registration_access_token: token, registration_client_uri: at } = Object(
        stranger.client,
      )
      const changed = await send(String(at), {
        method: 'PUT',
        headers: [
          ['Authorization', `Bearer ${token}`],
          ['Content-Type', 'application/json'],
        ],
        body: JSON.stringify({
          ...stranger.clientMetadata,
          ...{ client_id: stranger.id, scope: 'echo.list', trust: 3 },
        }),
      })
      assert.ok(!/echo|trust/.test(changed.text), `registering again ${changed.text}`)
      await stranger.knock(desk())
      const page = await stranger.ask()
      const back = await stranger.answered(page, {
        fields: { scope: 'echo.list', 'detail-9': 'yes', resource: `${w.gateway}/echo` },
      })
      const got = await stranger.redeem(back, desk())
      assert.equal(got.status, 200)
      assert.ok(!JSON.stringify(got.body).includes('echo'), 'the page')
    })

    it('OpenFGA CVE-2026-55170: names differ by every letter, also in the database', async () => {
      const w = world()
      for (const id of ['Refund-bot', 'REFUND-BOT', 'refund-bot ', 'refund\u2010bot']) {
        const other = new TestAgent(w, id, w.agent.key)
        const answer = await other.ask({ subjectToken: await w.idToken(), scope: 'echo.list' })
        assert.equal(answer.status, 401, id)
      }
      const task = await w.open()
      const lower = { ...task, id: task.id.toLowerCase() }
      assert.notEqual(lower.id, task.id)
      assert.equal((await w.agent.askToken(lower, w.orders)).status, 400)
      assert.notEqual((await w.agent.about(lower, 'GET', '')).status, 200)
      const { body, stranger } = await entered()
      for (const over of [
        { client_id: stranger.id.toUpperCase() },
        { refresh_token: String(body.refresh_token).toUpperCase() },
      ]) {
        const form = { refresh_token: String(body.refresh_token), ...over }
        assert.notEqual((await stranger.refresh(form)).status, 200)
      }
    })

    it('OpenFGA CVE-2026-55689 and SPIRE: a token without audience, end or issuer is none', async () => {
      assert.equal((await byPlatform(await ways.platform.token())).status, 200)
      for (const claims of [
        { aud: undefined },
        { aud: [] },
        { aud: '' },
        { aud: [world().issuer, 'https://elsewhere.example'] },
        { exp: undefined },
        { exp: '9999999999' },
        { exp: 1e308 },
        { exp: -1 },
        { iat: undefined },
        { iss: undefined },
        { sub: undefined },
        { sub: '' },
        { sub: 7 },
      ]) {
        const answer = await byPlatform(await ways.platform.token(claims))
        assert.equal(answer.status, 400, JSON.stringify(claims))
      }
    })

    it('SPIRE, verified and parsed: what two parsers read differently is not read at all, though its signature holds', async () => {
      const w = world()
      const key = await importJWK(w.agent.key.privateJwk, 'ES256')
      const iat = seconds(w.clock)
      const times = `"iat":${iat},"exp":${iat + 60},"aud":"${w.issuer}"`
      const signed = (claims: string) =>
        new CompactSign(Buffer.from(claims))
          .setProtectedHeader({ alg: 'ES256', typ: 'client-authentication+jwt' })
          .sign(key)
      const ask = async (client_assertion: string) =>
        w.agent.ask(
          { subjectToken: await w.idToken(), scope: 'echo.list' },
          { form: { client_assertion } },
        )
      const own = `"iss":"refund-bot","sub":"refund-bot"`
      assert.equal(
        (await ask(await signed(`{${own},${times},"jti":"${crypto.randomUUID()}"}`))).status,
        200,
      )
      for (const claims of [
        `{${own},"sub":"night-bot",${times},"jti":"a"}`,
        `{"sub":"night-bot",${own},${times},"jti":"b"}`,
        `{${own},"s\\u0075b":"night-bot",${times},"jti":"c"}`,
        `{${own},${times},"jti":"d"}{"sub":"night-bot"}`,
        `{${own},${times},"jti":"e"}${' '.repeat(9_000)}x`,
        `[{${own},${times},"jti":"f"}]`,
        `{${own},${times},"jti":"g","__proto__":{"sub":"night-bot"}}`,
      ])
        assert.equal((await ask(await signed(claims))).status, 401, claims.slice(0, 90))
    })

    it('jose and others, bombs in JWE: what is encrypted or compressed is opened nowhere', async () => {
      const w = world()
      const task = await w.open()
      const text = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const zeros = deflateRawSync(Buffer.alloc(4_000_000)).toString('base64url')
      const form = (path: string, fields: Record<string, string>) =>
        postForm(`${w.issuer}/oauth/${path}`, fields, [])
      for (const header of [
        { alg: 'dir', enc: 'A256GCM', zip: 'DEF' },
        { alg: 'ECDH-ES', enc: 'A256GCM', zip: 'DEF', epk: newKeyOf(task.key.publicJwk) },
        { alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', p2c: 2_000_000_000, p2s: 'AAAA' },
      ]) {
        const bomb = `${text(header)}..AAAAAAAAAAAAAAAA.${zeros}.AAAAAAAAAAAAAAAAAAAAAA`
        const own = { client_assertion_type: JWT_BEARER, client_assertion: bomb }
        const answers = [
          await w.agent.ask({ subjectToken: bomb, scope: 'echo.list' }),
          await w.agent.askToken({ ...task, token: bomb }, w.orders),
          await form('token', { grant_type: ASSERTION_GRANT, assertion: bomb }),
          await form('token', { grant_type: 'client_credentials', ...own }),
          await form('bc-authorize', { ...own, scope: 'openid', login_hint_token: bomb }),
          await form('backchannel-logout', { logout_token: bomb }),
          await w.agent.ask(
            { subjectToken: await w.idToken(), scope: 'echo.list' },
            { proofs: [bomb] },
          ),
          await w.agent.call(task, 'GET', '/echo/things', { token: bomb }),
        ]
        for (const { status, text: said } of answers)
          assert.ok([400, 401, 431].includes(status), `${header.alg}: ${status} ${said}`)
        assert.equal((await askWith(w, ways.secret, bomb)).body.active, false)
      }
    })

    it('NocoDB CVE-2026-46554, FirstData #173: what is revoked is refused by the next request, however well it is known', async () => {
      const w = world()
      const task = await w.open({ details: ways.everything })
      const [echo, direct] = [`${w.gateway}/echo`, DIRECT]
      const tokens = {
        echo: await w.agent.token(task, echo),
        direct: await w.agent.token(task, direct),
      }
      const call = async () =>
        (await w.agent.call(task, 'GET', '/echo/things', { token: tokens.echo })).status
      const active = async () => (await askWith(w, ways.secret, tokens.direct)).body.active
      for (let i = 0; i < 3; i++) assert.deepEqual([await call(), await active()], [200, true])
      await w.agent.revoke(tokens.echo)
      await w.agent.revoke(tokens.direct)
      assert.deepEqual([await call(), await active()], [401, false])
      const { token: session } = await w.api('ada')
      const ask = async () =>
        (
          await send(`${w.issuer}/api/v1/agents`, {
            headers: [['Authorization', `Bearer ${session}`]],
          })
        ).status
      assert.equal(await ask(), 200)
      await endSession(w.rooms.people, session)
      assert.equal(await ask(), 401)
    })

    it('Vault CVE-2026-5807: nothing that runs the server is open to nobody', async () => {
      const text = await readFile(join(import.meta.dirname, '../../openapi.json'), 'utf8')
      const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, unknown>> } // OpenAPI
      const open: string[] = []
      for (const [path, methods] of Object.entries(paths))
        for (const method of Object.keys(methods)) {
          const url = world().issuer + path.replace(/\{[^}]+\}/g, 'x')
          const body = method === 'get' ? {} : { body: '{}' }
          const { status } = await send(url, {
            method: method.toUpperCase(),
            headers: [['Content-Type', 'application/json']],
            ...body,
          })
          if (![401, 403].includes(status)) open.push(`${method} ${path} ${status}`)
        }
      // The code of the command line is the credential there.
      assert.deepEqual(open, ['post /api/v1/session 400'])
    })

    it('Vault CVE-2020-16250, CVE-2020-16251: who somebody is, is not read from headers that anybody can send', async () => {
      const w = world()
      const claimed = [
        ['X-Forwarded-User', 'ada'],
        ['X-Remote-User', 'ada'],
        ['Remote-User', 'ada'],
        ['X-Forwarded-Email', 'ada@example.com'],
        ['X-Forwarded-Client-Cert', 'Subject="CN=refund-bot"'],
        ['Client-Cert', ':MIIB:'],
        ['X-SSL-Client-Verify', 'SUCCESS'],
        ['X-Amzn-Oidc-Identity', 'ada'],
        ['Txn-Token', 'x.y.z'],
      ] as const
      for (const url of [`${w.issuer}/api/v1/agents`, `${w.gateway}/echo/things`])
        assert.equal((await send(url, { headers: claimed })).status, 401, url)
      const answer = await postForm(
        `${w.issuer}/oauth/token`,
        { grant_type: 'client_credentials', client_id: 'night-bot', sponsor_grant: 'x' },
        claimed,
      )
      assert.ok([400, 401].includes(answer.status), answer.text)
      const forged = await postForm(`${w.issuer}/oauth/introspect`, { token: 'x' }, claimed)
      assert.equal(forged.status, 401)
    })

    it('fast-jwt CVE-2026-35039, jsonwebtoken CVE-2022-23529, CVE-2022-23539, CVE-2022-23540, CVE-2022-23541, Hono CVE-2026-22817, CVE-2026-22818: another algorithm, or a known header with other claims', async () => {
      const w = world()
      const task = await w.open({ details: ways.everything })
      const token = await w.agent.token(task, `${w.gateway}/echo`)
      const call = async (shown: string) =>
        (await w.agent.call(task, 'GET', '/echo/things', { token: shown })).status
      assert.equal(await call(token), 200)
      const [header = '', payload = '', signature = ''] = token.split('.')
      const text = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const { claims, header: head } = decode(token)
      const other = await w.agent.token(await w.open({ details: ways.everything }), DIRECT)
      const [, theirs = ''] = other.split('.')
      const bad = [
        `${header}.${theirs}.${signature}`,
        `${header}.${text({ ...claims, exp: seconds(w.clock) + 9_999 })}.${signature}`,
        ...['none', 'None', 'nOnE', 'HS256', 'RS256', 'ES384', 'es256', 'EdDSA', ''].map(
          (alg) => `${text({ ...head, alg })}.${payload}.${signature}`,
        ),
        `${text({ ...head, alg: 'none' })}.${payload}.`,
        `${text({ ...head, kid: '../../../dev/null' })}.${payload}.${signature}`,
        `${text({ ...head, kid: { toString: 'x' } })}.${payload}.${signature}`,
        `${text({ ...head, enc: 'A256GCM', zip: 'DEF' })}.${payload}.${signature}.x.y`,
      ]
      for (const one of bad) assert.equal(await call(one), 401, one.slice(0, 80))
      assert.equal(await call(token), 200, 'the good one is still good')
      const tasks = await listTasks(w.rooms.storage.read, { limit: 1 })
      assert.equal(tasks.length, 1)
    })
  },
  { desk: true, deviceCodes: true },
)

/** Public key that a sender of a JWE would put beside it. */
function newKeyOf({ crv, kty, x, y }: JWK): object {
  return { crv, kty, x, y }
}
