import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertDenied, assertNoToken } from '../refusals.ts'
import { decode, newKey } from '../signing.ts'
import { inEachWorld } from '../world.ts'

inEachWorld('tokens of a task', (world) => {
  it('the task token is for Remit, says who and for what, and is bound to the key of the task', async () => {
    const w = world()
    const opening = w.clock.now()
    const task = await w.open({ purpose: 'look at order 1042' })
    const opened = w.clock.now()
    const { claims, header } = decode(task.token)
    const sam = await w.person('sam')
    assert.equal(header.typ, 'at+jwt')
    assert.equal(claims.iss, w.issuer)
    assert.equal(claims.aud, w.issuer)
    assert.equal(claims.sub, sam.id)
    assert.equal(claims.sub_profile, 'user')
    assert.deepEqual(claims.sub_id, { format: 'iss_sub', iss: w.provider, sub: 'sam' })
    assert.deepEqual(claims.act, { iss: w.issuer, sub: 'refund-bot', sub_profile: 'ai_agent' })
    assert.equal(claims.client_id, task.id)
    assert.deepEqual(claims.cnf, { jkt: task.key.thumbprint })
    assert.deepEqual(claims.task, { id: task.id, purpose: 'look at order 1042' })
    const ends = Number(claims.exp) - 3600
    assert.ok(
      ends >= Math.floor(opening / 1000) && ends <= opened / 1000,
      'an hour after its opening',
    )
  })

  it('a resource token is for one resource, for 300 seconds, and carries only what is granted there', async () => {
    const w = world()
    const task = await w.open()
    const answer = await w.agent.askToken(task, w.orders)
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(answer.body.token_type, 'DPoP')
    assert.equal(answer.body.issued_token_type, 'urn:ietf:params:oauth:token-type:access_token')
    assert.equal(answer.body.task_id, task.id)
    assert.equal(answer.body.expires_in, 300)
    const { claims } = decode(String(answer.body.access_token))
    assert.equal(claims.aud, w.orders)
    assert.deepEqual(claims.authorization_details, answer.body.authorization_details)
    assert.ok(JSON.stringify(claims.authorization_details).includes('orders.read'))
    assert.ok(!JSON.stringify(claims.authorization_details).includes('echo.'))
    const { ep, id } = claims.task as { ep: string; id: string } // contract 4
    assert.match(ep, /^[A-Za-z0-9_-]{22}$/)
    assert.equal(id, task.id)
  })

  it('can be narrowed by details or scope, and never widened', async () => {
    const w = world()
    const task = await w.open({ scope: 'orders.read orders.list' })
    const narrow = await w.agent.askToken(task, w.orders, { form: { scope: 'orders.read' } })
    assert.equal(narrow.body.scope, 'orders.read')
    const token = String(narrow.body.access_token)
    assert.equal((await w.agent.call(task, 'GET', '/orders/orders/1042', { token })).status, 200)
    const wider = await w.agent.askToken(task, w.orders, { form: { scope: 'orders.refund' } })
    assertNoToken(wider, 'invalid_target', 'task.resource_not_granted')
    const details = JSON.stringify([
      { type: 'remit_call', locations: [w.orders], actions: ['orders.refund'], bounds: [] },
    ])
    const asked = await w.agent.askToken(task, w.orders, {
      form: { authorization_details: details },
    })
    assertNoToken(asked, 'invalid_target', 'task.resource_not_granted')
    assertNoToken(
      await w.agent.askToken(task, `${w.gateway}/echo`),
      'invalid_target',
      'task.resource_not_granted',
    )
  })

  it('a narrowed token does not reach further than it says, although its task does', async () => {
    const w = world()
    const task = await w.open()
    const { body } = await w.agent.askToken(task, w.orders, { form: { scope: 'orders.list' } })
    const token = String(body.access_token)
    const answer = await w.agent.call(task, 'GET', '/orders/orders/1042', { token })
    assertDenied(answer, 'token.not_covered')
  })

  it('an opening that names a resource answers with a token for it, and with no task token', async () => {
    const w = world()
    const key = await newKey()
    const wish = { subjectToken: await w.idToken(), scope: 'orders.read', resource: w.orders, key }
    const { body, status, text } = await w.agent.ask(wish)
    assert.equal(status, 200, text)
    const token = String(body.access_token)
    assert.equal(decode(token).claims.aud, w.orders)
    const task = { id: String(body.task_id), token, key }
    assert.equal((await w.agent.call(task, 'GET', '/orders/orders/1042', { token })).status, 200)
    assertNoToken(await w.agent.askToken(task, w.orders), 'invalid_grant', 'token.wrong_audience')
  })

  it('is asked for a resource that does not exist, or for nothing: typed refusals', async () => {
    const w = world()
    const subjectToken = await w.idToken()
    const task = await w.open()
    assertNoToken(
      await w.agent.askToken(task, `${w.gateway}/nothing`),
      'invalid_target',
      'resource.unknown',
    )
    assertNoToken(
      await w.agent.ask({ subjectToken }),
      'invalid_authorization_details',
      'task.nothing_requested',
    )
    assertNoToken(
      await w.agent.ask({ subjectToken, scope: 'orders.read nothing.at-all' }),
      'invalid_scope',
      'task.bad_scope',
    )
    const beyond = [
      {
        type: 'remit_call',
        locations: ['https://elsewhere.example'],
        actions: ['orders.read'],
        bounds: [],
      },
    ]
    const answer = await w.agent.ask({ subjectToken, details: beyond })
    assert.equal(answer.body.error, 'invalid_authorization_details', answer.text)
    assertNoToken(
      await w.agent.ask({ subjectToken, scope: 'orders.read' }, { form: { purpose: undefined } }),
      'invalid_request',
      'oauth.invalid_request',
    )
  })
})
