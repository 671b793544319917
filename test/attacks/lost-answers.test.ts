import assert from 'node:assert/strict'
import { before, beforeEach, it } from 'node:test'
import { resumeAgent, suspendAgent } from '../../src/identity/agents/index.ts'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { endBasis, listTasks } from '../../src/tasks/tasks/index.ts'
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

    // An hour without a request ends a session.
    beforeEach(() => world().forgetBrowsers())

    /** A client that proves its key, with its first tokens. */
    async function begin() {
      const w = world()
      const stranger = await Stranger.arrive(w)
      await stranger.knock(`${w.gateway}/desk`)
      const key = await newKey()
      const sent = new URL(String(stranger.sent))
      sent.searchParams.set('resource', w.orders)
      sent.searchParams.set('dpop_jkt', key.thumbprint)
      const back = await stranger.answered(await stranger.ask('sam', sent), {
        fields: { life: 'workday' },
      })
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

    it('the same request by the same key gets the same next token, however late, and the task goes on', async () => {
      const { closed, refresh, token, w } = await begin()
      const one = await refresh(token)
      assert.equal(one.status, 200)
      const lost = async (when: string) => {
        const again = await refresh(token)
        assert.equal(again.status, 200, JSON.stringify(again.body))
        assert.equal(again.body.refresh_token, one.body.refresh_token, when)
        assert.notEqual(again.body.access_token, one.body.access_token, 'that may have expired')
        assert.equal(again.body.expires_in, 300)
      }
      await lost('at once')
      w.clock.advance(31_000)
      await lost('half a minute later')
      await w.restart()
      await lost('after a restart')
      w.clock.advance(7 * 3_600_000)
      await lost('after a night of sleep')
      const next = await refresh(one.body.refresh_token)
      assert.equal(next.status, 200)
      assert.notEqual(next.body.refresh_token, one.body.refresh_token)
      assert.equal(await closed(), null)
    })

    it('of 64 at the same time all get one next token: there is one family', async () => {
      const { closed, refresh, token } = await begin()
      // A busy machine may lose its lease, and says 503: come again.
      const asking = async (left = 5): ReturnType<typeof refresh> => {
        const answer = await refresh(token)
        return answer.status === 503 && left > 0 ? asking(left - 1) : answer
      }
      const answers = await Promise.all(Array.from({ length: 64 }, () => asking()))
      const nexts = new Set(
        answers.map(({ body, status }) => `${status} ${body.refresh_token ?? body.code}`),
      )
      const [next = '', ...others] = nexts
      assert.deepEqual(others, [])
      assert.match(next, /^200 /)
      assert.equal(await closed(), null)
    })

    it('O6: once the next one was used, it is reuse, and closes the task', async () => {
      const { closed, refresh, token } = await begin()
      const { body } = await refresh(token)
      const newest = await refresh(body.refresh_token)
      const again = await refresh(token)
      assert.equal(again.body.code, 'refresh_token.used')
      assert.equal(await closed(), 'refresh.reused')
      for (const dead of [body, newest.body])
        assert.equal((await refresh(dead.refresh_token)).body.error, 'invalid_grant')
    })

    it('O6: of the one before and the next at the same time, nobody gets the next again once it was used', async () => {
      for (let i = 0; i < 5; i++) {
        const { closed, refresh, token } = await begin()
        const { body } = await refresh(token)
        const [, late] = await Promise.all([refresh(body.refresh_token), refresh(token)])
        const reused = late.status !== 200
        if (reused) assert.equal(late.body.code, 'refresh_token.used')
        else assert.equal(late.body.refresh_token, body.refresh_token)
        assert.equal(await closed(), reused ? 'refresh.reused' : null)
      }
    })

    it('O6: the next one is used between the look at the old one and its answer: nobody gets it again', async (t) => {
      const { closed, refresh, token, w } = await begin()
      const { body } = await refresh(token)
      const { live } = w.rooms
      const commit = live.commit.bind(live)
      let used = false
      t.mock.method(live, 'commit', async (...given: Parameters<typeof commit>) => {
        if (!used) {
          used = true
          assert.equal((await refresh(body.refresh_token)).status, 200)
        }
        return commit(...given)
      })
      const late = await refresh(token)
      assert.equal(late.body.code, 'refresh_token.used', JSON.stringify(late.body))
      assert.equal(await closed(), 'refresh.reused')
    })

    it('another request gets the next token, too, and no more than was granted', async () => {
      const { closed, refresh, token } = await begin()
      const one = await refresh(token)
      const less = await refresh(token, { scope: 'orders.read' })
      assert.deepEqual([less.body.scope, less.status], ['orders.read', 200])
      assert.equal(less.body.refresh_token, one.body.refresh_token)
      const more = await refresh(token, { scope: 'orders.refund' })
      assert.equal(more.body.code, 'task.bad_scope')
      assert.equal(await closed(), null)
    })

    it('D6: another key gets nothing of it, and ends nothing; once the next one was used, it is reuse', async () => {
      const { closed, refresh, token } = await begin()
      const one = await refresh(token)
      const stolen = await refresh(token, {}, await newKey())
      assert.equal(stolen.body.code, 'proof.wrong_key')
      assert.equal(await closed(), null)
      await refresh(one.body.refresh_token)
      const late = await refresh(token, {}, await newKey())
      assert.equal(late.body.code, 'refresh_token.used')
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
      assert.equal((await refresh(token)).body.refresh_token, one.body.refresh_token)
      assert.equal(await closed(), null)
    })

    it('a client without a key gets it again, too, until somebody uses it', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      const desk = `${w.gateway}/desk`
      const back = await stranger.codeFor(desk, { fields: { life: 'workday' } })
      await stranger.mayRest()
      const { body } = await stranger.redeem(back, desk)
      const refresh_token = String(body.refresh_token)
      const one = await stranger.refresh({ refresh_token })
      w.clock.advance(3_600_000)
      const again = await stranger.refresh({ refresh_token })
      assert.equal(again.body.refresh_token, one.body.refresh_token)
      const newest = await stranger.refresh({ refresh_token: String(one.body.refresh_token) })
      assert.equal((await stranger.refresh({ refresh_token })).body.code, 'refresh_token.used')
      const dead = await stranger.refresh({ refresh_token: String(newest.body.refresh_token) })
      assert.equal(dead.body.error, 'invalid_grant')
    })
  },
)
