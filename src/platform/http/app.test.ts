import assert from 'node:assert/strict'
import { request as sendRequest } from 'node:http'
import { connect } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { Problem } from '../lib/problem.ts'
import { acceptForms } from './accept-forms.ts'
import type { HttpOptions } from './app.ts'
import { TEST_ORIGIN, type TestHttp, testHttp } from './testing.ts'

const HERE = { host: 'remit.test' }

function server(t: TestContext, options: Partial<HttpOptions> = {}): TestHttp {
  const http = testHttp(options)
  t.after(() => http.stop(0))
  http.app.get('/things/:id', async () => ({ ok: true }))
  http.app.post('/things', async (request) => ({ got: request.body }))
  http.app.register(async (pages) => {
    acceptForms(pages)
    pages.post('/form', async (request, reply) => {
      const fields = request.body as ReadonlyMap<string, string> // acceptForms gives nothing else
      return reply.send(Object.fromEntries(fields))
    })
  })
  http.app.get('/breaks', async () => {
    throw new Error('password is hunter2')
  })
  http.app.get('/refuses', async () => {
    throw new Problem('request.not_found', 'no such thing', { members: { thing: 'x' } })
  })
  return http
}

/** Sends bytes as they are and gives everything that came back. */
function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.end(text))
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      answer += chunk
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}

describe('every answer', () => {
  const EXPECTED: Record<string, RegExp> = {
    'content-security-policy': /^default-src 'none'; style-src 'self'; .*frame-ancestors 'none'/,
    'x-frame-options': /^DENY$/,
    'x-content-type-options': /^nosniff$/,
    'referrer-policy': /^no-referrer$/,
    'cross-origin-opener-policy': /^same-origin$/,
    'cross-origin-resource-policy': /^same-origin$/,
    'cache-control': /^no-store$/,
    'request-id': /^[A-Za-z0-9_-]{16}$/,
  }

  for (const [method, url] of [
    ['GET', '/livez'],
    ['GET', '/readyz'],
    ['GET', '/things/1'],
    ['GET', '/nowhere'],
    ['GET', '/breaks'],
    ['POST', '/things'],
    ['TRACE', '/things/1'],
    ['GET', '/things/%c3%28'],
  ] as const) {
    it(`to ${method} ${url} carries the security headers`, async (t) => {
      const { app } = server(t)
      const { headers } = await app.inject({ method: method as 'GET', url, headers: HERE }) // inject's type knows no TRACE
      for (const [name, value] of Object.entries(EXPECTED)) {
        if (name === 'request-id' && url.includes('%c3')) continue
        assert.match(String(headers[name]), value, name)
      }
      assert.equal(headers['strict-transport-security'], undefined)
    })
  }

  it('on https asks for https from then on', async (t) => {
    const { app } = server(t, { origin: 'https://remit.test' })
    const { headers } = await app.inject({ url: '/livez', headers: HERE })
    assert.match(String(headers['strict-transport-security']), /^max-age=\d{8}/)
  })
})

describe('the request gate', () => {
  it('answers for its own name only', async (t) => {
    const { app } = server(t)
    for (const host of ['evil.test', 'remit.test:81', 'remit.test.evil.test', '127.0.0.1']) {
      const answer = await app.inject({ url: '/things/1', headers: { host } })
      assert.equal(answer.statusCode, 421, host)
      assert.equal(answer.json().code, 'request.wrong_host')
    }
    assert.equal(
      (await app.inject({ url: '/readyz', headers: { host: '10.1.2.3' } })).statusCode,
      200,
    )
  })

  it('refuses a repeated host, an absolute target and a target with two readings', async (t) => {
    const http = server(t)
    const { port } = await http.listen({ host: '127.0.0.1', port: 0 })
    for (const [text, status] of [
      ['GET /things/1 HTTP/1.1\r\nHost: remit.test\r\nHost: evil.test\r\n\r\n', 400],
      ['GET http://evil.test/things/1 HTTP/1.1\r\nHost: remit.test\r\n\r\n', 400],
      ['GET //things/1 HTTP/1.1\r\nHost: remit.test\r\n\r\n', 400],
      ['GET /things/../1 HTTP/1.1\r\nHost: remit.test\r\n\r\n', 400],
      ['GET /things/%2e%2e/1 HTTP/1.1\r\nHost: remit.test\r\n\r\n', 400],
      ['GET /things\\1 HTTP/1.1\r\nHost: remit.test\r\n\r\n', 400],
      ['GET /things/1 HTTP/1.1\r\n\r\n', 400],
      [`GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: remit.test\r\n\r\n`, 431],
      ['NONSENSE\r\n\r\n', 400],
    ] as const) {
      const answer = await exchange(port, text)
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), text.slice(0, 40))
    }
  })

  it('refuses a change that another site caused', async (t) => {
    const { app } = server(t)
    for (const [headers, status] of [
      [{}, 200],
      [{ origin: TEST_ORIGIN }, 200],
      [{ origin: TEST_ORIGIN, 'sec-fetch-site': 'same-origin' }, 200],
      [{ origin: 'null', 'sec-fetch-site': 'same-origin' }, 200],
      [{ origin: 'null' }, 403],
      [{ origin: 'http://evil.test' }, 403],
      [{ origin: 'http://remit.test:7481' }, 403],
      [{ origin: TEST_ORIGIN, 'sec-fetch-site': 'cross-site' }, 403],
      [{ 'sec-fetch-site': 'same-site' }, 403],
      [{ 'sec-fetch-site': 'none' }, 403],
    ] as const) {
      const answer = await app.inject({
        method: 'POST',
        url: '/things',
        headers: { ...HERE, ...headers },
        payload: { a: 1 },
      })
      assert.equal(answer.statusCode, status, JSON.stringify(headers))
    }
  })

  it('refuses a query in which a name comes twice or that is not UTF-8', async (t) => {
    const { app } = server(t)
    for (const url of ['/things/1?a=1&a=2', '/things/1?a=%ff', '/things/1?a=%', '/things/1?=1']) {
      const answer = await app.inject({ url, headers: HERE })
      assert.equal(answer.statusCode, 400, url)
      assert.equal(answer.json().code, 'request.malformed')
    }
  })
})

describe('bodies', () => {
  const post = (t: TestContext, url: string, type: string, payload: string) =>
    server(t).app.inject({
      method: 'POST',
      url,
      headers: { ...HERE, 'content-type': type },
      payload,
    })

  it('of JSON are read strictly', async (t) => {
    assert.deepEqual((await post(t, '/things', 'application/json', '{"a":1}')).json(), {
      got: { a: 1 },
    })
    for (const [text, code] of [
      ['{"a":1,"a":2}', 'input.duplicate_key'],
      ['{"__proto__":1}', 'input.forbidden_key'],
      ['{"a":', 'input.malformed'],
      ['', 'input.malformed'],
    ] as const) {
      assert.equal((await post(t, '/things', 'application/json', text)).json().code, code, text)
    }
  })

  it('that are large are read as strictly, in a thread, and what may be large in them comes as text', async (t) => {
    const http = server(t)
    const config = { textMembers: ['document'] }
    http.app.post('/large', { bodyLimit: 4_000_000, config }, async (request) => request.body)
    const send = (text: string) =>
      http.app.inject({
        method: 'POST',
        url: '/large',
        authority: 'remit.test',
        headers: { 'content-type': 'application/json' },
        payload: text,
      })
    const pad = `"pad":"${'x'.repeat(1_100_000)}"`
    const { document, n } = (await send(`{"document":{"a":[1]},"n":1,${pad}}`)).json()
    assert.deepEqual([document, n], ['{"a":[1]}', 1])
    assert.deepEqual((await send('{"document":{"a":[1]}}')).json(), { document: { a: [1] } })
    const twice = await send(`{"document":{"a":1,"a":2},${pad}}`)
    assert.deepEqual([twice.statusCode, twice.json().code], [400, 'input.duplicate_key'])
    const more = await send(`{"document":"${'y'.repeat(4_000_000)}"}`)
    assert.deepEqual([more.statusCode, more.json().code], [413, 'input.too_large'])
  })

  it('are refused when they are larger than 1 MiB', async (t) => {
    const answer = await post(t, '/things', 'application/json', `"${'a'.repeat(1_048_576)}"`)
    assert.equal(answer.statusCode, 413)
    assert.equal(answer.json().code, 'input.too_large')
  })

  it('are forms where pages are, JSON elsewhere, and nothing else', async (t) => {
    const form = 'application/x-www-form-urlencoded'
    assert.deepEqual((await post(t, '/form', form, 'a=1&b=%C3%BC+x')).json(), { a: '1', b: 'ü x' })
    for (const [url, type] of [
      ['/things', form],
      ['/things', 'text/plain'],
      ['/form', 'application/json'],
      ['/form', 'multipart/form-data; boundary=x'],
    ] as const) {
      assert.equal((await post(t, url, type, '{}')).statusCode, 415, `${url} ${type}`)
    }
  })

  it('of forms with a repeated field, bad encoding or a NUL are refused', async (t) => {
    for (const text of ['a=1&a=2', 'a=%zz', 'a=%00', 'a=1&&b=2', 'a=\u00fc']) {
      const answer = await post(t, '/form', 'application/x-www-form-urlencoded', text)
      assert.equal(answer.json().code, 'request.malformed', text)
    }
  })
})

describe('framing', () => {
  it('has one reading, as at the gateway: other codings, repeated and contradicting headers are refused', async (t) => {
    const http = server(t)
    const { port } = await http.listen({ host: '127.0.0.1', port: 0 })
    const json = 'Content-Type: application/json\r\n'
    const chunks = '\r\n2\r\n{}\r\n0\r\n\r\n'
    for (const text of [
      `${json}Transfer-Encoding: identity, chunked\r\n${chunks}`,
      `${json}Transfer-Encoding: gzip, chunked\r\n${chunks}`,
      `${json}Transfer-Encoding: Chunked\r\n${chunks}`,
      `${json}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n${chunks}`,
      `${json}${json}Content-Length: 2\r\n\r\n{}`,
      `${json}Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}`,
      `${json}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}`,
      `${json}Origin: http://remit.test\r\nOrigin: http://evil.test\r\nContent-Length: 2\r\n\r\n{}`,
      `${json}Authorization: Bearer a\r\nAuthorization: Bearer b\r\nContent-Length: 2\r\n\r\n{}`,
    ]) {
      const answer = await exchange(port, `POST /things HTTP/1.1\r\nHost: remit.test\r\n${text}`)
      assert.match(answer, /^HTTP\/1\.1 400 /, text)
    }
    const good = `${json}Transfer-Encoding: chunked\r\n${chunks}`
    const answer = await exchange(port, `POST /things HTTP/1.1\r\nHost: remit.test\r\n${good}`)
    assert.match(answer, /^HTTP\/1\.1 200 /)
  })
})

describe('an upload that is given up', () => {
  it('is a line in the log like every other request, and no error', async (t) => {
    const http = server(t)
    const { port } = await http.listen({ host: '127.0.0.1', port: 0 })
    const head = 'POST /things HTTP/1.1\r\nHost: remit.test\r\nContent-Type: application/json\r\n'
    const socket = connect(port, '127.0.0.1')
    socket.write(`${head}Content-Length: 100\r\n\r\n{"a":`, () => socket.destroy())
    while (!http.logged().includes('request given up')) await new Promise(setImmediate)
    assert.doesNotMatch(http.logged(), /"level":"(?:error|warn)"|aborted|stack/)
    assert.match(http.logged(), /"level":"info".*"route":"\/things","msg":"request given up"/)
  })
})

describe('what goes wrong', () => {
  it('is RFC 9457 for programs and a page for people, with a request id', async (t) => {
    const { app } = server(t)
    const json = await app.inject({ url: '/refuses', headers: HERE })
    assert.equal(json.headers['content-type'], 'application/problem+json')
    assert.deepEqual(json.json(), {
      type: 'urn:remit:problem:request.not_found',
      title: 'There is nothing at this address',
      status: 404,
      detail: 'no such thing',
      code: 'request.not_found',
      thing: 'x',
      request_id: json.headers['request-id'],
    })
    const page = await app.inject({
      url: '/refuses',
      headers: { ...HERE, accept: 'text/html,*/*' },
    })
    assert.match(page.body, /^<!doctype html>/)
    const api = await app.inject({
      url: '/api/v1/nothing',
      headers: { ...HERE, accept: 'text/html,*/*' },
    })
    assert.equal(api.json().code, 'request.not_found')
  })

  it('and is a bug, is logged whole and not shown', async (t) => {
    const { app, logged } = server(t)
    const answer = await app.inject({ url: '/breaks', headers: HERE })
    assert.equal(answer.statusCode, 500)
    assert.equal(answer.json().code, 'server.failed')
    assert.doesNotMatch(answer.body, /hunter2/)
    assert.match(logged(), /hunter2/)
    assert.match(logged(), new RegExp(String(answer.headers['request-id'])))
  })

  it('leaves no query, path parameter or credential in the log', async (t) => {
    const { app, logged } = server(t)
    await app.inject({
      url: '/things/canary-path?token=canary-query',
      headers: { ...HERE, authorization: 'Bearer canary-header', cookie: 'remit_session=canary' },
    })
    await app.inject({ url: '/canary-nowhere', headers: HERE })
    assert.match(logged(), /\/things\/:id/)
    assert.doesNotMatch(logged(), /canary/)
    for (const line of logged().trim().split('\n')) JSON.parse(line)
  })
})

describe('raw handlers', () => {
  it('come before the router, behind the gate, and fail in order', async (t) => {
    const seen: string[] = []
    const http = server(t, {
      raw: [
        {
          name: 'oauth',
          paths: ['/oauth/', '/.well-known/openid-configuration'],
          handle: async (request, response) => {
            if (request.url === '/oauth/breaks') throw new Error('hunter2')
            seen.push(request.url ?? '')
            response.end('raw')
          },
        },
      ],
    })
    const { port } = await http.listen({ host: '127.0.0.1', port: 0 })
    const ask = (path: string, head = '') =>
      exchange(port, `GET ${path} HTTP/1.1\r\nHost: remit.test\r\nConnection: close\r\n${head}\r\n`)
    const fine = await ask('/oauth/token?a=1')
    assert.match(fine, /^HTTP\/1.1 200 [\s\S]*raw/)
    assert.match(fine, /content-security-policy: default-src 'none'/i)
    assert.match(fine, /request-id: /i)
    assert.match(await ask('/.well-known/openid-configuration'), /raw/)
    assert.match(await ask('/.well-known/openid-configurations'), /^HTTP\/1.1 404 /)
    assert.match(await ask('/oauth'), /^HTTP\/1.1 404 /)
    assert.match(await ask('/oauth/x', 'Host: evil.test\r\n'), /^HTTP\/1.1 400 /)
    const broken = await ask('/oauth/breaks')
    assert.match(broken, /^HTTP\/1.1 500 [\s\S]*server\.failed/)
    assert.doesNotMatch(broken, /hunter2/)
    assert.deepEqual(seen, ['/oauth/token?a=1', '/.well-known/openid-configuration'])
    assert.doesNotMatch(http.logged(), /a=1/)
  })
})

describe('a slow or endless request', () => {
  it('meets limits in time, size and number of headers', async (t) => {
    const { server: node } = server(t).app
    assert.equal(node.headersTimeout, 10_000)
    assert.equal(node.requestTimeout, 30_000)
    assert.equal(node.maxHeadersCount, 100)
    assert.equal(node.listenerCount('upgrade'), 0)
    assert.equal(node.listenerCount('connect'), 0)
  })
})

describe('health', () => {
  it('says which check fails, in words only when they are meant for others', async (t) => {
    const { app } = server(t, {
      checks: [
        { name: 'ledger', check: () => undefined },
        {
          name: 'storage',
          check: () => {
            throw new Problem('storage.unavailable', 'no answer')
          },
        },
        { name: 'keys', check: () => Promise.reject(new Error('hunter2')) },
      ],
    })
    assert.equal((await app.inject({ url: '/livez' })).statusCode, 200)
    const answer = await app.inject({ url: '/readyz' })
    assert.equal(answer.statusCode, 503)
    assert.deepEqual(answer.json(), {
      status: 'not ready',
      checks: [
        { name: 'ledger', ok: true },
        { name: 'storage', ok: false, detail: 'storage.unavailable: no answer' },
        { name: 'keys', ok: false, detail: 'failed; the log says why' },
      ],
    })
  })
})

describe('stopping', () => {
  /** A request that is answered when the test says so. */
  async function slow(t: TestContext) {
    const http = testHttp()
    t.after(() => http.stop(0))
    const arrived = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    http.app.get('/slow', async () => {
      arrived.resolve()
      await release.promise
      return 'done'
    })
    const { port } = await http.listen({ host: '127.0.0.1', port: 0 })
    const answer = new Promise<string>((resolve) => {
      const request = sendRequest({ port, path: '/slow', headers: HERE }, (response) => {
        response.setEncoding('utf8').on('data', resolve)
      })
      request.on('error', () => resolve('cut'))
      request.end()
    })
    await arrived.promise
    return { http, release, answer }
  }

  it('lets running requests finish', async (t) => {
    const { http, release, answer } = await slow(t)
    const stopped = http.stop(60_000)
    release.resolve()
    assert.equal(await answer, 'done')
    await stopped
  })

  it('cuts what does not finish in time', async (t) => {
    const { http, release, answer } = await slow(t)
    await http.stop(1)
    assert.equal(await answer, 'cut')
    release.resolve()
  })

  it('names the port that is taken', async (t) => {
    const first = testHttp()
    const second = testHttp()
    t.after(() => Promise.all([first.stop(0), second.stop(0)]))
    const { port } = await first.listen({ host: '127.0.0.1', port: 0 })
    await assert.rejects(second.listen({ host: '127.0.0.1', port }), { code: 'server.port_in_use' })
  })
})
