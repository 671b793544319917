import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { addKey, retireAgent } from '../../src/identity/agents/index.ts'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { protocolRecords } from '../../src/identity/opaque-tokens/index.ts'
import { suspendPerson } from '../../src/identity/sessions/index.ts'
import { sha256url } from '../../src/platform/lib/bytes.ts'
import { basesOfPerson } from '../../src/tasks/consent/index.ts'

import { endBasis, listTasks } from '../../src/tasks/tasks/index.ts'
import { deskActions, openDesk, ping, Stranger } from '../mcp/stranger.ts'
import { newKey, proof } from '../signing.ts'
import { send } from '../wire.ts'
import { inEachWorld } from '../world.ts'

inEachWorld(
  'the authorization code grant under attack',
  (world) => {
    const desk = () => `${world().gateway}/desk`

    before(async () => {
      await openDesk(world())
      const { id } = await world().person('ada')
      await addAdmissionRule(world().rooms.agents, {
        name: 'this-computer',
        redirectHosts: ['localhost'],
        trust: 2,
        ceiling: [
          ...deskActions(world()),
          {
            type: 'remit_call',
            locations: [world().orders],
            actions: ['orders.read'],
            bounds: [],
          },
        ],
        ownerId: id,
        by: id,
      })
    })

    async function taskOf({ id: agentId }: Stranger) {
      const tasks = await listTasks(world().rooms.storage.read, { agentId, limit: 5 })
      assert.equal(tasks.length, 1)
      const [task] = tasks
      assert.ok(task)
      return task
    }

    it('a code works once: of many at the same time at most one, and then it closes what it opened', async () => {
      const stranger = await Stranger.arrive(world())
      const back = await stranger.codeFor(desk())
      const answers = await Promise.all(
        Array.from({ length: 32 }, () => stranger.redeem(back, desk())),
      )
      const winners = answers.filter(({ status }) => status === 200)
      assert.ok(winners.length <= 1)
      for (const { status, body } of answers)
        if (status !== 200) assert.equal(body.error, 'invalid_grant')
      assert.equal((await taskOf(stranger)).closeReason, 'code.replayed')
      for (const { body } of winners)
        assert.equal((await ping(desk(), String(body.access_token))).status, 401)
    })

    it('O4: a code that is replayed later closes the task', async () => {
      const stranger = await Stranger.arrive(world())
      const back = await stranger.codeFor(desk())
      const first = await stranger.redeem(back, desk())
      assert.equal(first.status, 200)
      assert.equal((await ping(desk(), String(first.body.access_token))).status, 200)
      const again = await stranger.redeem(back, desk())
      assert.equal(again.body.code, 'code.used')
      assert.equal((await ping(desk(), String(first.body.access_token))).status, 401)
      const refreshed = await stranger.refresh({ refresh_token: String(first.body.refresh_token) })
      assert.equal(refreshed.body.error, 'invalid_grant')
    })

    it('a code without a challenge, or with one that is the verifier itself, is worth nothing', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      const back = await stranger.codeFor(desk())
      const kept = protocolRecords({ storage: w.rooms.storage, clock: w.clock })
      const id = sha256url(back.searchParams.get('code') ?? '')
      const code = await kept.find('AuthorizationCode', id)
      for (const weak of [
        { codeChallenge: stranger.verifier, codeChallengeMethod: 'plain' },
        { codeChallenge: sha256url(stranger.verifier), codeChallengeMethod: 'plain' },
        { codeChallenge: sha256url(stranger.verifier), codeChallengeMethod: undefined },
        { codeChallenge: undefined, codeChallengeMethod: undefined },
        { codeChallenge: undefined, codeChallengeMethod: 'S256' },
      ]) {
        await kept.put({ kind: 'AuthorizationCode', id, payload: { ...code, ...weak } }, 60)
        for (const code_verifier of [stranger.verifier, ''])
          assert.equal(
            (await stranger.redeem(back, desk(), { code_verifier })).status,
            400,
            JSON.stringify(weak),
          )
      }
    })

    it('two codes of one answer open one task, and then none', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      const back = await stranger.codeFor(desk())
      const kept = protocolRecords({ storage: w.rooms.storage, clock: w.clock })
      const id = sha256url(back.searchParams.get('code') ?? '')
      const code = await kept.find('AuthorizationCode', id)
      assert.ok(code)
      const twin = new URL(back)
      twin.searchParams.set('code', 'twin')
      await kept.put({ kind: 'AuthorizationCode', id: sha256url('twin'), payload: code }, 60)
      const answers = await Promise.all([back, twin].map((one) => stranger.redeem(one, desk())))
      assert.ok(answers.filter(({ status }) => status === 200).length <= 1)
      assert.equal((await taskOf(stranger)).closeReason, 'code.replayed')
    })

    it('a code stands on the consent that it was given for, and on no older one', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      const first = await stranger.codeFor(desk())
      const sam = await w.person('sam')
      const bases = async () =>
        (await basesOfPerson(w.rooms.storage.read, sam.id, w.clock.now()))
          .filter(({ agentId }) => agentId === stranger.id)
          .map(({ id }) => id)
      const [older] = await bases()
      const second = await stranger.codeFor(desk())
      const [basisId, ...more] = (await bases()).filter((id) => id !== older)
      assert.ok(older && basisId && more.length === 0)
      await endBasis(w.rooms.decisions, { basisId, by: sam.id })
      assert.equal((await stranger.redeem(second, desk())).body.error, 'invalid_grant')
      stranger.verifier = stranger.verifiers.at(-2) ?? ''
      assert.equal((await stranger.redeem(first, desk())).status, 200)
      await endBasis(w.rooms.decisions, { basisId: older, by: sam.id })
      assert.equal((await taskOf(stranger)).state, 'closed')
    })

    it('a code is bound to client, address, verifier and resource, each', async () => {
      const stranger = await Stranger.arrive(world())
      const other = await Stranger.arrive(world())
      await other.knock(desk())
      const back = await stranger.codeFor(desk())
      for (const over of [
        { client_id: other.id },
        { client_id: 'refund-bot' },
        { redirect_uri: other.redirectUrl },
        { redirect_uri: `${stranger.redirectUrl}/` },
        { code_verifier: 'w'.repeat(43) },
        { code_verifier: 'short' },
        { resource: `${world().gateway}/orders` },
      ]) {
        const answer = await stranger.redeem(back, desk(), over)
        assert.equal(answer.status, 400, JSON.stringify(over))
        assert.match(String(answer.body.error), /^invalid_(?:grant|request)$/)
      }
      // RFC 7636 section 4.6: none is a wrong one.
      const without = await stranger.redeem(back, desk(), { code_verifier: '' })
      assert.deepEqual([without.status, without.body.error], [400, 'invalid_grant'])
      // RFC 8707 section 2.2: the code knows which resource it is for.
      assert.equal((await stranger.redeem(back, desk(), { resource: '' })).status, 200)
    })

    it('a refresh token opens one family: of 32 at the same time all get one next token, and reuse closes the task', async () => {
      const stranger = await Stranger.arrive(world())
      await stranger.enter(desk())
      const answers = await Promise.all(Array.from({ length: 32 }, () => stranger.refresh()))
      const [next, ...others] = new Set(answers.map(({ body }) => String(body.refresh_token)))
      assert.deepEqual(others, [])
      const newest = await stranger.refresh({ refresh_token: String(next) })
      assert.equal(newest.status, 200)
      assert.equal((await stranger.refresh()).body.code, 'refresh_token.used')
      assert.equal((await taskOf(stranger)).closeReason, 'refresh.reused')
      for (const { body } of [...answers, newest]) {
        assert.equal((await ping(desk(), String(body.access_token))).status, 401)
        const late = await stranger.refresh({ refresh_token: String(body.refresh_token) })
        assert.equal(late.body.error, 'invalid_grant')
      }
    })

    it('refreshing is for the same client, resource and scope, and never gives more', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      await stranger.knock(desk())
      const page = await stranger.ask()
      const back = await stranger.answered(page, { fields: { 'detail-0': undefined } })
      const { body } = await stranger.redeem(back, desk())
      const refresh_token = String(body.refresh_token)
      const granted = String(body.scope).split(' ')
      const missing = ['search-notes', 'read-note', 'add-note', 'send-message']
        .map((name) => `desk.${name}`)
        .find((name) => !granted.includes(name))
      const other = await Stranger.arrive(w)
      await other.knock(desk())
      const refused: readonly [Record<string, string>, string][] = [
        [{ client_id: other.id }, 'invalid_grant'],
        [{ resource: `${w.gateway}/orders` }, 'invalid_target'],
        [{ scope: `${granted.join(' ')} ${missing}` }, 'invalid_scope'],
        [{ scope: 'orders.read' }, 'invalid_scope'],
        [
          { refresh_token: refresh_token.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A')) },
          'invalid_grant',
        ],
        [{ refresh_token: String(body.access_token) }, 'invalid_grant'],
      ]
      for (const [over, error] of refused) {
        const answer = await stranger.refresh({ refresh_token, ...over })
        assert.equal(answer.body.error, error, JSON.stringify(over))
      }
      const [one = ''] = granted
      const less = await stranger.refresh({ refresh_token, scope: one, resource: desk() })
      assert.equal(less.body.scope, one)
      const all = await stranger.refresh({ refresh_token: String(less.body.refresh_token) })
      assert.deepEqual(String(all.body.scope).split(' ').toSorted(), granted.toSorted())
    })

    it('a bearer token is good at its resource, as a bearer token, and nowhere else', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      await stranger.enter(desk())
      const token = stranger.saved?.access_token ?? ''
      assert.equal((await ping(desk(), token)).status, 200)
      const elsewhere = await send(`${w.orders}/orders/1042`, {
        headers: [['Authorization', `Bearer ${token}`]],
      })
      assert.equal(elsewhere.status, 401)
      assert.equal(elsewhere.body.code, 'token.wrong_audience')
      const key = await newKey()
      const url = `${w.orders}/orders/1042`
      for (const headers of [
        [['Authorization', `DPoP ${token}`]],
        [
          ['Authorization', `DPoP ${token}`],
          ['DPoP', await proof(w.clock, key, { method: 'GET', url, token })],
        ],
      ] as const)
        assert.equal((await send(url, { headers })).status, 401)
      for (const path of ['/api/v1/tasks', `/v1/tasks/${(await taskOf(stranger)).id}`]) {
        const answer = await send(w.issuer + path, {
          headers: [['Authorization', `Bearer ${token}`]],
        })
        assert.equal(answer.status, 401, path)
      }
      // And a bound token is none.
      const task = await w.open()
      const bound = await w.agent.token(task, w.orders)
      const shown = await send(url, { headers: [['Authorization', `Bearer ${bound}`]] })
      assert.equal(shown.body.code, 'token.wrong_scheme')
    })

    it('a bearer token is read from one place, in one spelling, and is not what it is not', async () => {
      const stranger = await Stranger.arrive(world())
      await stranger.enter(desk())
      const { access_token: token = '', refresh_token: refresh = '' } = stranger.saved ?? {}
      const initialize = (headers: readonly (readonly [string, string])[], path = '') =>
        ping(desk() + path, '', headers)
      for (const [hint, answer] of [
        ['none', await initialize([])],
        ['in the query', await initialize([], `?access_token=${token}`)],
        ['as a cookie', await initialize([['Cookie', `access_token=${token}`]])],
        ['refresh token', await initialize([['Authorization', `Bearer ${refresh}`]])],
        ['basic', await initialize([['Authorization', `Basic ${btoa(`x:${token}`)}`]])],
        ['two spaces', await initialize([['Authorization', `Bearer  ${token}`]])],
        ['more', await initialize([['Authorization', `Bearer ${token}A`]])],
        ['less', await initialize([['Authorization', `Bearer ${token.slice(0, -1)}`]])],
        ['upper case', await initialize([['Authorization', `Bearer ${token.toUpperCase()}`]])],
        ['digest', await initialize([['Authorization', `Bearer remit_at_${sha256url(token)}`]])],
      ] as const)
        assert.ok(answer.status === 401 || answer.status === 404, `${hint} ${answer.status}`)
      const twice = [
        ['Authorization', `Bearer ${token}`],
        ['Authorization', `Bearer ${token}`],
      ] as const
      assert.equal((await initialize(twice)).status, 400)
      assert.equal((await initialize([['authorization', `bearer ${token}`]])).status, 200)
    })

    it('who gets a key later gets no bearer token more', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      await stranger.enter(desk())
      const key = await newKey()
      await addKey(w.rooms.agents, { agentId: stranger.id, jwk: key.publicJwk, by: 'operator' })
      assert.equal((await stranger.refresh()).body.error, 'invalid_grant')
      const url = `${w.issuer}/oauth/token`
      const signed = await proof(w.clock, key, { method: 'POST', url })
      const bound = await stranger.refresh({}, signed)
      assert.equal(bound.body.access_token, undefined, 'a task that has no key gets none later')
    })

    it('whoever is stopped gets nothing more, whatever they hold', async () => {
      const w = world()
      const retired = await Stranger.arrive(w)
      const back = await retired.codeFor(desk())
      await retireAgent(w.rooms.agents, { agentId: retired.id, by: 'operator', reason: 'test' })
      assert.equal((await retired.redeem(back, desk())).body.error, 'invalid_grant')
      await retired.knock(desk())
      assert.match((await retired.ask()).text, /This program is stopped/)

      const keyed = await Stranger.arrive(w)
      const first = await keyed.codeFor(desk())
      const jwk = (await newKey()).publicJwk
      await addKey(w.rooms.agents, { agentId: keyed.id, jwk, by: 'operator' })
      const bearer = await keyed.redeem(first, desk())
      assert.equal(bearer.body.code, 'proof.missing')

      const orphan = await Stranger.arrive(w)
      const code = await orphan.codeFor(desk(), { person: 'nils' })
      const nils = await w.person('nils')
      await suspendPerson(w.rooms.people, { personId: nils.id, by: 'operator', reason: 'test' })
      assert.equal((await orphan.redeem(code, desk())).body.error, 'invalid_grant')
    })

    it('an API that is no MCP server gives bound tokens only, to the key that was announced or that comes first', async () => {
      const w = world()
      const url = `${w.issuer}/oauth/token`
      const stranger = await Stranger.arrive(w)
      await stranger.knock(desk())
      const [key, other] = [await newKey(), await newKey()]
      const sent = new URL(String(stranger.sent))
      sent.searchParams.set('resource', w.orders)
      sent.searchParams.set('dpop_jkt', key.thumbprint)
      const back = await stranger.answered(await stranger.ask('sam', sent))
      const proofBy = (by: typeof key) => proof(w.clock, by, { method: 'POST', url })
      assert.equal((await stranger.redeem(back, w.orders)).body.code, 'proof.wrong_key')
      const wrong = await stranger.redeem(back, w.orders, {}, await proofBy(other))
      assert.equal(wrong.body.code, 'proof.wrong_key')
      const { body } = await stranger.redeem(back, w.orders, {}, await proofBy(key))
      assert.equal(body.token_type, 'DPoP')
      const token = String(body.access_token)
      const order = `${w.orders}/orders/1042`
      const calling = await proof(w.clock, key, { method: 'GET', url: order, token })
      const call = await send(order, {
        headers: [
          ['Authorization', `DPoP ${token}`],
          ['DPoP', calling],
        ],
      })
      // Known and alive; no policy speaks of this agent there.
      assert.equal(call.body.code, 'agent.not_permitted')
      const refresh_token = String(body.refresh_token)
      const bare = await stranger.refresh({ refresh_token })
      assert.equal(bare.body.code, 'proof.missing')
      const stolen = await stranger.refresh({ refresh_token }, await proofBy(other))
      assert.equal(stolen.body.code, 'proof.wrong_key')
      const right = await stranger.refresh({ refresh_token }, await proofBy(key))
      assert.equal(right.body.token_type, 'DPoP')
      // A proof counts once, and spoils nothing when it comes again.
      const once = await proofBy(key)
      const next = await stranger.refresh({ refresh_token: String(right.body.refresh_token) }, once)
      const newest = String(next.body.refresh_token)
      const replayed = await stranger.refresh({ refresh_token: newest }, once)
      assert.equal(replayed.body.code, 'proof.replayed')
      const fine = await stranger.refresh({ refresh_token: newest }, await proofBy(key))
      assert.equal(fine.status, 200)

      // A key serves one agent.
      const second = await Stranger.arrive(w)
      await second.register({ dpop_bound_access_tokens: true })
      await second.knock(desk())
      const there = new URL(String(second.sent))
      there.searchParams.set('resource', w.orders)
      const given = await second.answered(await second.ask('sam', there))
      const taken = await second.redeem(given, w.orders, {}, await proofBy(key))
      assert.deepEqual([taken.body.error, taken.body.code], ['invalid_request', 'task.key_used'])
      const own = await second.redeem(given, w.orders, {}, await proofBy(other))
      assert.equal(own.status, 200, JSON.stringify(own.body))

      const keyless = await Stranger.arrive(w)
      await keyless.register({ dpop_bound_access_tokens: true })
      await keyless.knock(desk())
      const plain = new URL(String(keyless.sent))
      plain.searchParams.set('resource', w.orders)
      const code = await keyless.answered(await keyless.ask('sam', plain))
      assert.equal((await keyless.redeem(code, w.orders)).body.code, 'proof.missing')
    })
  },
  { desk: true },
)
