import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ECHO_SECRET } from '../echo.ts'
import { decode } from '../signing.ts'
import { inEachWorld } from '../world.ts'

inEachWorld('what reaches an API, and what comes back', (world) => {
  it('outside the trust domain: the credential of its connection, no transaction token, nothing of the caller', async () => {
    const w = world()
    w.echo.forget()
    const task = await w.open()
    const token = await w.agent.token(task, `${w.gateway}/echo`)
    const answer = await w.agent.call(task, 'GET', '/echo/things/1', {
      token,
      headers: [
        ['Cookie', 'session=canary-cookie'],
        ['Txn-Token', 'canary-txn'],
        ['X-Forwarded-For', '192.0.2.1'],
        ['Traceparent', `00-${'a1'.repeat(16)}-${'b2'.repeat(8)}-01`],
        ['Tracestate', 'canary=1'],
        ['Baggage', 'canary=1'],
        ['X_Forwarded_User', 'root'],
        ['Forwarded', 'for=192.0.2.1'],
        ['X-Original-URL', '/admin'],
        ['Accept-Language', 'de'],
        ['Via', '1.1 forged'],
        ['If-None-Match', '"x"'],
      ],
    })
    assert.equal(answer.status, 200, answer.text)
    const [seen] = w.echo.reached
    assert.ok(seen)
    assert.deepEqual(
      seen.rawHeaders
        .filter((_, i) => i % 2 === 0)
        .map((name) => name.toLowerCase())
        .sort(),
      [
        'accept-encoding',
        'accept-language',
        'authorization',
        'connection',
        'host',
        'if-none-match',
        'remit-decision',
        'user-agent',
        'via',
      ],
    )
    assert.equal(seen.headers.authorization, `Bearer ${ECHO_SECRET}`)
    assert.equal(seen.headers.host, new URL(w.echo.origin).host)
    assert.equal(seen.headers['accept-language'], 'de')
    assert.equal(seen.headers.via, '1.1 remit')
    assert.equal(answer.headers.via, undefined)
    assert.equal(seen.headers['remit-decision'], answer.headers['remit-decision'])
  })

  it('inside the trust domain: a transaction token for exactly this call, and the API needs nothing else', async () => {
    const w = world()
    w.echo.forget()
    const task = await w.open({ purpose: 'look at the echo' })
    const ada = await w.api('ada')
    const resource = await ada.send('GET', '/resources/echo')
    assert.equal(resource.body.trusted, false)
    const read = await w.agent.call(task, 'GET', '/orders/orders/1042')
    const { agent, person, txn } = read.body.seen as Record<string, string> // the sample API says whom it saw
    assert.equal(agent, 'refund-bot')
    assert.equal(person, (await w.person('sam')).id)
    assert.equal(txn, read.headers['remit-decision'])
  })

  it('a credential that the API sends back is blanked, wherever it turns up', async () => {
    const w = world()
    w.echo.forget()
    const task = await w.open()
    w.echo.answer = (request, reply) => {
      const sent = String(request.headers.authorization)
      reply.writeHead(200, {
        'content-type': 'text/plain',
        etag: `"${sent}"`,
        location: `/${ECHO_SECRET}`,
        'set-cookie': `k=${sent}`,
        'www-authenticate': sent,
        'x-debug': sent,
      })
      // In pieces, cut in the middle of it.
      reply.write(`you sent ${sent.slice(0, 15)}`)
      setImmediate(() => reply.end(`${sent.slice(15)} and that was ${ECHO_SECRET}`))
    }
    const answer = await w.agent.call(task, 'GET', '/echo/things/1')
    assert.equal(answer.status, 200)
    const all = JSON.stringify(answer.headers) + answer.text
    assert.ok(!all.includes(ECHO_SECRET), all)
    assert.ok(answer.text.startsWith('you sent Bearer ***'), answer.text)
    for (const name of ['set-cookie', 'www-authenticate', 'x-debug', 'etag'])
      assert.equal(answer.headers[name], undefined, name)
  })

  it('the transaction token is never seen by the agent, and is no access token', async () => {
    const w = world()
    w.echo.forget()
    const ada = await w.api('ada')
    const task = await w.open()
    let seen = ''
    // For this test the echo API is inside the trust domain.
    const { body } = await ada.send('GET', '/resources/echo')
    assert.ok(body)
    await w.trustEcho()
    w.echo.answer = (request, reply) => {
      seen = String(request.headers['txn-token'])
      reply.end(`token ${seen}`)
    }
    const answer = await w.agent.call(task, 'GET', '/echo/things/1')
    assert.equal(answer.status, 200, answer.text)
    const { claims, header } = decode(seen)
    assert.equal(header.typ, 'txntoken+jwt')
    assert.equal(claims.aud, 'test.remit')
    assert.equal(claims.txn, answer.headers['remit-decision'])
    assert.equal(claims.scope, 'echo.read')
    assert.ok(Number(claims.exp) - Number(claims.iat) <= 60)
    assert.deepEqual(claims.tctx, {
      location: `${w.gateway}/echo`,
      action: 'echo.read',
      arguments: { thing: '1' },
      task: { id: task.id, purpose: 'refund order 1042' },
    })
    assert.ok(!answer.text.includes(seen))
    assert.ok(answer.text.startsWith('token ***'))
  })

  it('another credential goes out with the next call, also one that says of itself that it has expired', async () => {
    const w = world()
    w.echo.answer = undefined
    w.echo.forget()
    const task = await w.open()
    const ada = await w.api('ada')
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const exp = Math.floor(w.clock.now() / 1_000) - 60
    const secret = `${part({ alg: 'ES256' })}.${part({ exp })}.${part({ is: 'a signature' })}`
    const path = '/connections/echo-key/credential'
    const { body, status } = await ada.send('PUT', path, { secret })
    assert.equal(status, 200)
    assert.equal(body.expires_at, new Date(exp * 1_000).toISOString())
    const call = await w.agent.call(task, 'GET', '/echo/things/1')
    assert.equal(call.status, 200, call.text)
    assert.equal(w.echo.reached.at(-1)?.headers.authorization, `Bearer ${secret}`)
  })
})
