import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CallFailed, UsageError } from '../errors.ts'
import { openTask } from '../open-task.ts'
import { API, aToken, ISSUER, NOW, openTaskOn, type SentRequest, scripted } from '../testing.ts'

const isToken = ({ url }: SentRequest) => url === `${ISSUER}/oauth/token`

/** RFC 9449 section 9. */
function nonceWanted(nonce: string): Response {
  const headers = { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': nonce }
  return new Response(null, { status: 401, headers })
}

/** RFC 9449 section 8. */
function nonceWantedAtTokens(nonce: string): Response {
  const headers = { 'dpop-nonce': nonce }
  return Response.json({ error: 'use_dpop_nonce' }, { status: 400, headers })
}

// Remit itself demands no nonces yet. Servers that do are played here.
describe('a server that demands nonces', () => {
  it('gets its nonce in a fresh proof, and is told it from then on', async () => {
    const wanted = { token: 'a', call: 'b' }
    const network = scripted((sent) => {
      if (isToken(sent))
        return sent.proof.nonce === wanted.token ? aToken('t1') : nonceWantedAtTokens(wanted.token)
      return sent.proof.nonce === wanted.call ? new Response('ok') : nonceWanted(wanted.call)
    })
    const task = await openTaskOn(network)
    assert.equal((await task.fetch(`${API}/1`)).status, 200)
    assert.equal((await task.fetch(`${API}/1`)).status, 200)
    const nonces = network.sent.map(({ proof }) => proof.nonce)
    assert.deepEqual(nonces, [undefined, 'a', undefined, 'b', 'b'])
    const ids = network.sent.map(({ proof }) => proof.jti)
    assert.equal(new Set(ids).size, ids.length, 'no proof is used twice')
    wanted.call = 'c'
    assert.equal((await task.fetch(`${API}/1`)).status, 200)
    assert.deepEqual(
      network.to(API).map(({ proof }) => proof.nonce),
      [undefined, 'b', 'b', 'b', 'c'],
    )
  })

  it('changes it with any answer', async () => {
    let count = 0
    const network = scripted((sent) =>
      isToken(sent)
        ? aToken('t1')
        : new Response('ok', { headers: { 'dpop-nonce': `n${++count}` } }),
    )
    const task = await openTaskOn(network)
    for (let i = 0; i < 3; i++) await task.fetch(`${API}/1`)
    assert.deepEqual(
      network.to(API).map(({ proof }) => proof.nonce),
      [undefined, 'n1', 'n2'],
    )
  })

  it('is told no nonce of another server', async () => {
    const other = 'https://other.example/api'
    const network = scripted((sent) =>
      isToken(sent)
        ? aToken('t1')
        : new Response('ok', { headers: { 'dpop-nonce': new URL(sent.url).host } }),
    )
    const details = [API, other].map((each) => ({ locations: [each], actions: ['x'] }))
    const task = await openTaskOn(network, details)
    for (const url of [API, other, API, other]) await task.fetch(`${url}/1`)
    assert.deepEqual(
      network.sent.filter((sent) => !isToken(sent)).map(({ proof }) => proof.nonce),
      [undefined, undefined, 'api.example', 'other.example'],
    )
    assert.ok(network.sent.filter(isToken).every(({ proof }) => proof.nonce === undefined))
  })

  it('that is never content is asked twice, and no more', async () => {
    let count = 0
    const network = scripted((sent) => (isToken(sent) ? aToken('t1') : nonceWanted(`${++count}`)))
    const task = await openTaskOn(network)
    assert.equal((await task.fetch(`${API}/1`)).status, 401)
    assert.equal(network.to(API).length, 2)
  })

  it('is asked again only for what can be sent again', async () => {
    const network = scripted((sent) => (isToken(sent) ? aToken('t1') : nonceWanted('n')))
    const task = await openTaskOn(network)
    const body = new Blob(['{}']).stream()
    const call = task.fetch(`${API}/1`, { method: 'POST', body })
    await assert.rejects(call, UsageError)
    assert.equal(network.to(API).length, 1)
  })

  it('may demand one at the opening', async () => {
    const network = scripted((sent) => {
      if (sent.url.includes('/.well-known/'))
        return Response.json({ issuer: ISSUER, token_endpoint: `${ISSUER}/oauth/token` })
      return sent.proof.nonce === 'n' ? aToken('task-token') : nonceWantedAtTokens('n')
    })
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
    const { privateKey } = await crypto.subtle.generateKey(algorithm, false, ['sign'])
    const { fetch } = network
    const agent = { id: 'bot', key: privateKey }
    const opening = { issuer: ISSUER, agent, subjectToken: 'x', purpose: 'x', fetch }
    const task = await openTask({ ...opening, now: () => NOW })
    assert.equal(task.id, 'tsk_1')
    assert.equal(network.sent.length, 3)
  })
})

describe('a proof', () => {
  it('is for one request: its method, its address without query, its token, its time', async () => {
    const network = scripted((sent) => (isToken(sent) ? aToken('t1') : new Response('ok')))
    const task = await openTaskOn(network)
    await task.fetch(`${API}/1?x=1#part`, { method: 'delete' })
    const [exchange, call] = network.sent
    assert.equal(exchange?.proof.htu, `${ISSUER}/oauth/token`)
    assert.equal(exchange?.proof.ath, undefined)
    assert.equal(call?.url, `${API}/1?x=1`)
    assert.equal(call?.proof.htm, 'DELETE')
    assert.equal(call?.proof.htu, `${API}/1`)
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode('t1'))
    assert.equal(call?.proof.ath, Buffer.from(digest).toString('base64url'))
    assert.equal(call?.proof.iat, NOW / 1000)
    assert.equal(call?.headers.get('authorization'), 'DPoP t1')
  })
})

describe('a network that fails', () => {
  it('may have had an effect on the way to an API, and none on the way to a token', async () => {
    const cause = new Error('connect ECONNREFUSED')
    const refused = () => Promise.reject(new TypeError('fetch failed', { cause }))
    for (const [what, effect] of [
      ['token', 'none'],
      ['call', 'unknown'],
    ] as const) {
      const network = scripted((sent) =>
        isToken(sent) && what === 'call' ? aToken('t1') : refused(),
      )
      const task = await openTaskOn(network)
      await assert.rejects(task.fetch(`${API}/1`, { method: 'POST' }), (error) => {
        assert.ok(error instanceof CallFailed)
        assert.deepEqual([error.code, error.effect], ['server.unreachable', effect])
        assert.ok(error.cause instanceof TypeError)
        const where = what === 'call' ? `${API}/1` : `${ISSUER}/oauth/token`
        const said = `no answer came from \`${where}\`: fetch failed: connect ECONNREFUSED`
        assert.equal(error.detail, said)
        return true
      })
      assert.ok(network.to(API).length <= 1)
    }
  })

  it('is told apart from a caller who has had enough', async () => {
    const signal = AbortSignal.abort(new DOMException('enough', 'AbortError'))
    const network = scripted((sent) => {
      if (isToken(sent)) return aToken('t1')
      throw signal.reason
    })
    const task = await openTaskOn(network)
    await assert.rejects(task.fetch(`${API}/1`, { signal }), { name: 'AbortError' })
  })
})
