import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { NoteBook } from './note-book.ts'
import type { SampleSessions } from './session.ts'

export interface SampleServer {
  /** `http://127.0.0.1:PORT/mcp`: the upstream address to register. */
  readonly url: string
  readonly book: NoteBook
  close(): Promise<void>
}

export interface DeskOptions {
  /** 0 takes a free one. */
  readonly port: number
  /** Duration of one step of `summarize`, in milliseconds. Default 400. */
  readonly pace?: number
  /** Answers with JSON where one message is enough, instead of a stream. Default: no. */
  readonly json?: boolean
  /** Told about every request that arrives. */
  readonly seen?: (request: {
    readonly method: string
    readonly headers: IncomingHttpHeaders
  }) => void
}

/**
 * Starts the sample MCP server on loopback: Streamable HTTP with sessions, notes in memory. It knows nothing of people, agents or
 * permissions: it is meant to stand behind the gateway, and answers every caller.
 */
export async function serveDesk(options: DeskOptions): Promise<SampleServer> {
  const book = new NoteBook()
  const sessions: SampleSessions = new Map()
  const handle = async (req: IncomingMessage, res: ServerResponse) => {
    const { headers, method = '' } = req
    options.seen?.({ method, headers })
    const refusal = refusalOf(req)
    if (refusal !== undefined) return void res.writeHead(refusal).end()
    const id = headers['mcp-session-id']
    const known = typeof id === 'string' ? sessions.get(id) : undefined
    if (id !== undefined && !known) return void res.writeHead(404).end()
    // The SDK is loaded when it is first needed: that takes longer than everything else here together.
    const { openSampleSession } = await import('./session.ts')
    const { json = false, pace = 400 } = options
    await (known ?? (await openSampleSession(sessions, book, { json, pace }))).handleRequest(
      req,
      res,
    )
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
