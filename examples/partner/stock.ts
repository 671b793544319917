import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Stock {
  readonly url: string
  /** Requests that it got, in order. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

/** The API of the house. It knows nothing of Remit: whoever reaches it was let through by the gateway. */
export async function serveStock(): Promise<Stock> {
  const asked: string[] = []
  const server = createServer((request, reply) => {
    asked.push(`${request.method} ${request.url}`)
    reply.writeHead(200, { 'content-type': 'application/json' })
    reply.end(JSON.stringify({ item: request.url?.split('/').at(-1), left: 12 }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // listening on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
