import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { Client, DpopSession, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { listForTask } from '../../src/approvals/access-requests/index.ts'
import { setRisk } from '../../src/catalog/catalog-changes/index.ts'
import { addCertificateName } from '../../src/identity/agent-authentication/index.ts'
import { findAgent, setTrust } from '../../src/identity/agents/index.ts'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { answer } from '../../src/platform/net/mcp/testing.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { basesOfPerson } from '../../src/tasks/consent/index.ts'
import { findTask, listTasks } from '../../src/tasks/tasks/index.ts'
import { JWT_BEARER, postForm, TestAgent } from '../agent.ts'
import { newKey } from '../signing.ts'
import { until } from '../until.ts'
import { send } from '../wire.ts'
import { inOneWorld } from '../world.ts'
import { KnownClient } from './known-client.ts'
import { Place, wordsOf } from './place.ts'
import { on, serveNotes } from './scripted.ts'
import { metaFor, REVISION } from './stateless.ts'
import { deskActions, openDesk, ping, Stranger, VERIFIER } from './stranger.ts'

const MINUTE = 60_000

inOneWorld(
  'an MCP client that knows nothing but an address',
  (world) => {
    const desk = () => `${world().gateway}/desk`

    before(async () => {
      await openDesk(world())
      const { id } = await world().person('ada')
      await addAdmissionRule(world().rooms.agents, {
        name: 'this-computer',
        redirectHosts: ['localhost'],
        trust: 2,
        ceiling: deskActions(world()),
        ownerId: id,
        by: id,
      })
    })

    /** The one task of a client. */
    async function taskOf(stranger: Stranger) {
      const [task, ...more] = await listTasks(world().rooms.storage.read, {
        agentId: stranger.id,
        limit: 5,
      })
      assert.ok(task && more.length === 0)
      return task
    }

    it('one that was registered before is told its id, registers nothing, and is let in the same way', async () => {
      const stranger = await Stranger.arrive(world())
      await stranger.register()
      const { id } = stranger
      const client = await stranger.enter(desk())
      assert.equal(stranger.id, id, 'it did not register again')
      const found = await client.callTool({ name: 'search_notes', arguments: { query: 'late' } })
      assert.notEqual(found.isError, true, wordsOf(found))
    })

    it('one that was registered with its key proves it, and has bound tokens', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      const key = await newKey()
      const answer = await stranger.register({
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [{ ...key.publicJwk, kid: 'k1' }] },
      })
      assert.equal(answer.status, 201, answer.text)
      const session = await DpopSession.create()
      const given = { id: stranger.id, issuer: w.issuer, key, session }
      const known = new KnownClient(stranger.redirectUrl, given)
      const connect = async () => {
        const client = new Client({ name: 'known', version: '1' })
        const transport = new StreamableHTTPClientTransport(new URL(desk()), {
          authProvider: known,
        })
        w.onStop(() => client.close())
        return { client, transport, connected: client.connect(transport) }
      }
      const first = await connect()
      await assert.rejects(first.connected, /Unauthorized/)
      const back = await stranger.answered(await stranger.ask('sam', known.sent))
      await first.transport.finishAuth(back.searchParams)
      assert.deepEqual([known.saved?.token_type, known.registered], ['DPoP', false])
      const { client, connected } = await connect()
      await connected
      const found = await client.callTool({ name: 'search_notes', arguments: { query: 'late' } })
      assert.notEqual(found.isError, true, wordsOf(found))
      assert.equal((await taskOf(stranger)).keyThumbprint, session.thumbprint)
      assert.equal((await ping(desk(), known.saved?.access_token ?? '')).status, 401)
      // Its assertion says who it is, also where it does not say so again; nobody else's does.
      const url = `${w.issuer}/oauth/token`
      const refresh = async (by: TestAgent) =>
        postForm(
          url,
          {
            ...{ grant_type: 'refresh_token', refresh_token: known.saved?.refresh_token ?? '' },
            client_assertion_type: JWT_BEARER,
            client_assertion: await by.assertion(),
          },
          [['DPoP', await session.buildProof({ htm: 'POST', htu: url })]],
        )
      assert.equal((await refresh(w.agent)).body.error, 'invalid_grant')
      const next = await refresh(new TestAgent(w, stranger.id, key))
      assert.equal(next.status, 200, next.text)
    })

    it('M5: its model is told what it asked for and its person left out, and where that can be allowed', async () => {
      const w = world()
      const scope = 'desk.search-notes desk.send-message desk.delete-note'
      const letIn = async (fields: Readonly<Record<string, string | undefined>>) => {
        const stranger = await Stranger.arrive(w)
        await stranger.register()
        stranger.verifier = VERIFIER
        const page = await stranger.ask('sam', stranger.asking(desk(), { scope }))
        const back = await stranger.answered(page, { fields })
        const { body } = await stranger.redeem(back, desk())
        stranger.saved = { access_token: String(body.access_token), token_type: 'Bearer' }
        const client = await stranger.connect(desk())
        return { client, body, token: stranger.saved.access_token }
      }
      const names = (details: unknown): readonly unknown[] =>
        Array.isArray(details) ? details.flatMap(({ actions }) => actions).toSorted() : []
      const { body, client, token } = await letIn({ 'detail-1': undefined })
      const [left] = names(body.missing_authorization_details).filter(
        (name) => name !== 'desk.delete-note',
      )
      const given = left === 'desk.send-message' ? 'desk.search-notes' : 'desk.send-message'
      assert.deepEqual(names(body.authorization_details), [given])
      const words = client.getInstructions() ?? ''
      assert.ok(words.includes(`asked for \`${left}\`, which`) && words.includes(desk()), words)
      const calls: Readonly<Record<string, { name: string; arguments: Record<string, string> }>> = {
        'desk.search-notes': { name: 'search_notes', arguments: { query: 'late' } },
        'desk.send-message': {
          name: 'send_message',
          arguments: { to: 'sam@example.com', text: 'x' },
        },
      }
      const called = await client.callTool(calls[String(left)] ?? { name: '' })
      assert.match(wordsOf(called), new RegExp(`was not given \`${left}\`.*can allow it`, 's'))
      // What its person cannot allow, and what it never asked for, stays unknown to it.
      for (const name of ['delete_note', 'read_note'])
        await assert.rejects(client.callTool({ name, arguments: { id: 'x' } }), /unknown tool/)
      const discovered = await send(desk(), {
        method: 'POST',
        headers: [
          ['Authorization', `Bearer ${token}`],
          ['Content-Type', 'application/json'],
          ['Accept', 'application/json, text/event-stream'],
          ['MCP-Protocol-Version', REVISION],
          ['MCP-Method', 'server/discover'],
        ],
        body: JSON.stringify({
          ...{ jsonrpc: '2.0', id: 1, method: 'server/discover' },
          params: { _meta: metaFor() },
        }),
      })
      assert.ok(discovered.text.includes(`asked for \`${left}\`, which`), discovered.text)
      const all = await letIn({})
      assert.doesNotMatch(all.client.getInstructions() ?? '', /asked for/)
    })

    it('is challenged, registers, asks its person, and calls a tool', async () => {
      const w = world()
      const { read } = w.rooms.storage
      const stranger = await Stranger.arrive(w)
      await stranger.knock(desk())
      assert.match(stranger.id, /^client-[0-9a-f]{32}$/)
      const page = await stranger.ask()
      for (const words of [
        'Let Notes in a box act for you?',
        'self-registered, name not verified',
        'on this computer',
        'the rule this-computer',
        'Read note',
        'High risk',
      ])
        assert.ok(page.text.includes(words), `${words}: ${page.text}`)
      assert.ok(!page.text.includes('Delete note'), 'beyond the ceiling')
      assert.equal(await findAgent(read, stranger.id), undefined, 'looking changes nothing')
      const back = await stranger.answered(page)
      assert.equal(back.searchParams.get('iss'), w.issuer)
      await stranger.transport(desk()).finishAuth(back.searchParams.get('code') ?? '')
      const client = await stranger.connect(desk())
      const { tools } = await client.listTools()
      assert.deepEqual(
        tools.map(({ name }) => name),
        ['add_note', 'read_note', 'search_notes', 'send_message'],
      )
      const found = await client.callTool({ name: 'search_notes', arguments: { query: 'late' } })
      assert.notEqual(found.isError, true, wordsOf(found))
      const agent = await findAgent(read, stranger.id)
      assert.equal(agent?.admission, 'this-computer')
      assert.equal(agent.trust, 2)
      const task = await taskOf(stranger)
      assert.equal(task.openedBy, 'code')
      assert.equal(task.keyThumbprint, null)
      assert.equal(task.purpose, 'Notes in a box at desk, as allowed on the consent page')
      const life = task.deadline - task.openedAt
      assert.ok(life > 50 * MINUTE && life <= 60 * MINUTE, `${life} ms, the shortest first`)
      assert.equal(stranger.saved?.token_type, 'Bearer')
      assert.ok((stranger.saved.expires_in ?? 0) <= 300)
      assert.ok(!w.log.includes(stranger.saved.access_token), 'tokens stay out of the log')
    })

    it('gets the next token by itself when one has run out', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      const client = await stranger.enter(desk())
      const first = stranger.saved
      w.clock.advance(5 * MINUTE + 1_000)
      await client.callTool({ name: 'read_note', arguments: { id: 'n-1' } })
      assert.notEqual(stranger.saved?.access_token, first?.access_token)
      assert.notEqual(stranger.saved?.refresh_token, first?.refresh_token)
    })

    it('holds what the person left, and no more', async () => {
      const stranger = await Stranger.arrive(world())
      await stranger.knock(desk())
      const page = await stranger.ask()
      const names = [...page.html.matchAll(/name="(detail-\d+)"/g)].map(([, name = '']) => name)
      const [kept, ...others] = names
      assert.ok(kept && others.length === 3)
      const fields = Object.fromEntries(others.map((name) => [name, undefined]))
      const back = await stranger.answered(page, {
        fields: { ...fields, life: 'hour' },
      })
      await stranger.transport(desk()).finishAuth(back.searchParams.get('code') ?? '')
      const scope = stranger.saved?.scope ?? ''
      assert.match(scope, /^desk\.[a-z-]+$/)
      const task = await taskOf(stranger)
      assert.deepEqual(
        task.details.flatMap(({ actions }) => actions),
        [scope],
      )
      assert.ok(task.deadline - task.openedAt <= 60 * MINUTE)
      // The next time the page remembers.
      stranger.invalidateCredentials('tokens')
      await stranger.knock(desk())
      const again = await stranger.ask()
      assert.equal([...again.html.matchAll(/name="detail-\d+" value="yes" checked/g)].length, 1)
    })

    it('is shown tools of unknown manners as risky, whatever their server says of them', async () => {
      const w = world()
      const server = await serveNotes()
      w.onStop(() => server.close())
      const annotations = { readOnlyHint: true, destructiveHint: false }
      const inputSchema = { type: 'object', properties: {}, additionalProperties: false }
      const tools = [{ name: 'look_around', inputSchema, annotations }]
      server.play(on('tools/list', ({ message }, reply) => answer(reply, message.id, { tools })))
      const place = await Place.add(w, { name: 'liar', url: server.url, proposed: true })
      const { id } = await w.person('ada')
      await addAdmissionRule(w.rooms.agents, {
        ...{ name: 'house', redirectHosts: ['app.example'], trust: 2, ownerId: id, by: id },
        ceiling: place.details(['liar.look-around']),
      })
      const stranger = await Stranger.arrive(w)
      const redirect_uri = 'https://app.example/callback'
      await stranger.register({ redirect_uris: [redirect_uri] })
      const page = await stranger.ask('sam', stranger.asking(place.identifier, { redirect_uri }))
      assert.match(
        page.text,
        /High risk Nothing here is ticked for you\. Tick what it needs\. Each of these is asked every time: people have to approve the call, as this program cannot prove possession of a key\. Look around/,
      )
      assert.ok(!page.text.includes('Low risk'), page.text)
    })

    it('is not offered what no program without a key may ever do, unless it says that it has one', async () => {
      const w = world()
      const risk = (of: string, risk: string) =>
        setRisk(w.rooms.connections, { action: `desk.${of}`, risk, by: 'operator' })
      await risk('add-note', 'critical')
      const bearer = await Stranger.arrive(w)
      await bearer.register()
      const page = await bearer.ask('sam', bearer.asking(desk()))
      assert.match(
        page.text,
        /Left out 1 critical action: this program cannot prove possession of a key Add note/,
      )
      const names = (html: string) =>
        [...html.matchAll(/name="(detail-\d+)"/g)].map(([, one]) => one)
      assert.equal(names(page.html).length, 3)
      // A form of its own making gets no more than was offered.
      const all = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`detail-${i}`, 'yes']))
      await bearer.answered(page, { fields: { ...all, life: 'hour' } })
      const bases = await basesOfPerson(
        w.rooms.storage.read,
        (await w.person('sam')).id,
        w.clock.now(),
      )
      const basis = bases.find(({ agentId }) => agentId === bearer.id)
      const allowed = basis?.details.flatMap(({ actions }) => actions) ?? []
      assert.deepEqual([allowed.length, allowed.includes('desk.add-note')], [3, false])
      const alone = bearer.asking(desk(), { scope: 'desk.add-note' })
      assert.match((await bearer.ask('sam', alone)).text, /This program cannot do what it asks for/)
      // RFC 9449 section 10: its code is worth nothing without this key.
      const session = await DpopSession.create()
      const bound = await Stranger.arrive(w)
      await bound.register()
      const asking = bound.asking(desk(), { dpop_jkt: session.thumbprint })
      const { html, text } = await bound.ask('sam', asking)
      assert.ok(!text.includes('Left out'), text)
      assert.equal(names(html).length, 4)
      assert.match(
        text,
        /Critical Nothing here is ticked for you\. Tick what it needs\. Each of these is asked every time: people have to approve the call\. Add note/,
      )
      await risk('add-note', 'medium')
    })

    it('is not offered what a policy forbids outright, for want of a key or to everyone', async () => {
      const w = world()
      const { policies, policy } = w.rooms
      const { text } = await policies.version((await policies.active()).version)
      const { id: by } = await w.person('ada')
      const outright = `
@id("no-messages-without-a-key")
forbid (principal is Agent, action == Action::"desk.send-message", resource) when { !context.token.bound };
@id("no-reading")
forbid (principal, action == Action::"desk.read-note", resource);
@id("some-notes-ask") @requestable("") @approvers("group:administrators") @quorum("1") @lifetime("PT1H")
forbid (principal is Agent, action == Action::"desk.add-note", resource) when { context.args.text == "x" };
`
      await publishPolicies(policy, { text: text + outright, by, note: 'for tests' })
      const stranger = await Stranger.arrive(w)
      await stranger.register()
      const page = await stranger.ask('sam', stranger.asking(desk()))
      assert.match(page.text, /Left out 1 high action: this program cannot prove .* Send message/)
      assert.match(page.text, /Left out 1 low action: a policy forbids it Read note/)
      assert.doesNotMatch(
        page.text,
        /asked every time/,
        'what depends on arguments is asked at times',
      )
      const scope = 'desk.read-note'
      const alone = await stranger.ask('sam', stranger.asking(desk(), { scope }))
      assert.match(alone.text, /A policy forbids it, even if you allow it/)
      const back = await stranger.answered(page)
      stranger.verifier = VERIFIER
      const { body } = await stranger.redeem(back, desk())
      assert.equal(body.scope, 'desk.add-note desk.search-notes')
      await publishPolicies(policy, { text, by, note: 'as before' })
    })

    it('section 3: what is of high risk asks the person whom it acts for, and no administrator', async () => {
      const w = world()
      const risk = (risk: 'high' | 'medium') =>
        setRisk(w.rooms.connections, { action: 'desk.add-note', risk, by: 'operator' })
      await risk('high')
      const stranger = await Stranger.arrive(w)
      const client = await stranger.enter(desk())
      const note = { name: 'add_note', arguments: { order_id: '1042', text: 'by its person' } }
      const asked = await client.callTool(note)
      assert.match(
        wordsOf(asked),
        /not executed.* waits for the person it is for or the person's manager,/,
      )
      const task = await taskOf(stranger)
      const request = (await listForTask(w.rooms.decisions, task.id))[0]
      assert.ok(request)
      const page = `${w.issuer}/approvals/${request.id}`
      const ada = await w.browser('ada')
      await assert.rejects(ada.submit(await ada.get(page), /^Approve once/), 'an administrator')
      const sam = await w.browser('sam')
      const answered = await sam.submit(await sam.get(page), /^Approve once/)
      assert.equal(answered.status, 200, answered.text)
      const done = await client.callTool(note)
      assert.notEqual(done.isError, true, wordsOf(done))
      await risk('medium')
    })

    it('does nothing risky with a token that proves nothing before somebody has said yes, and every rule names who', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      const client = await stranger.enter(desk())
      const send = async (text: string) => {
        const message = { to: 'someone@example.com', text }
        return wordsOf(await client.callTool({ name: 'send_message', arguments: message }))
      }
      assert.match(
        await send('hello'),
        /not executed.* waits for the person's manager or anyone in administrators and anyone in finance,/,
      )
      // What internal clients send, only a person of finance looks at.
      const { id: by } = await w.person('ada')
      await setTrust(w.rooms.agents, { agentId: stranger.id, trust: 3, by })
      assert.match(await send('hello again'), /not executed.* waits for anyone in finance,/)
    })

    it('is told that the person said no', async () => {
      const stranger = await Stranger.arrive(world())
      const back = await stranger.codeFor(desk(), { button: /^deny$/ })
      assert.equal(back.searchParams.get('error'), 'access_denied')
      assert.equal(back.searchParams.get('iss'), world().issuer)
      assert.equal(back.searchParams.get('code'), null)
      assert.equal(await findAgent(world().rooms.storage.read, stranger.id), undefined)
    })

    it('goes on when its session ends, and begins another one', async () => {
      const stranger = await Stranger.arrive(world())
      const client = await stranger.enter(desk())
      const { id } = await taskOf(stranger)
      const open = client.transport
      assert.ok(open && 'terminateSession' in open)
      await (open as ReturnType<Stranger['transport']>).terminateSession() // the official transport
      const over = client.callTool({ name: 'read_note', arguments: { id: 'n-1' } })
      await assert.rejects(over, 'the session is over')
      const next = await stranger.connect(desk())
      const found = await next.callTool({ name: 'search_notes', arguments: { query: 'late' } })
      assert.notEqual(found.isError, true, wordsOf(found))
      assert.equal((await findTask(world().rooms.storage.read, id))?.state, 'open')
      assert.equal((await stranger.refresh()).status, 200)
    })

    it('loses its task when it did not use it for as long as its agent may, by calls and by refreshing alike', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      const client = await stranger.enter(desk())
      const { id } = await taskOf(stranger)
      for (let i = 0; i < 3; i++) {
        w.clock.advance(9 * MINUTE)
        await client.callTool({ name: 'read_note', arguments: { id: 'n-1' } })
      }
      assert.equal((await findTask(w.rooms.storage.read, id))?.state, 'open')
      const { access_token = '' } = stranger.saved ?? {}
      // The stream of its session would knock by itself, when its token is over.
      await client.close()
      w.clock.advance(10 * MINUTE + 15_000)
      assert.equal((await ping(desk(), access_token)).status, 401)
      assert.equal((await stranger.refresh()).body.error, 'invalid_grant')
      const closed = await until(async () => {
        const task = await findTask(w.rooms.storage.read, id)
        return task?.state === 'closed' ? task : undefined
      })
      assert.equal(closed.closeReason, 'idle')
      await stranger.mayRest()
      await stranger.enter(desk())
      w.clock.advance(50 * MINUTE)
      assert.equal((await stranger.refresh()).status, 200)
    })

    it('gets nothing that needs no proof once it is known by a certificate', async () => {
      const { agents } = world().rooms
      const certified = (agentId: string) =>
        addCertificateName(agents, {
          ...{ agentId, by: 'operator' },
          name: { kind: 'san_dns', value: `${agentId}.example` },
        })
      const before = await Stranger.arrive(world())
      const back = await before.codeFor(desk())
      await certified(before.id)
      assert.equal((await before.redeem(back, desk())).body.code, 'proof.missing')
      const after = await Stranger.arrive(world())
      await after.enter(desk())
      await certified(after.id)
      assert.equal((await after.refresh()).body.code, 'grant.ended')
    })

    it('ends its task by revoking either token', async () => {
      for (const which of ['access_token', 'refresh_token'] as const) {
        const stranger = await Stranger.arrive(world())
        await stranger.enter(desk())
        const token = stranger.saved?.[which] ?? ''
        const revoked = await fetch(`${world().issuer}/oauth/revoke`, {
          method: 'POST',
          body: new URLSearchParams({ token, client_id: stranger.id }),
        })
        assert.equal(revoked.status, 200)
        assert.equal((await taskOf(stranger)).closeReason, 'revoked')
        const after = await ping(desk(), stranger.saved?.access_token ?? '')
        assert.equal(after.status, 401)
        assert.match(String(after.headers['www-authenticate']), /^Bearer error="invalid_token"/)
      }
    })

    it('ends when the person takes the consent back', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      await stranger.enter(desk())
      const sam = await w.person('sam')
      const bases = await basesOfPerson(w.rooms.storage.read, sam.id, w.clock.now())
      const basis = bases.find(({ agentId }) => agentId === stranger.id)
      const browser = await w.browser('sam')
      await browser.submit(await browser.get(`${w.issuer}/tasks`), /Take it back/, {})
      const task = await taskOf(stranger)
      assert.ok(basis && task.bases.includes(basis.id))
      assert.equal(task.state, 'closed')
    })

    it('finds at the resource what it needs, and nothing about its tools', async () => {
      const w = world()
      const challenged = await send(desk(), { method: 'POST', body: '{}' })
      assert.equal(challenged.status, 401)
      const header = String(challenged.headers['www-authenticate'])
      assert.match(header, /^Bearer resource_metadata="[^"]+", DPoP resource_metadata="[^"]+"/)
      const [, address = ''] = /resource_metadata="([^"]+)"/.exec(header) ?? []
      assert.equal(address, `${w.gateway}/.well-known/oauth-protected-resource/desk`)
      const { body } = await send(address)
      assert.equal(body.resource, desk())
      assert.equal(body.dpop_bound_access_tokens_required, false)
      assert.equal(body.scopes_supported, undefined)
      const root = await send(`${w.gateway}/.well-known/oauth-protected-resource`)
      assert.equal(root.status, 404)
    })
  },
  { desk: true, mcp: { hold: { withProgress: 50, without: 50 }, lookEvery: 10 } },
)
