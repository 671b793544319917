import { randomUUID } from 'node:crypto'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { deskServer } from './mcp-server.ts'
import { NoteBook } from './note-book.ts'

export interface Desk {
  /** `http://127.0.0.1:PORT/mcp`: the upstream address to register. */
  readonly url: string
  readonly book: NoteBook
  close(): Promise<void>
}

export interface DeskOptions {
  /** 0 takes a free one. */
  readonly port: number
  /** Of one step of `summarize`, in milliseconds. Default 400. */
  readonly pace?: number
  /** Answers with JSON where one message is enough, instead of a stream. Default: no. */
  readonly json?: boolean
  /** Told about every request that arrives. */
  readonly seen?: (request: {
    readonly method: string
    readonly headers: IncomingHttpHeaders
  }) => void
}

/** The oldest is forgotten then: a session is a few objects, and nobody has to end one. */
const MOST_SESSIONS = 100

/**
 * Starts the sample MCP server on loopback: Streamable HTTP with sessions, notes in memory. It knows nothing of people, agents or
 * permissions: it is meant to stand behind the gateway, and answers whoever reaches it.
 */
export async function serveDesk(options: DeskOptions): Promise<Desk> {
  const book = new NoteBook()
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  const open = async () => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      enableJsonResponse: options.json ?? false,
      onsessioninitialized: (id) => {
        sessions.set(id, transport)
        const [oldest] = sessions.keys()
        if (oldest !== undefined && sessions.size > MOST_SESSIONS)
          void sessions.get(oldest)?.close()
      },
    })
    transport.onclose = () => sessions.delete(transport.sessionId ?? '')
    await deskServer(book, options.pace ?? 400).connect(transport)
    return transport
  }
  const handle = async (req: IncomingMessage, res: ServerResponse) => {
    const { headers, method = '' } = req
    options.seen?.({ method, headers })
    const refusal = refusalOf(req)
    if (refusal !== undefined) return void res.writeHead(refusal).end()
    const id = headers['mcp-session-id']
    const known = typeof id === 'string' ? sessions.get(id) : undefined
    if (id !== undefined && !known) return void res.writeHead(404).end()
    await (known ?? (await open())).handleRequest(req, res)
  }
  const server = createServer((req, res) => {
    handle(req, res).catch(() => res.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo // listening on TCP, never on a pipe
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    book,
    async close() {
      for (const transport of sessions.values()) await transport.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** No page in a browser may call a server on loopback (MCP, "Security Warning" of Streamable HTTP). */
function refusalOf({ headers, url }: IncomingMessage): number | undefined {
  if (url !== '/mcp') return 404
  const local = /^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(headers.host ?? '')
  return local && headers.origin === undefined ? undefined : 403
}
