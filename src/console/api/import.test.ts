import assert from 'node:assert/strict'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { it } from 'node:test'
import { assertRefused } from '../../../test/refusals.ts'
import { inEachWorld } from '../../../test/world.ts'

/** Answers what a test says, for what no MCP server would. */
async function fakeServer(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // listening on TCP
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function json(answer: ServerResponse) {
  return answer.setHeader('content-type', 'application/json')
}

/** An OpenAPI document of at least this many bytes. */
function largeDocument(bytes: number): string {
  const operation = { operationId: 'read', description: 'x'.repeat(bytes) }
  return JSON.stringify({
    openapi: '3.1.0',
    info: { title: 'Large', version: '1' },
    paths: { '/things': { get: operation } },
  })
}

inEachWorld(
  'importing through the management API',
  (world) => {
    it('an MCP server is asked by the server itself, and what it offers is in the catalog', async () => {
      const w = world()
      const ada = await w.api('ada')
      const done = await ada.send('PUT', '/resources/notes', { mcp: w.desk.url })
      assert.equal(done.status, 200, done.text)
      assert.match(done.text, /"notes\.send-message"/)
      assert.match(done.text, /until you set them/)
      const { body } = await ada.send('GET', '/resources/notes')
      const { actions, identifier, protocol, server, upstream } = body as unknown as {
        readonly actions: readonly {
          readonly name: string
          readonly risk: string
          readonly risk_proposed: boolean
          readonly definition: { readonly kind: string; readonly name: string }
        }[]
        readonly [member: string]: unknown
      } // as: the shape that is documented
      assert.deepEqual([identifier, protocol, upstream], [`${w.gateway}/notes`, 'mcp', w.desk.url])
      assert.equal((server as { name: string }).name, 'desk') // as: a pinned server
      const send = actions.find(({ name }) => name === 'notes.send-message')
      assert.deepEqual(
        [send?.risk, send?.risk_proposed, send?.definition.kind, send?.definition.name],
        ['high', true, 'tool', 'send_message'],
      )
      const again = await ada.send('PUT', '/resources/notes', { mcp: w.desk.url })
      assert.equal(again.body.unchanged, true)
    })

    it('the card of an A2A agent is read at the address alone, and its changes wait for review', async () => {
      const w = world()
      const ada = await w.api('ada')
      const asked: (string | undefined)[] = []
      let description = 'Plans trips.'
      await using server = await fakeServer((request, answer) => {
        asked.push(request.url)
        answer.setHeader('content-type', 'application/json')
        const url = `http://${request.headers.host}/mcp/rpc`
        const skill = { id: 'book', name: 'Book a trip', description, tags: [] }
        const binding = { url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }
        const about = { name: 'Planner', description: 'x', version: '1', capabilities: {} }
        answer.end(JSON.stringify({ ...about, supportedInterfaces: [binding], skills: [skill] }))
      })
      const done = await ada.send('PUT', '/resources/planner', { a2a: server.url })
      assert.equal(done.status, 200, done.text)
      const { body } = await ada.send('GET', '/resources/planner')
      assert.deepEqual(
        [body.identifier, body.protocol, body.upstream],
        [`${w.gateway}/planner`, 'a2a', `${server.url}/rpc`],
      )
      description = 'Plans trips, and pays.'
      const again = await ada.send('PUT', '/resources/planner', { a2a: server.url })
      assert.deepEqual(again.body.quarantined, ['planner.skill-book'])
      assert.deepEqual([...new Set(asked)], ['/mcp/.well-known/agent-card.json'])
      const both = { a2a: server.url, mcp: server.url }
      assertRefused(await ada.send('PUT', '/resources/planner', both), 'request.malformed')
      const off = await ada.send('PUT', '/resources/nowhere', {
        a2a: `${server.url}/x`,
        direct: 'http://x.example/y',
      })
      assertRefused(off, 'request.malformed')
    })

    it('a card that redirects, is huge or is no card is refused', async () => {
      const ada = await world().api('ada')
      const answers: readonly RequestListener[] = [
        (_, answer) => answer.writeHead(302, { location: world().desk.url }).end(),
        (_, answer) => json(answer).end(`{"name":"${'x'.repeat(2 * 1024 * 1024)}"}`),
        (_, answer) => json(answer).end('{"name":"a","name":"b"}'),
        (_, answer) => json(answer).end('[]'),
      ]
      for (const listener of answers) {
        await using server = await fakeServer(listener)
        const refused = await ada.send('PUT', '/resources/other', { a2a: server.url })
        assert.equal(refused.status, 502, refused.text)
      }
      for (const [a2a, code] of [
        ['http://169.254.169.254', 'outbound.refused'],
        ['http://127.0.0.1:9', 'outbound.unreachable'],
        ['http://user:pass@127.0.0.1', 'catalog.bad_resource'],
        ['file:///etc/passwd', 'catalog.bad_resource'],
      ] as const)
        assertRefused(await ada.send('PUT', '/resources/other', { a2a }), code)
    })

    it('the credential of the connection named goes to it, and into no answer', async () => {
      const w = world()
      const ada = await w.api('ada')
      const secret = 'canary-credential-of-an-mcp-server'
      const key = { name: 'mcp-key', kind: 'bearer', secret }
      assert.equal((await ada.send('POST', '/connections', key)).status, 200)
      const got: (string | undefined)[] = []
      await using server = await fakeServer((request, answer) => {
        got.push(request.headers.authorization)
        answer.writeHead(401, { 'content-type': 'text/plain' }).end(secret)
      })
      const wanted = { mcp: server.url, connection: 'mcp-key' }
      const refused = await ada.send('PUT', '/resources/other', wanted)
      assertRefused(refused, 'outbound.unexpected_answer')
      assert.deepEqual(got, [`Bearer ${secret}`])
      assert.doesNotMatch(refused.text + w.log, /canary-credential-of-an-mcp-server/)
      const unknown = await ada.send('PUT', '/resources/other', { ...wanted, connection: 'no-key' })
      assertRefused(unknown, 'connection.unknown')
      assert.equal(got.length, 1)
    })

    it('only the address that was given is asked: no redirect, no metadata service, no other scheme', async () => {
      const w = world()
      const ada = await w.api('ada')
      let followed = 0
      await using target = await fakeServer((_, answer) => {
        followed++
        answer.end()
      })
      await using server = await fakeServer((_, answer) =>
        answer.writeHead(307, { location: target.url }).end(),
      )
      for (const [mcp, code] of [
        [server.url, 'outbound.unexpected_answer'],
        ['http://169.254.169.254/mcp', 'outbound.refused'],
        ['http://0.0.0.0/mcp', 'outbound.refused'],
        ['http://127.0.0.1:9/mcp', 'outbound.unreachable'],
        ['http://user:pass@127.0.0.1/mcp', 'catalog.bad_resource'],
        ['http://127.0.0.1/mcp?key=1', 'catalog.bad_resource'],
        ['file:///etc/passwd', 'catalog.bad_resource'],
        ['stdio://server', 'catalog.bad_resource'],
      ] as const)
        assertRefused(await ada.send('PUT', '/resources/other', { mcp }), code, mcp)
      assert.equal(followed, 0)
      assertRefused(await ada.send('GET', '/resources/other'), 'catalog.unknown_resource')
    })

    it('an import is from one source, and only an administrator asks for it', async () => {
      const w = world()
      const ada = await w.api('ada')
      const mcp = w.desk.url
      for (const body of [{}, { mcp, document: {} }, { mcp, upstream: mcp }])
        assertRefused(await ada.send('PUT', '/resources/other', body), 'request.malformed')
      const sam = await w.api('sam')
      assertRefused(await sam.send('PUT', '/resources/other', { mcp }), 'api.not_permitted')
    })

    it('a document may be larger than other input, but only an administrator’s is read', async () => {
      const w = world()
      const ada = await w.api('ada')
      const body = { document: largeDocument(3 * 1024 * 1024), upstream: 'http://127.0.0.1:9' }
      const done = await ada.send('PUT', '/resources/large', body)
      assert.equal(done.status, 200, done.text)
      const sam = await w.api('sam')
      assertRefused(await sam.send('PUT', '/resources/large', body), 'api.not_permitted')
      // Not even as far as it would take to see that it is no JSON.
      assertRefused(await sam.send('PUT', '/resources/large', '{'), 'api.not_permitted')
      const other = { risk: 'x'.repeat(3 * 1024 * 1024) }
      assertRefused(await ada.send('PUT', '/actions/large.read/risk', other), 'input.too_large')
    })
  },
  { desk: true },
)

inEachWorld(
  'importing a large document outside development',
  (world) => {
    it('is confirmed by its digest, and for this document only', async () => {
      const w = world()
      const ada = await w.api('ada')
      const body = { document: largeDocument(2 * 1024 * 1024), upstream: 'https://one.example' }
      const asked = await ada.send('PUT', '/resources/large', body)
      assert.equal(asked.status, 202, asked.text)
      const { id } = asked.body.confirmation as { id: string } // as: the documented shape
      const row = await w.rooms.storage.read
        .selectFrom('confirmations')
        .select('payload')
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
      // All of it is bound; the page shows its digest and offers these very bytes.
      assert.deepEqual(JSON.parse(row.payload).body, body)
      const url = `${w.issuer}/confirm/${id}`
      const page = await (await w.browser('ada')).get(url)
      assert.match(page.text, /sha256:[A-Za-z0-9_-]{43}|SHA-256/)
      assert.ok(page.text.length < 100_000, `${page.text.length}`)
    })
  },
  { development: false },
)
