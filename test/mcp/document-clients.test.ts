import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { addKey, findAgent, linkClient, registerAgent } from '../../src/identity/agents/index.ts'
import type { KeyChange } from '../../src/identity/client-metadata/admission/admission-rule.ts'
import {
  addAdmissionRule,
  findDescription,
  listAdmissionRules,
  removeAdmissionRule,
} from '../../src/identity/client-metadata/index.ts'
import { agentIdOf } from '../../src/platform/lib/client-url.ts'
import { grantSponsorship } from '../../src/tasks/sponsorship/index.ts'
import { findTask, listTasks } from '../../src/tasks/tasks/index.ts'
import { JWT_BEARER, TestAgent } from '../agent.ts'
import { orders, spawn } from '../delegation.ts'
import { type DocumentServer, serveDocuments } from '../document-server.ts'
import { newKey, proof, type TestKey } from '../signing.ts'
import { send } from '../wire.ts'
import { inOneWorld } from '../world.ts'
import { wordsOf } from './place.ts'
import { deskActions, openDesk, ping, Stranger, VERIFIER } from './stranger.ts'

const HOUR = 3_600_000

inOneWorld(
  'clients whose id is the address of a metadata document',
  (world) => {
    const desk = () => `${world().gateway}/desk`
    let elsewhere: DocumentServer
    let made = 0

    before(async () => {
      elsewhere = await serveDocuments()
      world().onStop(() => elsewhere.close())
      await openDesk(world())
    })

    async function rule(keyChange: KeyChange = 'ask') {
      const { id } = await world().person('ada')
      await addAdmissionRule(world().rooms.agents, {
        ...{
          name: `documents-${++made}`,
          documentHosts: ['localhost'],
          redirectHosts: ['localhost'],
        },
        ...{ trust: 2, ceiling: deskActions(world()), ownerId: id, by: id, keyChange },
      })
    }

    /** A client with a document of its own. */
    async function arrive(over: Record<string, unknown> = {}) {
      // The publisher's budget recovers one fetch.
      world().clock.advance(5_000)
      const stranger = await Stranger.arrive(world(), 'Notes by mail')
      const path = `/clients/${++made}.json`
      const url = `${elsewhere.origin}${path}`
      const put = (more: Record<string, unknown>) =>
        elsewhere.put(
          path,
          {
            client_id: url,
            client_name: 'Notes by mail',
            redirect_uris: [stranger.redirectUrl],
            ...more,
          },
          { 'cache-control': 'max-age=10' },
        )
      put(over)
      stranger.clientMetadataUrl = url
      stranger.client = undefined
      return { stranger, url, put, path }
    }

    const provesBy = (key: TestKey) => ({
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ ...key.publicJwk, kid: 'k1' }] },
    })

    it('one that nobody let in is shown as what it is, and may be brought, and nothing more', async () => {
      const { stranger, url } = await arrive()
      await stranger.knock(desk())
      assert.equal(stranger.id, url, 'it did not register')
      const page = await stranger.ask()
      for (const words of [
        'Let Notes by mail act for you?',
        'name not verified',
        `It is from ${new URL(url).host}`,
        url,
        'also one that is not from',
        'This program is not let in yet',
      ])
        assert.ok(page.text.includes(words), `${words}: ${page.text}`)
      const browser = await stranger.browser('sam')
      const waits = await browser.submit(page, /^introduce$/)
      assert.match(waits.text, /It waits for an administrator/)
      assert.match(waits.text, new RegExp(`remit agents limits ${agentIdOf(url)} `))
      const agent = await findAgent(world().rooms.storage.read, agentIdOf(url))
      assert.deepEqual([agent?.clientUrl, agent?.trust, agent?.admission], [url, 0, ''])
    })

    it('M5: a picture that a client brings is neither shown nor fetched, from a document or a registration', async () => {
      const w = world()
      const picture = {
        logo_uri: `${elsewhere.origin}/picture.png`,
        tos_uri: `${elsewhere.origin}/terms`,
      }
      const { stranger } = await arrive(picture)
      await stranger.knock(desk())
      const registered = await Stranger.arrive(w)
      await registered.register(picture)
      await registered.knock(desk())
      for (const page of [await stranger.ask(), await registered.ask()]) {
        assert.equal(page.status, 200)
        assert.doesNotMatch(page.html, /picture\.png|\/terms|<img|<picture|background-image/i)
      }
      assert.ok(elsewhere.asked.length > 0)
      assert.ok(!elsewhere.asked.some(({ url }) => /picture|terms/.test(String(url))))
      const policy = (await send(`${w.issuer}/sign-in`)).headers['content-security-policy']
      assert.doesNotMatch(String(policy), /img-src (?!'self'|'none'|data:)/, 'nor could one be')
    })

    it('the official client connects from nothing but the URL of the server, with its document, and calls a tool', async () => {
      const w = world()
      await rule()
      const metadata = await send(`${w.issuer}/.well-known/oauth-authorization-server`)
      assert.equal(metadata.body.client_id_metadata_document_supported, true)
      const { stranger, url, path } = await arrive()
      const client = await stranger.enter(desk())
      const { tools } = await client.listTools()
      assert.ok(tools.some(({ name }) => name === 'search_notes'))
      const found = await client.callTool({ name: 'search_notes', arguments: { query: 'late' } })
      assert.notEqual(found.isError, true, wordsOf(found))
      assert.equal(stranger.id, url)
      const agent = await findAgent(w.rooms.storage.read, agentIdOf(url))
      assert.equal(agent?.trust, 2)
      assert.match(agent.name, /^Notes by mail \(127\.0\.0\.1:\d+ [0-9a-f]{8}\)$/)
      // One fetch for all of it (it may be kept for ten seconds), and nothing but a plain request: no cookie, no address of ours.
      const [asked, ...more] = elsewhere.asked.filter((one) => one.url === path)
      assert.equal(more.length, 0)
      assert.deepEqual(Object.keys(asked?.headers ?? {}).toSorted(), [
        'accept',
        'connection',
        'host',
      ])
    })

    it('refreshing looks at the document again, and goes on while it says the same', async () => {
      const w = world()
      const { stranger, path } = await arrive()
      await stranger.enter(desk())
      w.clock.advance(11_000)
      const { body, status } = await stranger.refresh()
      assert.equal(status, 200, JSON.stringify(body))
      assert.equal(elsewhere.asked.filter((one) => one.url === path).length, 2)
      stranger.saved = { ...body, access_token: '', token_type: '' } as never // as: only the refresh token is looked at
      elsewhere.answer(path, (_, reply) => reply.writeHead(500).end())
      w.clock.advance(11_000)
      const down = await stranger.refresh()
      assert.deepEqual([down.status, down.body.error], [503, 'temporarily_unavailable'])
    })

    it('M3: when it describes itself in another way, what people allowed has ended, and they are asked anew', async () => {
      const w = world()
      const { stranger, put, url } = await arrive()
      await stranger.enter(desk())
      const token = stranger.saved?.access_token ?? ''
      assert.equal((await ping(desk(), token)).status, 200)
      const [task] = await listTasks(w.rooms.storage.read, { agentId: agentIdOf(url), limit: 1 })
      put({ client_name: 'Your bank' })
      w.clock.advance(11_000)
      const refused = await stranger.refresh()
      assert.deepEqual([refused.status, refused.body.error], [400, 'invalid_grant'])
      const closed = await findTask(w.rooms.storage.read, task?.id ?? '')
      assert.deepEqual([closed?.state, closed?.closeReason], ['closed', 'basis.ended'])
      assert.equal((await ping(desk(), token)).status, 401)
      stranger.invalidateCredentials('tokens')
      await stranger.knock(desk())
      const page = await stranger.ask()
      assert.match(page.text, /Let Your bank act for you\?/)
      assert.match(page.text, /describes itself in another way since/)
      const description = await findDescription(w.rooms.storage.read, agentIdOf(url))
      assert.equal(description?.clientName, 'Your bank')
      const types = (await w.ledger()).filter(({ type }) => type === 'agent.described_anew')
      assert.equal(types.length, 1)
    })

    it('what was shown is what is let in: a document that changed in between is not', async () => {
      const w = world()
      const { stranger, put, url } = await arrive()
      await stranger.enter(desk())
      stranger.invalidateCredentials('tokens')
      await stranger.knock(desk())
      const page = await stranger.ask()
      put({ client_name: 'Your bank' })
      w.clock.advance(11_000)
      await w.rooms.decisions.documents?.find(url)
      const browser = await stranger.browser('sam')
      const answer = await browser.submit(page, /^grant$/)
      assert.equal(answer.status, 409)
      assert.match(answer.text, /the program's description has changed/i)
    })

    it('one with a key proves it at each step, and gets bound tokens only', async () => {
      const w = world()
      const { issuer } = w
      const key = await newKey()
      const { stranger, url } = await arrive(provesBy(key))
      const agent = new TestAgent(w, url, key)
      const assertion = async () => ({
        client_assertion_type: JWT_BEARER,
        client_assertion: await agent.assertion({ header: { kid: 'k1' } }),
      })
      // Pushed: RFC 9126, with the same authentication. Without it, nothing is taken.
      const asked = {
        client_id: url,
        response_type: 'code',
        redirect_uri: stranger.redirectUrl,
        code_challenge: stranger.asking(desk()).searchParams.get('code_challenge') ?? '',
        code_challenge_method: 'S256',
        resource: desk(),
      }
      const push = async (fields: Record<string, string>) => {
        const body = new URLSearchParams(fields)
        const answer = await fetch(`${issuer}/oauth/par`, { method: 'POST', body })
        return { status: answer.status, body: (await answer.json()) as Record<string, unknown> } // an object
      }
      assert.equal((await push(asked)).status, 401)
      const other = new TestAgent(w, url, await newKey())
      const forged = await other.assertion({ header: { kid: 'k1' } })
      const wrong = { ...asked, client_assertion_type: JWT_BEARER, client_assertion: forged }
      assert.equal((await push(wrong)).status, 401)
      const long = await agent.assertion({
        header: { kid: 'k1' },
        claims: { exp: Math.floor(w.clock.now() / 1000) + 3600 },
      })
      assert.equal((await push({ ...wrong, client_assertion: long })).status, 401)
      const elsewhere = await agent.assertion({
        header: { kid: 'k1' },
        claims: { aud: `${issuer}/oauth/token` },
      })
      assert.equal((await push({ ...wrong, client_assertion: elsewhere })).status, 401)
      const pushed = await push({ ...asked, ...(await assertion()) })
      assert.equal(pushed.status, 201, JSON.stringify(pushed.body))
      stranger.client = { client_id: url }
      stranger.verifier = VERIFIER
      const at = new URL(`${issuer}/oauth/authorize`)
      at.searchParams.set('client_id', url)
      at.searchParams.set('request_uri', String(pushed.body.request_uri))
      const page = await stranger.ask('sam', at)
      assert.match(page.text, /It proves that with its key/)
      const back = await stranger.answered(page)
      const bound = await newKey()
      const dpop = () => proof(w.clock, bound, { method: 'POST', url: `${issuer}/oauth/token` })
      const bare = await stranger.redeem(back, desk(), {}, await dpop())
      assert.deepEqual([bare.status, bare.body.error], [401, 'invalid_client'])
      const unbound = await stranger.redeem(back, desk(), await assertion())
      assert.equal(unbound.status, 400)
      assert.equal(unbound.body.code, 'proof.missing')
      const proved = await assertion()
      const tokens = await stranger.redeem(back, desk(), proved, await dpop())
      assert.equal(tokens.status, 200, JSON.stringify(tokens.body))
      assert.equal(tokens.body.token_type, 'DPoP')
      const refresh = { refresh_token: String(tokens.body.refresh_token) }
      const again = await stranger.refresh({ ...refresh, ...proved }, await dpop())
      assert.deepEqual([again.status, again.body.error], [401, 'invalid_client'], 'used before')
      const without = await stranger.refresh(refresh, await dpop())
      assert.equal(without.body.error, 'invalid_client')
      const next = await stranger.refresh({ ...refresh, ...(await assertion()) }, await dpop())
      assert.equal(next.status, 200, JSON.stringify(next.body))
    })

    it('E1: one that may also come without its key, and did not: its refresh token gives nothing to another key', async () => {
      const w = world()
      await rule()
      const key = await newKey()
      const { stranger, url } = await arrive({
        token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
        jwks: { keys: [{ ...key.publicJwk, kid: 'k1' }] },
      })
      stranger.client = { client_id: url }
      const agent = new TestAgent(w, url, key)
      const assertion = async () => ({
        client_assertion_type: JWT_BEARER,
        client_assertion: await agent.assertion({ header: { kid: 'k1' } }),
      })
      const proofBy = (bound: TestKey) =>
        proof(w.clock, bound, { method: 'POST', url: `${w.issuer}/oauth/token` })
      stranger.verifier = VERIFIER
      const back = await stranger.answered(await stranger.ask('sam', stranger.asking(desk())))
      const own = await newKey()
      const tokens = await stranger.redeem(back, desk(), await assertion(), await proofBy(own))
      assert.equal(tokens.status, 200, JSON.stringify(tokens.body))
      const refresh = { refresh_token: String(tokens.body.refresh_token) }
      for (const thief of [await newKey(), own]) {
        const stolen = await stranger.refresh(refresh, await proofBy(thief))
        assert.equal(stolen.body.error, 'invalid_client', JSON.stringify(stolen.body))
      }
      const next = await stranger.refresh(
        { ...refresh, ...(await assertion()) },
        await proofBy(await newKey()),
      )
      assert.equal(next.status, 200, JSON.stringify(next.body))
    })

    it('it opens tasks by token exchange and alone, once a rule lets it in; its agent begins with its first proof', async () => {
      const w = world()
      const key = await newKey()
      const { url, put } = await arrive(provesBy(key))
      put({ ...provesBy(key), redirect_uris: undefined, grant_types: ['client_credentials'] })
      const agent = new TestAgent(w, url, key)
      const id = agentIdOf(url)
      const details = deskActions(w)
      const idToken = () => w.idToken('sam', 'mailer')
      const stranger = await agent.ask({ subjectToken: await idToken(), details })
      assert.equal(stranger.body.code, 'subject_token.not_for_agent', stranger.text)
      assert.equal((await findAgent(w.rooms.storage.read, id))?.trust, 2)
      const { id: by } = await w.person('ada')
      const link = { issuer: w.provider, clientId: 'mailer' }
      await linkClient(w.rooms.agents, { agentId: id, ...link, by })
      const asked = await agent.ask({ subjectToken: await idToken(), details })
      assert.equal(asked.body.error, 'interaction_required', asked.text)
      const found = await findAgent(w.rooms.storage.read, id)
      assert.ok(found)
      const { kindOf } = await w.rooms.catalog.current()
      const granted = {
        ...{ agent: found, sponsor: await w.person('ada'), purpose: 'sort the notes' },
        ...{ details: found.ceiling, rate: { tasks: 5, seconds: 60 } },
        expiresAt: w.clock.now() + HOUR,
      }
      await grantSponsorship(w.rooms.decisions, granted, kindOf)
      const alone = await agent.tokenRequest(await newKey(), {
        grant_type: 'client_credentials',
        client_assertion_type: JWT_BEARER,
        client_assertion: await agent.assertion(),
        authorization_details: JSON.stringify(details),
      })
      assert.equal(alone.status, 200, alone.text)
      const task = await findTask(w.rooms.storage.read, String(alone.body.task_id))
      assert.deepEqual([task?.agentId, task?.sponsored], [id, true])
    })

    it('one that proves itself and that nobody let in is told so, and becomes nothing', async () => {
      const w = world()
      const key = await newKey()
      const { stranger, url } = await arrive(provesBy(key))
      const rooms = w.rooms.agents
      for (const { name } of await listAdmissionRules(rooms.storage.read))
        await removeAdmissionRule(rooms, { name, by: 'operator' })
      const agent = new TestAgent(w, url, key)
      const answer = await agent.ask({ subjectToken: await w.idToken(), details: deskActions(w) })
      assert.deepEqual(
        [answer.body.error, answer.body.code],
        ['unauthorized_client', 'agent.quarantined'],
      )
      assert.equal(await findAgent(w.rooms.storage.read, agentIdOf(url)), undefined)
      // Pre-registered by its address it needs no rule.
      const { id } = await w.person('ada')
      const what = { description: '', trust: 2, ceiling: deskActions(w), ownerId: id, by: id }
      await registerAgent(rooms, { ...what, name: url })
      const known = await agent.ask({ subjectToken: await w.idToken(), details: deskActions(w) })
      assert.equal(known.body.code, 'subject_token.not_for_agent')
      // With a key of the administrator's, those of the document are worth nothing, at any door.
      const pinned = await newKey()
      await addKey(rooms, { agentId: agentIdOf(url), jwk: pinned.publicJwk, by: id })
      const no = await agent.ask({ subjectToken: await w.idToken(), details: deskActions(w) })
      assert.equal(no.body.error, 'invalid_client')
      // Also when it names the key of its document, so that no pinned key is tried in its place.
      const named = await agent.ask(
        { subjectToken: await w.idToken(), details: deskActions(w) },
        { assertion: { header: { kid: 'k1' } } },
      )
      assert.equal(named.body.error, 'invalid_client', named.text)
      const push = async (by: TestAgent) => {
        const client_assertion = await by.assertion()
        const body = new URLSearchParams({
          ...{ client_id: url, response_type: 'code', redirect_uri: stranger.redirectUrl },
          ...{ code_challenge: 'c'.repeat(43), code_challenge_method: 'S256', resource: desk() },
          ...{ client_assertion_type: JWT_BEARER, client_assertion },
        })
        return (await fetch(`${w.issuer}/oauth/par`, { method: 'POST', body })).status
      }
      assert.equal(await push(agent), 401)
      assert.equal(await push(new TestAgent(w, url, pinned)), 201)
    })

    it('it redeems the ticket of a parent task, as any agent', async () => {
      const w = world()
      const key = await newKey()
      const { url } = await arrive(provesBy(key))
      const { id } = await w.person('ada')
      const ceiling = [orders(w, 'orders.read')]
      const what = { description: '', trust: 2, ceiling, ownerId: id, by: id }
      await registerAgent(w.rooms.agents, { ...what, name: url })
      const parent = await w.open()
      const named = { agent: agentIdOf(url) }
      const child = await spawn(w, [w.agent, parent], new TestAgent(w, url, key), named)
      const task = await findTask(w.rooms.storage.read, child.id)
      assert.deepEqual([task?.agentId, task?.parentId], [agentIdOf(url), parent.id])
      const other = new TestAgent(w, url, await newKey())
      await assert.rejects(spawn(w, [w.agent, parent], other, named), /invalid_client/)
    })

    it('what is wrong with a document is said on a page, and nobody is sent anywhere', async () => {
      const cases: [Record<string, unknown>, RegExp][] = [
        [{ client_id: 'https://other.example/c.json' }, /is not its own URL/],
        [{ client_secret: 'x' }, /a public document must not contain/i],
        [{ token_endpoint_auth_method: 'client_secret_post' }, /needs a secret/],
        [{ redirect_uris: ['https://evil.example/cb'] }, /neither at .* nor on this computer/],
        [{ client_name: undefined }, /client_name` is missing|client_name/],
        [{ grant_types: ['client_credentials'] }, /it cannot use the authorization endpoint/],
      ]
      for (const [over, said] of cases) {
        const { stranger, url } = await arrive(over)
        stranger.client = { client_id: url }
        const { location, status, text } = await stranger.authorize(desk())
        assert.deepEqual([status, location], [400, ''], text)
        assert.match(text, said)
      }
      const { stranger, path, url } = await arrive()
      elsewhere.answer(path, (_, reply) =>
        reply.writeHead(302, { location: 'https://127.0.0.1/' }).end(),
      )
      stranger.client = { client_id: url }
      const gone = await stranger.authorize(desk())
      assert.deepEqual([gone.status, gone.location], [503, ''])
      for (const id of [
        'https://10.0.0.1/c.json',
        'https://169.254.169.254/latest',
        'http://x.example/c',
      ])
        assert.ok((await stranger.authorize(desk(), { client_id: id })).status >= 400)
    })
  },
  { desk: true },
)
