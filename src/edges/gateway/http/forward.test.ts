import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { Agent } from 'undici'
import { manualClock } from '../../../platform/lib/clock.ts'
import type { AbortReason } from '../../../platform/revocation/index.ts'
import { forward } from './forward.ts'
import { type ForwardResult, PATIENCE, type Timeouts, type UpstreamRequest } from './outgoing.ts'

const dispatcher = new Agent()
after(() => dispatcher.close())

type Options = {
  mayStart?: () => boolean
  mayContinue?: () => boolean
  startsAgain?: () => Promise<boolean>
  again?: () => Promise<boolean>
  onCut?: (cut: (reason: AbortReason) => void) => () => void
  out?: Partial<UpstreamRequest>
  dispatcher?: Agent
  patience?: Timeouts
  settles?: boolean
}

/**
 * Sends one call through a front server to the upstream; answers what came back, and how it ended.
 */
async function through(
  upstream: net.Server,
  options: Options = {},
): Promise<{ reply: string; ended: Promise<ForwardResult>; front: http.Server }> {
  if (!upstream.listening) await once(upstream.listen(0, '127.0.0.1'), 'listening')
  const origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}` // listening on TCP
  let done: (value: ForwardResult) => void = () => {}
  const ended = new Promise<ForwardResult>((resolve) => {
    done = resolve
  })
  const front = http.createServer(async (_, reply) => {
    const result = await forward(
      {
        method: 'GET',
        origin,
        target: '/x',
        headers: { accept: '*/*' },
        body: undefined,
        upstream: origin,
        identifier: 'http://gw.example/orders',
        decisionId: 'dec_1',
        secrets: ['s3cret-credential'],
        ...options.out,
      },
      reply,
      {
        dispatcher: options.dispatcher ?? dispatcher,
        clock: manualClock(),
        patience: options.patience ?? PATIENCE,
        settles: options.settles ?? false,
        mayStart: options.mayStart ?? (() => true),
        mayContinue: options.mayContinue ?? (() => true),
        startsAgain: options.startsAgain,
        again: options.again,
        onCut: options.onCut ?? (() => () => {}),
      },
    )
    if (!reply.headersSent && !reply.destroyed) reply.writeHead(502).end()
    done(result)
  })
  await once(front.listen(0, '127.0.0.1'), 'listening')
  after(() => {
    front.closeAllConnections()
    front.close()
    upstream.close()
  })
  return { reply: `http://127.0.0.1:${(front.address() as AddressInfo).port}/`, ended, front } // listening on TCP
}

test('an answer passes with its body, without cookies, with the decision named', async () => {
  const upstream = http.createServer((_, reply) => {
    reply
      .writeHead(200, {
        'content-type': 'text/plain',
        'set-cookie': 'a=b',
        'x-internal': '1',
        etag: '"e"',
      })
      .end('hello')
  })
  const { reply, ended } = await through(upstream)
  const answer = await fetch(reply)
  assert.equal(await answer.text(), 'hello')
  assert.equal(answer.headers.get('set-cookie'), null)
  assert.equal(answer.headers.get('x-internal'), null)
  assert.equal(answer.headers.get('etag'), '"e"')
  assert.equal(answer.headers.get('remit-decision'), 'dec_1')
  const { state, status } = await ended
  assert.deepEqual({ state, status }, { state: 'answered', status: 200 })
})

test('a credential that the upstream echoes never reaches the agent', async () => {
  const upstream = http.createServer((_, reply) => {
    reply.writeHead(200, { link: '<s3cret-credential>' })
    reply.write('got s3cret-')
    setImmediate(() => reply.end('credential!'))
  })
  const { reply } = await through(upstream)
  const answer = await fetch(reply)
  assert.equal(await answer.text(), `got ${'*'.repeat(17)}!`)
  assert.equal(answer.headers.get('link'), null)
})

test('nor one that the upstream echoes as JSON of PHP or .NET, in Base64 or in an address', async () => {
  const secret = 'c2VjcmV0/Y2FuYXJ5+MTIz/NDU2'
  for (const written of [
    secret.replaceAll('/', '\\/'),
    secret.replaceAll('+', '\\u002B'),
    Buffer.from(`Authorization: Bearer ${secret}`).toString('base64'),
    encodeURIComponent(secret),
  ]) {
    const upstream = http.createServer((_, reply) => {
      reply.writeHead(200, { link: `<https://x.example/?key=${written}>` })
      reply.write(`{"echo":"${written.slice(0, 20)}`)
      setImmediate(() => reply.end(`${written.slice(20)}"}`))
    })
    const { reply } = await through(upstream, { out: { secrets: [secret] } })
    const answer = await fetch(reply)
    assert.match(await answer.text(), /^\{"echo":"[\w=]{0,32}\*{27,}[\w=]{0,4}"\}$/)
    assert.equal(answer.headers.get('link'), null)
  }
})

test('G5: what may start after all is sent, once, also when it was stopped in the tick of its first byte', async () => {
  for (const stoppedAt of [1, 2]) {
    let reached = 0
    const upstream = http.createServer((_, reply) => {
      reached++
      reply.end('done')
    })
    let asked = 0
    const { reply, ended } = await through(upstream, {
      mayStart: () => ++asked !== stoppedAt,
      startsAgain: async () => true,
      out: { method: 'POST', body: '{}' },
    })
    assert.equal(await (await fetch(reply)).text(), 'done')
    assert.equal((await ended).state, 'answered')
    assert.equal(reached, 1)
  }
})

test('G5: an answer waits while it is found out whether the call may go on, and loses nothing', async () => {
  const upstream = http.createServer((_, reply) => {
    reply.write('one ')
    setImmediate(() => reply.end('two'))
  })
  let isUnsure = true
  let looks = 0
  const { reply, ended } = await through(upstream, {
    mayContinue: () => !isUnsure,
    again: async () => {
      looks++
      await new Promise(setImmediate)
      isUnsure = false
      return true
    },
  })
  const answer = await fetch(reply)
  assert.equal(await answer.text(), 'one two')
  assert.equal((await ended).state, 'answered')
  assert.equal(looks, 1)
})

test('G5: what was sent and cut is told as sent, by a code of its own', async () => {
  for (const again of [async () => false, () => Promise.reject(new Error('no store'))]) {
    const upstream = http.createServer((_, reply) => reply.end('done'))
    const { reply, ended } = await through(upstream, { mayContinue: () => false, again })
    await fetch(reply)
    const { problem, state } = await ended
    assert.deepEqual(
      [state, problem?.code, problem?.status],
      ['failed', 'call.effect_unknown', 502],
    )
    assert.match(problem?.detail ?? '', /whether the API acted is not known/)
  }
})

test('what is no longer live in the last tick is not sent', async () => {
  let reached = 0
  const upstream = http.createServer((_, reply) => {
    reached++
    reply.end()
  })
  const { reply, ended } = await through(upstream, { mayStart: () => false })
  await fetch(reply)
  const result = await ended
  assert.equal(result.state, 'not_sent')
  assert.equal(result.problem?.code, 'call.no_longer_live')
  assert.equal(reached, 0)
})

test('a part that arrives after the call has lost its ground is not passed on, before any timer or event', async () => {
  for (const told of ['', 'first']) {
    let lives = true
    let more: () => void = () => {}
    const upstream = http.createServer((_, reply) => {
      if (told === '') lives = false
      reply.writeHead(200).write('first')
      more = () => reply.end('second')
    })
    const { ended, reply } = await through(upstream, { mayContinue: () => lives })
    const heard: string[] = []
    const reading = (async () => {
      for await (const part of (await fetch(reply)).body ?? []) {
        heard.push(Buffer.from(part).toString())
        lives = false
        more()
      }
    })()
    const { cut, state } = await ended
    assert.deepEqual([cut, state], ['ended', told === '' ? 'failed' : 'answered'])
    await reading.catch(() => {})
    assert.equal(heard.join(''), told)
  }
})

test('an upstream that is not there: not sent, and said so', async () => {
  const closed = net.createServer()
  await once(closed.listen(0, '127.0.0.1'), 'listening')
  const port = (closed.address() as AddressInfo).port // listening on TCP
  closed.close()
  const { reply, ended } = await through(net.createServer(), {
    out: { origin: `http://127.0.0.1:${port}` },
  })
  await fetch(reply)
  const result = await ended
  assert.equal(result.state, 'not_sent')
  assert.equal(result.problem?.code, 'upstream.unreachable')
})

test('when all connections are held by others, a call gives up in time and is not sent later', async () => {
  const reached: string[] = []
  const upstream = http.createServer((request, reply) => {
    reached.push(request.url ?? '')
    reply.writeHead(200, { 'content-type': 'text/event-stream' })
    reply.write('data: 1\n\n')
  })
  const narrow = new Agent({ connections: 1 })
  after(() => narrow.destroy())
  let cut: (reason: AbortReason) => void = () => {}
  const first = await through(upstream, {
    dispatcher: narrow,
    onCut: (listener) => {
      cut = listener
      return () => {}
    },
  })
  const stream = await fetch(first.reply)
  const patience = { startsWithin: 100, pausesAtMost: 1_000 }
  const second = await through(upstream, { dispatcher: narrow, patience, out: { target: '/late' } })
  assert.equal((await fetch(second.reply)).status, 502)
  const { problem, state } = await second.ended
  assert.deepEqual([state, problem?.code], ['not_sent', 'upstream.unreachable'])
  const next = await through(upstream, { dispatcher: narrow, out: { target: '/next' } })
  cut('ended')
  await stream.text().catch(() => {})
  const reader = (await fetch(next.reply)).body?.getReader()
  await reader?.read()
  assert.deepEqual(reached, ['/x', '/next'])
  await reader?.cancel()
})

test('an upstream that cuts the connection after reading: failed, the effect unknown', async () => {
  const upstream = net.createServer((socket) => socket.once('data', () => socket.destroy()))
  const { reply, ended } = await through(upstream)
  await fetch(reply)
  const result = await ended
  assert.equal(result.state, 'failed')
  assert.equal(result.problem?.code, 'upstream.cut')
})

test('an upstream that answers garbage: failed', async () => {
  const upstream = net.createServer((socket) =>
    socket.once('data', () => socket.end('NOT HTTP\r\n\r\n')),
  )
  const { reply, ended } = await through(upstream)
  await fetch(reply)
  assert.equal((await ended).state, 'failed')
})

test('a running stream is cut, and the upstream is told', async () => {
  let cut: (reason: AbortReason) => void = () => {}
  const upstream = http.createServer((_, reply) => {
    reply.writeHead(200, { 'content-type': 'text/event-stream' })
    reply.write('data: 1\n\n')
  })
  const upstreamClosed = new Promise((resolve) =>
    upstream.on('request', (request) => request.socket.on('close', resolve)),
  )
  const { reply, ended } = await through(upstream, {
    onCut: (listener) => {
      cut = listener
      return () => {}
    },
  })
  const answer = await fetch(reply)
  const reader = answer.body?.getReader()
  assert.ok(reader)
  assert.equal(Buffer.from((await reader.read()).value ?? []).toString(), 'data: 1\n\n')
  cut('ended')
  await assert.rejects(reader.read())
  const result = await ended
  assert.deepEqual([result.state, result.status, result.cut], ['answered', 200, 'ended'])
  await upstreamClosed
})

test('a redirect into the upstream is led through the gateway, one to its other paths is dropped', async () => {
  let location = ''
  const upstream = http.createServer((_, reply) => reply.writeHead(303, { location }).end())
  await once(upstream.listen(0, '127.0.0.1'), 'listening')
  const origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}` // listening on TCP
  for (const [given, seen] of [
    [`${origin}/v1/7`, 'http://gw.example/orders/7'],
    ['7', 'http://gw.example/orders/7'],
    [`${origin}/admin`, null],
    ['https://elsewhere.example/x', 'https://elsewhere.example/x'],
  ] as const) {
    location = given
    const { reply } = await through(upstream, {
      out: { upstream: `${origin}/v1`, target: '/v1/x' },
    })
    const answer = await fetch(reply, { redirect: 'manual' })
    assert.equal(answer.headers.get('location'), seen, given)
  }
})

/** Count of rows in the answer, or the reason why there is none. */
const rowsIn = ({ said }: ForwardResult) =>
  said === undefined || said.unsaid !== undefined
    ? said?.unsaid
    : said.of({ kind: 'rows', path: '/rows' })

test('an answer that says what it takes is read to its end, also when its caller has hung up', async () => {
  let goOn = () => {}
  const hungUp = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const upstream = http.createServer(async (_, reply) => {
    reply.writeHead(200, { 'content-type': 'application/json' })
    reply.write('{"rows":[1,2,')
    await hungUp
    reply.end('3]}')
  })
  const { ended, front, reply } = await through(upstream, { settles: true })
  front.on('request', (_, answer) => answer.on('close', goOn))
  const leaving = new AbortController()
  const answer = await fetch(reply, { signal: leaving.signal })
  await answer.body?.getReader().read()
  leaving.abort()
  const done = await ended
  assert.deepEqual([done.state, done.cut, rowsIn(done)], ['answered', 'abandoned', 3n])
})

test('of an answer that is cut, or has no end, nothing is known', async () => {
  const upstream = http.createServer((_, reply) => {
    reply.writeHead(200, { 'content-type': 'application/json' })
    reply.write('{"rows":[1,2,')
  })
  let cut: (reason: AbortReason) => void = () => {}
  const { ended, reply } = await through(upstream, {
    settles: true,
    onCut: (by) => {
      cut = by
      return () => {}
    },
  })
  const answer = await fetch(reply)
  await answer.body?.getReader().read()
  cut('ended')
  assert.equal(rowsIn(await ended), 'cut')
  const broken = http.createServer((_, answer) => {
    answer.writeHead(200, { 'content-type': 'application/json', 'content-length': '99' })
    answer.write('{"rows":[1]}')
    setImmediate(() => answer.destroy())
  })
  const other = await through(broken, { settles: true })
  await fetch(other.reply).then(
    (each) => each.text().catch(() => {}),
    () => {},
  )
  assert.equal(rowsIn(await other.ended), 'failed')
})
