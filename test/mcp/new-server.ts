import { once } from 'node:events'
import type { Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import {
  createMcpHandler,
  inputRequired,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server'

/** A request as it came to the server. */
export interface ReceivedRequest {
  readonly method: string
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  readonly message: any
}

/** A server of the official SDK that speaks 2026-07-28. */
export interface NewServer {
  readonly url: string
  readonly heard: readonly ReceivedRequest[]
  calls(): readonly ReceivedRequest[]
  /** Texts that `say` was called with: what it did. */
  readonly said: readonly string[]
  /** Serves nothing but sessions, or nothing but 2026-07-28, from now on. */
  answers(what: 'both' | 'new'): void
  readonly notify: ReturnType<typeof createMcpHandler>['notify']
  close(): Promise<void>
}

const text = { type: 'string' }
const tool = (name: string, properties: Record<string, Record<string, string>>) => ({
  name,
  description: `The tool ${name}.`,
  inputSchema: { type: 'object' as const, properties },
})
const TOOLS = [
  tool('say', { text }),
  tool('slow', { text }),
  tool('log', { text }),
  tool('query', {
    region: { ...text, 'x-mcp-header': 'Region' },
    count: { type: 'integer', 'x-mcp-header': 'Count' },
  }),
  tool('ask', { text, url: text, kind: text }),
]

const words = (said: string) => ({ content: [{ type: 'text' as const, text: said }] })

function questionFor({ kind, url }: Record<string, unknown>) {
  if (kind === 'sampling') {
    const content = { type: 'text' as const, text: 'What is it?' }
    return inputRequired.createMessage({ messages: [{ role: 'user', content }], maxTokens: 10 })
  }
  if (kind === 'roots') return inputRequired.listRoots()
  if (typeof url === 'string') return inputRequired.elicitUrl({ message: 'Sign in there', url })
  const requestedSchema = {
    type: 'object' as const,
    properties: { name: { type: 'string' as const } },
  }
  return inputRequired.elicit({ message: 'Your name?', requestedSchema })
}

export async function serveNew(): Promise<NewServer> {
  const heard: ReceivedRequest[] = []
  const said: string[] = []
  const build = () => {
    const server = new Server(
      { name: 'new', version: '9' },
      {
        instructions: 'Say little.',
        capabilities: {
          tools: {},
          prompts: {},
          resources: { subscribe: true },
          completions: {},
          logging: {},
        },
      },
    )
    server.setRequestHandler('tools/list', () => ({ tools: TOOLS }))
    server.setRequestHandler('prompts/list', () => ({
      prompts: [{ name: 'greet', arguments: [{ name: 'who' }] }],
    }))
    server.setRequestHandler('resources/list', () => ({
      resources: [{ uri: 'note://1', name: 'one' }],
    }))
    server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: [] }))
    server.setRequestHandler('resources/read', ({ params }) => ({
      contents: [{ uri: params.uri, text: 'a note' }],
    }))
    server.setRequestHandler('prompts/get', () => ({ messages: [] }))
    server.setRequestHandler('completion/complete', ({ params }) => ({
      completion: { values: [`${params.argument.value}!`] },
    }))
    server.setRequestHandler('tools/call', async ({ params }, context) =>
      call(params.name, params.arguments ?? {}, context),
    )
    return server
  }
  const call = async (name: string, args: Record<string, unknown>, { mcpReq }: ServerContext) => {
    if (name === 'slow') {
      const progressToken = mcpReq._meta?.progressToken ?? ''
      await mcpReq.notify({
        method: 'notifications/progress',
        params: { progressToken, progress: 1, message: 'half' },
      })
      await once(mcpReq.signal, 'abort')
    }
    if (name === 'log') await mcpReq.log('error', { said: args.text }, 'desk')
    if (name === 'ask') {
      const { mine } = mcpReq.inputResponses ?? {}
      if (mine === undefined)
        return inputRequired({
          inputRequests: { mine: questionFor(args) },
          requestState: 'state-of-the-server',
        })
      said.push(`${JSON.stringify(mine)} ${mcpReq.requestState()}`)
      return words(JSON.stringify(mine))
    }
    said.push(String(args.text))
    return words('done')
  }
  const handlers = {
    both: createMcpHandler(build),
    new: createMcpHandler(build, { legacy: 'reject' }),
  }
  let answering: 'both' | 'new' = 'new'
  const fetch = async (request: Request) => {
    // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
    const message: any = request.method === 'POST' ? await request.clone().json() : undefined
    heard.push({ method: message?.method, headers: request.headers, message })
    return handlers[answering].fetch(request)
  }
  const http = createAdaptorServer({ fetch }) as HttpServer // as: it is made of node:http
  await once(http.listen(0, '127.0.0.1'), 'listening')
  const { port } = http.address() as AddressInfo // as: it listens on TCP
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    heard,
    said,
    calls: () =>
      heard.filter(({ method }) => /^(?:tools\/call|prompts\/get|resources\/read)$/.test(method)),
    answers(what) {
      answering = what
    },
    notify: handlers.new.notify,
    async close() {
      await Promise.all(Object.values(handlers).map((each) => each.close()))
      http.closeAllConnections()
      http.close()
    },
  }
}
