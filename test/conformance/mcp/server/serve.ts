import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import {
  createMcpHandler,
  fromJsonSchema,
  hostHeaderValidationResponse,
  inputRequired,
  isLegacyRequest,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  McpServer,
  originValidationResponse,
  ProtocolError,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import { contentsOf, messagesOf } from './contents.ts'
import { form, states } from './questions.ts'
import { type Change, runTool, TOOLS } from './tools.ts'

const INVALID_PARAMS = -32602

const PROMPTS = [
  { name: 'test_simple_prompt', description: 'Without arguments' },
  {
    ...{ name: 'test_prompt_with_arguments', description: 'With two arguments' },
    arguments: [
      { name: 'arg1', description: 'The first', required: true },
      { name: 'arg2', description: 'The second', required: true },
    ],
  },
  {
    ...{ name: 'test_prompt_with_embedded_resource', description: 'With a resource' },
    arguments: [{ name: 'resourceUri', description: 'Its address', required: true }],
  },
  { name: 'test_prompt_with_image', description: 'With a picture' },
  { name: 'test_input_required_result_prompt', description: 'Asks for its context' },
]
const RESOURCES = [
  { uri: 'test://static-text', name: 'Text', description: 'A text', mimeType: 'text/plain' },
  { uri: 'test://static-binary', name: 'Picture', description: 'A picture', mimeType: 'image/png' },
  { uri: 'test://watched-resource', name: 'Watched', description: 'One that may change' },
]

/** Builds the server: a high-level one, because that checks `x-mcp-header`, with handlers of our own. */
function build(change: Change): McpServer {
  const mcp = new McpServer(
    { name: 'conformance', version: '1' },
    {
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { subscribe: true },
        completions: {},
        logging: {},
      },
      requestState: { verify: states.verify },
    },
  )
  for (const { inputSchema, name } of TOOLS)
    mcp.registerTool(name, { inputSchema: fromJsonSchema(inputSchema) }, () => ({ content: [] }))
  const { server } = mcp
  server.setRequestHandler('tools/list', () => ({ tools: TOOLS }))
  server.setRequestHandler('tools/call', ({ params }, context) => {
    const result = runTool(params.name, { args: params.arguments ?? {}, context, change })
    if (result === undefined) throw new ProtocolError(INVALID_PARAMS, `No tool ${params.name}`)
    return result
  })
  server.setRequestHandler('prompts/list', () => ({ prompts: PROMPTS }))
  server.setRequestHandler('prompts/get', ({ params }, { mcpReq }) => {
    if (params.name === 'test_input_required_result_prompt') {
      const asked = { user_context: form('What context should the prompt use?', 'context') }
      const said = JSON.stringify(mcpReq.inputResponses?.user_context)
      if (said === undefined) return inputRequired({ inputRequests: asked })
      return { messages: [{ role: 'user', content: { type: 'text', text: said } }] }
    }
    const messages = messagesOf(params.name, params.arguments ?? {})
    if (!messages) throw new ProtocolError(INVALID_PARAMS, `No prompt ${params.name}`)
    return { messages }
  })
  server.setRequestHandler('resources/list', () => ({ resources: RESOURCES }))
  server.setRequestHandler('resources/templates/list', () => ({
    resourceTemplates: [{ uriTemplate: 'test://template/{id}/data', name: 'Data' }],
  }))
  server.setRequestHandler('resources/read', ({ params: { uri } }) => {
    const contents = contentsOf(uri)
    if (!contents) throw new ProtocolError(INVALID_PARAMS, 'Resource not found', { uri })
    return { contents }
  })
  server.setRequestHandler('resources/subscribe', () => ({}))
  server.setRequestHandler('resources/unsubscribe', () => ({}))
  server.setRequestHandler('completion/complete', () => ({ completion: { values: ['paris'] } }))
  return mcp
}

/** Generations of revisions that the server speaks: with sessions, 2026-07-28, or both. */
export type Speaks = 'sessions' | '2026-07-28' | 'both'

/** A server of the official SDK with everything that the scenarios of the conformance suite ask for. */
export interface SuiteServer {
  readonly url: string
  speaks(what: Speaks): void
  close(): Promise<void>
}

export async function serveSuite(): Promise<SuiteServer> {
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>()
  let speaking: Speaks = 'both'
  const change: Change = {
    tools: () => modern.notify.toolsChanged(),
    prompts: () => modern.notify.promptsChanged(),
  }
  const modern = createMcpHandler(() => build(change), { legacy: 'reject' })
  const inSession = async (request: Request) => {
    const id = request.headers.get('mcp-session-id')
    if (id !== null)
      return sessions.get(id)?.handleRequest(request) ?? new Response(null, { status: 404 })
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (named) => void sessions.set(named, transport),
      onsessionclosed: (named) => void sessions.delete(named),
    })
    await build(change).connect(transport)
    return transport.handleRequest(request)
  }
  const fetch = async (request: Request) => {
    const refusal =
      hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
      originValidationResponse(request, localhostAllowedOrigins())
    if (refusal) return refusal
    const old =
      speaking === 'both' ? await isLegacyRequest(request.clone()) : speaking === 'sessions'
    return old ? inSession(request) : modern.fetch(request)
  }
  const http = createAdaptorServer({ fetch }) as HttpServer // as: it is made of node:http
  await once(http.listen(0, '127.0.0.1'), 'listening')
  const { port } = http.address() as AddressInfo // as: it listens on TCP
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    speaks(what) {
      speaking = what
    },
    async close() {
      await Promise.all([modern.close(), ...[...sessions.values()].map((each) => each.close())])
      http.closeAllConnections()
      http.close()
    },
  }
}
