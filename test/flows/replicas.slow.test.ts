import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { openLog } from '../../src/platform/http/index.ts'
import { systemRandom } from '../../src/platform/lib/random.ts'
import { TEST_CONNECTIONS } from '../../src/platform/storage/postgres/testing.ts'
import { readSettings } from '../../src/programs/config/settings.ts'
import { createServer, type Server } from '../../src/server.ts'
import { type OpenTask, TestAgent } from '../agent.ts'
import { freePorts } from '../ports.ts'
import {
  assertDenied,
  assertNoToken,
  assertRefused,
  assertRequestable,
  assertUnidentified,
} from '../refusals.ts'
import type { ShiftedClock } from '../shifted-clock.ts'
import { send } from '../wire.ts'
import { World } from '../world.ts'

const READ = '/echo/things/1'
const skip = process.env.TEST_POSTGRES_URL ? false : 'needs PostgreSQL (TEST_POSTGRES_URL)'

describe('two replicas on one database', { skip }, () => {
  let w: World
  let second: Server
  /** Copy of the agent, whose requests reach the other replica. */
  let elsewhere: TestAgent
  /** The port of the other one. */
  let elsewhereIssuer = 0

  before(async () => {
    w = await World.start('postgres')
    const [issuer = 0, gateway = 0] = await freePorts(2)
    second = await createServer({
      settings: readSettings({
        ...w.environment,
        REMIT_LISTEN: `127.0.0.1:${issuer}`,
        REMIT_GATEWAY_LISTEN: `127.0.0.1:${gateway}`,
      }),
      clock: w.clock,
      databaseClock: w.clock,
      connections: TEST_CONNECTIONS,
      random: systemRandom,
      log: openLog({ level: 'silent' }),
      migrate: false,
      development: true,
    })
    await second.listen()
    elsewhereIssuer = issuer
    const ports = { [w.issuer]: issuer, [w.gateway]: gateway }
    const place = { issuer: w.issuer, gateway: w.gateway, clock: w.clock, ports }
    elsewhere = new TestAgent(place, w.agent.id, w.agent.key)
  })
  after(async () => {
    await second?.stop()
    await w?.stop()
  })

  it('a task opened at one works at the other, and so do its tokens', async () => {
    const task = await w.open()
    const token = await elsewhere.token(task, `${w.gateway}/echo`)
    assert.equal((await w.agent.call(task, 'GET', READ, { token })).status, 200)
    assert.equal((await elsewhere.call(task, 'GET', READ, { token })).status, 200)
    assert.equal((await elsewhere.about(task, 'GET', '')).body.state, 'open')
  })

  it('D1: what was used at one is used at the other: proofs, assertions, subject tokens', async () => {
    const task = await w.open()
    const token = await w.agent.token(task, `${w.gateway}/echo`)
    const proofs = [await w.agent.proof(task.key, { method: 'GET', url: w.gateway + READ, token })]
    assert.equal((await w.agent.call(task, 'GET', READ, { token, proofs })).status, 200)
    assertDenied(await elsewhere.call(task, 'GET', READ, { token, proofs }), 'proof.replayed')
    const subjectToken = await w.idToken()
    await w.open({ subjectToken, scope: 'orders.read' })
    const again = await elsewhere.ask({ subjectToken, scope: 'orders.read' })
    assertNoToken(again, 'invalid_grant', 'subject_token.replayed')
    const form = { client_assertion: await w.agent.assertion() }
    const first = await w.agent.ask(
      { subjectToken: await w.idToken(), scope: 'orders.read' },
      { form },
    )
    assert.equal(first.status, 200)
    const second_ = await elsewhere.ask(
      { subjectToken: await w.idToken(), scope: 'orders.read' },
      { form },
    )
    assertNoToken(second_, 'invalid_client', 'agent.unauthenticated')
  })

  it('when closing, suspending or revoking at one has returned, the other permits no more', async () => {
    const ada = await w.api('ada')
    for (let round = 0; round < 5; round++) {
      const task = await w.open()
      const token = await w.agent.token(task, `${w.gateway}/echo`)
      // The other one has it in its cache.
      assert.equal((await elsewhere.call(task, 'GET', READ, { token })).status, 200)
      assert.equal((await w.agent.revoke(token)).status, 200)
      assertDenied(await elsewhere.call(task, 'GET', READ, { token }), 'token.stale')
      const next = await elsewhere.token(task, `${w.gateway}/echo`)
      assert.equal((await elsewhere.call(task, 'GET', READ, { token: next })).status, 200)
      assert.equal((await ada.send('POST', '/agents/refund-bot/suspend', {})).status, 200)
      assertDenied(await elsewhere.call(task, 'GET', READ, { token: next }), 'agent.suspended')
      assert.equal((await ada.send('POST', '/agents/refund-bot/resume', {})).status, 200)
      const last = await elsewhere.token(task, `${w.gateway}/echo`)
      assert.equal((await elsewhere.call(task, 'GET', READ, { token: last })).status, 200)
      assert.equal((await w.agent.about(task, 'DELETE', '')).status, 200)
      assertDenied(await elsewhere.call(task, 'GET', READ, { token: last }), 'task.closed')
    }
  })

  it('a stream through one is cut when the task is closed at the other', async () => {
    const task = await w.open()
    const stream = await elsewhere.stream(task, 'GET', '/orders/orders/1042/events')
    assert.equal(stream.statusCode, 200)
    await new Promise((resolve) => stream.once('data', resolve))
    const ended = new Promise((resolve) => {
      stream.once('error', () => resolve('cut'))
      stream.once('end', () => resolve('end'))
    })
    assert.equal((await w.agent.about(task, 'DELETE', '')).status, 200)
    assert.equal(await ended, 'cut')
  })

  it('one approval, executed at both at once: one call reaches the API', async () => {
    w.echo.forget()
    const task = await w.open()
    const { page } = assertRequestable(await w.agent.call(task, 'DELETE', READ))
    const fiona = await w.browser('fiona')
    await fiona.submit(await fiona.get(page), /^Approve once/)
    const token = await w.agent.token(task, `${w.gateway}/echo`)
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, i) =>
        (i % 2 ? elsewhere : w.agent).call(task, 'DELETE', READ, { token }),
      ),
    )
    assert.equal(w.echo.reached.length, 1)
    assert.equal(answers.filter(({ status }) => status === 200).length, 1)
    assertRefused(await elsewhere.call(task, 'DELETE', READ, { token }), 'approval.executed')
  })

  it('policies published at one are in force at the other when publishing has returned', async () => {
    const task = await w.open()
    const ada = await w.api('ada')
    const { body } = await ada.send('GET', '/policies/active')
    assert.equal((await elsewhere.call(task, 'GET', READ)).status, 200)
    const text = `${body.text}\n@id("stop") forbid (principal, action == Action::"echo.read", resource);\n`
    assert.equal((await ada.send('POST', '/policies', { text })).status, 200)
    assertDenied(await elsewhere.call(task, 'GET', READ), 'person.not_permitted')
    assert.equal((await ada.send('POST', '/policies', { text: body.text })).status, 200)
    assert.equal((await elsewhere.call(task, 'GET', READ)).status, 200)
  })

  it('T9: a key withdrawn at one: nothing that it signed counts at the other, and the next one does', async () => {
    const ada = await w.api('ada')
    const task = await w.open()
    const token = await elsewhere.token(task, `${w.gateway}/echo`)
    assert.equal((await elsewhere.call(task, 'GET', READ, { token })).status, 200)
    const { body } = await ada.send('GET', '/keys')
    const [key] = body.keys as { kid: string; state: string }[] // the shape is tested where all are
    assert.equal((await ada.send('POST', `/keys/${key?.kid}/withdraw`, {})).status, 200)
    assertUnidentified(await elsewhere.call(task, 'GET', READ, { token }), 'token.unknown_key')
    assertRefused(await elsewhere.about(task, 'GET', ''), 'token.unknown_key')
    const next = await w.open()
    assert.equal((await w.agent.call(next, 'GET', READ)).status, 200)
    assertRefused(await ada.send('POST', `/keys/${key?.kid}/withdraw`, {}), 'keys.unknown')
  })

  it('keys rotate while both are busy: nobody refuses a token, also who keeps our keys for as long as that is allowed', async () => {
    const ada = await w.api('ada')
    const tasks = await Promise.all([w.open(), w.open()])
    const strict = strictVerifier(w.clock, w.issuer, [undefined, elsewhereIssuer])
    const signedWith = new Set<string>()
    const work = async (task: OpenTask) => {
      for (const [at, there] of [
        [w.agent, elsewhere],
        [elsewhere, w.agent],
      ] as const) {
        const token = await at.token(task, `${w.gateway}/echo`)
        signedWith.add(await strict(token))
        assert.equal((await there.call(task, 'GET', READ, { token })).status, 200)
      }
    }
    for (let round = 0; round < 3; round++) {
      const rotation = ada.send('POST', '/keys', {})
      await Promise.all(tasks.map(work))
      assert.equal((await rotation).status, 200)
      for (let minutes = 0; minutes < 10; minutes += 2.5) {
        await Promise.all(tasks.map(work))
        w.clock.advance(150_000)
      }
      await Promise.all(tasks.map(work))
    }
    assert.ok(signedWith.size >= 4, `${signedWith.size} keys have signed`)
  })
})

/**
 * An API of others with `jose`: asks the replicas in turn for our keys, keeps them for as long as it was told, and asks no sooner,
 * whatever comes. Answers which key it was.
 */
function strictVerifier(
  clock: ShiftedClock,
  issuer: string,
  ports: readonly (number | undefined)[],
) {
  let kept = Promise.resolve<JSONWebKeySet>({ keys: [] })
  let until = Number.NEGATIVE_INFINITY
  let turn = 0
  const fetchKeys = async (port: number | undefined) => {
    const { headers, text } = await send(`${issuer}/oauth/jwks`, { port })
    const maxAge = /max-age=(\d+)/.exec(headers['cache-control'] ?? '')?.[1]
    until = clock.now() + Number(maxAge) * 1000
    return JSON.parse(text) as JSONWebKeySet // as: `jose` reads it
  }
  return async (token: string): Promise<string> => {
    if (clock.now() >= until) {
      until = Number.POSITIVE_INFINITY
      kept = fetchKeys(ports[turn++ % ports.length])
    }
    const currentDate = new Date(clock.now())
    const { protectedHeader } = await jwtVerify(token, createLocalJWKSet(await kept), {
      ...{ currentDate, issuer, typ: 'at+jwt', algorithms: ['ES256'] },
    })
    return protectedHeader.kid ?? ''
  }
}
