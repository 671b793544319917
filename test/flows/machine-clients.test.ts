import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import {
  addClientKey,
  type ClientKind,
  removeClient,
} from '../../src/identity/machine-clients/index.ts'
import { clientWith } from '../../src/identity/machine-clients/testing.ts'
import { JWT_BEARER, TOKEN_EXCHANGE } from '../agent.ts'
import { jws, newKey, proof, type TestKey } from '../signing.ts'
import { type Answer, send } from '../wire.ts'
import { inEachWorld } from '../world.ts'

const TRANSACTION_TOKEN = 'urn:ietf:params:oauth:token-type:txn_token'

type Form = Readonly<Record<string, string>>

/** Every place where a machine client authenticates, and the kinds that may. */
interface Place {
  readonly method: string
  readonly path: string
  readonly kinds: readonly ClientKind[]
  /** The body is a form, in which a signed JWT can be sent, too. */
  readonly form?: Form
}

const PLACES: readonly Place[] = [
  { method: 'POST', path: '/v1/calls', kinds: ['enforcer'] },
  { method: 'POST', path: '/v1/calls/dec_x/outcome', kinds: ['enforcer'] },
  { method: 'POST', path: '/access/v1/evaluation', kinds: ['pep'] },
  { method: 'POST', path: '/access/v1/evaluations', kinds: ['pep'] },
  { method: 'POST', path: '/access/v1/search/subject', kinds: ['pep'] },
  { method: 'POST', path: '/access/v1/requests', kinds: ['pep'] },
  { method: 'PUT', path: '/v1/spaces/acme/threads/t1', kinds: ['surface'] },
  { method: 'DELETE', path: '/v1/spaces/acme/threads/t1', kinds: ['surface'] },
  { method: 'PUT', path: '/v1/surface/alive', kinds: ['surface'] },
  { method: 'POST', path: '/v1/risk-signals', kinds: ['signal-source'] },
  {
    method: 'POST',
    path: '/oauth/introspect',
    kinds: ['enforcer', 'introspector', 'pep'],
    form: { token: 'nothing' },
  },
  {
    method: 'POST',
    path: '/oauth/token',
    kinds: ['enforcer'],
    form: {
      grant_type: TOKEN_EXCHANGE,
      requested_token_type: TRANSACTION_TOKEN,
      subject_token_type: TRANSACTION_TOKEN,
      subject_token: 'nothing',
      audience: 'nowhere',
      scope: 'echo.read',
    },
  },
]

interface CreatedClient {
  readonly id: string
  readonly kind: ClientKind
  readonly secret: string
  readonly key: TestKey
}

inEachWorld('machine clients, at every place where they authenticate', (world) => {
  const all: CreatedClient[] = []
  let made = 0

  before(async () => {
    const w = world()
    const ada = await w.api('ada')
    await w.trustEcho()
    const space = await ada.send('POST', '/spaces', { name: 'acme', kind: 'organization' })
    assert.equal(space.status, 200, space.text)
    const { clients } = w.rooms
    const add = async (kind: ClientKind, settings: object) => {
      const key = await newKey()
      const id = `one-${kind}`
      const { secret } = await clientWith(clients, id, kind, settings)
      await addClientKey(clients, { id, by: 'psn_ada', jwk: key.publicJwk })
      all.push({ id, kind, secret, key })
    }
    await add('enforcer', { resource: 'echo' })
    await add('introspector', {})
    await add('pep', {})
    await add('signal-source', {})
    await add('surface', { space: 'acme' })
  })

  function request(
    { form, method, path }: Place,
    authorization?: string,
    more: Form = {},
  ): Promise<Answer> {
    const body = form ? new URLSearchParams({ ...form, ...more }).toString() : '{}'
    const type = form ? 'application/x-www-form-urlencoded' : 'application/json'
    return send(world().issuer + path, {
      method,
      headers: [
        ...(authorization === undefined ? [] : ([['Authorization', authorization]] as const)),
        ...(method === 'DELETE' ? [] : ([['Content-Type', type]] as const)),
      ],
      ...(method === 'DELETE' ? {} : { body }),
    })
  }

  async function signed({ id, key }: CreatedClient, wrong: object = {}): Promise<string> {
    const { clock, issuer } = world()
    const iat = Math.floor(clock.now() / 1000)
    const claims = { iss: id, sub: id, aud: issuer, iat, exp: iat + 60, jti: `m${made++}` }
    return jws(key, { typ: 'client-authentication+jwt' }, { ...claims, ...wrong })
  }

  const basic = ({ id, secret }: CreatedClient) =>
    `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
  const assertionOf = (jwt: string): Form => ({
    client_assertion: jwt,
    client_assertion_type: JWT_BEARER,
  })

  /** Every way in which a client shows who it is there. */
  async function ways(place: Place, client: CreatedClient): Promise<readonly [string, Answer][]> {
    const inForm = assertionOf(await signed(client))
    return [
      ['secret', await request(place, `Bearer ${client.secret}`)],
      ['Basic', await request(place, basic(client))],
      ['JWT', await request(place, `Bearer ${await signed(client)}`)],
      ...(place.form
        ? [['form', await request(place, undefined, inForm)] as [string, Answer]]
        : []),
    ]
  }

  for (const place of PLACES) {
    it(`${place.method} ${place.path} knows its own kinds by secret and by key, and no other`, async () => {
      assert.equal((await request(place)).status, 401)
      for (const client of all) {
        const known = place.kinds.includes(client.kind)
        for (const [way, { status, text }] of await ways(place, client)) {
          const words = `${client.kind} by ${way}: ${status} ${text}`
          if (known) assert.ok(status !== 401 && status < 500, words)
          else assert.equal(status, 401, words)
        }
      }
    })

    it(`${place.method} ${place.path} takes a JWT once, by the right key, for us alone`, async () => {
      const client = all.find(({ kind }) => place.kinds.includes(kind))
      assert.ok(client)
      const other = all.find(({ kind }) => kind !== client.kind)
      assert.ok(other)
      const jwt = await signed(client)
      assert.notEqual((await request(place, `Bearer ${jwt}`)).status, 401)
      assert.equal((await request(place, `Bearer ${jwt}`)).status, 401, 'used before')
      for (const wrong of [
        await signed({ ...client, key: other.key }),
        await signed(client, { aud: 'https://elsewhere.example' }),
        await signed(client, { exp: Math.floor(world().clock.now() / 1000) + 3600 }),
        await signed(client, { jti: undefined }),
      ])
        assert.equal((await request(place, `Bearer ${wrong}`)).status, 401)
    })
  }

  it('one credential is shown, not two', async () => {
    const [client] = all
    assert.ok(client)
    for (const place of PLACES.filter(({ form }) => form)) {
      const two = await request(place, `Bearer ${client.secret}`, assertionOf(await signed(client)))
      assert.equal(two.status, 400, two.text)
    }
  })

  it('an agent is no machine client, and a machine client no agent', async () => {
    const w = world()
    const assertion = await w.agent.assertion()
    for (const place of PLACES.filter(({ form }) => !form))
      assert.equal((await request(place, `Bearer ${assertion}`)).status, 401)
    const [client] = all
    assert.ok(client)
    const taken = await (await w.api('ada')).send('POST', '/clients', {
      ...{ id: 'refund-bot', kind: 'pep' },
    })
    assert.equal(taken.body.code, 'client.exists', taken.text)
    const url = `${w.issuer}/oauth/token`
    const dpop = await proof(w.clock, await newKey(), { method: 'POST', url })
    const opening = await send(url, {
      method: 'POST',
      headers: [
        ['Content-Type', 'application/x-www-form-urlencoded'],
        ['DPoP', dpop],
      ],
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        ...assertionOf(await signed(client)),
      }).toString(),
    })
    assert.deepEqual([opening.status, opening.body.error], [401, 'invalid_client'], opening.text)
  })

  it('one that was removed is refused at once, everywhere, by secret and by key', async () => {
    for (const client of all) {
      const places = PLACES.filter(({ kinds }) => kinds.includes(client.kind))
      for (const place of places)
        for (const [, { status }] of await ways(place, client)) assert.notEqual(status, 401)
      await removeClient(world().rooms.clients, { id: client.id, by: 'psn_ada' })
      for (const place of places)
        for (const [way, { status }] of await ways(place, client)) assert.equal(status, 401, way)
    }
  })
})
