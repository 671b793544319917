import assert from 'node:assert/strict'
import { after, afterEach, before, it } from 'node:test'
import { answer, type Script, stream } from '../../src/platform/net/mcp/testing.ts'
import { until } from '../until.ts'
import { exchange, headOnly, send } from '../wire.ts'
import { inOneWorld } from '../world.ts'
import { type OddRequest, Place, rpcOf, wordsOf } from './place.ts'
import { on, serveNotes } from './scripted.ts'

/** A call that is begun and not answered. */
const silence: Script = (_, reply) => {
  stream(reply)
  return true
}

const CALL = { name: 'say', arguments: { text: 'x' } }

inOneWorld('attacks on the MCP gateway', (world) => {
  let notes: Awaited<ReturnType<typeof serveNotes>>
  let place: Place

  before(async () => {
    notes = await serveNotes()
    place = await Place.add(world(), { name: 'notes', url: notes.url })
  })
  afterEach(() => notes.play(() => false))
  after(() => notes.close())

  /** Asserts that no call reached the server, whatever was tried. */
  async function reachesNothing<T>(attempt: () => Promise<T>): Promise<T> {
    const before = notes.calls().length
    const done = await attempt()
    assert.equal(notes.calls().length, before, 'a call reached the server')
    return done
  }

  it('a message of a stranger is refused before a byte of it has come, and the stranger is cut off', async () => {
    const answer = await headOnly(place.identifier, 'POST', [
      ['Authorization', 'Bearer nobody'],
      ['Content-Type', 'application/json'],
      ['Accept', 'application/json, text/event-stream'],
      ['Content-Length', '900000'],
    ])
    assert.match(answer, /^HTTP\/1\.1 401 .*\r\nconnection: close\r\n/is)
  })

  it('a session of another task is no session, for calls, lists, notifications and its end', async () => {
    const mine = await place.session(await place.open())
    const theirs = await place.session(await place.open())
    const stolen = { headers: { 'mcp-session-id': theirs.id } }
    await reachesNothing(async () => {
      const tries = [
        await mine.request('tools/call', CALL, stolen),
        await mine.request('tools/list', {}, stolen),
        await mine.send({ jsonrpc: '2.0', method: 'notifications/initialized' }, stolen),
        await mine.send(undefined, { method: 'DELETE', ...stolen }),
      ]
      for (const { status, text } of tries) assert.equal(status, 404, text)
    })
    assert.equal((await theirs.request('tools/list')).status, 200, 'theirs goes on')
  })

  it('a session id that was altered, made up, ended, or is of another resource is no session', async () => {
    const other = await Place.add(world(), { name: 'more-notes', url: notes.url })
    const task = await world().open({ details: [...place.details(), ...other.details()] })
    const session = await place.session(task)
    const elsewhere = await other.session(task)
    const id = session.id ?? ''
    const altered = id.slice(0, -2) + (id.endsWith('A') ? 'BB' : 'AA')
    await reachesNothing(async () => {
      for (const made of [altered, 'x', 'upstream-1', elsewhere.id, `${id}=`, id.toUpperCase()]) {
        const { status } = await session.request('tools/call', CALL, {
          headers: { 'mcp-session-id': made },
        })
        assert.equal(status, 404, made)
      }
      const without = { headers: { 'mcp-session-id': undefined } }
      assert.equal((await session.request('tools/call', CALL, without)).status, 400)
    })
    assert.equal((await session.send(undefined, { method: 'DELETE' })).status, 204)
    const ended = await reachesNothing(() => session.request('tools/call', CALL))
    assert.equal(ended.status, 404)
    assert.ok(
      notes.asked.some(({ verb, headers }) => verb === 'DELETE' && headers['mcp-session-id']),
      'the server heard of the end',
    )
  })

  it('a session id is no credential', async () => {
    const session = await place.session(await place.open())
    await reachesNothing(async () => {
      const bare = { headers: { authorization: undefined, dpop: undefined } }
      const refused = await session.request('tools/call', CALL, bare)
      assert.equal(refused.status, 401)
      assert.match(String(refused.headers['www-authenticate']), /resource_metadata="/)
      const unproved = await session.request('tools/call', CALL, { headers: { dpop: undefined } })
      assert.equal(unproved.status, 401)
      const forged = await session.request('tools/list', {}, { token: 'a.b.c' })
      assert.equal(forged.status, 401)
    })
  })

  it('a request may not say two things', async () => {
    const session = await place.session(await place.open())
    const odd: [number, OddRequest][] = [
      [400, { headers: { 'mcp-protocol-version': '2025-06-18' } }],
      [400, { headers: { 'mcp-protocol-version': '2026-07-28' } }],
      [400, { headers: { 'mcp-protocol-version': 'x' } }],
      [400, { headers: { 'mcp-method': 'tools/list' } }],
      [400, { headers: { 'mcp-method': 'tools/call', 'mcp-name': 'erase' } }],
      [400, { headers: { 'mcp-name': '=?base64?ZXJhc2U=?=' } }],
      [403, { headers: { origin: 'https://evil.example' } }],
      [403, { headers: { origin: 'null' } }],
      [406, { headers: { accept: 'application/json' } }],
      [406, { headers: { accept: '*/*' } }],
      [415, { headers: { 'content-type': 'text/plain' } }],
      [415, { headers: { 'content-type': 'application/json; charset=latin1' } }],
      [404, { path: '/tools' }],
      [404, { path: '?x=1' }],
      [405, { method: 'PUT' }],
    ]
    await reachesNothing(async () => {
      for (const [status, how] of odd) {
        const refused = await session.request('tools/call', CALL, how)
        assert.equal(refused.status, status, `${JSON.stringify(how)} ${refused.text}`)
      }
    })
    const agreeing = { 'mcp-method': 'tools/call', 'mcp-name': '=?base64?c2F5?=' }
    const fine = await session.request('tools/call', CALL, { headers: agreeing })
    assert.equal(fine.status, 200, fine.text)
    const silent = await session.request('tools/call', CALL, {
      headers: { 'mcp-protocol-version': undefined },
    })
    assert.equal(silent.status, 200, 'without the header it is the revision agreed on')
  })

  it('a header that comes twice, or names what a message does not, is refused', async () => {
    const task = await place.open()
    const session = await place.session(task)
    const w = world()
    const token = await place.token(task)
    const url = place.identifier
    const message = { jsonrpc: '2.0', id: 'x', method: 'tools/call', params: CALL }
    const twice = [
      ['Mcp-Session-Id', session.id ?? ''],
      ['mcp-protocol-version', '2025-11-25'],
      ['Mcp-Name', 'say'],
      ['Mcp-Method', 'tools/call'],
      ['Content-Type', 'application/json'],
      ['Authorization', `DPoP ${token}`],
      ['Origin', w.gateway],
    ] as const
    await reachesNothing(async () => {
      for (const again of twice) {
        const headers = [
          ['Authorization', `DPoP ${token}`],
          ['DPoP', await w.agent.proof(task.key, { method: 'POST', url, token })],
          ['Accept', 'application/json, text/event-stream'],
          ['Content-Type', 'application/json'],
          ['Mcp-Session-Id', session.id ?? ''],
          ['Mcp-Protocol-Version', '2025-11-25'],
          ['mcp-name', 'say'],
          ['mcp-method', 'tools/call'],
          ['origin', w.gateway],
          again,
        ] as const
        const body = JSON.stringify(message)
        const refused = await send(url, { method: 'POST', headers, body })
        assert.equal(refused.status, 400, `${again[0]} ${refused.text}`)
      }
      const named: [string, object, Record<string, string>][] = [
        ['resources/read', { uri: 'note://1' }, { 'mcp-name': 'note://2' }],
        ['prompts/get', { name: 'greet' }, { 'mcp-name': 'Greet' }],
        ['tools/list', {}, { 'mcp-name': 'say' }],
        ['ping', {}, { 'mcp-method': 'tools/call' }],
        ['tools/call', CALL, { 'mcp-name': '=?base64?c2F5IA==?=' }],
        ['tools/call', CALL, { 'mcp-name': 'sa\u00ff' }],
      ]
      for (const [method, params, headers] of named) {
        const refused = await session.request(method, params, { headers })
        assert.equal(refused.status, 400, JSON.stringify(headers))
        assert.equal(rpcOf(refused).error.code, -32020)
      }
    })
  })

  it('a body that is longer or shorter than it says is no message, and nothing behind it is one', async () => {
    const task = await place.open()
    const session = await place.session(task)
    const w = world()
    const token = await place.token(task)
    const url = place.identifier
    const body = JSON.stringify({ jsonrpc: '2.0', id: 'x', method: 'tools/call', params: CALL })
    const head = async (length: string) =>
      [
        `POST /notes HTTP/1.1`,
        `Host: ${new URL(url).host}`,
        `Authorization: DPoP ${token}`,
        `DPoP: ${await w.agent.proof(task.key, { method: 'POST', url, token })}`,
        'Accept: application/json, text/event-stream',
        'Content-Type: application/json',
        `Mcp-Session-Id: ${session.id}`,
        ...length.split('|'),
        '\r\n',
      ].join('\r\n')
    await reachesNothing(async () => {
      for (const length of [
        `Content-Length: ${body.length - 1}`,
        `Content-Length: 1`,
        `Content-Length: 0`,
        `Content-Length: ${body.length}|Content-Length: ${body.length}`,
        `Content-Length: ${body.length}|Content-Length: 1`,
        `Content-Length: +${body.length}`,
        `Content-Length: 0x${body.length.toString(16)}`,
        `Content-Length: ${body.length}|Transfer-Encoding: chunked`,
        `Content-Length: ${body.length}|Content-Encoding: gzip`,
        '',
      ]) {
        const answer = await exchange(w.gateway, (await head(length)) + body)
        // Refused, or cut because of what stands behind its end.
        assert.match(answer, /^(?:HTTP\/1\.1 4\d\d |$)/, length)
        assert.ok((answer.match(/^HTTP\/1\.1 /gm)?.length ?? 0) <= 1, `${length} ${answer}`)
      }
    })
  })

  it('what is not one request is not a request', async () => {
    const session = await place.session(await place.open())
    const params = JSON.stringify(CALL)
    const texts = [
      `[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}]`,
      `{"jsonrpc":"2.0","method":"tools/call","params":${params}}`,
      `{"jsonrpc":"2.0","id":null,"method":"tools/call","params":${params}}`,
      `{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/call","params":${params}}`,
      `{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":${params}}`,
      `{"jsonrpc":"2.0","id":1.5,"method":"tools/call","params":${params}}`,
      `{"jsonrpc":"1.0","id":1,"method":"tools/call","params":${params}}`,
      `{"id":1,"method":"tools/call","params":${params}}`,
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[${params}]}`,
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"say","arguments":{"text":"a","text":"b"}}}`,
      `{"jsonrpc":"2.0","id":1,"result":{}}`,
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}`,
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"say","__proto__":{}}}`,
      '',
    ]
    await reachesNothing(async () => {
      for (const text of texts) {
        const refused = await session.send(text)
        assert.equal(refused.status, 400, `${text} ${refused.text}`)
        assert.equal(rpcOf(refused).jsonrpc, '2.0')
        assert.ok(rpcOf(refused).error.code < -32000, refused.text)
      }
    })
  })

  it('arguments that the catalog does not know go nowhere', async () => {
    const session = await place.session(await place.open())
    const odd = [
      { name: 'say', arguments: { text: 'x', other: 1 } },
      { name: 'say', arguments: { text: ['x'] } },
      { name: 'say', arguments: ['x'] },
      { name: 'say', arguments: { text: 'x' }, as: 'root' },
      { name: ['say'], arguments: { text: 'x' } },
      { name: 'say ', arguments: { text: 'x' } },
      { name: 'SAY', arguments: { text: 'x' } },
      { arguments: { text: 'x' } },
    ]
    await reachesNothing(async () => {
      for (const params of odd) {
        const { error, result } = rpcOf(await session.request('tools/call', params))
        assert.ok(error?.code === -32602 || result?.isError, JSON.stringify(params))
      }
    })
  })

  it('bad cursors are refused, and a cursor says nothing but where a page begins', async () => {
    const session = await place.session(await place.open())
    for (const cursor of ['!', '', 'é', 7, null, 'AB=', 'x'.repeat(5_000)]) {
      const { error } = rpcOf(await session.request('tools/list', { cursor }))
      assert.equal(error?.code, -32602, String(cursor))
    }
    const behind = Buffer.from('say').toString('base64url')
    const { result } = rpcOf(await session.request('tools/list', { cursor: behind }))
    assert.deepEqual(
      result.tools.map(({ name }: { name: string }) => name),
      ['secret_door'],
    )
  })

  it('a proof is good for one request, whatever it was', async () => {
    const w = world()
    const task = await place.open()
    const session = await place.session(task)
    const token = await place.token(task)
    const url = place.identifier
    const dpop = await w.agent.proof(task.key, { method: 'POST', url, token })
    const again = { token, headers: { dpop } }
    assert.equal((await session.request('ping', {}, again)).status, 200)
    await reachesNothing(async () => {
      for (const method of ['ping', 'tools/list', 'tools/call', 'initialize'])
        assert.equal((await session.request(method, CALL, again)).status, 401, method)
    })
  })

  it('clients that talk at the same time hear nothing of each other', async () => {
    notes.play(
      on('tools/call', ({ message }, reply) =>
        answer(reply, message.id, {
          content: [{ type: 'text', text: message.params.arguments.text }],
        }),
      ),
    )
    const clients = await Promise.all([0, 1].map(async () => place.connect(await place.open())))
    const rounds = Array.from({ length: 40 }, (_, i) => i)
    await Promise.all(
      clients.flatMap((client, c) =>
        rounds.map(async (i) => {
          const text = `client ${c}, call ${i}`
          const told = await client.callTool({ name: 'say', arguments: { text } })
          assert.equal(wordsOf(told), text)
        }),
      ),
    )
  })

  it('a request that is under way cannot be shadowed by another of its id', async () => {
    const session = await place.session(await place.open())
    let finish = () => {}
    notes.play(
      on('tools/call', ({ message }, reply) => {
        finish = () => answer(reply, message.id, { content: [] })
        return true
      }),
    )
    const before = notes.calls().length
    const message = { jsonrpc: '2.0', id: 'same', method: 'tools/call', params: CALL }
    const first = session.send(message)
    await until(async () => notes.calls().length > before || undefined)
    assert.equal((await session.send(message)).status, 400)
    finish()
    assert.equal((await first).status, 200)
    assert.equal(notes.calls().length, before + 1)
  })

  it('a client cancels its own call, and the server hears of it', async () => {
    const task = await place.open()
    const session = await place.session(task)
    const stranger = await place.session(task)
    const call = { jsonrpc: '2.0', id: 'mine', method: 'tools/call', params: CALL }
    const cancel = {
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: 'mine' },
    }
    let finish = () => {}
    notes.play(
      on('tools/call', ({ message }, reply) => {
        finish = () => answer(reply, message.id, { content: [] })
        return true
      }),
    )
    /** Sends a call, and answers as soon as the server has it. */
    const begin = async () => {
      const before = notes.calls().length
      const ended = session.send(call)
      await until(async () => notes.calls().length > before || undefined)
      return { ended }
    }
    const spared = await begin()
    for (const requestId of ['other', 7, null, undefined]) {
      const odd = { ...cancel, params: { requestId } }
      assert.equal((await session.send(odd)).status, 202, 'not the one under way')
    }
    assert.equal((await stranger.send(cancel)).status, 202, 'another session')
    finish()
    assert.deepEqual(rpcOf(await spared.ended).result.content, [], 'it was none of theirs')
    notes.play(on('tools/call', silence))
    const running = await begin()
    assert.equal((await session.send(cancel)).status, 202)
    const ended = rpcOf(await running.ended)
    assert.match(wordsOf(ended.result), /cancelled the call; whether it acted is not known/)
    const told = await until(async () =>
      notes.asked.find(({ message }) => message?.method === 'notifications/cancelled'),
    )
    assert.equal(told.message.params.requestId, notes.calls().at(-1)?.message.id)
  })

  it('a call under way is cut when its task ends, and nothing goes on afterwards', async () => {
    const w = world()
    const task = await place.open()
    const session = await place.session(task)
    notes.play(on('tools/call', silence))
    const before = notes.calls().length
    const running = session.call('say', { text: 'x' })
    await until(async () => notes.calls().length > before || undefined)
    await w.agent.about(task, 'DELETE', '')
    const { result } = rpcOf(await running)
    assert.match(
      wordsOf(result),
      /ended or changed before there was an answer; whether it acted is not known/,
    )
    await reachesNothing(async () => {
      for (const method of ['tools/call', 'tools/list', 'ping'])
        assert.equal((await session.request(method, CALL)).status, 401, method)
    })
  })

  it('nobody without a token is told anything', async () => {
    const headers = [
      ['Content-Type', 'application/json'],
      ['Accept', 'application/json, text/event-stream'],
    ] as const
    for (const method of ['GET', 'POST', 'DELETE']) {
      const refused = await send(place.identifier, { method, headers })
      assert.equal(refused.status, 401)
      assert.match(String(refused.headers['www-authenticate']), /resource_metadata="/)
    }
  })
})
