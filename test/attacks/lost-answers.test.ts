import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { addAdmissionRule, resumeAgent, suspendAgent } from '../../src/agents/index.ts'
import { endBasis, listTasks } from '../../src/tasks/index.ts'
import { openDesk, Stranger } from '../mcp/stranger.ts'
import { newKey, proof } from '../signing.ts'
import { inEachWorld } from '../world.ts'

inEachWorld(
  'O6: answers to refreshing that were lost, and refresh tokens that were copied',
  (world) => {
    before(async () => {
      await openDesk(world())
      const { id } = await world().person('ada')
      await addAdmissionRule(world().rooms.agents, {
        name: 'this-computer',
        redirectHosts: ['localhost'],
        trust: 2,
        ceiling: [
          {
            type: 'remit_call',
            locations: [world().orders],
            actions: ['orders.read', 'orders.list'],
            bounds: [],
          },
          {
            type: 'remit_call',
            locations: [`${world().gateway}/desk`],
            actions: ['desk.search-notes'],
            bounds: [],
          },
        ],
        ownerId: id,
        by: id,
      })
    })

    /** A client that proves its key, with its first tokens. */
    async function begin() {
      const w = world()
      const stranger = await Stranger.arrive(w)
      await stranger.knock(`${w.gateway}/desk`)
      const key = await newKey()
      const sent = new URL(String(stranger.sent))
      sent.searchParams.set('resource', w.orders)
      const back = await stranger.answered(await stranger.ask('sam', sent))
      const url = `${w.issuer}/oauth/token`
      const proofBy = (by = key) => proof(w.clock, by, { method: 'POST', url })
      const first = await stranger.redeem(back, w.orders, {}, await proofBy())
      assert.equal(first.status, 200, JSON.stringify(first.body))
      const token = String(first.body.refresh_token)
      const refresh = async (refresh_token: unknown, over: Record<string, string> = {}, by = key) =>
        stranger.refresh({ refresh_token: String(refresh_token), ...over }, await proofBy(by))
      const closed = async () => {
        const tasks = await listTasks(w.rooms.storage.read, { agentId: stranger.id, limit: 5 })
        return tasks[0]?.closeReason
      }
      return { w, token, refresh, closed, stranger }
    }

    it('the same request by the same key gets the same answer, and the task goes on', async () => {
      const { closed, refresh, token, w } = await begin()
      const one = await refresh(token)
      const two = await refresh(token)
      assert.equal(two.status, 200)
      assert.deepEqual(two.body, one.body)
      await w.restart()
      assert.deepEqual((await refresh(token)).body, one.body, 'it survives a restart')
      const next = await refresh(one.body.refresh_token)
      assert.equal(next.status, 200)
      assert.equal(await closed(), null)
    })

    it('of 64 at the same time all get one answer: there is one family', async () => {
      const { closed, refresh, token } = await begin()
      const answers = await Promise.all(Array.from({ length: 64 }, () => refresh(token)))
      const bodies = new Set(answers.map(({ body }) => JSON.stringify(body)))
      assert.equal(bodies.size, 1, [...bodies].join('\n').slice(0, 2_000))
      assert.equal(answers[0]?.status, 200)
      assert.equal(await closed(), null)
    })

    for (const [name, spoil] of [
      ['later', async ({ w }) => void w.clock.advance(10_001)],
      ['once the next one was used', async ({ one, refresh }) => void (await refresh(one))],
    ] as const satisfies readonly (readonly [
      string,
      (given: {
        w: ReturnType<typeof world>
        one: unknown
        refresh: (token: unknown) => Promise<unknown>
      }) => Promise<void>,
    ])[])
      it(`O6: ${name}, it is reuse, and closes the task`, async () => {
        const { closed, refresh, token, w } = await begin()
        const { body } = await refresh(token)
        await spoil({ w, one: body.refresh_token, refresh })
        const again = await refresh(token)
        assert.equal(again.body.code, 'refresh_token.used')
        assert.equal(await closed(), 'refresh.reused')
        const newest = await refresh(body.refresh_token)
        assert.equal(newest.body.error, 'invalid_grant')
      })

    it('another request is reuse', async () => {
      const { closed, refresh, token } = await begin()
      await refresh(token)
      const other = await refresh(token, { scope: 'orders.read' })
      assert.equal(other.body.code, 'refresh_token.used')
      assert.equal(await closed(), 'refresh.reused')
    })

    it('D6: another key is reuse, whoever has it', async () => {
      const { closed, refresh, token } = await begin()
      await refresh(token)
      const stolen = await refresh(token, {}, await newKey())
      assert.equal(stolen.body.code, 'refresh_token.used')
      assert.equal(await closed(), 'refresh.reused')
    })

    it('what has ended meanwhile is not given again', async () => {
      const { refresh, stranger, token, w } = await begin()
      await refresh(token)
      const [task] = await listTasks(w.rooms.storage.read, { agentId: stranger.id, limit: 1 })
      const [basisId = ''] = task?.bases ?? []
      await endBasis(w.rooms.decisions, { basisId, by: 'operator' })
      const again = await refresh(token)
      assert.equal(again.body.error, 'invalid_grant')
      assert.equal(again.body.access_token, undefined)
    })

    it('what is suspended meanwhile is not given again, and closes nothing', async () => {
      const { closed, refresh, stranger, token, w } = await begin()
      const one = await refresh(token)
      const change = { agentId: stranger.id, by: 'operator', reason: 'test' }
      await suspendAgent(w.rooms.agents, change)
      const again = await refresh(token)
      assert.deepEqual([again.status, again.body.error], [400, 'invalid_grant'])
      assert.equal(again.body.access_token, undefined)
      assert.equal(await closed(), null)
      await resumeAgent(w.rooms.agents, change)
      assert.deepEqual((await refresh(token)).body, one.body)
      const other = await refresh(token, {}, await newKey())
      assert.equal(other.body.error, 'invalid_grant')
      assert.equal(await closed(), 'refresh.reused')
    })

    it('a client without a key has no such seconds', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      const desk = `${w.gateway}/desk`
      const back = await stranger.codeFor(desk)
      const { body } = await stranger.redeem(back, desk)
      const refresh_token = String(body.refresh_token)
      assert.equal((await stranger.refresh({ refresh_token })).status, 200)
      assert.equal((await stranger.refresh({ refresh_token })).body.code, 'refresh_token.used')
    })
  },
)
