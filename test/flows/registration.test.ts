import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { forgetUnusedClients } from '../../src/grants/code-grant/index.ts'
import { addKey, findAgent, suspendAgent } from '../../src/identity/agents/index.ts'
import { addAdmissionRule, findDescription } from '../../src/identity/client-metadata/index.ts'
import { basesOfAgent, grantBasis } from '../../src/tasks/consent/index.ts'
import { endBasis, findTask, listTasks } from '../../src/tasks/tasks/index.ts'
import { JWT_BEARER, TestAgent } from '../agent.ts'
import { deskActions, openDesk, ping, Stranger } from '../mcp/stranger.ts'
import { newKey, proof } from '../signing.ts'
import { type Answer, send } from '../wire.ts'
import { inEachWorld } from '../world.ts'

const DAY = 24 * 3_600_000

/** The answer of RFC 7592, as far as it is looked at. */
interface ManagedRegistration {
  readonly client_id: string
  readonly client_name: string
  readonly redirect_uris: readonly string[]
  readonly registration_access_token: string
  readonly registration_client_uri: string
}

inEachWorld(
  'clients that manage their own registration',
  (world) => {
    const desk = () => `${world().gateway}/desk`

    before(async () => {
      await openDesk(world())
      const { id } = await world().person('ada')
      await addAdmissionRule(world().rooms.agents, {
        ...{ name: 'this-computer', redirectHosts: ['localhost'], trust: 2 },
        ...{ ceiling: deskActions(world()), ownerId: id, by: id },
      })
    })

    const managing = (
      { registration_access_token: token, registration_client_uri: uri }: ManagedRegistration,
      method: string,
      body?: unknown,
      as: string | null = `Bearer ${token}`,
    ): Promise<Answer> =>
      send(uri, {
        method,
        headers: [
          ...(as === null ? [] : [['Authorization', as] as const]),
          ...(body === undefined ? [] : [['Content-Type', 'application/json'] as const]),
        ],
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })

    async function arrive(over: Record<string, unknown> = {}) {
      const stranger = await Stranger.arrive(world())
      const answer = await stranger.register(over)
      assert.equal(answer.status, 201, answer.text)
      return { stranger, client: answer.body as unknown as ManagedRegistration } // as RFC 7592 section 3 has it
    }

    /** All that a client may say when it changes. */
    const said = ({ client_id, client_name, redirect_uris }: ManagedRegistration, over = {}) => ({
      ...{ client_id, client_name, redirect_uris },
      ...over,
    })

    it('read it, change it as a whole, and take it back', async () => {
      const { client, stranger } = await arrive()
      const read = await managing(client, 'GET')
      assert.equal(read.status, 200, read.text)
      assert.deepEqual(read.body, client)
      assert.equal(read.headers['cache-control'], 'no-store')
      const changed = await managing(client, 'PUT', said(client, { client_name: 'Other' }))
      assert.equal(changed.status, 200, changed.text)
      assert.equal(changed.body.client_name, 'Other')
      assert.equal((await managing(client, 'GET')).body.client_name, 'Other')
      await stranger.knock(desk())
      assert.match((await stranger.ask()).text, /Let Other act for you/)
      const gone = await managing(client, 'DELETE')
      assert.deepEqual([gone.status, gone.text], [204, ''])
      for (const method of ['GET', 'PUT', 'DELETE'])
        assert.equal(
          (await managing(client, method, method === 'PUT' ? said(client) : undefined)).status,
          401,
        )
      assert.match((await stranger.authorize(desk())).text, /not registered here/)
    })

    it('one that takes itself back while a person lets it in is let in by nobody', async () => {
      const w = world()
      for (let round = 0; round < 4; round++) {
        const { client, stranger } = await arrive()
        await stranger.knock(desk())
        const page = await stranger.ask()
        const sam = await w.browser('sam')
        const [, gone] = await Promise.all([sam.allow(page), managing(client, 'DELETE')])
        assert.equal(gone.status, 204, gone.text)
        const agent = await findAgent(w.rooms.storage.read, client.client_id)
        assert.ok(agent === undefined || agent.status === 'retired', `${agent?.status}`)
        for (const back of stranger.arrived)
          assert.ok((await stranger.redeem(back, desk())).status >= 400)
      }
      // After it has gone the answer is refused, and says why.
      const { client, stranger } = await arrive()
      await stranger.knock(desk())
      const page = await stranger.ask()
      assert.equal((await managing(client, 'DELETE')).status, 204)
      const late = await (await w.browser('sam')).allow(page)
      assert.ok(late.status >= 400, late.text)
      assert.equal(await findAgent(w.rooms.storage.read, client.client_id), undefined)
    })

    it('with their own token, at their own address, and in one answer to everyone else', async () => {
      const { client } = await arrive()
      const { client: other } = await arrive()
      const at = (id: string) => ({
        ...client,
        registration_client_uri: `${world().issuer}/oauth/register/${id}`,
      })
      const answers = [
        await managing(client, 'GET', undefined, null),
        await managing(client, 'GET', undefined, 'Bearer x'),
        await managing(client, 'GET', undefined, `Bearer ${other.registration_access_token}`),
        await managing(client, 'GET', undefined, `Basic ${client.registration_access_token}`),
        await managing(at(other.client_id), 'GET'),
        await managing(at(`client-${'0'.repeat(32)}`), 'GET'),
        await managing(at('refund-bot'), 'DELETE'),
        await managing(at('..%2fregister'), 'GET'),
      ]
      for (const { status, text, headers } of answers.slice(0, 7)) {
        assert.equal(status, 401, text)
        assert.match(String(headers['www-authenticate']), /^Bearer/)
      }
      assert.ok((answers[7]?.status ?? 0) >= 400)
      const bodies = answers.slice(0, 7).map(({ body }) => ({ ...body, request_id: '' }))
      for (const body of bodies) assert.deepEqual(body, bodies[0])
      assert.ok(!world().log.includes(client.registration_access_token), 'it stays out of the log')
    })

    it('say nothing that is not theirs to say', async () => {
      const { client } = await arrive()
      for (const [over, error] of [
        [{ client_id: 'client-other' }, 'invalid_client_metadata'],
        [{ client_id: undefined }, 'invalid_client_metadata'],
        [{ registration_access_token: 'mine' }, 'invalid_client_metadata'],
        [{ registration_client_uri: 'https://evil.example' }, 'invalid_client_metadata'],
        [{ client_id_issued_at: 0 }, 'invalid_client_metadata'],
        [{ client_secret: 'x' }, 'invalid_client_metadata'],
        [{ redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri'],
        [{ redirect_uris: undefined }, 'invalid_client_metadata'],
      ] as const) {
        const refused = await managing(client, 'PUT', said(client, over))
        assert.deepEqual([refused.status, refused.body.error], [400, error], JSON.stringify(over))
      }
      assert.equal((await managing(client, 'PATCH', said(client))).status, 405)
      assert.deepEqual((await managing(client, 'GET')).body, client)
    })

    it('another name or address ends what people allowed, and answers never go where nobody let them', async () => {
      const w = world()
      const { client, stranger } = await arrive()
      await stranger.enter(desk())
      const [task] = await listTasks(w.rooms.storage.read, { agentId: stranger.id, limit: 1 })
      const away = await managing(
        client,
        'PUT',
        said(client, { redirect_uris: ['https://evil.example/cb'] }),
      )
      assert.deepEqual([away.status, away.body.error], [400, 'invalid_redirect_uri'])
      const token = stranger.saved?.access_token ?? ''
      assert.equal((await ping(desk(), token)).status, 200)
      const same = await managing(client, 'PUT', said(client))
      assert.equal(same.status, 200)
      assert.equal((await ping(desk(), token)).status, 200, 'the same again is no change')
      const port = { redirect_uris: ['http://127.0.0.1:7/callback'], client_name: 'Your bank' }
      assert.equal((await managing(client, 'PUT', said(client, port))).status, 200)
      const closed = await findTask(w.rooms.storage.read, task?.id ?? '')
      assert.deepEqual([closed?.state, closed?.closeReason], ['closed', 'basis.ended'])
      assert.equal((await ping(desk(), token)).status, 401)
      assert.equal((await stranger.refresh()).body.error, 'invalid_grant')
      const description = await findDescription(w.rooms.storage.read, stranger.id)
      assert.equal(description?.clientName, 'Your bank')
    })

    it('taking it back ends the agent and everything it had', async () => {
      const w = world()
      const { client, stranger } = await arrive()
      await stranger.enter(desk())
      const token = stranger.saved?.access_token ?? ''
      assert.equal((await managing(client, 'DELETE')).status, 204)
      assert.equal((await ping(desk(), token)).status, 401)
      assert.equal((await findAgent(w.rooms.storage.read, stranger.id))?.status, 'retired')
      assert.equal((await stranger.refresh()).status, 400)
    })

    it('one with keys proves them at the code and when refreshing, and later for itself', async () => {
      const w = world()
      const key = await newKey()
      const jwks = { keys: [{ ...key.publicJwk, kid: 'k1' }] }
      const { stranger } = await arrive({
        ...{ token_endpoint_auth_method: 'private_key_jwt', jwks },
        grant_types: ['authorization_code', 'client_credentials'],
      })
      const back = await stranger.codeFor(desk())
      const agent = new TestAgent(w, stranger.id, key)
      const assertion = async () => ({
        client_assertion_type: JWT_BEARER,
        client_assertion: await agent.assertion({ header: { kid: 'k1' } }),
      })
      const bound = await newKey()
      const dpop = () => proof(w.clock, bound, { method: 'POST', url: `${w.issuer}/oauth/token` })
      assert.equal((await stranger.redeem(back, desk(), {}, await dpop())).status, 401)
      const forger = new TestAgent(w, stranger.id, await newKey())
      const forged = {
        ...(await assertion()),
        client_assertion: await forger.assertion({ header: { kid: 'k1' } }),
      }
      assert.equal((await stranger.redeem(back, desk(), forged, await dpop())).status, 401)
      const tokens = await stranger.redeem(back, desk(), await assertion(), await dpop())
      assert.equal(tokens.status, 200, JSON.stringify(tokens.body))
      assert.equal(tokens.body.token_type, 'DPoP')
      const refresh = { refresh_token: String(tokens.body.refresh_token) }
      assert.equal((await stranger.refresh(refresh, await dpop())).status, 401)
      assert.equal(
        (await stranger.refresh({ ...refresh, ...(await assertion()) }, await dpop())).status,
        200,
      )
      // Alone it has no sponsor; that it is who it says is believed.
      const alone = await agent.tokenRequest(await newKey(), {
        ...{ grant_type: 'client_credentials', ...(await assertion()) },
        authorization_details: JSON.stringify(deskActions(w)),
      })
      assert.match(String(alone.body.code), /^sponsor_grant\./, alone.text)
      // A key that an administrator registered counts in the place of its own.
      const { id: by } = await w.person('ada')
      await addKey(w.rooms.agents, { agentId: stranger.id, jwk: (await newKey()).publicJwk, by })
      assert.equal(
        (await stranger.refresh({ ...refresh, ...(await assertion()) }, await dpop())).status,
        401,
      )
    })

    it('one that nobody uses for long is forgotten, never before all that it had is over', async () => {
      const w = world()
      const { decisions, storage } = w.rooms
      const { client, stranger } = await arrive()
      await stranger.enter(desk())
      const { client: stopped, stranger: other } = await arrive()
      await other.enter(desk())
      await suspendAgent(w.rooms.agents, { agentId: other.id, by: 'operator', reason: 'odd' })
      const sweep = () => forgetUnusedClients(decisions, { keptDays: 90 })
      const status = async () => (await findAgent(storage.read, stranger.id))?.status
      w.clock.advance(DAY)
      await sweep()
      assert.equal(await status(), 'active')
      w.clock.advance(100 * DAY)
      assert.equal(await forgetUnusedClients(decisions, { keptDays: 0 }), 0)
      // Somebody still allows it something.
      const { id: personId } = await w.person('sam')
      const agent = await findAgent(storage.read, stranger.id)
      await grantBasis(decisions, {
        ...{
          personId,
          agentId: stranger.id,
          kind: 'admin',
          details: agent?.ceiling ?? [],
          grantedBy: personId,
        },
      })
      await sweep()
      assert.equal(await status(), 'active')
      for (const { id } of await basesOfAgent(storage.read, {
        agentId: stranger.id,
        now: w.clock.now(),
        limit: 9,
      }))
        await endBasis(decisions, { basisId: id, by: 'operator' })
      assert.ok((await sweep()) >= 1)
      assert.equal(await status(), 'retired')
      assert.equal((await managing(client, 'GET')).status, 401)
      assert.equal(
        (await managing(stopped, 'GET')).status,
        200,
        'whom somebody stopped is left to them',
      )
    })
  },
  { desk: true },
)
