import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { it } from 'node:test'
import {
  assertDenied,
  assertFailed,
  assertNoToken,
  assertRefused,
  assertRequestable,
  assertUnidentified,
} from '../refusals.ts'
import { inEachWorld, type World } from '../world.ts'

const READ = '/orders/orders/1042'

/** A running stream of order 1042, and a promise of how it ended: cut, or by itself. */
async function watching(w: World, task: Awaited<ReturnType<World['open']>>) {
  const stream = await w.agent.stream(task, 'GET', '/orders/orders/1042/events')
  assert.equal(stream.statusCode, 200)
  assert.equal(stream.headers['content-type'], 'text/event-stream')
  await new Promise((resolve) => stream.once('data', resolve))
  return { ended: howItEnded(stream) }
}

function howItEnded(stream: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    stream.resume()
    stream.once('end', () => resolve('end'))
    stream.once('error', () => resolve('cut'))
  })
}

inEachWorld('the end of a task', (world) => {
  it('closing it by its agent ends tokens, open requests and running streams at once', async () => {
    const w = world()
    const task = await w.open()
    const token = await w.agent.token(task, w.orders)
    const { ended } = await watching(w, task)
    const asked = assertRequestable(await w.agent.call(task, 'DELETE', '/echo/things/1'))

    const closing = await w.agent.about(task, 'DELETE', '')
    assert.equal(closing.status, 200, closing.text)
    assert.equal(closing.body.state, 'closed')
    assert.equal(await ended, 'cut')

    assertDenied(await w.agent.call(task, 'GET', READ, { token }), 'task.closed')
    assertNoToken(await w.agent.askToken(task, w.orders), 'invalid_grant', 'task.closed')
    assertRefused(await w.agent.about(task, 'GET', ''), 'task.closed')
    assertRefused(await w.agent.about(task, 'DELETE', ''), 'task.closed')
    const fiona = await w.browser('fiona')
    assert.ok(!(await fiona.get(asked.page)).html.includes('Approve once'))
    const types = (await w.ledger()).filter((each) => each.task === task.id).map(({ type }) => type)
    for (const type of ['task.opened', 'task.closed', 'approval.cancelled'])
      assert.ok(types.includes(type), `${type} in ${types}`)
  })

  it('a call that has no answer yet is told so; whether the API acted is not known', async () => {
    const w = world()
    w.echo.forget()
    w.echo.answer = () => {}
    const task = await w.open()
    const call = w.agent.call(task, 'GET', '/echo/things/1')
    await w.echo.arrived(1)
    assert.equal((await w.agent.about(task, 'DELETE', '')).status, 200)
    assertFailed(await call, 'call.effect_unknown')
    w.echo.forget()
  })

  it('the person ends it on its page', async () => {
    const w = world()
    const task = await w.open()
    const token = await w.agent.token(task, w.orders)
    const sam = await w.browser('sam')
    const page = await sam.get(`${w.issuer}/tasks/${task.id}`)
    assert.equal((await sam.submit(page, /^End task/)).status, 200)
    assertDenied(await w.agent.call(task, 'GET', READ, { token }), 'task.closed')
  })

  it('suspending cuts streams and stops everything; resumed, old resource tokens stay dead and the task goes on', async () => {
    const w = world()
    const task = await w.open()
    const token = await w.agent.token(task, w.orders)
    const { ended } = await watching(w, task)
    const sam = await w.api('sam')
    const suspended = await sam.send('POST', `/tasks/${task.id}/suspend`, {})
    assert.equal(suspended.body.state, 'suspended', suspended.text)
    assert.equal(await ended, 'cut')
    assertDenied(await w.agent.call(task, 'GET', READ, { token }), 'task.suspended')
    assertNoToken(await w.agent.askToken(task, w.orders), 'invalid_grant', 'task.suspended')
    assertRefused(await w.agent.about(task, 'GET', ''), 'task.suspended')

    assertRefused(await sam.send('POST', `/tasks/${task.id}/resume`, {}), 'api.not_permitted')
    assertRefused(await w.agent.about(task, 'GET', ''), 'task.suspended')
    const ada = await w.api('ada')
    assert.equal((await ada.send('POST', `/tasks/${task.id}/resume`, {})).body.state, 'open')
    assertDenied(await w.agent.call(task, 'GET', READ, { token }), 'token.stale')
    assert.equal((await w.agent.call(task, 'GET', READ)).status, 200)
    assert.equal((await w.agent.about(task, 'GET', '')).body.state, 'open')
  })

  it('a suspended task can still be closed by its agent', async () => {
    const w = world()
    const task = await w.open()
    const sam = await w.api('sam')
    await sam.send('POST', `/tasks/${task.id}/suspend`, {})
    assert.equal((await w.agent.about(task, 'DELETE', '')).body.state, 'closed')
    const ada = await w.api('ada')
    assertRefused(await ada.send('POST', `/tasks/${task.id}/resume`, {}), 'task.already_closed')
  })

  it('revoking a resource token ends all resource tokens of its task, and nothing else', async () => {
    const w = world()
    const task = await w.open()
    const [one, two] = [await w.agent.token(task, w.orders), await w.agent.token(task, w.orders)]
    const { ended } = await watching(w, task)
    const other = await w.open()
    const foreign = await w.agent.token(other, w.orders)
    const answer = await w.agent.revoke(one)
    assert.deepEqual([answer.status, answer.text], [200, '{}'])
    assert.equal(await ended, 'cut')
    for (const token of [one, two])
      assertDenied(await w.agent.call(task, 'GET', READ, { token }), 'token.stale')
    assert.equal((await w.agent.call(task, 'GET', READ)).status, 200)
    assert.equal((await w.agent.call(other, 'GET', READ, { token: foreign })).status, 200)
  })

  it('revoking the task token closes the task', async () => {
    const w = world()
    const task = await w.open()
    const token = await w.agent.token(task, w.orders)
    assert.equal((await w.agent.revoke(task.token)).status, 200)
    assertDenied(await w.agent.call(task, 'GET', READ, { token }), 'task.closed')
    assertNoToken(await w.agent.askToken(task, w.orders), 'invalid_grant', 'task.closed')
    assert.equal((await w.agent.revoke(task.token)).status, 200, 'twice is fine')
    assert.equal((await w.agent.revoke('no-token-at-all')).status, 200, 'RFC 7009 section 2.2')
  })

  for (const [what, path] of [
    ['agent', '/agents/refund-bot'],
    ['resource', '/resources/orders'],
  ] as const) {
    it(`suspending the ${what} stops its tasks; resumed, they need new resource tokens`, async () => {
      const w = world()
      const task = await w.open()
      const token = await w.agent.token(task, w.orders)
      const { ended } = await watching(w, task)
      const ada = await w.api('ada')
      assert.equal((await ada.send('POST', `${path}/suspend`, {})).status, 200)
      assert.equal(await ended, 'cut')
      assertDenied(await w.agent.call(task, 'GET', READ, { token }), `${what}.suspended`)
      assert.equal((await ada.send('POST', `${path}/resume`, {})).status, 200)
      assertDenied(await w.agent.call(task, 'GET', READ, { token }), 'token.stale')
      assert.equal((await w.agent.call(task, 'GET', READ)).status, 200)
    })
  }

  it('suspending the person stops everything done for them, and signs them out', async () => {
    const w = world()
    const task = await w.open()
    const token = await w.agent.token(task, w.orders)
    const sam = await w.api('sam')
    const { id } = await w.person('sam')
    const ada = await w.api('ada')
    assert.equal((await ada.send('POST', `/people/${id}/suspend`, {})).status, 200)
    assertDenied(await w.agent.call(task, 'GET', READ, { token }), 'person.suspended')
    assertRefused(await sam.send('GET', '/session'), 'session.required')
    const again = await w.agent.ask({ subjectToken: await w.idToken(), scope: 'orders.read' })
    assertNoToken(again, 'invalid_grant', 'person.suspended')
    assert.equal((await ada.send('POST', `/people/${id}/resume`, {})).status, 200)
    assert.equal((await w.agent.call(task, 'GET', READ)).status, 200)
  })

  it('its deadline ends it, and cuts what is running', async () => {
    const w = world()
    const subjectToken = await w.idToken()
    const answer = await w.agent.ask(
      { subjectToken, details: w.everything },
      { form: { requested_lifetime: '120' } },
    )
    // Whole seconds of what is left: one may be under way.
    assert.ok([119, 120].includes(Number(answer.body.expires_in)), answer.text)
    const task = await w.open()
    const token = await w.agent.token(task, w.orders)
    const { ended } = await watching(w, task)
    w.clock.advance(301_000)
    assertUnidentified(await w.agent.call(task, 'GET', READ, { token }), 'token.expired')
    // The orders API has a clock of its own, so another one is asked.
    const other = await w.agent.call(task, 'GET', '/echo/things/1')
    assert.equal(other.status, 200, other.text)
    w.clock.advance(3_300_000)
    assert.equal(await ended, 'cut')
    assertNoToken(await w.agent.askToken(task, w.orders), 'invalid_grant', 'token.expired')
    assertRefused(await w.agent.about(task, 'GET', ''), 'token.expired')
  })
})
