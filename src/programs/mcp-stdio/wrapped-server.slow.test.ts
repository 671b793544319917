import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { until } from '../../../test/until.ts'
import type { Owner } from '../cli/testing.ts'
import {
  begin,
  call,
  type LocalMode,
  localServer,
  messages,
  post,
  SECRET,
  wrapped,
} from './testing.ts'

async function serving(t: Owner, mode: LocalMode = 'sessions', options = {}) {
  const served = await wrapped(mode, options)
  t.after(() => served.close())
  return { ...served, url: served.server.url }
}

/** Text of a tool's result. */
async function said(answer: Response): Promise<string> {
  const last = (await messages(answer)).at(-1) as { result?: { content: { text: string }[] } } // as: a tool's result
  return last?.result?.content[0]?.text ?? JSON.stringify(last)
}

const alive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
const pidOf = (text: string) => Number(/\d+$/.exec(text)?.[0])

/** Status of a request whose headers are written by hand. */
function statusOf(port: number, headers: Record<string, string>, path = '/mcp', method = 'POST') {
  return new Promise<number>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, (reply) => {
      reply.resume()
      resolve(reply.statusCode ?? 0)
    })
    sent.on('error', reject)
    sent.end(method === 'POST' ? JSON.stringify(call('count')) : undefined)
  })
}

test('nobody but the gateway gets through: not without the secret, not from a page, not under a name', async (t) => {
  const { port, server, url } = await serving(t)
  const right = {
    host: `127.0.0.1:${port}`,
    authorization: `Bearer ${SECRET}`,
    'content-type': 'application/json',
  }
  const session = await begin(url)
  assert.equal(await statusOf(port, { ...right, ...session }), 200)
  const { authorization: _, ...without } = { ...right, ...session }
  assert.equal(await statusOf(port, without), 401)
  for (const authorization of ['', 'Bearer ', `Bearer ${SECRET}x`, `Basic ${SECRET}`, SECRET])
    assert.equal(await statusOf(port, { ...right, ...session, authorization }), 401, authorization)
  for (const host of [
    `localhost:${port}`,
    `attacker.example:${port}`,
    '127.0.0.1',
    `127.0.0.2:${port}`,
  ])
    assert.equal(await statusOf(port, { ...right, ...session, host }), 403, host)
  for (const origin of ['null', `http://127.0.0.1:${port}`, 'https://attacker.example'])
    assert.equal(await statusOf(port, { ...right, ...session, origin }), 403, origin)
  assert.equal(await statusOf(port, { ...right, ...session }, '/'), 404)
  assert.equal(await statusOf(port, { ...right, ...session }, '/mcp?x=1'), 404)
  assert.equal(await statusOf(port, { ...right, ...session }, '/mcp', 'GET'), 405)
  assert.equal(await statusOf(port, { ...right, ...session, 'content-type': 'text/plain' }), 415)
  assert.equal(await statusOf(port, { ...right, 'mcp-session-id': 'x'.repeat(43) }), 404)
  assert.equal(new URL(server.url).hostname, '127.0.0.1')
  const others = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
  for (const { address } of others)
    await assert.rejects(fetch(`http://${address}:${port}/mcp`), address)
})

test('each session has a process of its own, which ends with it', async (t) => {
  const { url } = await serving(t)
  const [one, two] = [await begin(url), await begin(url)]
  const first = await said(await post(url, call('count'), one))
  assert.match(first, /^1 of/)
  assert.match(await said(await post(url, call('count', 2), one)), /^2 of/)
  const other = await said(await post(url, call('count', 'a'), two))
  assert.match(other, /^1 of/)
  assert.notEqual(pidOf(first), pidOf(other))
  const headers = { authorization: `Bearer ${SECRET}`, ...one }
  assert.equal((await fetch(url, { method: 'DELETE', headers })).status, 204)
  assert.equal((await post(url, call('count'), one)).status, 404)
  await until(async () => !alive(pidOf(first)) || undefined)
  assert.ok(alive(pidOf(other)))
})

test('at the limit the session that was idle longest goes; a busy one never does', async (t) => {
  const { clock, url } = await serving(t, 'sessions', { maxProcesses: 2 })
  const old = await begin(url)
  clock.at += 1_000
  const young = await begin(url)
  clock.at += 1_000
  const third = await begin(url)
  assert.equal((await post(url, call('count'), old)).status, 404)
  assert.match(await said(await post(url, call('count'), young)), /^1 of/)
  const leaving = new AbortController()
  await post(url, call('never'), young, leaving.signal)
  await post(url, call('never'), third, leaving.signal)
  const refused = await post(url, { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} })
  assert.equal(refused.status, 503)
  leaving.abort()
})

test('a session that nobody used for a while is ended', async (t) => {
  const { clock, url } = await serving(t)
  const idle = await begin(url)
  clock.at += 16 * 60_000
  const session = await begin(url)
  assert.equal((await post(url, call('count'), idle)).status, 404)
  assert.match(await said(await post(url, call('count'), session)), /^1 of/)
})

test('digits stay as they are, and ids are those of the caller', async (t) => {
  const { url } = await serving(t)
  const session = await begin(url)
  const text = `{"jsonrpc":"2.0","id":7,"method":"tools/call",\n"params":{"name":"raw","arguments":{"n":40.00,"big":12345678901234567890}}}`
  const [answer] = await messages(await post(url, text, session))
  assert.equal(answer?.id, 7)
  assert.match(JSON.stringify(answer), /\\"n\\":40\.00,\\"big\\":12345678901234567890/)
})

test('progress goes to whose it is; a question only where it is clear whose it is', async (t) => {
  const { url } = await serving(t)
  const session = await begin(url)
  const progress = call('progress', 1, { _meta: { progressToken: 'mine' } })
  const told = await messages(await post(url, progress, session))
  assert.deepEqual(
    told.map(({ method, params }) => [
      method,
      (params as { progressToken?: string })?.progressToken,
    ]), // as: progress
    [
      ['notifications/progress', 'mine'],
      [undefined, undefined],
    ],
  )
  const asked = await post(url, call('ask', 2), session)
  const reader = asked.body?.pipeThrough(new TextDecoderStream()).getReader()
  const question = JSON.parse(/data: (.*)/.exec((await reader?.read())?.value ?? '')?.[1] ?? '')
  assert.equal(question.method, 'elicitation/create')
  const reply = { jsonrpc: '2.0', id: question.id, result: { action: 'accept' } }
  const forged = await post(url, { ...reply, id: 'another' }, session)
  assert.equal(forged.status, 400)
  assert.equal((await post(url, reply, session)).status, 202)
  assert.equal((await post(url, reply, session)).status, 400, 'a second answer')
  assert.match((await reader?.read())?.value ?? '', /accept/)

  const leaving = new AbortController()
  await post(url, call('never', 3), session, leaving.signal)
  const unclear = await said(await post(url, call('ask', 4), session))
  assert.match(unclear, /not clear/)
  leaving.abort()
})

test('a request that was left is cancelled when the caller says so', async (t) => {
  const { url, words } = await serving(t)
  const session = await begin(url)
  const leaving = new AbortController()
  await post(url, call('never', 'x'), session, leaving.signal)
  await until(async () => words.includes('working') || undefined)
  leaving.abort()
  const cancel = (requestId: string) =>
    post(url, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } }, session)
  assert.equal((await cancel('other')).status, 202)
  assert.match(await said(await post(url, call('count'), session)), /^1 of/)
  assert.ok(!words.includes('cancelled'))
  await cancel('x')
  await until(async () => words.includes('cancelled') || undefined)
})

test('a server of 2026-07-28 alone is one process for all, and leaving cancels', async (t) => {
  const { url, words } = await serving(t, 'modern')
  const first = await said(await post(url, call('count')))
  const second = await said(await post(url, call('count')))
  assert.match(second, /^2 of/)
  assert.equal(pidOf(first), pidOf(second))
  const both = await Promise.all([post(url, call('raw', 'same')), post(url, call('raw', 'same'))])
  for (const answer of both) assert.equal((await messages(answer))[0]?.id, 'same')
  const leaving = new AbortController()
  await post(url, call('never'), {}, leaving.signal)
  leaving.abort()
  await until(async () => words.includes('cancelled') || undefined)
})

test('a server that has sessions, too, is spoken to in them', async (t) => {
  const { url } = await serving(t, 'dual')
  const params = { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } }
  const discover = { jsonrpc: '2.0', id: 1, method: 'server/discover', params }
  assert.match(await (await post(url, discover)).text(), /-32601/)
  assert.match(await said(await post(url, call('count'), await begin(url))), /^1 of/)
})

test('what is no message is told as the server’s words; a message without end stops it', async (t) => {
  const { events, url, words } = await serving(t)
  const session = await begin(url)
  assert.equal(await said(await post(url, call('noise'), session)), 'done')
  await until(async () => words.length > 2_000 || undefined)
  assert.ok(words.every((line) => line.length <= 1_000))
  assert.ok(words.some((line) => line.startsWith('not JSON')))
  const cut = await post(url, call('huge', 2), session)
  await assert.rejects(cut.text())
  await until(async () => events.length > 0 || undefined)
  assert.match(words.at(-1) ?? '', /more than 4194304 bytes/)
  assert.equal((await post(url, call('count'), session)).status, 404)
})

test('a crash cuts what is under way; crashes that follow cost time', async (t) => {
  const { clock, events, url } = await serving(t)
  const crash = async () => {
    const answer = await post(url, call('die'), await begin(url))
    await assert.rejects(answer.text())
  }
  await crash()
  await until(async () => events.length === 1 || undefined)
  assert.match(events[0] ?? '', /ended with code 3.*when it is needed/)
  await crash()
  await until(async () => events.length === 2 || undefined)
  assert.match(events[1] ?? '', /in 1 s at the earliest/)
  const again = () => post(url, { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} })
  assert.equal((await again()).status, 503)
  clock.at += 1_000
  await crash()
  await until(async () => events.length === 3 || undefined)
  assert.match(events[2] ?? '', /in 2 s at the earliest/)
  clock.at += 2_000
  assert.equal((await again()).status, 200)
})

test('what comes from outside of the gateway’s messages is refused, and costs nothing', async (t) => {
  const { url } = await serving(t)
  const session = await begin(url)
  for (const text of [
    '',
    'x',
    '[]',
    '[{"jsonrpc":"2.0"}]',
    '{"jsonrpc":"2.0","id":null,"method":"x"}',
  ])
    assert.equal((await post(url, text, session)).status, 400, text)
  // Who is refused while sending may not hear it.
  const huge = post(url, `"${'x'.repeat(5 * 1024 * 1024)}"`, session)
  assert.equal(
    await huge.then(
      ({ status }) => status,
      () => 413,
    ),
    413,
  )
  assert.match(await said(await post(url, call('count'), session)), /^1 of/)
})

test('a process that ignores the end of its input and SIGTERM is killed', async () => {
  const { close, server } = await wrapped('stubborn')
  const pid = pidOf(await said(await post(server.url, call('count'), await begin(server.url))))
  assert.ok(alive(pid))
  await close()
  // The system takes it away a moment after it was killed.
  await until(async () => !alive(pid) || undefined)
})

test('what a process started goes with it, even if it ends by itself', async (t) => {
  const { url } = await serving(t)
  const started = createServer()
  await once(started.listen(0, '127.0.0.1'), 'listening')
  t.after(() => started.close())
  const connected = once(started, 'connection')
  const { port } = started.address() as AddressInfo // listening on TCP
  const session = await begin(url)
  await post(url, call('launch', 1, { arguments: { port } }), session)
  const [grandchild] = (await connected) as [Socket] // the event's argument
  const gone = once(grandchild.resume(), 'close')
  await assert.rejects((await post(url, call('die', 2), session)).text())
  await gone
})

test('one process gets no more requests at once than it may', async (t) => {
  const { url } = await serving(t)
  const session = await begin(url)
  const leaving = new AbortController()
  const under = Array.from({ length: 64 }, (_, id) =>
    post(url, call('never', id), session, leaving.signal),
  )
  await Promise.all(under)
  assert.equal((await post(url, call('count', 'more'), session)).status, 503)
  leaving.abort()
})

test('the program gets the environment that was named, and no other', async (t) => {
  const [command, ...args] = localServer()
  const environment = { TOKEN: 'secret-value' }
  const directory = process.cwd()
  const { url } = await serving(t, 'sessions', {
    command: { command, args, environment, directory },
  })
  const given = JSON.parse(await said(await post(url, call('environment'), await begin(url))))
  assert.deepEqual(given, environment)
})

test('a program that cannot be started is told at once', async () => {
  const command = { command: '/nowhere/server', args: [], environment: {}, directory: '/' }
  await assert.rejects(wrapped('sessions', { command }), /ENOENT/)
})
