import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { Agent, request } from 'undici'
import { describeMcpServer } from '../../../platform/net/index.ts'
import { describeDesk } from './offer.ts'
import { type SampleServer, serveDesk } from './serve.ts'

for (const json of [false, true]) {
  describe(`the sample MCP server, answering with ${json ? 'JSON' : 'streams'}`, () => {
    const seen: { method: string; headers: IncomingHttpHeaders }[] = []
    const dispatcher = new Agent()
    let desk: SampleServer
    let client: Client
    let transport: StreamableHTTPClientTransport
    before(async () => {
      desk = await serveDesk({ port: 0, pace: 1, json, seen: (each) => seen.push(each) })
      client = new Client({ name: 'test', version: '1' })
      transport = new StreamableHTTPClientTransport(new URL(desk.url))
      // as: the SDK's own class does not fit its own interface under `exactOptionalPropertyTypes`
      await client.connect(transport as Parameters<Client['connect']>[0])
    })
    after(async () => {
      await client.close()
      await desk.close()
      await dispatcher.destroy()
    })

    async function call(name: string, args: Record<string, unknown>): Promise<string> {
      const { content } = await client.callTool({ name, arguments: args })
      const [first] = content as readonly { text: string }[] // the desk answers with texts
      return first?.text ?? ''
    }

    it('offers what the catalog of `remit dev` says it offers', async () => {
      const found = await describeMcpServer({ dispatcher }, { url: desk.url, headers: {} })
      assert.deepEqual(found, describeDesk())
    })

    it('keeps notes and sends messages', async () => {
      assert.match(await call('search_notes', { query: 'arrived wet' }), /^note-1 /)
      assert.match(await call('search_notes', { query: 'wet', order_id: '1043' }), /No note/)
      assert.match(await call('add_note', { order_id: '1043', text: 'called' }), /note-4/)
      assert.match(await call('read_note', { id: 'note-4' }), /called/)
      assert.equal(await call('delete_note', { id: 'note-4' }), 'Deleted.')
      assert.match(await call('read_note', { id: 'note-4' }), /no such note/)
      assert.match(await call('send_message', { to: 'a@example.com', text: 'hi' }), /^Sent/)
      assert.deepEqual(desk.book.messages, [{ to: 'a@example.com', text: 'hi' }])
      assert.match(await call('send_message', { to: 'nobody', text: 'hi' }), /no e-mail/)
      await assert.rejects(call('read_note', {}), /has to be a text/)
      await assert.rejects(call('toString', {}), /no tool/)
    })

    it('says how far a slow tool is', async () => {
      const steps: number[] = []
      await client.callTool({ name: 'summarize', arguments: { order_id: '1042' } }, undefined, {
        onprogress: ({ progress }) => steps.push(progress),
      })
      // With plain JSON answers there is no place for progress on the way.
      assert.deepEqual(steps, json ? [] : [1, 2, 3, 4, 5])
    })

    it('has a prompt and resources', async () => {
      const { messages } = await client.getPrompt({
        name: 'apology',
        arguments: { order_id: '1042' },
      })
      assert.match(JSON.stringify(messages), /order 1042/)
      for (const uri of ['desk://handbook', 'desk://notes/note-1']) {
        const { contents } = await client.readResource({ uri })
        assert.equal(contents[0]?.uri, uri)
      }
      await assert.rejects(client.readResource({ uri: 'desk://notes/x' }), /no such resource/)
    })

    it('tells tests what arrived, forgets ended sessions, and answers no browser', async () => {
      assert.ok(seen.some(({ headers }) => headers['mcp-session-id'] === transport.sessionId))
      const id = transport.sessionId ?? ''
      await transport.terminateSession()
      const post = (headers: Record<string, string>) =>
        request(desk.url, {
          dispatcher,
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
        })
      const accept = 'application/json, text/event-stream'
      assert.equal((await post({ accept, 'mcp-session-id': id })).statusCode, 404)
      assert.equal((await post({ accept, origin: 'https://attacker.example' })).statusCode, 403)
      assert.equal((await post({ accept, host: 'attacker.example' })).statusCode, 403)
      assert.equal((await post({ accept })).statusCode, 400)
    })
  })
}
