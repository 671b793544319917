import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { it } from 'node:test'
import { registerProvider } from '../../src/identity/identity-providers/index.ts'
import { type FakeProvider, fakeProvider } from '../../src/identity/identity-providers/testing.ts'
import { Secret } from '../../src/platform/lib/secret.ts'
import { assertDenied } from '../refusals.ts'
import { send } from '../wire.ts'
import { inEachWorld, type World } from '../world.ts'

const providers = new Map<string, FakeProvider>()

async function provider() {
  const fake = await fakeProvider()
  providers.set(fake.issuer, fake)
  return fake
}

inEachWorld(
  'signing out at the identity provider',
  (world) => {
    const say = async (w: World, claims: object) => {
      const iat = Math.floor(w.clock.now() / 1000)
      const common = { iss: w.provider, sub: 'sam', iat, exp: iat + 120, jti: randomUUID() }
      return providers.get(w.provider)?.sign({ ...common, ...claims }) ?? ''
    }

    const logOut = async (w: World, claims: object) =>
      send(`${w.issuer}/oauth/backchannel-logout`, {
        method: 'POST',
        headers: [['Content-Type', 'application/x-www-form-urlencoded']],
        body: new URLSearchParams({ logout_token: await say(w, claims) }).toString(),
      })

    const event = { 'http://schemas.openid.net/event/backchannel-logout': {} }
    const task = async (w: World) => w.open({ subjectToken: await say(w, { aud: 'refund-bot' }) })

    it('leaves tasks alone, unless the provider was registered to close them', async () => {
      const w = world()
      const [first, read] = [await task(w), '/orders/orders/1042']
      const token = await w.agent.token(first, w.orders)
      const answer = await logOut(w, { aud: 'remit', events: event })
      assert.equal(answer.status, 200, answer.text)
      assert.equal(answer.headers['cache-control'], 'no-store')
      assert.equal((await w.agent.call(first, 'GET', read, { token })).status, 200)

      await registerProvider(w.rooms.people, {
        ...{ issuer: w.provider, name: 'Strict', clientId: 'remit', allowLoopback: true },
        clientSecret: new Secret(providers.get(w.provider)?.secret ?? ''),
        closesTasks: true,
        by: 'operator',
      })
      assert.equal((await logOut(w, { aud: 'remit', events: event })).status, 200)
      assertDenied(await w.agent.call(first, 'GET', read, { token }), 'task.closed')
      const closed = (await w.ledger()).findLast(({ type }) => type === 'task.closed')
      assert.equal(closed?.reason, 'person.signed_out')
      assert.equal((await w.agent.call(await task(w), 'GET', read)).status, 200, 'a new one')
    })

    it('what is no logout token is refused as OAuth has it', async () => {
      const w = world()
      const refused = await logOut(w, { aud: 'refund-bot', events: event })
      assert.equal(refused.status, 400, refused.text)
      assert.equal(refused.body.error, 'invalid_request')
      assert.equal(refused.body.code, 'logout_token.invalid')
      assert.equal(refused.headers['cache-control'], 'no-store')
      const got = await send(`${w.issuer}/oauth/backchannel-logout?logout_token=x`)
      assert.equal(got.status, 405, got.text)
    })
  },
  { provider },
)
