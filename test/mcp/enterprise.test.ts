import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import {
  Client,
  CrossAppAccessProvider,
  createPrivateKeyJwtAuth,
  DpopSession,
  discoverAndRequestJwtAuthGrant,
  exchangeJwtAuthGrant,
  type OAuthClientProvider,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'
import { setRisk } from '../../src/catalog/catalog-changes/index.ts'
import {
  addCertificateName,
  removeCertificateName,
} from '../../src/identity/agent-authentication/index.ts'
import { addKey, registerAgent, revokeKey } from '../../src/identity/agents/index.ts'
import { addIssuer, revokeIssuer, setIssuerTerms } from '../../src/identity/issuers/index.ts'
import { closeTask, findTask, listTasks } from '../../src/tasks/tasks/index.ts'
import { JWT_BEARER, postForm, TestAgent } from '../agent.ts'
import { serveDocuments } from '../document-server.ts'
import { newKey, proof } from '../signing.ts'
import { inOneWorld } from '../world.ts'
import { serveEnterprise } from './enterprise-provider.ts'
import { wordsOf } from './place.ts'
import { deskActions, openDesk, ping } from './stranger.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const SCOPES = ['search-notes', 'read-note', 'send-message'].map((name) => `desk.${name}`)

inOneWorld(
  'MCP Enterprise-Managed Authorization',
  (world) => {
    const desk = () => `${world().gateway}/desk`
    let enterprise: Awaited<ReturnType<typeof serveEnterprise>>

    before(async () => {
      const w = world()
      await openDesk(w)
      const { id } = await w.person('ada')
      enterprise = await serveEnterprise(
        w.clock,
        { mail: { secret: 's1', there: 'mailer' }, vault: { secret: 's2', there: 'keyed' } },
        SCOPES,
      )
      w.onStop(() => enterprise.close())
      for (const name of ['mailer', 'keyed']) await register(name)
      await addIssuer(w.rooms.issuers, {
        ...{ ...terms(id), name: 'enterprise', issuer: enterprise.issuer, by: id },
      })
    })

    const terms = (ownerId: string) => ({
      ...{ uses: ['id_jag'], trust: 2, ceiling: null, ownerId, bearer: true },
      people: { provider: world().provider, delegates: true },
    })

    async function register(name: string, keys: readonly unknown[] = []) {
      const { id } = await world().person('ada')
      const what = { description: '', trust: 2, ceiling: deskActions(world()), ownerId: id, by: id }
      return registerAgent(world().rooms.agents, { ...what, name, keys })
    }

    /** The official client's own provider for it, as its documentation has it. */
    function provider(app: 'mail' | 'vault', there: string): CrossAppAccessProvider {
      return new CrossAppAccessProvider({
        clientId: there,
        // The SDK wants one, and does not send it to a server that takes none.
        clientSecret: 'unused',
        expectedIssuer: world().issuer,
        assertion: async ({ authorizationServerUrl, fetchFn, resourceUrl }) => {
          const { jwtAuthGrant } = await discoverAndRequestJwtAuthGrant({
            idpUrl: enterprise.issuer,
            audience: authorizationServerUrl,
            resource: resourceUrl,
            idToken: await enterprise.idToken('sam', app),
            clientId: app,
            clientSecret: app === 'mail' ? 's1' : 's2',
            fetchFn,
          })
          return jwtAuthGrant
        },
      })
    }

    async function connect(authProvider: OAuthClientProvider): Promise<Client> {
      const client = new Client({ name: 'mail', version: '1' })
      await client.connect(new StreamableHTTPClientTransport(new URL(desk()), { authProvider }))
      world().onStop(() => client.close())
      return client
    }

    const search = { name: 'search_notes', arguments: { query: 'late' } }

    /** A request that is right but for what differs. */
    async function redeem(
      over: Readonly<Record<string, string | undefined>> = {},
      said: Readonly<Record<string, unknown>> = {},
      dpop?: string,
    ) {
      const w = world()
      const honest = { sub: 'sam', aud: w.issuer, client_id: 'mailer', resource: desk() }
      const assertion = await enterprise.sign(
        { ...honest, scope: 'desk.read-note', ...said },
        'oauth-id-jag+jwt',
      )
      const form = { grant_type: GRANT, client_id: 'mailer', assertion, ...over }
      const headers = dpop === undefined ? [] : [['DPoP', dpop] as const]
      return postForm(`${w.issuer}/oauth/token`, form, headers)
    }

    const proving = (key: Awaited<ReturnType<typeof newKey>>) =>
      proof(world().clock, key, { method: 'POST', url: `${world().issuer}/oauth/token` })

    const codeOf = async (answer: ReturnType<typeof redeem>) => (await answer).body.code

    it('the official client signs in at its enterprise, redeems the assertion, and calls a tool; nobody is asked', async () => {
      const w = world()
      const by = (await w.person('ada')).id
      const catalog = w.rooms.connections
      await setRisk(catalog, { action: 'desk.send-message', risk: 'critical', by })
      const mail = provider('mail', 'mailer')
      const client = await connect(mail)
      const found = await client.callTool(search)
      assert.notEqual(found.isError, true, wordsOf(found))
      const tokens = mail.tokens()
      assert.ok(tokens)
      assert.deepEqual([tokens.token_type, tokens.refresh_token], ['Bearer', undefined])
      assert.ok((tokens.expires_in ?? 0) <= 300)
      assert.doesNotMatch(tokens.access_token, /\./, 'opaque')
      const [task, ...more] = await listTasks(w.rooms.storage.read, { agentId: 'mailer', limit: 9 })
      assert.ok(task && more.length === 0)
      const sam = await w.person('sam')
      assert.deepEqual(
        [task.personId, task.openedBy, task.issuers, task.keyThumbprint],
        [sam.id, 'assertion', ['enterprise'], null],
      )
      assert.deepEqual(task.mayDelegate, [])
      // What is critical a bearer token may never do, whatever the enterprise says.
      const message = { name: 'send_message', arguments: { to: 'a@example.com', text: 'hello' } }
      const refused = await client.callTool(message)
      assert.match(wordsOf(refused), /clients without a key may not make calls of this risk class/)
      assert.ok(!w.log.includes(tokens.access_token), 'tokens stay out of the log')
    })

    it('a client that has a key proves it, and its token is bound', async () => {
      const w = world()
      const key = await newKey()
      const { id: by } = await w.person('ada')
      await addKey(w.rooms.agents, { agentId: 'keyed', jwk: key.publicJwk, by })
      const bare = provider('vault', 'keyed')
      await assert.rejects(connect(bare), /client/i)
      assert.equal(bare.tokens(), undefined)
      const session = await DpopSession.create()
      const authenticates = createPrivateKeyJwtAuth({
        ...{ issuer: 'keyed', subject: 'keyed', alg: 'ES256' },
        privateKey: { ...key.privateJwk },
      })
      const bound = Object.assign(provider('vault', 'keyed'), {
        addClientAuthentication: authenticates,
        dpop: () => session,
      })
      const client = await connect(bound)
      assert.notEqual((await client.callTool(search)).isError, true)
      const tokens = bound.tokens()
      assert.equal(tokens?.token_type, 'DPoP')
      const stolen = await ping(desk(), tokens?.access_token ?? '')
      assert.equal(stolen.status, 401)
      // Nor does it get one that proves nothing by leaving out the proof.
      const silent = await redeem(
        {
          client_id: undefined,
          client_assertion_type: JWT_BEARER,
          client_assertion: await new TestAgent(w, 'keyed', key).assertion(),
        },
        { client_id: 'keyed' },
      )
      assert.deepEqual([silent.status, silent.body.code], [400, 'proof.missing'])
    })

    it('a public client with a key of the moment gets a bound token, and no task token', async () => {
      const key = await newKey()
      const { body, status, text } = await redeem({}, {}, await proving(key))
      assert.equal(status, 200, text)
      assert.equal(body.token_type, 'DPoP')
      const task = await findTask(world().rooms.storage.read, String(body.task_id))
      assert.equal(task?.keyThumbprint, key.thumbprint)
      const url = `${world().issuer}/v1/tasks/${task?.id}`
      const asTask = await fetch(url, { headers: { authorization: `DPoP ${body.access_token}` } })
      assert.equal(asTask.status, 401)
    })

    it('the two calls of the official client by themselves', async () => {
      const { issuer } = world()
      const { jwtAuthGrant, scope } = await discoverAndRequestJwtAuthGrant({
        ...{
          idpUrl: enterprise.issuer,
          audience: issuer,
          resource: desk(),
          scope: 'desk.search-notes',
        },
        ...{ idToken: await enterprise.idToken('sam', 'mail'), clientId: 'mail' },
        clientSecret: 's1',
      })
      assert.equal(scope, 'desk.search-notes')
      const redeeming = {
        ...{ tokenEndpoint: `${issuer}/oauth/token`, jwtAuthGrant },
        ...{ clientId: 'mailer', clientSecret: 'unused' },
      }
      const tokens = await exchangeJwtAuthGrant({ ...redeeming, authMethod: 'none' })
      assert.deepEqual([tokens.token_type, tokens.scope], ['Bearer', scope])
      assert.equal((await ping(desk(), tokens.access_token)).status, 200)
      // Nobody has a secret here.
      await assert.rejects(exchangeJwtAuthGrant(redeeming), /JWT grant exchange failed/)
    })

    it('whoever can prove something is never served without it', async () => {
      const w = world()
      const { id: by } = await w.person('ada')
      const key = await newKey()
      await register('once-keyed', [key.publicJwk])
      const as = (client_id: string) => codeOf(redeem({ client_id }, { client_id }))
      assert.equal(await as('once-keyed'), 'agent.unauthenticated')
      const { thumbprint } = key
      await revokeKey(w.rooms.agents, { agentId: 'once-keyed', thumbprint, by })
      assert.equal(await as('once-keyed'), 'agent.unauthenticated', 'also when its key was revoked')
      // Known by a certificate, which is no less than a key: whoever takes the name away makes it no public client.
      await register('certified')
      const name = { kind: 'san_dns', value: 'certified.example' } as const
      const certified = { agentId: 'certified', name, by }
      await addCertificateName(w.rooms.agents, certified)
      assert.equal(await as('certified'), 'agent.unauthenticated')
      await removeCertificateName(w.rooms.agents, certified)
      assert.equal(await as('certified'), 'agent.unauthenticated', 'also when it was taken back')
      await register('in-a-cluster')
      assert.equal(await as('in-a-cluster'), undefined)
      await addIssuer(w.rooms.issuers, {
        ...{ name: 'cluster', issuer: 'https://cluster.example', by, ownerId: by },
        ...{ uses: ['workload'], trust: 3, ceiling: null },
        rules: [
          {
            ...{ name: 'one', agent: 'in-a-cluster' },
            when: [{ claim: 'sub', equals: 'agents/one' }],
          },
        ],
      })
      assert.equal(await as('in-a-cluster'), 'agent.unauthenticated')
      assert.equal(await as('nobody'), 'agent.unauthenticated')
      assert.equal(await codeOf(redeem({ client_id: undefined })), 'proof.missing')
    })

    it('a client is known by the address of its metadata document, if that says that it has no key', async () => {
      const elsewhere = await serveDocuments()
      world().onStop(() => elsewhere.close())
      const documentOf = (name: string, over: object = {}) => {
        const url = `${elsewhere.origin}/${name}.json`
        const said = {
          client_id: url,
          client_name: 'Mail',
          redirect_uris: ['http://127.0.0.1:1/cb'],
        }
        elsewhere.put(`/${name}.json`, { ...said, token_endpoint_auth_method: 'none', ...over })
        return url
      }
      const plain = documentOf('plain')
      assert.equal(
        await codeOf(redeem({ client_id: plain }, { client_id: plain })),
        'agent.unauthenticated',
      )
      await register(plain)
      const { status, text } = await redeem({ client_id: plain }, { client_id: plain })
      assert.equal(status, 200, text)
      const { publicJwk } = await newKey()
      const keyed = documentOf('keyed', {
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [{ ...publicJwk, kid: 'k1' }] },
      })
      await register(keyed)
      assert.equal(
        await codeOf(redeem({ client_id: keyed }, { client_id: keyed })),
        'agent.unauthenticated',
      )
    })

    it('an assertion is for its client, its key and its resource, and counts once', async () => {
      const w = world()
      assert.equal(
        await codeOf(redeem({}, { client_id: 'keyed' })),
        'subject_token.not_for_agent',
        'of another client',
      )
      const key = await newKey()
      const cnf = { jkt: key.thumbprint }
      assert.equal(await codeOf(redeem({}, { cnf })), 'subject_token.not_for_agent')
      const other = await proving(await newKey())
      assert.equal(await codeOf(redeem({}, { cnf }, other)), 'subject_token.not_for_agent')
      assert.equal((await redeem({}, { cnf }, await proving(key))).status, 200)
      const nowhere = redeem({}, { resource: undefined })
      assert.equal(await codeOf(nowhere), 'resource.unknown')
      const elsewhere = { resource: w.orders, scope: 'orders.read' }
      assert.equal(
        await codeOf(redeem({ resource: desk() }, elsewhere)),
        'task.resource_not_granted',
      )
      const assertion = await enterprise.sign(
        {
          sub: 'sam',
          aud: w.issuer,
          client_id: 'mailer',
          resource: desk(),
          scope: 'desk.read-note',
        },
        'oauth-id-jag+jwt',
      )
      assert.equal((await redeem({ assertion })).status, 200)
      assert.equal(await codeOf(redeem({ assertion })), 'subject_token.replayed')
      const foreign = await redeem({}, { aud: 'https://other.example' })
      assert.deepEqual(
        [foreign.body.error, foreign.body.code],
        ['invalid_grant', 'token.wrong_audience'],
      )
    })

    it('a token that proves nothing is for MCP servers only', async () => {
      const w = world()
      const api = { resource: w.orders, scope: 'orders.read' }
      assert.equal(await codeOf(redeem({}, api)), 'proof.missing')
    })

    it('a client that brings one assertion after the other works on in one task, with its session', async () => {
      const w = world()
      const mail = provider('mail', 'mailer')
      const client = await connect(mail)
      const first = mail.tokens()?.access_token
      const taskOf = async () => {
        const of = { agentId: 'mailer', state: 'open', limit: 9 } as const
        return (await listTasks(w.rooms.storage.read, of)).map(({ id }) => id)
      }
      const before = await taskOf()
      w.clock.advance(301_000)
      assert.notEqual((await client.callTool(search)).isError, true)
      assert.ok(first)
      assert.notEqual(mail.tokens()?.access_token, first)
      assert.deepEqual(await taskOf(), before, 'no other task')
      // A task never learns of a later sign-in, which may be what is wanted: that begins another.
      const signedIn = Math.floor(w.clock.now() / 1000) - 60
      const taskFor = async (said: object) => (await redeem({}, { ...said })).body.task_id
      const weak = await taskFor({ acr: 'pwd', auth_time: signedIn })
      assert.equal(await taskFor({ acr: 'pwd', auth_time: signedIn }), weak)
      const strong = await taskFor({ acr: 'mfa', auth_time: signedIn })
      const fresh = await taskFor({ acr: 'mfa', auth_time: signedIn + 30 })
      assert.equal(new Set([weak, strong, fresh]).size, 3)
      const { acr, authTime } = (await findTask(w.rooms.storage.read, String(fresh))) ?? {}
      assert.deepEqual([acr, authTime], ['mfa', (signedIn + 30) * 1000])
      // With a key of its own, too, which would be good for no second task.
      const key = await newKey()
      const bound = await redeem({}, {}, await proving(key))
      const again = await redeem({}, {}, await proving(key))
      assert.equal(again.status, 200, again.text)
      assert.equal(again.body.task_id, bound.body.task_id)
      assert.notEqual(again.body.access_token, bound.body.access_token)
    })

    it('going on gets nothing that opening does not, and the task no wider', async () => {
      const w = world()
      const key = await newKey()
      const open = async (over = {}, said = {}) => redeem(over, said, await proving(key))
      const first = await open()
      const id = String(first.body.task_id)
      assert.equal(first.body.scope, 'desk.read-note')
      // What is more than the task, or asked for as a task of its own, is another task, which needs another key.
      const wider = { scope: 'desk.read-note desk.search-notes' }
      assert.equal(await codeOf(open({}, wider)), 'task.key_used')
      assert.equal(await codeOf(open({ purpose: 'something else' })), 'task.key_used')
      assert.equal(await codeOf(open({ requested_lifetime: '600' })), 'task.key_used')
      // Somebody else's assertion, by the same key.
      assert.equal(await codeOf(open({}, { sub: 'fiona' })), 'task.key_used')
      // All of it is used up each time.
      const honest = { sub: 'sam', aud: w.issuer, client_id: 'mailer', resource: desk() }
      const assertion = await enterprise.sign(
        { ...honest, scope: 'desk.read-note' },
        'oauth-id-jag+jwt',
      )
      const dpop = await proving(key)
      assert.equal((await redeem({ assertion }, {}, dpop)).body.task_id, id)
      assert.equal(await codeOf(redeem({ assertion }, {}, dpop)), 'proof.replayed')
      assert.equal(await codeOf(open({ assertion })), 'subject_token.replayed')
      // Sixteen at once with one assertion: one token.
      const one = await enterprise.sign({ ...honest, scope: 'desk.read-note' }, 'oauth-id-jag+jwt')
      const answers = await Promise.all(
        Array.from({ length: 16 }, () => open({ assertion: one }).then(({ status }) => status)),
      )
      assert.deepEqual(answers.toSorted(), [200, ...Array(15).fill(400)])
      // It is dead when it is dead, and its key with it.
      await closeTask(w.rooms.decisions, { taskId: id as never, by: 'operator', reason: 'test' })
      assert.equal(await codeOf(open()), 'task.key_used')
    })

    it('only an issuer whose tokens count without a key is enough', async () => {
      const w = world()
      const { id } = await w.person('ada')
      const set = (bearer: boolean) =>
        setIssuerTerms(w.rooms.issuers, {
          ...{ name: 'enterprise', by: id, terms: { ...terms(id), bearer } },
        })
      await set(false)
      const refused = await redeem()
      assert.deepEqual([refused.status, refused.body.error], [401, 'invalid_client'])
      const key = await newKey()
      assert.equal((await redeem({}, {}, await proving(key))).status, 401, 'nor with any key')
      const bound = await redeem({}, { cnf: { jkt: key.thumbprint } }, await proving(key))
      assert.equal(bound.status, 200, 'but with the one that the issuer saw')
      await set(true)
      assert.equal((await redeem()).status, 200)
      const open = await redeem()
      const token = String(open.body.access_token)
      assert.equal((await ping(desk(), token)).status, 200)
      await revokeIssuer(w.rooms.issuers, { name: 'enterprise', by: id, reason: 'test' })
      const { status } = await ping(desk(), token)
      const task = await findTask(w.rooms.storage.read, String(open.body.task_id))
      // Its tasks are closed behind the answer; from then on the token counts no more.
      assert.equal(status, task?.closedAt && status === 401 ? 401 : 403)
      assert.equal(await codeOf(redeem()), 'issuer.not_trusted')
    })
  },
  { desk: true },
)
