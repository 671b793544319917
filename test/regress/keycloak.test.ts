/**
 * Tests of what was reported against Keycloak. The ids are of its advisories;
 * `test/attacks/README.md` has them all.
 */
import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { SignJWT } from 'jose'
import { resumeAgent, suspendAgent } from '../../src/identity/agents/index.ts'
import { resumePerson, suspendPerson } from '../../src/identity/sessions/index.ts'
import { resumeSpace, suspendSpace } from '../../src/identity/spaces/index.ts'
import { listTasks } from '../../src/tasks/tasks/index.ts'
import { JWT_BEARER, postForm } from '../agent.ts'
import { askWith } from '../introspection/asking.ts'
import { Stranger } from '../mcp/stranger.ts'
import { assertRefused } from '../refusals.ts'
import { jws, newKey, seconds, unsecured } from '../signing.ts'
import { WHY } from '../ways/acts.ts'
import { ANSWERED_WAYS } from '../ways/answered-ways.ts'
import { DIRECT, HOUSE, Ways } from '../ways/desk.ts'
import { send } from '../wire.ts'
import { inEachWorld } from '../world.ts'

const FORM = ['Content-Type', 'application/x-www-form-urlencoded'] as const
const ASSERTION_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

inEachWorld(
  'what was reported against Keycloak',
  (world) => {
    let ways: Ways
    const desk = () => `${world().gateway}/desk`
    before(async () => {
      ways = await Ways.make(world())
    })

    async function entered(): Promise<{ stranger: Stranger; refresh_token: string }> {
      const stranger = await Stranger.arrive(world())
      const back = await stranger.codeFor(desk())
      const { body } = await stranger.redeem(back, desk())
      return { stranger, refresh_token: String(body.refresh_token) }
    }

    it('Keycloak CVE-2026-1035: a refresh token that is shown 16 times at once begins no two families', async () => {
      const { stranger, refresh_token } = await entered()
      const answers = await Promise.all(
        Array.from({ length: 16 }, () => stranger.refresh({ refresh_token })),
      )
      // A lost answer costs nobody a task, so all of them get the same successor; once it was used, the first one ends the family.
      const given = new Set(answers.map(({ body }) => body.refresh_token).filter(Boolean))
      assert.equal(given.size, 1)
      const [successor = ''] = given
      const next = await stranger.refresh({ refresh_token: String(successor) })
      assert.equal(next.status, 200)
      assert.equal((await stranger.refresh({ refresh_token })).body.error, 'invalid_grant')
      const gone = await stranger.refresh({ refresh_token: String(next.body.refresh_token) })
      assert.equal(gone.body.error, 'invalid_grant', 'the family is gone')
    })

    it('Keycloak CVE-2026-9802: a restart does not bring a refresh token back that was exchanged', async () => {
      const { stranger, refresh_token } = await entered()
      const next = await stranger.refresh({ refresh_token })
      assert.equal(next.status, 200)
      const last = await stranger.refresh({ refresh_token: String(next.body.refresh_token) })
      assert.equal(last.status, 200)
      await world().restart()
      const again = await stranger.refresh({ refresh_token })
      assert.equal(again.body.code, 'refresh_token.used')
      const newest = await stranger.refresh({ refresh_token: String(last.body.refresh_token) })
      assert.equal(newest.body.error, 'invalid_grant', 'and its copy has ended with it')
    })

    it('Keycloak CVE-2026-8922: introspection knows what was revoked further up: agent, person, organization', async () => {
      const w = world()
      const { id: personId } = await w.person('sam')
      const agentId = 'refund-bot'
      for (const [name, stop, back] of [
        [
          'agent',
          () => suspendAgent(w.rooms.agents, { ...WHY, agentId }),
          () => resumeAgent(w.rooms.agents, { ...WHY, agentId }),
        ],
        [
          'person',
          () => suspendPerson(w.rooms.people, { ...WHY, personId }),
          () => resumePerson(w.rooms.people, { ...WHY, personId }),
        ],
        [
          'organization',
          () => suspendSpace(w.rooms.spaces, { ...WHY, name: HOUSE }),
          () => resumeSpace(w.rooms.spaces, { ...WHY, name: HOUSE }),
        ],
      ] as const) {
        w.forgetBrowsers()
        const form = { space: ways.space, thread: await ways.thread() }
        const key = await newKey()
        const wish = { details: ways.everything, subjectToken: await w.idToken(), key }
        const { body } = await w.agent.ask(wish, { form })
        const task = { id: String(body.task_id), token: String(body.access_token), key }
        const token = await w.agent.token(task, DIRECT)
        const active = async () => (await askWith(w, ways.secret, token)).body.active
        assert.equal(await active(), true, name)
        await stop()
        assert.equal(await active(), false, name)
        await back()
        assert.equal(await active(), false, `${name}: what was issued before stays dead`)
      }
      w.forgetBrowsers()
    })

    it('Keycloak CVE-2026-9798: who is stopped is not asked directly, and nothing comes of what they said before', async () => {
      const w = world()
      const { id: personId } = await w.person('sam')
      const [ciba] = ANSWERED_WAYS
      const ready = await ciba?.prepare(ways)
      assert.ok(ready)
      await suspendPerson(w.rooms.people, { ...WHY, personId })
      try {
        assert.equal((await ready.take()).through, false)
        const asked = await postForm(
          `${w.issuer}/oauth/bc-authorize`,
          {
            client_assertion_type: JWT_BEARER,
            client_assertion: await w.agent.assertion(),
            scope: 'openid echo.list',
            login_hint: personId,
            purpose: 'look',
          },
          [],
        )
        assert.equal(asked.body.error, 'unknown_user_id', asked.text)
      } finally {
        await resumePerson(w.rooms.people, { ...WHY, personId })
        w.forgetBrowsers()
      }
    })

    it('Keycloak CVE-2026-11800: an assertion keyed with what is public, or with nothing, is none', async () => {
      const w = world()
      const { body: jwks, text } = await send(`${w.issuer}/oauth/jwks`)
      const [published] = [jwks.keys].flat() as { kid: string }[] // a JWK set
      const iat = seconds(w.clock)
      const claims = {
        iss: w.issuer,
        aud: w.issuer,
        sub: (await w.person('sam')).id,
        iat,
        exp: iat + 30,
        jti: crypto.randomUUID(),
      }
      const by = async (typ: string, secret: string) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'HS256', typ, kid: published?.kid ?? '' })
          .sign(Buffer.from(secret.padEnd(32, ' ')))
      const { status } = await w.agent.tokenRequest(await newKey(), {
        grant_type: ASSERTION_GRANT,
        assertion: await ways.platform.token(),
      })
      assert.equal(status, 200, 'a good one is taken')
      const honest = await ways.platform.token()
      const all = [
        await by('remit-ticket+jwt', text),
        await by('remit-ticket+jwt', JSON.stringify(published)),
        await by('oauth-id-jag+jwt', text),
        await by('JWT', text),
        unsecured(honest),
        honest.replace(/\.[^.]*$/, '.'),
        await jws(await newKey(), { typ: 'remit-ticket+jwt', kid: published?.kid }, claims),
      ]
      for (const assertion of all)
        for (const own of [
          {},
          {
            client_assertion_type: JWT_BEARER,
            client_assertion: await ways.helper.assertion(),
          },
        ]) {
          const form = { grant_type: ASSERTION_GRANT, assertion, ...own }
          const answer = await ways.helper.tokenRequest(await newKey(), form)
          assert.ok([400, 401].includes(answer.status), answer.text)
          assert.equal('access_token' in answer.body, false)
        }
    })

    it('Keycloak CVE-2026-4636: the task of the token counts, whatever address or body name', async () => {
      const w = world()
      const [mine, other] = [await w.open(), await w.open()]
      const as = { ...mine, id: other.id }
      assertRefused(await w.agent.about(as, 'GET', ''), 'task.unknown')
      assertRefused(await w.agent.about(as, 'DELETE', ''), 'task.unknown')
      const child = { agent: ways.helper.id, purpose: 'x', authorization_details: w.everything }
      for (const over of [{ parent: other.id }, { task: other.id }, { id: other.id }]) {
        const body = JSON.stringify({ ...child, ...over })
        const answer = await w.agent.about(mine, 'POST', '/children', { body })
        assert.equal(answer.status, 400, answer.text)
      }
      assert.equal((await w.agent.about(other, 'GET', '')).body.state, 'open')
    })

    it('Keycloak CVE-2026-7571: of two requests in one browser, answering one answers that one, as it was asked', async () => {
      const w = world()
      const [one, two] = [await Stranger.arrive(w), await Stranger.arrive(w)]
      await one.knock(desk())
      const first = await one.ask()
      await two.knock(desk())
      await two.ask()
      const evil = 'http://127.0.0.1:9/evil'
      const mixed = { client_id: two.id, redirect_uri: evil, resource: w.orders, state: 'other' }
      const back = await one.answered(first, { fields: mixed })
      assert.equal(back.origin + back.pathname, one.redirectUrl)
      assert.equal(two.arrived.length, 0)
      assert.notEqual(back.searchParams.get('state'), 'other')
      const { body } = await one.redeem(back, w.orders)
      assert.equal('access_token' in body, false, 'a code is for the resource that was asked for')
      const tasks = await listTasks(w.rooms.storage.read, { agentId: two.id, limit: 5 })
      assert.deepEqual(tasks, [])
    })

    it('Keycloak CVE-2026-9689: a parameter that comes twice is refused at every endpoint of the protocol', async () => {
      const w = world()
      for (const path of [
        ...['token', 'revoke', 'introspect', 'par', 'bc-authorize', 'device_authorization'],
        'backchannel-logout',
      ])
        for (const body of [
          'client_id=a&client_id=b',
          'scope=a&scope=a',
          'token=a&token=b&grant_type=client_credentials',
          'resource=a&resource=b&grant_type=refresh_token&refresh_token=x&client_id=y',
          'client_assertion=a&client_assertion=b',
          'logout_token=a&logout_token=b',
        ]) {
          const type = [['Content-Type', 'application/x-www-form-urlencoded']] as const
          const answer = await send(`${w.issuer}/oauth/${path}`, {
            method: 'POST',
            headers: type,
            body,
          })
          assert.ok([400, 401].includes(answer.status), `${path} ${body}: ${answer.text}`)
        }
    })

    it('Keycloak GHSA-gv94-wp4h-vv8p: a credential is one scheme, one space and one token, everywhere', async () => {
      const w = world()
      const { token: session } = await w.api('ada')
      const task = await w.open()
      const { secret } = ways
      const places = [
        ['GET', `${w.issuer}/api/v1/agents`, session],
        ['POST', `${w.issuer}/oauth/introspect`, secret],
        ['POST', `${w.issuer}/v1/calls`, secret],
        ['GET', `${w.issuer}/v1/tasks/${task.id}`, task.token],
        ['GET', `${w.gateway}/echo/things`, await w.agent.token(task, `${w.gateway}/echo`)],
      ] as const
      for (const [method, url, token] of places)
        for (const form of [
          `Bearer\t${token}`,
          `Bearer  ${token}`,
          `Bearer, ${token}`,
          `Bearer ${token} x`,
          `Bearer ${token},Bearer ${token}`,
          `Bearer: ${token}`,
          `Bearer=${token}`,
          `Bearer token=${token}`,
          `Bearer "${token}"`,
          `"Bearer ${token}"`,
          `Token ${token}`,
          `Bearer${token}`,
          token,
        ]) {
          const headers = [['Authorization', form] as const, FORM]
          const answer = await send(url, { method, headers, body: 'token=x' })
          assert.ok([400, 401, 415].includes(answer.status), `${url} ${form.slice(0, 12)}`)
        }
      // Which of two counts, the next reader may see otherwise.
      for (const [method, url, token] of places)
        for (const pair of [
          [`Bearer ${token}`, 'Bearer x'],
          ['Bearer x', `Bearer ${token}`],
          [`Bearer ${token}`, `Bearer ${token}`],
        ]) {
          const headers = pair.map((value) => ['Authorization', value] as const)
          const answer = await send(url, { method, headers: [...headers, FORM], body: 'token=x' })
          assert.ok([400, 401, 415].includes(answer.status), `${url} twice: ${answer.status}`)
        }
      const good = await send(`${w.issuer}/api/v1/agents`, {
        headers: [['Authorization', `Bearer ${session}`]],
      })
      assert.equal(good.status, 200)
    })
  },
  { desk: true, deviceCodes: true },
)
