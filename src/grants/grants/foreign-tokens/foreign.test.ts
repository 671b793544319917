import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { decideCall } from '../../../calls/calls/decide-call.ts'
import {
  ALL_OF_ORDERS,
  type HeldTask,
  newKey,
  ORDERS,
  READ,
  refund,
  worldsOver,
} from '../../../calls/calls/testing.ts'
import {
  addIssuer,
  resumeIssuer,
  revokeIssuer,
  suspendIssuer,
} from '../../../identity/issuers/index.ts'
import { INTROSPECTED_FOR_MS } from '../../../identity/issuers/introspection.ts'
import type { IssuerDescription } from '../../../identity/issuers/read-issuer.ts'
import { suspendPerson } from '../../../identity/sessions/index.ts'
import { CLOCK_SKEW_MS } from '../../../platform/jose/index.ts'
import { Secret } from '../../../platform/lib/secret.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { Facts } from '../../../tasks/facts/facts.ts'
import { closeTask, findTask, forgetForeignTokens, listTasks } from '../../../tasks/tasks/index.ts'
import { only } from '../openings/testing.ts'
import { tokenWorld } from './testing.ts'

const by = 'operator'

forEachEngine('access tokens of other servers', (open) => {
  const worlds = worldsOver(open)

  const begin = async (t: TestContext, over: Partial<IssuerDescription> = {}) =>
    tokenWorld(t, await worlds.own(t), over)

  test('open one task each, for whom and by whom they say, as the mapping says', async (t) => {
    const { parts, reason, tasks, token, world } = await begin(t)
    const shown = await token()
    assert.equal(await reason(shown), 'permit')
    assert.equal(await reason(shown), 'permit')
    const [task, ...more] = await tasks()
    assert.ok(task)
    assert.deepEqual(more, [])
    assert.deepEqual(
      [task.openedBy, task.agentId, task.personId, task.issuers, task.sponsored],
      ['token', 'refund-bot', world.sam.id, ['house'], false],
    )
    assert.deepEqual(task.details.flatMap(({ actions }) => actions).toSorted(), [
      'orders.read',
      'orders.refund',
    ])
    assert.deepEqual(task.mayDelegate, [])
    const exp = Math.floor(parts.clock.now() / 1000) + 600
    assert.ok(task.deadline <= exp * 1000 && task.deadline > parts.clock.now())
    assert.equal(await reason(await token()), 'permit')
    assert.equal((await tasks()).length, 2)
    const opened = (await parts.recorded()).filter(({ type }) => type === 'task.opened')
    assert.ok(opened.some(({ facts }) => JSON.stringify(facts?.issuers) === '["house"]'))
    // Nothing but what it is for, and people are asked as they always are.
    assert.equal(await reason(shown, { path: '/orders' }), 'task.not_covered')
    assert.equal(await reason(shown, refund('900.00')), 'requestable')
    parts.clock.advance(600_000)
    assert.equal(await reason(shown), 'token.expired')
  })

  test('64 first calls at once open one task', async (t) => {
    const { reason, tasks, token } = await begin(t)
    const shown = await token()
    const outcomes = await Promise.all(Array.from({ length: 64 }, () => reason(shown)))
    assert.deepEqual([...new Set(outcomes)], ['permit'])
    assert.equal((await tasks()).length, 1)
  })

  test('closed is closed: the token opens nothing again', async (t) => {
    const { parts, reason, tasks, token } = await begin(t)
    const shown = await token()
    assert.equal(await reason(shown), 'permit')
    const [task] = await tasks()
    assert.ok(task)
    await closeTask(parts, { taskId: task.id, by, reason: 'test' })
    assert.equal(await reason(shown), 'task.closed')
    assert.equal((await tasks()).length, 1)
  })

  test('closed stays closed where the clock of another replica is behind', async (t) => {
    const { bearer, key, parts, tasks, token, world } = await begin(t, { bearer: true })
    const shown = await token({ cnf: undefined })
    assert.equal(await bearer(shown), 'permit')
    const [task] = await tasks()
    assert.ok(task)
    await closeTask(parts, { taskId: task.id, by, reason: 'test' })
    // One clock is ahead by as much as the other is behind.
    const exp = (Math.floor(parts.clock.now() / 1000) + 600) * 1000
    await parts.storage.transaction((tx) => forgetForeignTokens(tx, exp + CLOCK_SKEW_MS))
    const { catalog, issuers, live, storage } = parts
    const replica = { ...parts, facts: new Facts({ catalog, issuers, live, storage }) }
    const held = { key } as unknown as HeldTask // as above
    const call = await world.call(held, shown, READ, { scheme: 'Bearer', proof: undefined })
    const verdict = await decideCall(replica, call)
    assert.equal(verdict.outcome === 'deny' && verdict.reason, 'task.closed')
    assert.equal((await tasks()).length, 1)
  })

  test('end with their issuer, their person, and their agent', async (t) => {
    const { change, parts, reason, token, world } = await begin(t)
    const shown = await token()
    assert.equal(await reason(shown), 'permit')
    await suspendIssuer(parts, change)
    assert.equal(await reason(shown), 'issuer.suspended')
    assert.equal(await reason(await token()), 'issuer.suspended')
    await resumeIssuer(parts, change)
    assert.equal(await reason(shown), 'permit')
    await suspendPerson(parts, { personId: world.sam.id, by, reason: 'test' })
    assert.equal(await reason(shown), 'person.suspended')
    assert.equal(await reason(await token()), 'person.suspended')
    await revokeIssuer(parts, change)
    assert.equal(await reason(shown), 'token.unknown_key', 'nobody’s that we know')
  })

  test('stay within the ceilings, and administrators’ bases', async (t) => {
    const { reason, set, token } = await begin(t)
    const shown = await token()
    assert.equal(await reason(shown), 'permit')
    await set({ ceiling: [only('orders.list')] })
    assert.equal(await reason(shown), 'task.not_covered')
    assert.equal(await reason(await token()), 'task.beyond_ceiling')
    await set({ ceiling: [ALL_OF_ORDERS] })
    assert.equal(await reason(await token({ scope: 'unknown.thing' })), 'task.beyond_ceiling')
    assert.equal(await reason(await token({ scope: undefined })), 'task.beyond_ceiling')
  })

  test('X3, T5, T6: for us, of the right type, whole, and of somebody', async (t) => {
    const { parts, reason, tasks, token } = await begin(t)
    const now = Math.floor(parts.clock.now() / 1000)
    for (const [claims, header, code] of [
      [{ aud: 'https://gw.example/other' }, {}, 'token.wrong_audience'],
      [{ aud: [ORDERS, 'https://gw.example/other'] }, {}, 'token.wrong_audience'],
      [{ aud: undefined }, {}, 'token.wrong_audience'],
      [{ aud: parts.issuer }, {}, 'token.wrong_audience'],
      [{ exp: undefined }, {}, 'token.malformed'],
      [{ exp: now + 7200 }, {}, 'token.too_long_lived'],
      [{ sub: undefined }, {}, 'token.malformed'],
      [{ sub: 'bot-client' }, {}, 'token.malformed'],
      [{ sub: 'azp-client', azp: 'azp-client', client_id: undefined }, {}, 'token.malformed'],
      [{ client_id: undefined }, {}, 'token.malformed'],
      [{ client_id: 7 }, {}, 'token.malformed'],
      [{ act: { sub: 'someone' }, client_id: 'else' }, {}, 'issuer.not_trusted'],
      [{}, { typ: 'JWT' }, 'token.wrong_type'],
      [{}, { typ: undefined }, 'token.wrong_type'],
      [{}, { typ: 'txntoken+jwt' }, 'token.wrong_type'],
      [{}, { kid: 'other' }, 'token.unknown_key'],
      [{ iss: 'https://evil.example' }, {}, 'token.unknown_key'],
    ] as const)
      assert.equal(
        await reason(await token(claims, header)),
        code,
        JSON.stringify([claims, header]),
      )
    const [head, body] = (await token()).split('.')
    assert.equal(await reason(`${head}.${body}.AAAA`), 'token.bad_signature')
    assert.deepEqual(await tasks(), [])
    assert.equal(await reason(await token({ client_id: 'stranger' })), 'agent.quarantined')
  })

  test('D3, D4: bound ones with their key and nothing else; unbound ones where the issuer may', async (t) => {
    const { bearer, decide, reason, set, token } = await begin(t)
    const bound = await token()
    const free = await token({ cnf: undefined })
    assert.equal(await bearer(bound), 'token.wrong_scheme')
    assert.equal(await reason(bound, READ, {}, newKey()), 'proof.wrong_key')
    assert.equal(await reason(bound, READ, { proof: undefined }), 'proof.missing')
    assert.equal(await reason(free), 'token.wrong_scheme')
    assert.equal(await bearer(free), 'proof.missing')
    for (const cnf of [{ 'x5t#S256': 'a' }, {}, 'jkt', { jkt: 7 }, { jkt: 'a', kid: 'b' }])
      assert.notEqual(await reason(await token({ cnf })), 'permit', JSON.stringify(cnf))
    await set({ bearer: true })
    assert.equal(await bearer(free), 'permit')
    assert.equal(await bearer(bound), 'token.wrong_scheme')
    // What risky things a token that anyone could hold may do is said by policies, as for our own.
    const unbound = await decide(free, READ, { scheme: 'Bearer', proof: undefined })
    assert.equal(unbound.outcome, 'permit')
    const verdict = await decide(await token())
    assert.ok(verdict.outcome === 'permit')
  })

  test('a proof is used once, with a foreign token, too', async (t) => {
    const { key, parts, token, world } = await begin(t)
    const shown = await token()
    const proof = world.proof(key, { method: 'GET', url: `${ORDERS}/orders/1042`, token: shown })
    const held = { key } as unknown as HeldTask // as above
    const call = () => world.call(held, shown, READ, { proof })
    assert.equal((await decideCall(parts, await call())).outcome, 'permit')
    const again = await decideCall(parts, await call())
    assert.equal(again.outcome === 'deny' && again.reason, 'proof.replayed')
  })

  test('opaque ones hold as long as their server says so, asked at most once in five seconds', async (t) => {
    const { claims, key, parts, server, world } = await begin(t)
    const asked: string[] = []
    let answer: object | string = { active: false }
    const introspecting = createServer(async (request, reply) => {
      const form = (await request.toArray()).join('')
      asked.push(`${request.headers.authorization} ${form}`)
      reply.writeHead(typeof answer === 'string' ? 500 : 200, {
        'content-type': 'application/json',
      })
      reply.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
    })
    await new Promise<void>((done) => introspecting.listen(0, '127.0.0.1', done))
    t.after(() => introspecting.close())
    const { port } = introspecting.address() as AddressInfo // listening on TCP
    const url = `http://127.0.0.1:${port}/introspect`
    const access = { provider: world.provider.issuer, introspection: { url, client_id: 're:mit' } }
    const described = {
      ...{ uses: ['access_token'], trust: 3, ceiling: null, ownerId: world.ada.id, by },
      rules: [
        { name: 'bot', when: [{ claim: 'client_id', equals: 'bot-client' }], agent: 'refund-bot' },
      ],
    }
    await addIssuer(parts, {
      ...described,
      ...{ name: 'opaque', issuer: 'https://as.example', access, secret: new Secret('s+crêt') },
    })
    await assert.rejects(
      addIssuer(parts, {
        ...described,
        ...{ name: 'second', issuer: 'https://as2.example', access, secret: new Secret('x') },
      }),
      { code: 'issuer.bad' },
    )
    const held = { key } as unknown as HeldTask // as above
    const reason = async (shown: string) => {
      const verdict = await decideCall(parts, await world.call(held, shown, READ))
      return verdict.outcome === 'deny' ? verdict.reason : verdict.outcome
    }
    const says = { ...claims(), iss: 'https://as.example', active: true, token_type: 'DPoP' }
    assert.equal(await reason('opaque-1'), 'token.expired')
    answer = says
    assert.equal(await reason('opaque-2'), 'permit')
    assert.equal(await reason('opaque-2'), 'permit')
    assert.equal(asked.length, 2)
    const [credentials] = asked[0]?.split(' form') ?? []
    assert.match(
      credentials ?? '',
      /^Basic [A-Za-z0-9+/=]+ token=opaque-1&token_type_hint=access_token$/,
    )
    const basic = Buffer.from(asked[0]?.split(' ')[1] ?? '', 'base64').toString()
    assert.equal(basic, 're%3Amit:s%2Bcr%C3%AAt', 'each half is form-encoded (RFC 6749 2.3.1)')
    for (const [odd, code] of [
      [{ ...says, aud: 'https://gw.example/other' }, 'token.wrong_audience'],
      [{ ...says, aud: undefined }, 'token.wrong_audience'],
      [{ ...says, iss: server.issuer }, 'token.wrong_issuer'],
      [{ ...says, exp: undefined }, 'token.malformed'],
      [{ ...says, active: 'true' }, 'token.expired'],
      [{ ...says, cnf: { jkt: 'other' } }, 'proof.wrong_key'],
      ['down', 'issuer.unreachable'],
    ] as const) {
      answer = odd
      assert.equal(await reason(`odd-${code}-${JSON.stringify(odd).length}`), code)
    }
    answer = says
    parts.clock.advance(1)
    assert.equal(await reason('ory_at_like_0123456789'), 'permit')
    const before = asked.length
    for (const never of [
      'remit_rt_x1234567',
      'pep_0123456789',
      'eyJhbGciOiJ.broken',
      'a b c d e f',
      'short',
    ])
      assert.notEqual(await reason(never), 'permit')
    assert.equal(asked.length, before, 'what may be ours, or half a JWT, is shown to nobody')
    answer = { active: false }
    assert.equal(await reason('opaque-2'), 'permit', 'the answer of a moment ago still counts')
    parts.clock.advance(INTROSPECTED_FOR_MS)
    assert.equal(await reason('opaque-2'), 'token.expired')
    const task = (await listTasks(parts.storage.read, { limit: 5 })).at(-1)
    assert.ok(task)
    const closed = await findTask(parts.storage.read, task.id)
    assert.deepEqual([closed?.state, closed?.closeReason], ['closed', 'token.inactive'])
    answer = says
    parts.clock.advance(INTROSPECTED_FOR_MS)
    assert.equal(await reason('opaque-2'), 'task.closed', 'what ended here does not begin again')
  })
})
