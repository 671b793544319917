import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { JWT_BEARER, TestAgent } from '../agent.ts'
import { deskActions, openDesk, Stranger } from '../mcp/stranger.ts'
import { newKey } from '../signing.ts'
import { pushedUrl } from '../ways/held.ts'
import { send } from '../wire.ts'
import { inEachWorld } from '../world.ts'

inEachWorld('pushed authorization requests', (world) => {
  const desk = () => `${world().gateway}/desk`

  before(async () => {
    await openDesk(world())
    const { id } = await world().person('ada')
    await addAdmissionRule(world().rooms.agents, {
      ...{ name: 'this-computer', redirectHosts: ['localhost'], trust: 2 },
      ...{ ceiling: deskActions(world()), ownerId: id, by: id },
    })
  })

  const push = (form: Readonly<Record<string, string>>) =>
    send(`${world().issuer}/oauth/par`, {
      method: 'POST',
      headers: [['Content-Type', 'application/x-www-form-urlencoded']],
      body: new URLSearchParams(form).toString(),
    })

  const askedBy = (stranger: Stranger, over: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(stranger.asking(desk(), over).searchParams)

  async function withKey() {
    const stranger = await Stranger.arrive(world())
    const key = await newKey()
    const jwks = { keys: [{ ...key.publicJwk, kid: 'k1' }] }
    const proving = { token_endpoint_auth_method: 'private_key_jwt', jwks }
    assert.equal((await stranger.register(proving)).status, 201)
    return { stranger, key, agent: new TestAgent(world(), stranger.id, key) }
  }

  const signed = async (agent: TestAgent, over: Parameters<TestAgent['assertion']>[0] = {}) => ({
    client_assertion_type: JWT_BEARER,
    client_assertion: await agent.assertion({ header: { kid: 'k1' }, ...over }),
  })

  it('an assertion counts once, also for many at once, and only for its own client', async () => {
    const { agent, stranger } = await withKey()
    const other = await withKey()
    const once = { ...askedBy(stranger), ...(await signed(agent)) }
    const all = await Promise.all(Array.from({ length: 8 }, () => push(once)))
    assert.equal(all.filter(({ status }) => status === 201).length, 1)
    for (const { body, status } of all)
      if (status !== 201) assert.deepEqual([status, body.error], [401, 'invalid_client'])
    const stolen = { ...askedBy(stranger), ...(await signed(other.agent)) }
    assert.deepEqual(
      [(await push(stolen)).status, (await push(askedBy(stranger))).status],
      [401, 401],
    )
    const type = 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer'
    const odd = { ...askedBy(stranger), ...(await signed(agent)), client_assertion_type: type }
    assert.equal((await push(odd)).status, 401)
    assert.equal((await push({ ...askedBy(stranger), ...(await signed(agent)) })).status, 201)
  })

  it('one pushed request is for one answer, however many browsers were sent with it', async () => {
    const w = world()
    const stranger = await Stranger.arrive(w)
    await stranger.register()
    const { body } = await push(askedBy(stranger))
    const url = pushedUrl(w.issuer, stranger.id, String(body.request_uri))
    const [one, two] = [await stranger.ask('sam', url), await stranger.ask('fiona', url)]
    const first = await stranger.answered(one, { person: 'sam' })
    assert.ok(first.searchParams.has('code'), first.href)
    const second = await stranger.answered(two, { person: 'fiona' })
    assert.equal(second.searchParams.get('error'), 'invalid_request_uri')
    assert.equal(second.searchParams.get('code'), null)
  })

  it('G4: a pushed request that names another is a wrong request', async () => {
    const stranger = await Stranger.arrive(world())
    await stranger.register()
    const { body } = await push(askedBy(stranger))
    for (const request_uri of [
      String(body.request_uri),
      'urn:example:other',
      'https://a.example/r',
    ]) {
      const refused = await push(askedBy(stranger, { request_uri }))
      const { code, error } = refused.body
      assert.deepEqual(
        [refused.status, error, code],
        [400, 'invalid_request', 'oauth.invalid_request'],
      )
    }
  })

  it('E10: a pushed request is for the client that pushed it, and for no other', async () => {
    const w = world()
    const stranger = await Stranger.arrive(w)
    await stranger.register()
    const { body } = await push(askedBy(stranger))
    const other = await Stranger.arrive(w)
    await other.register({ redirect_uris: [stranger.redirectUrl] })
    const browser = await w.browser('sam')
    const taken = await browser.get(pushedUrl(w.issuer, other.id, String(body.request_uri)).href)
    assert.equal(taken.status, 400, taken.text)
    assert.ok(!taken.html.includes('value="grant"'), taken.text)
    const page = await stranger.ask(
      'sam',
      pushedUrl(w.issuer, stranger.id, String(body.request_uri)),
    )
    assert.ok((await stranger.answered(page)).searchParams.has('code'), 'nothing was used up')
  })

  it('what could not be redeemed is refused at the push', async () => {
    const stranger = await Stranger.arrive(world())
    await stranger.register()
    for (const [over, error] of [
      [{ dpop_jkt: 'x' }, 'invalid_request'],
      [{ prompt: 'none' }, 'consent_required'],
      [{ prompt: 'select_account' }, 'invalid_request'],
      [{ client_secret: 'x' }, 'invalid_request'],
      [{ code_challenge: 'x'.repeat(44) }, 'invalid_request'],
      [{ state: 'x'.repeat(20_000) }, 'invalid_request'],
    ] as const) {
      const refused = await push(askedBy(stranger, over))
      assert.deepEqual([refused.status, refused.body.error], [400, error], JSON.stringify(over))
    }
    // What clients of OpenID Connect send besides means nothing here, and hinders nothing.
    for (const over of [{ prompt: 'consent' }, { nonce: 'n' }, { id_token_hint: 'a.b.c' }])
      assert.equal((await push(askedBy(stranger, over))).status, 201, JSON.stringify(over))
  })
})
