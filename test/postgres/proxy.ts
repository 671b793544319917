import { connect, createServer, type Socket } from 'node:net'

/** A TCP proxy in front of the database, to cut connections where it hurts. */
export interface Proxy {
  readonly url: string
  /** Forwards the next packet that contains `text`, then cuts the connection before the answer comes back. */
  cutAfter(text: string): void
  /** Cuts every connection now; new ones are let through again. */
  cutAll(): void
  close(): Promise<void>
}

export async function startProxy(database: string): Promise<Proxy> {
  const target = new URL(database)
  const sockets = new Set<Socket>()
  let trigger: Buffer | undefined
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    const cut = () => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', cut)
      socket.on('close', () => {
        sockets.delete(socket)
        cut()
      })
    }
    let silenced = false
    client.on('data', (chunk: Buffer) => {
      if (trigger && chunk.includes(trigger)) {
        trigger = undefined
        silenced = true
        upstream.write(chunk)
        return
      }
      upstream.write(chunk)
    })
    // The answer is what shows that the server has done it.
    upstream.on('data', (chunk: Buffer) => (silenced ? cut() : client.write(chunk)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const url = new URL(database)
  url.port = String(typeof address === 'object' && address ? address.port : 0)
  return {
    url: url.href,
    cutAfter: (text) => {
      trigger = Buffer.from(text)
    },
    cutAll: () => {
      for (const socket of sockets) socket.destroy()
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
