import net from 'node:net'

const BODY = JSON.stringify({ order_id: '1042', status: 'shipped', total: '1200.00' })
const ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`,
)
const HEAD_END = '\r\n\r\n'

export interface Upstream {
  readonly port: number
  /** Body of every answer. */
  readonly body: string
  /** Requests it has seen. */
  seen(): number
  close(): void
}

/**
 * The API behind the proxies, in the process that makes the load so that the measured core is the proxy's alone. Answers every
 * request with the same bytes.
 */
export function startUpstream(): Promise<Upstream> {
  let seen = 0
  const server = net.createServer((socket) => {
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    let rest = ''
    socket.on('data', (chunk) => {
      rest += chunk.toString('latin1')
      for (let end = endOfRequest(rest); end >= 0; end = endOfRequest(rest)) {
        rest = rest.slice(end)
        seen++
        socket.write(ANSWER)
      }
    })
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo // listening on TCP
      resolve({ port, body: BODY, seen: () => seen, close: () => server.close() })
    })
  })
}

/** Finds where the first request ends; -1 where it has not come whole. */
function endOfRequest(text: string): number {
  const head = text.indexOf(HEAD_END)
  if (head < 0) return -1
  const length = text.startsWith('GET') ? 0 : lengthIn(text.slice(0, head))
  const end = head + HEAD_END.length + length
  return end <= text.length ? end : -1
}

function lengthIn(head: string): number {
  return Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
}
