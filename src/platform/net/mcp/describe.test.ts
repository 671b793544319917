import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { after, test } from 'node:test'
import { Agent } from 'undici'
import { Problem } from '../../lib/problem.ts'
import { describeMcpServer } from './describe.ts'
import { answer, type Script, serveScript, stream } from './testing.ts'

const dispatcher = new Agent()
after(() => dispatcher.destroy())

async function describing(script: Script, headers = {}) {
  const server = await serveScript(script)
  try {
    return { found: await describeMcpServer({ dispatcher }, { url: server.url, headers }), server }
  } finally {
    await server.close()
  }
}

const CAPABILITIES = { tools: {}, prompts: {}, resources: {} }
const hello =
  (version = '2025-11-25'): Script =>
  ({ message }, reply) =>
    message?.method === 'initialize' &&
    answer(reply, message.id, {
      protocolVersion: version,
      capabilities: CAPABILITIES,
      serverInfo: { name: 'books', version: '3', title: 'Books' },
      instructions: 'Ask first.',
    })

test('every page of every list is read, in its order, and the session is ended', async () => {
  const { found, server } = await describing(
    async (asked, reply) => {
      const { message, verb } = asked
      if (message?.method === 'initialize') {
        reply.setHeader('mcp-session-id', 's-1')
        return hello()(asked, reply)
      }
      if (verb === 'DELETE' || message?.id === undefined) return false
      if (message.method === 'tools/list')
        return message.params?.cursor === 'p2'
          ? answer(reply, message.id, { tools: [{ name: 'c' }] })
          : answer(reply, message.id, { tools: [{ name: 'b' }, { name: 'a' }], nextCursor: 'p2' })
      if (message.method === 'resources/templates/list') {
        reply.setHeader('content-type', 'application/json')
        reply.end(
          JSON.stringify({ jsonrpc: '2.0', id: message.id, error: { code: -32601, message: '' } }),
        )
        return true
      }
      const member = message.method === 'prompts/list' ? 'prompts' : 'resources'
      stream(reply, { jsonrpc: '2.0', id: message.id, result: { [member]: [{ name: member }] } })
      reply.end()
      return true
    },
    { authorization: 'Bearer upstream' },
  )
  assert.deepEqual(
    found.tools.map((tool) => tool.get('name')),
    ['b', 'a', 'c'],
  )
  assert.deepEqual(
    [found.prompts.length, found.resources.length, found.resourceTemplates.length],
    [1, 1, 0],
  )
  assert.equal(found.offersResources, true)
  assert.deepEqual(found.server, {
    name: 'books',
    version: '3',
    title: 'Books',
    instructions: 'Ask first.',
    offers: [],
  })
  const [probe, first, ...rest] = server.asked
  assert.equal(probe?.message.method, 'server/discover')
  assert.equal(probe?.headers['mcp-session-id'], undefined)
  assert.deepEqual(first?.message.params.capabilities, {})
  assert.equal(first?.headers['mcp-session-id'], undefined)
  for (const { headers } of rest) {
    assert.equal(headers['mcp-session-id'], 's-1')
    assert.equal(headers['mcp-protocol-version'], '2025-11-25')
    assert.equal(headers.authorization, 'Bearer upstream')
  }
  assert.equal(rest[0]?.message.method, 'notifications/initialized')
  assert.equal(rest.at(-1)?.verb, 'DELETE')
})

test('the older revision is spoken when the server knows no other', async () => {
  const { found, server } = await describing(async (asked, reply) =>
    asked.message?.method === 'initialize'
      ? hello('2025-06-18')(asked, reply)
      : asked.message?.method === 'tools/list'
        ? false
        : asked.message?.id !== undefined &&
          answer(reply, asked.message.id, { prompts: [], resources: [], resourceTemplates: [] }),
  )
  assert.equal(found.protocolVersion, '2025-06-18')
  assert.equal(server.asked[2]?.headers['mcp-protocol-version'], '2025-06-18')
})

/** Fifty megabytes, or as much of them as somebody reads. */
function flood(reply: ServerResponse): true {
  let left = 50
  const write = () => {
    while (left > 0 && !reply.destroyed) {
      left--
      if (!reply.write('x'.repeat(1024 * 1024))) return
    }
    if (left === 0) reply.end()
  }
  if (!reply.headersSent) reply.setHeader('content-type', 'application/json')
  reply.on('drain', write)
  write()
  return true
}

test('a server that refuses a revision and names it is asked once more, and not for ever', async () => {
  const named = ['2026-07-28']
  let refusals = 1
  const script: Script = ({ message }, reply) => {
    if (message?.method !== 'server/discover') return false
    if (refusals-- > 0) {
      reply.writeHead(400, { 'content-type': 'application/json' })
      const error = { code: -32022, message: 'unsupported', data: { supported: named } }
      reply.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, error }))
      return true
    }
    return answer(reply, message.id, { supportedVersions: named, capabilities: {} })
  }
  assert.equal((await describing(script)).found.protocolVersion, '2026-07-28')
  refusals = 10
  const { found, server } = await describing(script)
  assert.equal(found.protocolVersion, '2025-11-25')
  const probes = server.asked.filter(({ message }) => message?.method === 'server/discover')
  assert.equal(probes.length, 2)
})

test('a server of another revision is told from one that speaks no MCP', async () => {
  await assert.rejects(
    describing(hello('2024-11-05')),
    /speaks revision 2024-11-05; 2025-11-25 and/,
  )
  await assert.rejects(describing(hello('\u202e')), /something that is not MCP/)
})

const HOSTILE: Record<string, Script> = {
  'speaks a revision that we do not': hello('2024-11-05'),
  'goes round in a circle': async (asked, reply) =>
    (await hello()(asked, reply)) ||
    (asked.message?.id !== undefined &&
      answer(reply, asked.message.id, { tools: [], nextCursor: 'again' })),
  'lists for ever': async (asked, reply) =>
    (await hello()(asked, reply)) ||
    (asked.message?.id !== undefined &&
      answer(reply, asked.message.id, { tools: [], nextCursor: `after ${asked.message.id}` })),
  'lists 10,000 tools on one page': async (asked, reply) =>
    (await hello()(asked, reply)) ||
    (asked.message?.id !== undefined &&
      answer(reply, asked.message.id, {
        tools: Array.from({ length: 10_000 }, (_, i) => ({ name: `t${i}` })),
      })),
  'says fifty megabytes': async (asked, reply) =>
    (await hello()(asked, reply)) || (asked.message?.id !== undefined && flood(reply)),
  'says fifty megabytes in events': async (asked, reply) => {
    if (await hello()(asked, reply)) return true
    if (asked.message?.id === undefined) return false
    stream(reply)
    return flood(reply)
  },
  'has a cursor that is none': async (asked, reply) =>
    (await hello()(asked, reply)) ||
    (asked.message?.id !== undefined &&
      answer(reply, asked.message.id, { tools: [], nextCursor: 7 })),
  'lists something else': async (asked, reply) =>
    (await hello()(asked, reply)) ||
    (asked.message?.id !== undefined && answer(reply, asked.message.id, { tools: ['a'] })),
  'has a session id that would break headers': async (asked, reply) => {
    if (asked.message?.method === 'initialize') reply.setHeader('mcp-session-id', 'a b')
    return hello()(asked, reply)
  },
}
/** Error of each hostile server: every limit acts by itself, not only the one that comes first. */
const TOLD: Readonly<Record<keyof typeof HOSTILE, RegExp>> = {
  'speaks a revision that we do not': /speaks revision/,
  'goes round in a circle': /round in a circle/,
  'lists for ever': /more than 2000 entries/,
  'lists 10,000 tools on one page': /more than 2000 entries/,
  'says fifty megabytes': /more than is read/,
  'says fifty megabytes in events': /more than is read/,
  'has a cursor that is none': /a cursor that is none/,
  'lists something else': /not answered with a list/,
  'has a session id that would break headers': /something that is not MCP/,
}
for (const [what, script] of Object.entries(HOSTILE)) {
  test(`a server that ${what} is not described`, async () => {
    await assert.rejects(describing(script), (error) => {
      assert.ok(error instanceof Problem && error.code.startsWith('outbound.'))
      assert.match(error.message, TOLD[what] ?? /^$/)
      return true
    })
  })
}

test('a server that asks us is told no while it works, and a ping is answered', async () => {
  let told = 0
  let finish = () => {}
  const { server } = await describing((asked, reply) => {
    if (asked.message && !asked.message.method && ++told === 2) finish()
    if (asked.message?.method !== 'tools/list') return false
    stream(
      reply,
      { jsonrpc: '2.0', id: 9, method: 'sampling/createMessage', params: {} },
      { jsonrpc: '2.0', id: 'p', method: 'ping' },
    )
    finish = () => {
      stream(reply, { jsonrpc: '2.0', id: asked.message.id, result: { tools: [] } })
      reply.end()
    }
    return true
  })
  const replies = server.asked.map(({ message }) => message).filter((one) => one && !one.method)
  assert.deepEqual(
    replies.find(({ id }) => id === 9),
    { jsonrpc: '2.0', id: 9, error: { code: -32601, message: 'not offered' } },
  )
  assert.deepEqual(
    replies.find(({ id }) => id === 'p'),
    { jsonrpc: '2.0', id: 'p', result: {} },
  )
})
