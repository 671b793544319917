import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { addAdmissionRule, addKey, findAgent, retireAgent } from '../../src/agents/index.ts'
import { sha256url } from '../../src/lib/bytes.ts'
import { suspendPerson } from '../../src/people/index.ts'
import { listTasks } from '../../src/tasks/index.ts'
import { deskActions, openDesk, ping, Stranger } from '../mcp/stranger.ts'
import { newKey, proof } from '../signing.ts'
import { send } from '../wire.ts'
import { inEachWorld } from '../world.ts'

const CHALLENGE = sha256url('v'.repeat(43))

inEachWorld(
  'the authorization code grant under attack',
  (world) => {
    const desk = () => `${world().gateway}/desk`

    before(async () => {
      await openDesk(world())
      const { id } = await world().person('ada')
      await addAdmissionRule(world().rooms.agents, {
        name: 'this-computer',
        redirectHosts: ['localhost'],
        trust: 2,
        ceiling: [
          ...deskActions(world()),
          {
            type: 'remit_call',
            locations: [world().orders],
            actions: ['orders.read'],
            bounds: [],
          },
        ],
        ownerId: id,
        by: id,
      })
    })

    async function taskOf({ id: agentId }: Stranger) {
      const tasks = await listTasks(world().rooms.storage.read, { agentId, limit: 5 })
      assert.equal(tasks.length, 1)
      const [task] = tasks
      assert.ok(task)
      return task
    }

    /** What the authorization endpoint answers to a request that is right but for this. */
    async function authorize(
      stranger: Stranger,
      over: Readonly<Record<string, string | string[] | undefined>>,
    ) {
      if (stranger.id === '') await stranger.knock(desk())
      const query = new URLSearchParams()
      const right = {
        client_id: stranger.id,
        response_type: 'code',
        redirect_uri: stranger.redirectUrl,
        code_challenge: CHALLENGE,
        code_challenge_method: 'S256',
        resource: desk(),
        state: 'st',
      }
      for (const [name, value] of Object.entries({ ...right, ...over }))
        for (const one of [value ?? []].flat()) query.append(name, one)
      const answer = await send(`${world().issuer}/oauth/authorize?${query}`)
      return { ...answer, location: String(answer.headers.location ?? '') }
    }

    it('a code works once: of many at the same time at most one, and then it closes what it opened', async () => {
      const stranger = await Stranger.arrive(world())
      const back = await stranger.codeFor(desk())
      const answers = await Promise.all(
        Array.from({ length: 32 }, () => stranger.redeem(back, desk())),
      )
      const winners = answers.filter(({ status }) => status === 200)
      assert.ok(winners.length <= 1)
      for (const { status, body } of answers)
        if (status !== 200) assert.equal(body.error, 'invalid_grant')
      assert.equal((await taskOf(stranger)).closeReason, 'code.replayed')
      for (const { body } of winners)
        assert.equal((await ping(desk(), String(body.access_token))).status, 401)
    })

    it('a code that is replayed later closes the task', async () => {
      const stranger = await Stranger.arrive(world())
      const back = await stranger.codeFor(desk())
      const first = await stranger.redeem(back, desk())
      assert.equal(first.status, 200)
      assert.equal((await ping(desk(), String(first.body.access_token))).status, 200)
      const again = await stranger.redeem(back, desk())
      assert.equal(again.body.code, 'code.used')
      assert.equal((await ping(desk(), String(first.body.access_token))).status, 401)
      const refreshed = await stranger.refresh({ refresh_token: String(first.body.refresh_token) })
      assert.equal(refreshed.body.error, 'invalid_grant')
    })

    it('a code is bound to client, address, verifier and resource, each', async () => {
      const stranger = await Stranger.arrive(world())
      const other = await Stranger.arrive(world())
      await other.knock(desk())
      const back = await stranger.codeFor(desk())
      for (const over of [
        { client_id: other.id },
        { client_id: 'refund-bot' },
        { redirect_uri: other.redirectUrl },
        { redirect_uri: `${stranger.redirectUrl}/` },
        { code_verifier: 'w'.repeat(43) },
        { code_verifier: 'short' },
        { code_verifier: '' },
        { resource: `${world().gateway}/orders` },
        { resource: '' },
      ]) {
        const answer = await stranger.redeem(back, desk(), over)
        assert.equal(answer.status, 400, JSON.stringify(over))
        assert.match(String(answer.body.error), /^invalid_(?:grant|request)$/)
      }
      assert.equal((await stranger.redeem(back, desk())).status, 200)
    })

    it('a code lives for a minute', async () => {
      const stranger = await Stranger.arrive(world())
      const back = await stranger.codeFor(desk())
      world().clock.advance(61_000)
      assert.equal((await stranger.redeem(back, desk())).body.code, 'code.invalid')
    })

    it('no code without PKCE by S256, and the error goes to the client with iss', async () => {
      const stranger = await Stranger.arrive(world())
      for (const over of [
        { code_challenge: undefined, code_challenge_method: undefined },
        { code_challenge_method: 'plain' },
        { code_challenge_method: undefined },
        { code_challenge: 'short' },
      ]) {
        const { location } = await authorize(stranger, over)
        const url = new URL(location)
        assert.equal(url.searchParams.get('error'), 'invalid_request', JSON.stringify(over))
        assert.equal(url.searchParams.get('iss'), world().issuer)
        assert.equal(url.searchParams.get('state'), 'st')
        assert.equal(url.searchParams.get('code'), null)
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
        'desk',
      ]) {
        const { location } = await authorize(stranger, { resource })
        assert.equal(
          new URL(location).searchParams.get('error'),
          'invalid_target',
          String(resource),
        )
      }
    })

    it('never redirects anywhere but to what was registered; only the port on this computer may differ', async () => {
      const stranger = await Stranger.arrive(world())
      const { host, port } = new URL(stranger.redirectUrl)
      for (const redirect_uri of [
        undefined,
        'https://evil.example/callback',
        `http://127.0.0.1.evil.example:${port}/callback`,
        `http://evil.example@${host}/callback`,
        `http://${host}@evil.example/callback`,
        `http://${host}/callback/`,
        `http://${host}/callback?x=1`,
        `http://${host}/callback#x`,
        `http://${host}/CALLBACK`,
        `http://${host}/a/../callback`,
        `https://${host}/callback`,
        `http://localhost:${port}/callback`,
        `http://[::1]:${port}/callback`,
        `javascript:alert(1)`,
        `//${host}/callback`,
        [stranger.redirectUrl, 'https://evil.example/'],
      ]) {
        const { status, location, text } = await authorize(stranger, { redirect_uri })
        assert.equal(location, '', `${redirect_uri} → ${location}`)
        assert.equal(status, 400)
        assert.ok(!text.includes('<script'))
      }
      const moved = await authorize(stranger, { redirect_uri: 'http://127.0.0.1:1/callback' })
      assert.match(moved.location, /^\/authorize\//)
    })

    it('an unknown client, and agents that did not register themselves, get a page and no redirect', async () => {
      const stranger = await Stranger.arrive(world())
      for (const client_id of ['refund-bot', 'client-0', '', stranger.redirectUrl]) {
        const { status, location } = await authorize(stranger, { client_id })
        assert.equal(location, '')
        assert.equal(status, 400)
      }
    })

    it('a request is answered in the browser that began it, by nobody else, and only there it goes on', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      await stranger.knock(desk())
      // The attacker begins in a browser of their own and has somebody else open the page.
      const begun = await w.browser('nils')
      const page = await begun.get(String(stranger.sent))
      assert.equal(page.status, 200)
      const victim = await w.browser('sam')
      const opened = await victim.get(page.url)
      assert.equal(opened.status, 404)
      assert.match(opened.text, /no such request was begun in this browser/i)
      // Nor does an answer in the one browser help the other.
      const id = new URL(page.url).pathname.split('/').at(-1)
      const resumed = await victim.get(`${w.issuer}/oauth/authorize/${id}`)
      assert.equal(resumed.status, 404)
      assert.equal(stranger.arrived.length, 0)
      // Without an answer it does not go on in its own browser either.
      const early = await begun.get(`${w.issuer}/oauth/authorize/${id}`)
      assert.equal(new URL(early.url).pathname, `/authorize/${id}`)
      assert.equal(stranger.arrived.length, 0)
    })

    it('an answer is taken once', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      await stranger.knock(desk())
      const page = await stranger.ask()
      await stranger.answered(page, { button: /^deny$/ })
      const browser = await w.browser('sam')
      const again = await browser.submit(page, /^grant$/)
      assert.equal(again.status, 409)
      assert.equal(await findAgent(w.rooms.storage.read, stranger.id), undefined)
    })

    it('what a form adds to what was offered is not granted', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      await stranger.knock(desk())
      const fields: Record<string, string> = {}
      for (let i = 0; i < 20; i++) fields[`detail-${i}`] = 'yes'
      const back = await stranger.answered(await stranger.ask(), { fields })
      const { body } = await stranger.redeem(back, desk())
      assert.ok(!String(body.scope).includes('desk.delete-note'))
    })

    it('a refresh token works once: of 32 at the same time one, and reuse closes the task', async () => {
      const stranger = await Stranger.arrive(world())
      await stranger.enter(desk())
      const answers = await Promise.all(Array.from({ length: 32 }, () => stranger.refresh()))
      const winners = answers.filter(({ status }) => status === 200)
      assert.ok(winners.length <= 1)
      assert.equal((await taskOf(stranger)).closeReason, 'refresh.reused')
      for (const { body } of winners) {
        assert.equal((await ping(desk(), String(body.access_token))).status, 401)
        const next = await stranger.refresh({ refresh_token: String(body.refresh_token) })
        assert.equal(next.body.error, 'invalid_grant')
      }
    })

    it('refreshing is for the same client, resource and scope, and never gives more', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      await stranger.knock(desk())
      const page = await stranger.ask()
      const back = await stranger.answered(page, { fields: { 'detail-0': undefined } })
      const { body } = await stranger.redeem(back, desk())
      const refresh_token = String(body.refresh_token)
      const granted = String(body.scope).split(' ')
      const missing = ['search-notes', 'read-note', 'add-note', 'send-message']
        .map((name) => `desk.${name}`)
        .find((name) => !granted.includes(name))
      const other = await Stranger.arrive(w)
      await other.knock(desk())
      const refused: readonly [Record<string, string>, string][] = [
        [{ client_id: other.id }, 'invalid_grant'],
        [{ resource: `${w.gateway}/orders` }, 'invalid_target'],
        [{ scope: `${granted.join(' ')} ${missing}` }, 'invalid_scope'],
        [{ scope: 'orders.read' }, 'invalid_scope'],
        [
          { refresh_token: refresh_token.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A')) },
          'invalid_grant',
        ],
        [{ refresh_token: String(body.access_token) }, 'invalid_grant'],
      ]
      for (const [over, error] of refused) {
        const answer = await stranger.refresh({ refresh_token, ...over })
        assert.equal(answer.body.error, error, JSON.stringify(over))
      }
      const [one = ''] = granted
      const less = await stranger.refresh({ refresh_token, scope: one, resource: desk() })
      assert.equal(less.body.scope, one)
      const all = await stranger.refresh({ refresh_token: String(less.body.refresh_token) })
      assert.deepEqual(String(all.body.scope).split(' ').toSorted(), granted.toSorted())
    })

    it('a bearer token is good at its resource, as a bearer token, and nowhere else', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      await stranger.enter(desk())
      const token = stranger.saved?.access_token ?? ''
      assert.equal((await ping(desk(), token)).status, 200)
      const elsewhere = await send(`${w.orders}/orders/1042`, {
        headers: [['Authorization', `Bearer ${token}`]],
      })
      assert.equal(elsewhere.status, 401)
      assert.equal(elsewhere.body.code, 'token.wrong_audience')
      const key = await newKey()
      const url = `${w.orders}/orders/1042`
      for (const headers of [
        [['Authorization', `DPoP ${token}`]],
        [
          ['Authorization', `DPoP ${token}`],
          ['DPoP', await proof(w.clock, key, { method: 'GET', url, token })],
        ],
      ] as const)
        assert.equal((await send(url, { headers })).status, 401)
      for (const path of ['/api/v1/tasks', `/v1/tasks/${(await taskOf(stranger)).id}`]) {
        const answer = await send(w.issuer + path, {
          headers: [['Authorization', `Bearer ${token}`]],
        })
        assert.equal(answer.status, 401, path)
      }
      // And a bound token is none.
      const task = await w.open()
      const bound = await w.agent.token(task, w.orders)
      const shown = await send(url, { headers: [['Authorization', `Bearer ${bound}`]] })
      assert.equal(shown.body.code, 'token.wrong_scheme')
    })

    it('whoever is stopped gets nothing more, whatever they hold', async () => {
      const w = world()
      const retired = await Stranger.arrive(w)
      const back = await retired.codeFor(desk())
      await retireAgent(w.rooms.agents, { agentId: retired.id, by: 'operator', reason: 'test' })
      assert.equal((await retired.redeem(back, desk())).body.error, 'invalid_grant')
      await retired.knock(desk())
      assert.match((await retired.ask()).text, /This program is stopped/)

      const keyed = await Stranger.arrive(w)
      const first = await keyed.codeFor(desk())
      const jwk = (await newKey()).publicJwk
      await addKey(w.rooms.agents, { agentId: keyed.id, jwk, by: 'operator' })
      const bearer = await keyed.redeem(first, desk())
      assert.equal(bearer.body.code, 'proof.missing')

      const orphan = await Stranger.arrive(w)
      const code = await orphan.codeFor(desk(), { person: 'nils' })
      const nils = await w.person('nils')
      await suspendPerson(w.rooms.people, { personId: nils.id, by: 'operator', reason: 'test' })
      assert.equal((await orphan.redeem(code, desk())).body.error, 'invalid_grant')
    })

    it('an API that is no MCP server gives bound tokens only, to the key that was announced', async () => {
      const w = world()
      const url = `${w.issuer}/oauth/token`
      const stranger = await Stranger.arrive(w)
      await stranger.knock(desk())
      const [key, other] = [await newKey(), await newKey()]
      const sent = new URL(String(stranger.sent))
      sent.searchParams.set('resource', w.orders)
      sent.searchParams.set('dpop_jkt', key.thumbprint)
      const back = await stranger.answered(await stranger.ask('sam', sent))
      const proofBy = (by: typeof key) => proof(w.clock, by, { method: 'POST', url })
      assert.equal((await stranger.redeem(back, w.orders)).body.code, 'proof.wrong_key')
      const wrong = await stranger.redeem(back, w.orders, {}, await proofBy(other))
      assert.equal(wrong.body.code, 'proof.wrong_key')
      const { body } = await stranger.redeem(back, w.orders, {}, await proofBy(key))
      assert.equal(body.token_type, 'DPoP')
      const token = String(body.access_token)
      const order = `${w.orders}/orders/1042`
      const calling = await proof(w.clock, key, { method: 'GET', url: order, token })
      const call = await send(order, {
        headers: [
          ['Authorization', `DPoP ${token}`],
          ['DPoP', calling],
        ],
      })
      // Known and alive; no policy speaks of this agent there.
      assert.equal(call.body.code, 'agent.not_permitted')
      const refresh_token = String(body.refresh_token)
      const bare = await stranger.refresh({ refresh_token })
      assert.equal(bare.body.code, 'proof.missing')
      const stolen = await stranger.refresh({ refresh_token }, await proofBy(other))
      assert.equal(stolen.body.code, 'proof.wrong_key')
      const right = await stranger.refresh({ refresh_token }, await proofBy(key))
      assert.equal(right.body.token_type, 'DPoP')

      const keyless = await Stranger.arrive(w)
      await keyless.knock(desk())
      const plain = new URL(String(keyless.sent))
      plain.searchParams.set('resource', w.orders)
      const code = await keyless.answered(await keyless.ask('sam', plain))
      assert.equal((await keyless.redeem(code, w.orders)).body.code, 'proof.missing')
    })
  },
  { desk: true },
)
