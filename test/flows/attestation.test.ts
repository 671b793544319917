import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { admitAgentIn } from '../../src/identity/client-metadata/index.ts'
import { addIssuer, suspendIssuer } from '../../src/identity/issuers/index.ts'
import { findTask } from '../../src/tasks/tasks/index.ts'
import { ID_TOKEN, JWT_BEARER, TOKEN_EXCHANGE } from '../agent.ts'
import { Stranger } from '../mcp/stranger.ts'
import { jws, newKey, proof, type TestKey, type TokenDeviations } from '../signing.ts'
import { type Answer, send } from '../wire.ts'
import { inEachWorld } from '../world.ts'

const ATTESTER = 'https://attester.example'
const CLIENT = 'vendor-desktop'
const MINUTE = 60_000

inEachWorld(
  'clients whose instances are attested',
  (world) => {
    let attester: TestKey

    before(async () => {
      attester = await newKey()
      const w = world()
      const { id } = await w.person('ada')
      await addIssuer(w.rooms.issuers, {
        ...{ name: 'vendor', issuer: ATTESTER, uses: ['attestation'], trust: 3, ceiling: null },
        keys: { jwks: { keys: [{ ...attester.publicJwk, kid: 'a1' }] } },
        rules: [{ name: 'desktop', when: [{ claim: 'sub', equals: CLIENT }], agent: 'refund-bot' }],
        ...{ mostLifeSeconds: 86_400, ownerId: id, by: id },
      })
    })

    const seconds = () => Math.floor(world().clock.now() / 1000)
    let count = 0

    const attestation = (
      instance: TestKey,
      { claims, header, signer = attester }: TokenDeviations = {},
    ) =>
      jws(
        signer,
        { typ: 'oauth-client-attestation+jwt', alg: 'ES256', kid: 'a1', ...header },
        {
          ...{ iss: ATTESTER, sub: CLIENT, iat: seconds(), exp: seconds() + 3600 },
          cnf: { jwk: instance.publicJwk },
          ...claims,
        },
      )

    async function challenge(): Promise<string> {
      const answer = await send(`${world().issuer}/oauth/challenge`, { method: 'POST' })
      assert.equal(answer.status, 200, answer.text)
      assert.equal(answer.headers['cache-control'], 'no-store')
      return String(answer.body.attestation_challenge)
    }

    const pop = async (
      instance: TestKey,
      { claims, header, signer = instance }: TokenDeviations = {},
    ) =>
      jws(
        signer,
        { typ: 'oauth-client-attestation-pop+jwt', alg: 'ES256', ...header },
        {
          ...{ aud: world().issuer, iat: seconds(), jti: `pop-${count++}` },
          challenge: await challenge(),
          ...claims,
        },
      )

    interface ShownCredentials {
      readonly attestation: string | readonly string[]
      readonly pop?: string | readonly string[]
      readonly dpop: string
      readonly form?: Readonly<Record<string, string>>
    }

    /** An opening whose client authenticates in headers. */
    async function open(showing: ShownCredentials): Promise<Answer> {
      const w = world()
      const form = {
        grant_type: TOKEN_EXCHANGE,
        subject_token: await w.idToken(),
        subject_token_type: ID_TOKEN,
        purpose: 'refund order 1042',
        authorization_details: JSON.stringify(w.everything),
        ...showing.form,
      }
      return post('/oauth/token', { ...showing, form })
    }

    const named = (name: string, values: string | readonly string[] = []) =>
      [values].flat().map((value) => [name, value] as const)

    const post = (path: string, { attestation, dpop, form, pop }: Partial<ShownCredentials>) =>
      send(`${world().issuer}${path}`, {
        method: 'POST',
        headers: [
          ['Content-Type', 'application/x-www-form-urlencoded'],
          ...named('OAuth-Client-Attestation', attestation),
          ...named('OAuth-Client-Attestation-PoP', pop),
          ...named('DPoP', dpop),
        ],
        body: new URLSearchParams(form).toString(),
      })

    const dpop = (key: TestKey, wrong: TokenDeviations = {}, path = '/oauth/token') =>
      proof(world().clock, key, { method: 'POST', url: `${world().issuer}${path}` }, wrong)

    it('metadata says how, and where challenges come from', async () => {
      const { body } = await send(`${world().issuer}/.well-known/oauth-authorization-server`)
      assert.equal(body.challenge_endpoint, `${world().issuer}/oauth/challenge`)
      const methods = body.token_endpoint_auth_methods_supported
      assert.ok(Array.isArray(methods))
      for (const method of [
        'attest_jwt_client_auth',
        'attest_jwt_client_auth_dpop',
        'private_key_jwt',
      ])
        assert.ok(methods.includes(method), method)
      assert.deepEqual(body.client_attestation_pop_methods_supported, [
        'attestation_pop_jwt',
        'dpop_combined',
        'none',
      ])
      assert.ok(Array.isArray(body.client_attestation_signing_alg_values_supported))
      assert.deepEqual(body.client_attestation_pop_signing_alg_values_supported, [
        'ES256',
        'Ed25519',
        'EdDSA',
      ])
      assert.equal((await send(`${world().issuer}/oauth/challenge`)).status, 405)
    })

    it('an instance proves its key by a JWT of its own, and the same attestation opens several tasks', async () => {
      const w = world()
      const instance = await newKey()
      const said = await attestation(instance)
      for (let i = 0; i < 2; i++) {
        const opened = await open({
          ...{ attestation: said, pop: await pop(instance), dpop: await dpop(await newKey()) },
        })
        assert.equal(opened.status, 200, opened.text)
        assert.ok(opened.headers['oauth-client-attestation-challenge'])
        const task = await findTask(w.rooms.storage.read, String(opened.body.task_id))
        assert.deepEqual([task?.agentId, task?.issuers], ['refund-bot', ['vendor']])
      }
    })

    it('or by the DPoP proof itself: the key of the task is the one that is attested', async () => {
      const w = world()
      const instance = await newKey('EdDSA')
      const nonce = await challenge()
      const opened = await open({
        attestation: await attestation(instance),
        dpop: await dpop(instance, { claims: { nonce } }),
      })
      assert.equal(opened.status, 200, opened.text)
      const task = await findTask(w.rooms.storage.read, String(opened.body.task_id))
      assert.equal(task?.keyThumbprint, instance.thumbprint)
      // Another key than that is no proof of the instance.
      const other = await open({
        attestation: await attestation(instance),
        dpop: await dpop(await newKey(), { claims: { nonce } }),
      })
      assert.deepEqual([other.status, other.body.error], [401, 'invalid_client_attestation'])
    })

    it('a proof answers a challenge of now, and is told so with a fresh one', async () => {
      const instance = await newKey()
      for (const given of [undefined, 'mine', '', 7]) {
        const refused = await open({
          attestation: await attestation(instance),
          pop: await pop(instance, { claims: { challenge: given } }),
          dpop: await dpop(await newKey()),
        })
        assert.deepEqual([refused.status, refused.body.error], [400, 'use_attestation_challenge'])
        const fresh = String(refused.headers['oauth-client-attestation-challenge'])
        const again = await open({
          attestation: await attestation(instance),
          pop: await pop(instance, { claims: { challenge: fresh } }),
          dpop: await dpop(await newKey()),
        })
        assert.equal(again.status, 200, again.text)
      }
      const combined = await open({
        attestation: await attestation(instance),
        dpop: await dpop(instance),
      })
      assert.equal(combined.body.error, 'use_attestation_challenge')
    })

    it('a proof is used once, also by many at once', async () => {
      const instance = await newKey()
      const said = await attestation(instance)
      const once = await pop(instance)
      const all = await Promise.all(
        Array.from({ length: 8 }, async () =>
          open({ attestation: said, pop: once, dpop: await dpop(await newKey()) }),
        ),
      )
      assert.equal(all.filter(({ status }) => status === 200).length, 1)
      for (const { body, status } of all)
        if (status !== 200) assert.equal(body.error, 'invalid_client')
    })

    it('what is wrong with an attestation, or its proof, is said; who it would be is not', async () => {
      const w = world()
      const instance = await newKey()
      const good = await attestation(instance)
      const wrong: [name: string, Partial<ShownCredentials>, error: string][] = [
        [
          'another signer',
          { attestation: await attestation(instance, { signer: await newKey() }) },
          'invalid_client_attestation',
        ],
        [
          'a neighbour',
          { attestation: await attestation(instance, { header: { typ: 'JWT' } }) },
          'invalid_client_attestation',
        ],
        [
          'over',
          {
            attestation: await attestation(instance, {
              claims: { iat: seconds() - 100, exp: seconds() - 1 },
            }),
          },
          'use_fresh_attestation',
        ],
        [
          'too long',
          { attestation: await attestation(instance, { claims: { exp: seconds() + 90_000 } }) },
          'invalid_client_attestation',
        ],
        [
          'no key',
          { attestation: await attestation(instance, { claims: { cnf: undefined } }) },
          'invalid_client_attestation',
        ],
        [
          'a private key',
          {
            attestation: await attestation(instance, {
              claims: { cnf: { jwk: instance.privateJwk } },
            }),
          },
          'invalid_client_attestation',
        ],
        [
          'no subject',
          { attestation: await attestation(instance, { claims: { sub: undefined } }) },
          'invalid_client_attestation',
        ],
        [
          'another attester',
          {
            attestation: await attestation(instance, { claims: { iss: 'https://other.example' } }),
          },
          'invalid_client',
        ],
        ...['a.b.c', 'abc', `${good.slice(0, -40)}`, 'e30.e30.AA'].flatMap(
          (attestation, at): typeof wrong => [
            [`no JWT (${at})`, { attestation }, 'invalid_client_attestation'],
            [
              `no JWT (${at}), of a client that is named`,
              { attestation, form: { client_id: CLIENT } },
              'invalid_client_attestation',
            ],
          ],
        ),
        ['two', { attestation: [good, good] }, 'invalid_client_attestation'],
        [
          'two proofs',
          { pop: [await pop(instance), await pop(instance)] },
          'invalid_client_attestation',
        ],
        ['none', { attestation: [] }, 'invalid_client_attestation'],
        ['another client', { form: { client_id: 'refund-bot' } }, 'invalid_client_attestation'],
        [
          'proof by another',
          { pop: await pop(instance, { signer: await newKey() }) },
          'invalid_client_attestation',
        ],
        [
          'proof of a kind',
          { pop: await pop(instance, { header: { typ: 'dpop+jwt' } }) },
          'invalid_client_attestation',
        ],
        [
          'proof for others',
          { pop: await pop(instance, { claims: { aud: 'https://other.example' } }) },
          'invalid_client_attestation',
        ],
        [
          'proof for several',
          { pop: await pop(instance, { claims: { aud: [w.issuer] } }) },
          'invalid_client_attestation',
        ],
        [
          'old proof',
          { pop: await pop(instance, { claims: { iat: seconds() - 90 } }) },
          'invalid_client_attestation',
        ],
        [
          'proof to come',
          { pop: await pop(instance, { claims: { iat: seconds() + 60 } }) },
          'invalid_client_attestation',
        ],
        [
          'no jti',
          { pop: await pop(instance, { claims: { jti: undefined } }) },
          'invalid_client_attestation',
        ],
      ]
      for (const [name, over, error] of wrong) {
        const answer = await open({
          ...{ attestation: good, pop: await pop(instance), dpop: await dpop(await newKey()) },
          ...over,
        })
        assert.equal(answer.body.error, error, `${name}: ${answer.text}`)
        assert.ok(answer.status === 400 || answer.status === 401, name)
        assert.equal(answer.body.access_token, undefined, name)
      }
      const showing = {
        attestation: good,
        pop: await pop(instance),
        dpop: await dpop(await newKey()),
      }
      const agent = {
        client_assertion_type: JWT_BEARER,
        client_assertion: await w.agent.assertion(),
      }
      const two = await open({ ...showing, form: agent })
      assert.deepEqual([two.status, two.body.error], [400, 'invalid_request'])
      // The way that stands for the headers cannot be said in a form.
      const typed = {
        client_assertion_type: 'headers: oauth-client-attestation',
        client_assertion: `attestation_pop_jwt ${good} ${await pop(instance)}`,
      }
      const form = await w.agent.tokenRequest(await newKey(), {
        grant_type: 'client_credentials',
        ...typed,
      })
      assert.equal(form.body.error, 'invalid_request')
      for (const path of ['/oauth/introspect', '/oauth/bc-authorize', '/oauth/revoke']) {
        const typedThere = {
          ...{ client_assertion_type: typed.client_assertion_type },
          client_assertion: `attestation_pop_jwt ${good} ${await pop(instance)}`,
          ...{ token: `remit_dc_${'A'.repeat(43)}`, scope: 'orders.read' },
          ...{ purpose: 'x', login_hint: (await w.person('sam')).id },
        }
        const { body } = await send(`${w.issuer}${path}`, {
          method: 'POST',
          headers: [
            ['Content-Type', 'application/x-www-form-urlencoded'],
            ...(path === '/oauth/revoke'
              ? ([
                  [
                    'DPoP',
                    await proof(w.clock, instance, { method: 'POST', url: `${w.issuer}${path}` }),
                  ],
                ] as const)
              : []),
          ],
          body: new URLSearchParams(typedThere).toString(),
        })
        assert.deepEqual([path, body.error, body.active], [path, 'invalid_request', undefined])
      }
    })

    it('an attestation that names no attester is of the only one whose rules know such a client', async () => {
      const w = world()
      const instance = await newKey()
      const showing = async (claims: Record<string, unknown>) =>
        open({
          attestation: await attestation(instance, { claims: { iss: undefined, ...claims } }),
          ...{ pop: await pop(instance), dpop: await dpop(await newKey()) },
        })
      assert.equal((await showing({})).status, 200)
      assert.equal((await showing({ sub: 'somebody-else' })).body.error, 'invalid_client')
      const { id } = await w.person('ada')
      await addIssuer(w.rooms.issuers, {
        ...{ name: 'second', issuer: 'https://second.example', uses: ['attestation'], trust: 3 },
        keys: { jwks: { keys: [{ ...(await newKey()).publicJwk, kid: 'a1' }] } },
        rules: [{ name: 'desktop', when: [{ claim: 'sub', equals: CLIENT }], agent: 'refund-bot' }],
        ...{ ceiling: null, ownerId: id, by: id },
      })
      assert.equal((await showing({})).body.error, 'invalid_client', 'two know it: nobody guesses')
    })

    it('it is the same at every endpoint where agents authenticate', async () => {
      const w = world()
      const instance = await newKey()
      const shown = async () => ({
        ...{ attestation: await attestation(instance), pop: await pop(instance) },
      })
      const combined = async (path: string, over: TokenDeviations = {}) => ({
        attestation: await attestation(instance),
        dpop: await dpop(
          instance,
          { ...over, claims: { nonce: await challenge(), ...over.claims } },
          path,
        ),
      })
      const { id: login_hint } = await w.person('sam')
      const { token } = await w.agent.open({
        subjectToken: await w.idToken(),
        scope: 'orders.read',
      })
      const wish = { scope: 'orders.read', purpose: 'look at orders' }
      const endpoints = [
        ['/oauth/bc-authorize', { ...wish, login_hint }, 'auth_req_id'],
        ['/oauth/device_authorization', wish, 'device_code'],
        ['/oauth/introspect', { token }, 'client_id'],
      ] as const
      let waits = ''
      for (const [path, form, gets] of endpoints) {
        for (const showing of [await shown(), await combined(path)]) {
          const answer = await post(path, { ...showing, form: { ...form, purpose: `${++count}` } })
          assert.equal(answer.status, 200, `${path} ${answer.text}`)
          assert.equal(typeof answer.body[gets], 'string', path)
          assert.ok(answer.headers['oauth-client-attestation-challenge'], path)
          if (gets === 'auth_req_id') waits = String(answer.body.auth_req_id)
          const again = await post(path, { ...showing, form })
          assert.equal(again.status === 200, false, `${path}: used once`)
        }
        const stale = await post(path, {
          ...{ attestation: await attestation(instance), form },
          pop: await pop(instance, { claims: { challenge: 'old' } }),
        })
        assert.equal(stale.body.error, 'use_attestation_challenge', `${path} ${stale.text}`)
        // A proof for somewhere else is no proof here, whatever it is combined with.
        const elsewhere = await post(path, { ...(await combined('/oauth/token')), form })
        assert.equal(elsewhere.status === 200, false, path)
        const stranger = {
          ...(await shown()),
          pop: await pop(instance, { signer: await newKey() }),
        }
        const forged = await post(path, { ...stranger, form })
        assert.deepEqual(
          [forged.status, forged.body.error],
          [401, 'invalid_client_attestation'],
          path,
        )
      }
      // A proof that nobody asked for is used once all the same.
      const spare = await dpop(await newKey(), {}, '/oauth/introspect')
      const asks = async () =>
        post('/oauth/introspect', {
          dpop: spare,
          form: {
            ...{ token, client_assertion_type: JWT_BEARER },
            client_assertion: await w.agent.assertion(),
          },
        })
      assert.deepEqual([(await asks()).status, (await asks()).status], [200, 401])
      const cancel = async (showing: Partial<ShownCredentials>) =>
        post('/oauth/revoke', { ...showing, form: { token: waits } })
      const other = { ...(await combined('/oauth/revoke')), attestation: [] }
      assert.equal((await cancel(other)).status, 401)
      assert.equal((await cancel(await combined('/oauth/revoke'))).status, 200)
      const poll = { grant_type: 'urn:openid:params:grant-type:ciba', auth_req_id: waits }
      const over = await post('/oauth/token', { ...(await combined('/oauth/token')), form: poll })
      assert.equal(over.body.error, 'access_denied', over.text)
    })

    it('a pushed request is of whoever is attested, and its code is bound to the key that was proved', async () => {
      const w = world()
      const { rooms } = w
      const { id: owner } = await w.person('ada')
      const stranger = await Stranger.arrive(w)
      const own = await newKey()
      await stranger.register({
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [{ ...own.publicJwk, kid: 'k' }] },
      })
      const client = {
        ...{ clientId: stranger.id, clientName: 'Notes in a box' },
        redirectUris: [stranger.redirectUrl],
        proves: { methods: ['private_key_jwt'], keys: [own.thumbprint], jwks: [own.publicJwk] },
      } as const
      await rooms.storage.transaction((tx) => admitAgentIn(rooms.agents, tx, client, owner))
      await addIssuer(rooms.issuers, {
        ...{ name: 'boxes', issuer: 'https://boxes.example', uses: ['attestation'], trust: 3 },
        keys: { jwks: { keys: [{ ...attester.publicJwk, kid: 'a1' }] } },
        rules: [{ name: 'box', when: [{ claim: 'sub', equals: stranger.id }], agent: stranger.id }],
        ...{ ceiling: null, ownerId: owner, by: owner },
      })
      const instance = await newKey()
      const claims = { iss: 'https://boxes.example', sub: stranger.id }
      const form = Object.fromEntries(stranger.asking(`${w.gateway}/orders`).searchParams)
      const push = async (over: Partial<ShownCredentials> = {}) =>
        post('/oauth/par', {
          attestation: await attestation(instance, { claims }),
          ...{ pop: await pop(instance), form },
          ...over,
        })
      const pushed = await push()
      assert.equal(pushed.status, 201, pushed.text)
      const nonce = await challenge()
      const combined = {
        pop: [],
        dpop: await dpop(instance, { claims: { nonce } }, '/oauth/par'),
      }
      const bound = await push(combined)
      assert.equal(bound.status, 201, bound.text)
      const kept = await rooms.storage.read
        .selectFrom('protocol_records')
        .select('payload')
        .where('kind', '=', 'PushedAuthorizationRequest')
        .execute()
      const keys = kept.map(({ payload }) =>
        new Map<string, string>(JSON.parse(payload).parameters).get('dpop_jkt'),
      )
      assert.deepEqual(keys.toSorted(), [instance.thumbprint, undefined])
      const wrong: [name: string, over: Partial<ShownCredentials>, error: string][] = [
        ['used before', combined, 'invalid_dpop_proof'],
        ['nothing at all', { attestation: [], pop: [] }, 'invalid_client'],
        [
          'another client',
          { attestation: await attestation(instance) },
          'invalid_client_attestation',
        ],
        [
          'another key than it says',
          {
            dpop: await dpop(await newKey(), {}, '/oauth/par'),
            form: { ...form, dpop_jkt: instance.thumbprint },
          },
          'invalid_dpop_proof',
        ],
        [
          'an assertion beside it',
          { form: { ...form, client_assertion_type: JWT_BEARER, client_assertion: 'x' } },
          'invalid_request',
        ],
      ]
      for (const [name, over, error] of wrong) {
        const answer = await push(over)
        assert.equal(answer.body.error, error, `${name}: ${answer.text}`)
        assert.equal(answer.body.request_uri, undefined, name)
      }
    })

    it('one whose attester is stopped is nobody, and its tasks are dead', async () => {
      const w = world()
      const instance = await newKey()
      const opened = await open({
        ...{ attestation: await attestation(instance), pop: await pop(instance) },
        dpop: await dpop(await newKey()),
      })
      assert.equal(opened.status, 200, opened.text)
      await suspendIssuer(w.rooms.issuers, { name: 'vendor', by: 'operator', reason: 'odd' })
      const refused = await open({
        ...{ attestation: await attestation(instance), pop: await pop(instance) },
        dpop: await dpop(await newKey()),
      })
      assert.equal(refused.body.error, 'invalid_client')
      const { dead } = await w.rooms.live.view([{ kind: 'issuer', id: 'vendor' }])
      assert.equal(dead.length, 1)
    })

    it('a challenge of some minutes ago is none', async () => {
      const w = world()
      const { id } = await w.person('ada')
      await addIssuer(w.rooms.issuers, {
        ...{ name: 'third', issuer: 'https://third.example', uses: ['attestation'], trust: 3 },
        keys: { jwks: { keys: [{ ...attester.publicJwk, kid: 'a1' }] } },
        rules: [{ name: 'desktop', when: [{ claim: 'sub', equals: CLIENT }], agent: 'refund-bot' }],
        ...{ ceiling: null, ownerId: id, by: id },
      })
      const instance = await newKey()
      const old = await challenge()
      w.clock.advance(6 * MINUTE)
      const late = await open({
        attestation: await attestation(instance, { claims: { iss: 'https://third.example' } }),
        pop: await pop(instance, { claims: { challenge: old } }),
        dpop: await dpop(await newKey()),
      })
      assert.equal(late.body.error, 'use_attestation_challenge')
    })
  },
  { deviceCodes: true },
)
