import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { OpenTask } from '../agent.ts'
import { exchange } from '../wire.ts'
import { inOneWorld, type World } from '../world.ts'

/** Head lines of a request that is authorized for what it says it is, whatever its target really is. */
async function authorized(
  w: World,
  task: OpenTask,
  method: string,
  path: string,
): Promise<string[]> {
  const token = await w.agent.token(task, `${w.gateway}/echo`)
  const proof = await w.agent.proof(task.key, { method, url: w.gateway + path, token })
  return [`Authorization: DPoP ${token}`, `DPoP: ${proof}`]
}

function head(lines: readonly string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** Statuses of the answers on one connection, without that of the last request when it was reached. */
function statuses(answer: string): number[] {
  const all = [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
  return answer.includes('.unknown"') || answer.includes('request.not_found')
    ? all.slice(0, -1)
    : all
}

const TARGETS = [
  '/echo/../orders/orders/1042',
  '/echo/things/../../orders',
  '/echo/./things/1',
  '/echo/things/..',
  '/echo/things/.',
  '/echo/things/1/parts/..',
  '/echo//things/1',
  '//echo/things/1',
  '/echo/things/1/',
  '/echo/things/%2e%2e/1',
  '/echo/things/..%2f1',
  '/echo/things/%2F1',
  '/echo/things%2f1',
  '/echo/things\\1',
  '/echo/things/%5c1',
  '/echo/things/1;a=b',
  '/echo/things/1%3ba',
  '/echo/things/1%00',
  '/echo/things/1%0d%0aX: y',
  '/echo/things/1%252e',
  '/echo/things/%31',
  '/echo/things/%c0%ae',
  '/echo/things/%ff',
  '/echo/things/%',
  '/echo/things/%zz',
  '/echo/things/1#frag',
  '/echo/things/1?q=%00',
  '/echo/things/1?q=%0a',
  '/echo/things/1?a=1&&b=2',
  '/echo/things/1?=1',
  '/echo/things/1?%61=1',
  '/ECHO/things/1',
  '/echo%2fthings/1',
  '/%65cho/things/1',
  'http://127.0.0.1/echo/things/1',
  'http://evil.example/echo/things/1',
  'echo/things/1',
  '*',
  '/',
  '',
  '/.well-known/../echo/things/1',
  '/echo/things/é',
]

inOneWorld('targets and framing at the gateway', (world) => {
  let task: OpenTask

  it('the plain target reaches exactly the path that was decided on', async () => {
    const w = world()
    task = await w.open()
    const host = `Host: ${new URL(w.gateway).host}`
    w.echo.forget()
    for (const [target, seen] of [
      ['/echo/things/1', '/things/1'],
      ['/echo/things/a%20b', '/things/a%20b'],
      ['/echo/things/%C3%A9', '/things/%C3%A9'],
      ["/echo/things/!$&'()*+,=:@~", "/things/!%24%26'()*%2B%2C%3D%3A%40~"],
      ['/echo/things?q=a+b&n=7', '/things?q=a%20b&n=7'],
    ] as const) {
      const [path = ''] = target.split('?')
      const lines = await authorized(w, task, 'GET', path)
      const answer = await exchange(w.gateway, head([`GET ${target} HTTP/1.1`, host, ...lines]))
      assert.deepEqual(statuses(answer), [200], answer)
      assert.equal(w.echo.reached.at(-1)?.target, seen)
    }
  })

  it('a body may come in chunks, and wait to be asked for', async () => {
    const w = world()
    const host = `Host: ${new URL(w.gateway).host}`
    const json = 'Content-Type: application/json'
    w.echo.forget()
    const chunked = await exchange(
      w.gateway,
      `${head(['POST /echo/things HTTP/1.1', host, json, 'Transfer-Encoding: chunked', ...(await authorized(w, task, 'POST', '/echo/things'))])}5\r\n{"nam\r\n7\r\ne":"x"}\r\n0\r\n\r\n`,
    )
    assert.deepEqual(statuses(chunked), [200], chunked)
    const expected = await exchange(
      w.gateway,
      `${head(['POST /echo/things HTTP/1.1', host, json, 'Content-Length: 12', 'Expect: 100-continue', ...(await authorized(w, task, 'POST', '/echo/things'))])}{"name":"x"}`,
    )
    assert.deepEqual(statuses(expected), [100, 200], expected)
    assert.deepEqual(
      w.echo.reached.map(({ body }) => body),
      ['{"name":"x"}', '{"name":"x"}'],
    )
  })

  it('M4: an offer of HTTP/2, as clients in Java make it over plain HTTP, is ignored, and reaches no API', async () => {
    const w = world()
    const offer = [
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAEAAEAA',
    ]
    const host = `Host: ${new URL(w.gateway).host}`
    w.echo.forget()
    const read = await authorized(w, task, 'GET', '/echo/things/1')
    const answer = await exchange(
      w.gateway,
      head(['GET /echo/things/1 HTTP/1.1', host, ...offer, ...read]),
    )
    assert.deepEqual(statuses(answer), [200], answer)
    assert.match(
      answer,
      /^connection: close\r$/im,
      'what is behind it on its connection is no request',
    )
    const write = await authorized(w, task, 'POST', '/echo/things')
    const json = ['Content-Type: application/json', 'Content-Length: 12']
    const more = await exchange(
      w.gateway,
      `${head(['POST /echo/things HTTP/1.1', host, ...json, ...offer, ...write])}{"name":"x"}`,
    )
    assert.deepEqual(statuses(more), [200], more)
    assert.deepEqual(
      w.echo.reached.map(({ method, target, body }) => [method, target, body]),
      [
        ['GET', '/things/1', ''],
        ['POST', '/things', '{"name":"x"}'],
      ],
    )
    for (const { headers } of w.echo.reached) {
      assert.equal(headers.upgrade, undefined)
      assert.equal(headers['http2-settings'], undefined)
    }
  })

  it('a target with two readings: refused, nothing is sent', async () => {
    const w = world()
    const host = `Host: ${new URL(w.gateway).host}`
    w.echo.forget()
    const before = w.echo.connections
    for (const target of TARGETS) {
      const [path = ''] = target.split('?')
      const lines = await authorized(w, task, 'GET', path)
      const answer = await exchange(w.gateway, head([`GET ${target} HTTP/1.1`, host, ...lines]))
      const [status, ...more] = statuses(answer)
      assert.ok([400, 404].includes(status ?? 0) && more.length === 0, `${target}: ${answer}`)
    }
    assert.equal(w.echo.connections, before)
    assert.equal(w.echo.reached.length, 0)
  })

  it('a Host that is doubled, missing or another: refused', async () => {
    const w = world()
    const { host } = new URL(w.gateway)
    const lines = await authorized(w, task, 'GET', '/echo/things/1')
    const before = w.echo.connections
    for (const hosts of [
      [`Host: ${host}`, `Host: ${host}`],
      [`Host: ${host}`, 'Host: evil.example'],
      ['Host: evil.example'],
      [`Host: ${new URL(w.issuer).host}`],
      [`Host: ${host}.`],
      ['Host:'],
      [],
      [`Host: ${host}, evil.example`],
    ]) {
      const answer = await exchange(
        w.gateway,
        head(['GET /echo/things/1 HTTP/1.1', ...hosts, ...lines]),
      )
      const [status, ...more] = statuses(answer)
      assert.ok([400, 421].includes(status ?? 0) && more.length === 0, `${hosts}: ${answer}`)
    }
    assert.equal(w.echo.connections, before)
  })

  it('framing that two servers could read differently: refused, and what hides in it is no request', async () => {
    const w = world()
    const host = `Host: ${new URL(w.gateway).host}`
    const hidden = `GET /echo/things/hidden HTTP/1.1\r\n${host}\r\n\r\n`
    const body = '{"name":"x"}'
    const sized = `Content-Length: ${body.length}`
    const json = 'Content-Type: application/json'
    const lines = await authorized(w, task, 'POST', '/echo/things')
    w.echo.forget()
    const before = w.echo.connections
    const post = (more: readonly string[], after: string) =>
      `${head(['POST /echo/things HTTP/1.1', host, json, ...lines, ...more])}${after}`
    for (const [name, bytes] of Object.entries({
      'both framings': post([sized, 'Transfer-Encoding: chunked'], `0\r\n\r\n${hidden}`),
      'both, the other way': post(
        ['Transfer-Encoding: chunked', 'Content-Length: 4'],
        `0\r\n\r\n${hidden}`,
      ),
      'two lengths': post([sized, 'Content-Length: 0'], body),
      'two equal lengths': post([sized, sized], body),
      'a list of lengths': post([`Content-Length: ${body.length}, ${body.length}`], body),
      'a signed length': post([`Content-Length: +${body.length}`], body),
      'a hexadecimal length': post(['Content-Length: 0xc'], body),
      'a negative length': post(['Content-Length: -1'], body),
      'space before the colon': post([`Content-Length : ${body.length}`], body),
      'a folded header': post(['X-Folded: a\r\n b', sized], body),
      'a bare line feed': post(['X-Bare: a\nContent-Length: 0', sized], body),
      'a bare carriage return': post(['X-Bare: a\rb', sized], body),
      'a NUL in a header': post(['X-Nul: a\0b', sized], body),
      'an unknown coding': post(['Transfer-Encoding: identity, chunked'], `0\r\n\r\n${hidden}`),
      'chunked twice': post(
        ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
        '0\r\n\r\n',
      ),
      'gzip, then chunked': post(['Transfer-Encoding: gzip, chunked'], `0\r\n\r\n${hidden}`),
      'a coding with a tab': post(['Transfer-Encoding:\tchunked', sized], body),
      'a chunk size that is none': post(['Transfer-Encoding: chunked'], 'zz\r\n\r\n'),
      'a chunk extension with a line feed': post(
        ['Transfer-Encoding: chunked'],
        '1;a\nb\r\nx\r\n0\r\n\r\n',
      ),
      'an encoded body': post([sized, 'Content-Encoding: gzip'], body),
      'an unknown expectation': post([sized, 'Expect: 200-ok'], body),
      'an upgrade': post([sized, 'Upgrade: websocket', 'Connection: upgrade'], body),
      'HTTP/1.0': `${head(['GET /echo/things/1 HTTP/1.0', host, ...lines])}`,
      'HTTP/2 in clear': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'a method of our own': `${head(['REFUND /echo/things/1 HTTP/1.1', host, ...lines])}`,
      TRACE: `${head(['TRACE /echo/things/1 HTTP/1.1', host, ...lines])}`,
      OPTIONS: `${head(['OPTIONS /echo/things/1 HTTP/1.1', host, ...lines])}`,
      CONNECT: `${head(['CONNECT 127.0.0.1:80 HTTP/1.1', host, ...lines])}`,
      'a lower-case method': `${head(['get /echo/things/1 HTTP/1.1', host, ...lines])}`,
      'too many headers': post(
        [...Array.from({ length: 100 }, (_, i) => `X-${i}: 1`), sized],
        body,
      ),
      'a head that is too long': post([`X-Long: ${'a'.repeat(40_000)}`, sized], body),
    })) {
      const answer = await exchange(w.gateway, bytes)
      const all = statuses(answer)
      assert.ok(all.length <= 1, `${name}: one request, one answer: ${answer}`)
      const [status = 0] = all
      assert.ok([0, 400, 405, 408, 415, 421, 431, 501].includes(status), `${name}: ${answer}`)
    }
    assert.equal(w.echo.connections, before)
    assert.equal(w.echo.reached.length, 0)
  })

  it('an authorized call behind a doubtful request is not made', async () => {
    const w = world()
    const host = `Host: ${new URL(w.gateway).host}`
    w.echo.forget()
    for (const doubtful of [
      ['POST /echo/things HTTP/1.1', host, 'Transfer-Encoding: identity, chunked'],
      ['POST /echo/things HTTP/1.1', host, 'Transfer-Encoding: chunked', 'Content-Encoding: gzip'],
    ]) {
      const lines = await authorized(w, task, 'GET', '/echo/things/hidden')
      const hidden = head(['GET /echo/things/hidden HTTP/1.1', host, ...lines])
      const answer = await exchange(w.gateway, `${head(doubtful)}0\r\n\r\n${hidden}`)
      assert.deepEqual(statuses(answer), [400], answer)
    }
    assert.equal(w.echo.reached.length, 0)
  })

  it('two calls on one connection are two calls, each with its own answer', async () => {
    const w = world()
    const host = `Host: ${new URL(w.gateway).host}`
    w.echo.forget()
    const one = await authorized(w, task, 'GET', '/echo/things/one')
    const two = await authorized(w, task, 'GET', '/echo/things/two')
    const answer = await exchange(
      w.gateway,
      head(['GET /echo/things/one HTTP/1.1', host, ...one]) +
        head(['GET /echo/things/two HTTP/1.1', host, ...two]),
    )
    assert.deepEqual(statuses(answer), [200, 200], answer)
    assert.ok(answer.indexOf('/things/one') < answer.indexOf('/things/two'))
    // Nothing of the first stands for the second.
    const bare = await exchange(
      w.gateway,
      head([
        'GET /echo/things/one HTTP/1.1',
        host,
        ...(await authorized(w, task, 'GET', '/echo/things/one')),
      ]) + head(['GET /echo/things/two HTTP/1.1', host]),
    )
    assert.deepEqual(statuses(bare), [200, 401], bare)
  })

  it('a body that is refused ends the connection: what follows it is nobody’s request', async () => {
    const w = world()
    const host = `Host: ${new URL(w.gateway).host}`
    w.echo.forget()
    const lines = await authorized(w, task, 'POST', '/echo/things')
    const second = await authorized(w, task, 'GET', '/echo/things/second')
    const answer = await exchange(
      w.gateway,
      head([
        'POST /echo/things HTTP/1.1',
        host,
        ...lines,
        'Content-Type: application/json',
        'Content-Length: 2000000',
      ]) + head(['GET /echo/things/second HTTP/1.1', host, ...second]),
    )
    assert.deepEqual(statuses(answer), [413], answer)
    assert.equal(w.echo.reached.length, 0)
  })

  it('odd headers do no harm', async () => {
    const w = world()
    const host = `Host: ${new URL(w.gateway).host}`
    w.echo.forget()
    const lines = await authorized(w, task, 'GET', '/echo/things/1')
    const answer = await exchange(
      w.gateway,
      head([
        'GET /echo/things/1 HTTP/1.1',
        host,
        ...lines,
        '__proto__: x',
        'constructor: x',
        'Connection: authorization, x-auth-user',
        'X-Auth-User: root',
        'X_Forwarded_User: root',
      ]),
    )
    assert.deepEqual(statuses(answer), [200], answer)
    const seen = JSON.stringify(w.echo.reached[0]?.rawHeaders)
    assert.ok(!/root|proto|constructor/.test(seen), seen)
  })
})

inOneWorld('targets and framing at the issuer', (world) => {
  it('a target with two readings, a foreign Host or odd framing is refused everywhere', async () => {
    const w = world()
    const { host } = new URL(w.issuer)
    for (const path of [
      '/api/v1/session',
      '/oauth/token',
      '/oauth/jwks',
      '/v1/tasks/tsk_x',
      '/',
      '/.well-known/openid-configuration',
    ])
      for (const [target, hosts] of [
        [`/x/..${path}`, [host]],
        [`/%2e%2e${path}`, [host]],
        [`/${path}`, [host]],
        [`http://${host}${path}`, [host]],
        [path, [host, host]],
        [path, ['evil.example']],
        [path, []],
        [`${path}#x`, [host]],
        [`${path.slice(0, -1)}\\`, [host]],
      ] as const) {
        const lines = [`GET ${target} HTTP/1.1`, ...hosts.map((each) => `Host: ${each}`)]
        const answer = await exchange(w.issuer, head(lines))
        const [status, ...more] = statuses(answer)
        assert.ok(
          [400, 421].includes(status ?? 0) && more.length === 0,
          `${target} ${hosts}: ${answer}`,
        )
      }
  })

  it('O7: a form from another site changes nothing', async () => {
    const w = world()
    const { host } = new URL(w.issuer)
    for (const path of [
      '/oauth/token',
      '/oauth/revoke',
      '/api/v1/session',
      '/sign-out',
      '/consent/x',
    ])
      for (const origin of [
        'Origin: https://evil.example',
        'Origin: null',
        `Origin: ${w.gateway}`,
        'Sec-Fetch-Site: cross-site',
        'Sec-Fetch-Site: same-site',
      ]) {
        const answer = await exchange(
          w.issuer,
          `${head([`POST ${path} HTTP/1.1`, `Host: ${host}`, origin, 'Content-Type: application/x-www-form-urlencoded', 'Content-Length: 3'])}a=b`,
        )
        assert.deepEqual(statuses(answer), [403], `${path} ${origin}: ${answer}`)
        assert.ok(answer.includes('request.cross_site'), answer)
      }
  })
})
