// The least that an MCP server of Streamable HTTP with JSON answers does: reads one message, answers it with bytes that were made
// before, under its id. Keeps nothing, so every session id is as good as another.
//
// Beside the load, in its process, it is what stands behind the proxies, so that the measured core is the proxy's alone. As a
// program of its own (`node bench/gateway/mcp/server.ts PORT`) it is what is called directly.
import net from 'node:net'
import { aboutServer, OFFERS, offerAt, RESULT, REVISION } from './offer.ts'

const HEAD_END = '\r\n\r\n'
/** Results by path and method. */
const RESULTS: ReadonlyMap<string, string> = new Map(
  OFFERS.flatMap((offer) => {
    const hello = {
      protocolVersion: REVISION,
      capabilities: { tools: {} },
      serverInfo: aboutServer(offer),
    }
    const results = {
      initialize: hello,
      'tools/call': RESULT,
      'tools/list': { tools: offer.tools },
    }
    return Object.entries(results).map(
      ([method, result]) => [`/${offer.name} ${method}`, JSON.stringify(result)] as const,
    )
  }),
)

const NOT_FOUND = '"error":{"code":-32601,"message":"Method not found"}'

export interface McpServer {
  readonly port: number
  close(): void
}

export function startMcpServer(port = 0): Promise<McpServer> {
  const server = net.createServer((socket) => {
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    let rest = ''
    socket.on('data', (chunk) => {
      rest += chunk.toString('latin1')
      for (;;) {
        const end = rest.indexOf(HEAD_END)
        if (end < 0) return
        const head = rest.slice(0, end)
        const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
        const body = end + HEAD_END.length
        if (rest.length < body + length) return
        socket.write(answerTo(head.split(' ', 2)[1] ?? '', rest.slice(body, body + length)))
        rest = rest.slice(body + length)
      }
    })
  })
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => {
      const { port: taken } = server.address() as net.AddressInfo // listening on TCP
      resolve({ port: taken, close: () => server.close() })
    })
  })
}

function answerTo(path: string, body: string): string {
  // A session that is ended: it came without a body, and there is nothing to say.
  if (body === '') return 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'
  const { id, method } = JSON.parse(body)
  if (id === undefined) return 'HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n'
  const result = RESULTS.get(`${path} ${method}`)
  // A revision that the server does not speak is asked for, too.
  if (result === undefined) offerAt(path)
  const told = result === undefined ? NOT_FOUND : `"result":${result}`
  const text = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},${told}}`
  const session = method === 'initialize' ? 'mcp-session-id: s-1\r\n' : ''
  return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${session}content-length: ${text.length}\r\n\r\n${text}`
}

if (import.meta.main) {
  await startMcpServer(Number(process.argv[2]))
  process.stderr.write('ready\n')
  process.on('SIGTERM', () => process.exit())
}
