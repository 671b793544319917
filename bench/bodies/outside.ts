// All that is outside of the server, in a thread of its own: the APIs that it calls, and the client that sends bodies.
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { parentPort } from 'node:worker_threads'
import { send } from '../../test/wire.ts'
import { TOOL } from './catalog.ts'

/** Request that is sent as it stands. */
export interface SentRequest {
  readonly url: string
  readonly method: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Uint8Array
}

/** Status and the first words of an answer. */
export interface ToldAnswer {
  readonly status: number
  readonly text: string
}

const port = parentPort
if (!port) throw new Error('this runs beside bench/bodies/run.ts')
const api = http.createServer(async (request, reply) => {
  const bytes = Buffer.concat(await request.toArray())
  reply.setHeader('content-type', 'application/json')
  if (request.url !== '/mcp') return void reply.end('{"data":{}}')
  const { id, method } = JSON.parse(bytes.toString('utf8'))
  if (id === undefined) return void reply.writeHead(202).end()
  const hello = { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: ABOUT }
  const results: Record<string, object> = {
    initialize: hello,
    'tools/list': { tools: [TOOL] },
    'tools/call': { content: [{ type: 'text', text: 'done' }] },
  }
  const result = results[method]
  const said = result ? { result } : { error: { code: -32601, message: 'Method not found' } }
  reply.end(JSON.stringify({ jsonrpc: '2.0', id, ...said }))
})
const ABOUT = { name: 'wide', version: '1' }
await once(api.listen(0, '127.0.0.1'), 'listening')
const { port: taken } = api.address() as AddressInfo // listening on TCP
port.postMessage(taken)
port.on('message', async ({ body, headers, method, url }: SentRequest) => {
  const answer = await send(url, { method, headers, body: Buffer.from(body) })
  const told: ToldAnswer = { status: answer.status, text: answer.text.slice(0, 300) }
  port.postMessage(told)
})
