import assert from 'node:assert/strict'
import { before, beforeEach, it } from 'node:test'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { deskActions, openDesk, ping, Stranger } from '../mcp/stranger.ts'
import { inEachWorld } from '../world.ts'

const MINUTE = 60_000

inEachWorld(
  'the authorization code grant as time goes by',
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
    // An hour without a request ends a session.
    beforeEach(() => world().forgetBrowsers())

    it('a code lives for a minute', async () => {
      const stranger = await Stranger.arrive(world())
      const back = await stranger.codeFor(desk())
      world().clock.advance(61_000)
      assert.equal((await stranger.redeem(back, desk())).body.code, 'code.invalid')
    })

    it('a code that comes back long after it was used is still known, as long as its task lasts', async () => {
      const stranger = await Stranger.arrive(world())
      const back = await stranger.codeFor(desk(), { fields: { life: 'hour' } })
      await stranger.mayRest()
      const { body } = await stranger.redeem(back, desk())
      world().clock.advance(50 * MINUTE)
      const next = await stranger.refresh({ refresh_token: String(body.refresh_token) })
      assert.equal(next.status, 200)
      // Whoever has nothing but the code ends nothing.
      const bare = await stranger.redeem(back, desk(), { code_verifier: 'w'.repeat(43) })
      assert.equal(bare.body.code, 'code.invalid')
      assert.equal((await ping(desk(), String(next.body.access_token))).status, 200)
      assert.equal((await stranger.redeem(back, desk())).body.code, 'code.used')
      assert.equal((await ping(desk(), String(next.body.access_token))).status, 401)
    })

    it('a bearer token lasts five minutes at most, and never longer than what the person said', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      const back = await stranger.codeFor(desk(), { fields: { life: 'hour' } })
      await stranger.mayRest()
      const first = await stranger.redeem(back, desk())
      assert.equal(first.body.expires_in, 300)
      const use = async ({ body }: typeof first) =>
        (await ping(desk(), String(body.access_token))).status
      w.clock.advance(5 * MINUTE - 1_000)
      assert.equal(await use(first), 200)
      w.clock.advance(1_000)
      assert.equal(await use(first), 401)
      w.clock.advance(53 * MINUTE)
      const refresh_token = String(first.body.refresh_token)
      const last = await stranger.refresh({ refresh_token })
      assert.ok(Number(last.body.expires_in) <= 120, String(last.body.expires_in))
      assert.equal(await use(last), 200)
      w.clock.advance(2 * MINUTE)
      assert.equal(await use(last), 401)
      const after = await stranger.refresh({ refresh_token: String(last.body.refresh_token) })
      assert.equal(after.body.error, 'invalid_grant')
    })
  },
  { desk: true },
)
