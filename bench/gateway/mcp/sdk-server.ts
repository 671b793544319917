// `node bench/gateway/mcp/sdk-server.ts PORT`: the same offer with the official SDK on node:http, with sessions and JSON answers.
// What an MCP server costs that people really write, to see what the gateway costs beside it.
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { aboutServer, offerAt, RESULT } from './offer.ts'

const sessions = new Map<string, StreamableHTTPServerTransport>()

async function openSession(path: string | undefined): Promise<StreamableHTTPServerTransport> {
  const offer = offerAt(path)
  const tools = [...offer.tools]
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    enableJsonResponse: true,
    onsessioninitialized: (id) => {
      sessions.set(id, transport)
    },
  })
  const server = new Server(aboutServer(offer), { capabilities: { tools: {} } })
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools }))
  server.setRequestHandler(CallToolRequestSchema, () => ({ content: [...RESULT.content] }))
  // as: the SDK's own class does not fit its own interface under `exactOptionalPropertyTypes`
  await server.connect(transport as Parameters<Server['connect']>[0])
  return transport
}

async function handle(message: IncomingMessage, reply: ServerResponse): Promise<void> {
  const known = sessions.get(String(message.headers['mcp-session-id']))
  await (known ?? (await openSession(message.url))).handleRequest(message, reply)
}

createServer((message, reply) => {
  handle(message, reply).catch(() => reply.destroy())
}).listen(Number(process.argv[2]), '127.0.0.1', () => process.stderr.write('ready\n'))
process.on('SIGTERM', () => process.exit())
