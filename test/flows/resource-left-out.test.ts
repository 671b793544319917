import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { findAuthorization } from '../../src/grants/code-grant/index.ts'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { deskActions, openDesk, Stranger } from '../mcp/stranger.ts'
import { inEachWorld } from '../world.ts'

inEachWorld(
  '`resource` left out (RFC 8707)',
  (world) => {
    const desk = () => `${world().gateway}/desk`
    const detail = (location: string, action: string) => ({
      ...{ type: 'remit_call', locations: [location], actions: [action] },
    })

    before(async () => {
      await openDesk(world())
      const { id } = await world().person('ada')
      await addAdmissionRule(world().rooms.agents, {
        ...{ name: 'this-computer', redirectHosts: ['localhost'], trust: 2 },
        ...{ ceiling: deskActions(world()), ownerId: id, by: id },
      })
    })

    async function asked(
      over: Record<string, string>,
      client: Readonly<Record<string, unknown>> = {},
    ) {
      const stranger = await Stranger.arrive(world())
      const registered = await stranger.register(client)
      assert.equal(registered.status, 201, registered.text)
      const answer = await stranger.authorize('', { resource: undefined, ...over })
      const id = answer.location.replace('/authorize/', '')
      return {
        answer,
        stranger,
        kept: await findAuthorization(world().rooms.storage.read, id),
        error: URL.parse(answer.location)?.searchParams,
      }
    }

    it('is where the details are, or what the scope is of, or what the client registered', async () => {
      const details = JSON.stringify([detail(desk(), 'desk.search-notes')])
      assert.equal((await asked({ authorization_details: details })).kept?.resource, desk())
      assert.equal((await asked({ scope: 'desk.search-notes' })).kept?.resource, desk())
      const usual = { default_resource: desk(), dpop_bound_access_tokens: true }
      assert.equal((await asked({}, usual)).kept?.resource, desk())
      // What the request says counts before what is registered.
      const other = await asked({ scope: 'orders.read' }, usual)
      assert.equal(other.kept?.resource, world().orders)
    })

    it('is never guessed among several: those that the request is about are named', async () => {
      const w = world()
      const both = JSON.stringify([
        detail(desk(), 'desk.search-notes'),
        detail(w.orders, 'orders.read'),
      ])
      for (const over of [
        { authorization_details: both },
        { scope: 'orders.read desk.search-notes' },
        {
          authorization_details: JSON.stringify([detail(desk(), 'desk.search-notes')]),
          scope: 'orders.read',
        },
      ]) {
        const { error, kept } = await asked(over, { default_resource: desk() })
        assert.equal(kept, undefined)
        assert.equal(error?.get('error'), 'invalid_target')
        const why = error?.get('error_description') ?? ''
        for (const one of [desk(), w.orders]) assert.ok(why.includes(one), why)
      }
    })

    it('with nothing that says it, nothing is told of what else there is', async () => {
      for (const over of [{}, { scope: 'offline_access mcp:tools' }]) {
        const { error } = await asked(over)
        assert.equal(error?.get('error'), 'invalid_target')
        assert.ok(!String(error?.get('error_description')).includes(world().gateway))
      }
      const unknown = await asked({}, { default_resource: 'https://elsewhere.example/x' })
      assert.equal(unknown.error?.get('error'), 'invalid_target')
    })

    it('the code and the refresh token know it', async () => {
      const { stranger } = await asked({ scope: 'desk.search-notes' })
      const page = stranger.asking('', { resource: undefined, scope: 'desk.search-notes' })
      const back = await stranger.answered(await stranger.ask('sam', page))
      const tokens = await stranger.redeem(back, '', { code_verifier: 'v'.repeat(43) })
      assert.equal(tokens.status, 200, JSON.stringify(tokens.body))
      const refresh_token = String(tokens.body.refresh_token)
      assert.equal((await stranger.refresh({ refresh_token })).status, 200)
    })
  },
  { desk: true },
)
