import assert from 'node:assert/strict'
import { before, beforeEach, it } from 'node:test'
import * as oauth from 'oauth4webapi'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { closeTask } from '../../src/tasks/tasks/index.ts'
import { deskActions, openDesk, ping } from '../mcp/stranger.ts'
import { inOneWorld } from '../world.ts'
import { Installation } from './installation.ts'

const HOUR = 3_600_000

const refusedAs = (error: string, code: string) => (thrown: unknown) =>
  thrown instanceof oauth.ResponseBodyError && thrown.error === error && thrown.cause.code === code

inOneWorld(
  'a client with one key for each installation',
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

    for (const kind of ['private_key_jwt', 'public'] as const)
      it(`${kind}: ten sign-ins, lost refresh answers and a night of sleep cost nobody a task`, async () => {
        const w = world()
        const program = await Installation.of(w, kind)
        const sessions: oauth.TokenEndpointResponse[] = []
        for (let i = 0; i < 10; i++) sessions.push(await program.signIn(desk()))
        assert.equal(new Set(sessions.map(({ task_id: id }) => id)).size, 10)
        for (const { access_token: token } of sessions)
          assert.equal(await program.use(desk(), token), 200)

        // Answers get lost: once, twice, and with half a minute in between.
        const held = sessions.map(({ refresh_token: token }) => token)
        for (const token of held) await program.refresh(token, { lost: true })
        w.clock.advance(31_000)
        program.wake(w)
        for (const token of held) await program.refresh(token, { lost: true })

        w.clock.advance(9 * HOUR)
        w.forgetBrowsers()
        program.wake(w)
        const morning: oauth.TokenEndpointResponse[] = []
        for (const token of held) {
          const fresh = await program.refresh(token)
          assert.ok(fresh)
          morning.push(fresh)
          assert.equal(await program.use(desk(), fresh.access_token), 200)
          const next = await program.refresh(fresh.refresh_token)
          assert.equal(await program.use(desk(), String(next?.access_token)), 200)
        }

        // A task that is over stays over, although its key goes on in nine others and in a new one.
        const [over, other] = morning
        const taskId = String(sessions[0]?.task_id)
        await closeTask(w.rooms.decisions, { taskId, by: 'operator', reason: 'revoked' })
        assert.equal(await program.use(desk(), String(over?.access_token)), 401)
        assert.equal(await program.use(desk(), String(other?.access_token)), 200)
        const anew = await program.signIn(desk())
        assert.equal(await program.use(desk(), anew.access_token), 200)
        assert.equal(await program.use(desk(), String(over?.access_token)), 401)
        await assert.rejects(
          program.refresh(over?.refresh_token),
          refusedAs('invalid_grant', 'grant.ended'),
        )
      })

    it('one that authenticates keeps its refresh token, and may refresh with another key', async () => {
      const w = world()
      const program = await Installation.of(w, 'private_key_jwt')
      const { access_token: before, refresh_token: token } = await program.signIn(desk())
      const same = await program.refresh(token)
      assert.equal(same?.refresh_token, token)
      const { pair } = program
      program.takeKey(await oauth.generateKeyPair('ES256'))
      const fresh = await program.refresh(token)
      assert.equal(fresh?.refresh_token, token)
      assert.equal(await program.use(desk(), String(fresh?.access_token)), 200)
      // Each token is bound to the key that it was asked for with, and to no other one.
      assert.equal(await program.use(desk(), before), 401)
      const thief = await Installation.of(w, 'public', pair)
      assert.equal(await thief.use(desk(), String(fresh?.access_token)), 401)
      assert.equal(await thief.use(desk(), before), 200, 'it has the key')
      assert.equal((await ping(desk(), before)).status, 401)
      await assert.rejects(
        thief.refresh(token),
        refusedAs('invalid_grant', 'refresh_token.invalid'),
        'it is the client that counts',
      )
    })

    it('a key of another agent is refused, at the code and at a refresh, and the answer says what to do', async () => {
      const w = world()
      const program = await Installation.of(w, 'private_key_jwt')
      await program.signIn(desk())
      const copy = await Installation.of(w, 'private_key_jwt', program.pair)
      await assert.rejects(
        copy.signIn(desk()),
        (thrown: unknown) =>
          refusedAs('invalid_request', 'task.key_used')(thrown) &&
          /make a new key/.test(String((thrown as oauth.ResponseBodyError).error_description)),
      )
      const other = await Installation.of(w, 'private_key_jwt')
      const { refresh_token: token } = await other.signIn(desk())
      const borrowing = await Installation.of(w, 'public', program.pair)
      await assert.rejects(borrowing.signIn(desk()), refusedAs('invalid_request', 'task.key_used'))
      const { pair } = other
      other.takeKey(program.pair)
      await assert.rejects(other.refresh(token), refusedAs('invalid_request', 'task.key_used'))
      other.takeKey(pair)
      assert.ok(await other.refresh(token))
    })

    it('two sign-ins with a new key in the same moment are two tasks', async () => {
      const program = await Installation.of(world(), 'public')
      const codes = [await program.consented(desk()), await program.consented(desk())]
      const both = await Promise.all(codes.map((code) => program.redeem(code)))
      for (const { access_token: token } of both)
        assert.equal(await program.use(desk(), token), 200)
    })
  },
  { desk: true },
)
