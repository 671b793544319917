import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, describe, test } from 'node:test'
import { request } from 'undici'
import type { Resolver } from './connector.ts'
import { type Outbound, outbound } from './outbound.ts'

const ends: (() => unknown)[] = []
after(() => Promise.all(ends.map((end) => end())))

/** A server on the loopback interface; `hits` counts what reached it. */
async function serve(
  listener: RequestListener,
): Promise<{ port: number; origin: string; hits: () => number }> {
  let hits = 0
  const server = createServer((req, res) => {
    hits++
    listener(req, res)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo // as: it listens on TCP
  return { port, origin: `http://127.0.0.1:${port}`, hits: () => hits }
}

const json: RequestListener = (_, res) =>
  res.setHeader('content-type', 'application/json').end('{"a":1.0}')

/** Answers each look-up of a name with the next of its lists of addresses, and counts. */
function scripted(script: Record<string, string[][]>): Resolver & { asked: string[] } {
  const asked: string[] = []
  const resolver: Resolver = async (host) => {
    asked.push(host)
    const answers = script[host]
    const answer = answers && answers.length > 1 ? answers.shift() : answers?.[0]
    if (!answer) throw new Error(`no such name ${host}`)
    return answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  }
  return Object.assign(resolver, { asked })
}

function open(allowed: readonly string[], resolver?: Resolver): Outbound {
  const made = outbound({
    allowOrigins: (origin) => allowed.includes(origin),
    ...(resolver && { resolver }),
  })
  ends.push(() => made.close())
  return made
}

const nowhere: Resolver = async (host) => {
  throw new Error(`${host} must not be resolved`)
}

describe('addresses', () => {
  const REFUSED = [
    // literal addresses in every spelling that a URL parser folds
    'https://127.0.0.1/',
    'https://127.1/',
    'https://0x7f.1/',
    'https://0x7f000001/',
    'https://2130706433/',
    'https://0177.0.0.1/',
    'https://127。0。0。1/',
    'https://①②⑦.0.0.1/',
    'https://0/',
    'https://0.0.0.0/',
    'https://10.0.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://192.168.0.1/',
    'https://8.8.8.8/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[::127.0.0.1]/',
    'https://[64:ff9b::127.0.0.1]/',
    'https://[2002:7f00:1::]/',
    'https://[fe80::1]/',
    'https://[fd00:ec2::254]/',
    'https://[2606:4700:4700::1111]/',
    // plain HTTP, other schemes, credentials, fragments
    'http://public.example/',
    'ftp://public.example/',
    'file:///etc/passwd',
    'data:application/json,{}',
    'https://user@public.example/',
    'https://user:pw@public.example/',
    'https://public.example/#f',
    '//public.example/',
    'public.example',
    '',
  ]
  for (const url of REFUSED) {
    test(`\`${url}\` is refused without asking for a name`, async () => {
      await assert.rejects(open([], nowhere).fetchJson(url), { code: 'outbound.refused' })
    })
  }

  const ANSWERS: Record<string, string[]> = {
    loopback: ['127.0.0.1'],
    private: ['10.1.2.3'],
    metadata: ['169.254.169.254'],
    unspecified: ['0.0.0.0'],
    'loopback, IPv6': ['::1'],
    'mapped loopback': ['::ffff:127.0.0.1'],
    'NAT64 of loopback': ['64:ff9b::7f00:1'],
    '6to4 of metadata': ['2002:a9fe:a9fe::1'],
    'link-local with a zone': ['fe80::1%eth0'],
    'a public one and then a private one': ['93.184.216.34', '10.0.0.1'],
    'a private one and then a public one': ['192.168.0.1', '93.184.216.34'],
  }
  for (const [name, addresses] of Object.entries(ANSWERS)) {
    test(`a name that resolves to ${name} is refused`, async () => {
      const resolver = scripted({ 'idp.example': [addresses] })
      await assert.rejects(open([], resolver).fetchJson('https://idp.example/jwks'), {
        code: 'outbound.refused',
      })
      assert.deepEqual(resolver.asked, ['idp.example'])
    })
  }

  test('names that mean this machine are judged by where they lead', async () => {
    for (const host of ['localhost', 'localhost.', 'anything.localhost'])
      await assert.rejects(open([]).fetchJson(`https://${host}/`), { name: 'Problem' })
  })

  test('a name that does not resolve is unreachable, not refused', async () => {
    const none = scripted({ 'empty.example': [[]] })
    for (const host of ['gone.example', 'empty.example'])
      await assert.rejects(open([], none).fetchJson(`https://${host}/`), {
        code: 'outbound.unreachable',
      })
  })

  test('DNS rebinding: the address that was checked is the one connected to, and names are asked once', async () => {
    const here = await serve(json)
    const url = `http://rebind.example:${here.port}/`
    const resolver = scripted({ 'rebind.example': [['169.254.169.254'], ['127.0.0.1']] })
    const out = open([new URL(url).origin], resolver)
    await assert.rejects(out.fetchJson(url), { code: 'outbound.refused' })
    assert.equal(resolver.asked.length, 1)
    assert.equal(here.hits(), 0)
    await out.fetchJson(url)
    assert.equal(resolver.asked.length, 2)
  })

  test('a registered origin may be private, plain HTTP and a literal; its neighbours may not', async () => {
    const here = await serve(json)
    const out = open([here.origin])
    assert.ok(await out.fetchJson(`${here.origin}/a`))
    const neighbour = await serve(json)
    for (const url of [
      neighbour.origin,
      `https://127.0.0.1:${here.port}`,
      `http://localhost:${here.port}`,
      `http://[::ffff:127.0.0.1]:${here.port}`,
    ])
      await assert.rejects(out.fetchJson(`${url}/`), { code: 'outbound.refused' }, url)
    assert.deepEqual([here.hits(), neighbour.hits()], [1, 0])
  })

  test('not even a registered origin leads to link-local or metadata addresses', async () => {
    const names = ['169.254.169.254', 'fe80::1', '100.100.100.200', 'fd00:ec2::254', '224.0.0.1']
    for (const address of names) {
      const resolver = scripted({ 'upstream.internal': [[address]] })
      const out = open(['http://upstream.internal', 'http://169.254.169.254'], resolver)
      await assert.rejects(
        out.fetchJson('http://upstream.internal/'),
        { code: 'outbound.refused' },
        address,
      )
      await assert.rejects(out.fetchJson('http://169.254.169.254/'), { code: 'outbound.refused' })
    }
  })

  test('the dispatcher for the gateway refuses what is not registered, too', async () => {
    const here = await serve(json)
    const { dispatcher } = open([here.origin])
    const answer = await request(`${here.origin}/orders`, { dispatcher })
    assert.equal(answer.statusCode, 200)
    await answer.body.dump()
    const other = await serve(json)
    await assert.rejects(request(other.origin, { dispatcher }), { code: 'outbound.refused' })
    assert.equal(other.hits(), 0)
  })

  test('a name with several addresses is tried until one answers', async () => {
    const here = await serve(json)
    const resolver = scripted({ 'two.example': [['127.0.0.2', '127.0.0.1']] })
    const url = `http://two.example:${here.port}`
    await open([url], resolver).fetchJson(`${url}/`)
    assert.equal(here.hits(), 1)
  })
})

describe('answers', () => {
  const from = async (listener: RequestListener) => {
    const here = await serve(listener)
    return { here, url: `${here.origin}/doc`, out: open([here.origin]) }
  }

  test('JSON is read strictly and numbers keep their text', async () => {
    const { out, url } = await from(json)
    const body = await out.fetchJson(url)
    assert.ok(body instanceof Map)
    assert.deepEqual({ ...body.get('a') }, { text: '1.0' })
  })

  test('redirects are not followed', async () => {
    const secret = await serve(json)
    for (const status of [301, 302, 303, 307, 308]) {
      const { out, url } = await from((_, res) =>
        res.writeHead(status, { location: `${secret.origin}/` }).end(),
      )
      await assert.rejects(out.fetchJson(url), { code: 'outbound.unexpected_answer' })
      assert.equal((await out.fetch(url)).status, status)
    }
    assert.equal(secret.hits(), 0)
  })

  const UNEXPECTED: Record<string, RequestListener> = {
    'another status': (_, res) =>
      res.writeHead(404, { 'content-type': 'application/json' }).end('{}'),
    'no media type': (_, res) => res.end('{}'),
    HTML: (_, res) => res.setHeader('content-type', 'text/html').end('{}'),
    'a media type that begins alike': (_, res) =>
      res.setHeader('content-type', 'application/jsonp').end('{}'),
    'a compressed body': (_, res) =>
      res
        .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
        .end('{}'),
    'no JSON': (_, res) => res.setHeader('content-type', 'application/json').end('{'),
    'repeated members': (_, res) =>
      res.setHeader('content-type', 'application/json').end('{"a":1,"a":2}'),
  }
  for (const [name, listener] of Object.entries(UNEXPECTED)) {
    test(`${name}: refused`, async () => {
      const { out, url } = await from(listener)
      await assert.rejects(out.fetchJson(url), { code: 'outbound.unexpected_answer' })
    })
  }

  test('JSON media types with parameters and suffixes count', async () => {
    for (const type of [
      'application/json; charset=utf-8',
      'application/jwk-set+json',
      'Application/JSON',
    ]) {
      const { out, url } = await from((_, res) => res.setHeader('content-type', type).end('{}'))
      await out.fetchJson(url)
    }
  })

  test('an answer that is too large is cut off, announced or not', async () => {
    const large = Buffer.alloc(2000, ' ')
    const LARGE: RequestListener[] = [
      (_, res) => res.writeHead(200, { 'content-type': 'application/json' }).end(large),
      (_, res) => {
        res.writeHead(200, { 'content-type': 'application/json' })
        const more = () => res.write(large, (error) => error ?? more())
        more()
      },
    ]
    for (const listener of LARGE) {
      const { out, url } = await from(listener)
      await assert.rejects(out.fetchJson(url, { maxBytes: 1000 }), { code: 'outbound.too_large' })
    }
  })

  test('a server that is silent, slow or endless is given up in time', async () => {
    const SLOW: RequestListener[] = [
      () => {},
      (_, res) => res.writeHead(200, { 'content-type': 'application/json' }).flushHeaders(),
      (_, res) => {
        res.writeHead(200, { 'content-type': 'application/json' }).write('{')
      },
    ]
    for (const listener of SLOW) {
      const { out, url } = await from(listener)
      await assert.rejects(out.fetchJson(url, { timeoutMs: 40 }), { code: 'outbound.timed_out' })
    }
  })

  test('a resolver that hangs is given up in time', async () => {
    const out = open([], () => new Promise(() => {}))
    await assert.rejects(out.fetchJson('https://idp.example/', { timeoutMs: 40 }), {
      code: 'outbound.timed_out',
    })
  })

  test('a connection that breaks, or is refused, is unreachable', async () => {
    const { out, url } = await from((req) => req.socket.destroy())
    await assert.rejects(out.fetchJson(url), { code: 'outbound.unreachable' })
    const cut = await from((_, res) => {
      res.writeHead(200, { 'content-type': 'application/json', 'content-length': 10 }).write('{')
      setImmediate(() => res.destroy())
    })
    await assert.rejects(cut.out.fetchJson(cut.url), { code: 'outbound.unreachable' })
  })

  test('fetch sends what a library asks to send, and gives the whole answer', async () => {
    const { out, url } = await from(async (req, res) => {
      const body = await new Response(req).text().catch(() => '')
      res
        .writeHead(201, {
          'x-method': req.method,
          'x-type': req.headers['content-type'],
          'x-two': ['a', 'b'],
        })
        .end(body)
    })
    const body = new URLSearchParams({ grant_type: 'authorization_code' })
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await out.fetch(url, { method: 'POST', headers, body })
    assert.equal(answer.status, 201)
    assert.equal(answer.headers.get('x-method'), 'POST')
    assert.equal(answer.headers.get('x-type'), headers['content-type'])
    assert.equal(answer.headers.get('x-two'), 'a, b')
    assert.equal(await answer.text(), 'grant_type=authorization_code')
    const empty = await from((_, res) => res.writeHead(204).end())
    assert.equal((await empty.out.fetch(empty.url)).status, 204)
  })

  test('whoever asks may stop waiting', async () => {
    const { out, url } = await from(() => {})
    const stop = new AbortController()
    const asked = out.fetch(url, { signal: stop.signal })
    setImmediate(() => stop.abort())
    await assert.rejects(asked, { code: 'outbound.unreachable' })
  })
})
