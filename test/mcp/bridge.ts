import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { freePorts } from '../ports.ts'
import { until } from '../until.ts'

/** A real MCP server of others, reachable over Streamable HTTP. */
export interface RealServer {
  readonly url: string
  close(): Promise<void>
}

const require = createRequire(import.meta.url)

/** Path of a package's program. */
function program(name: string): string {
  return require.resolve(`@modelcontextprotocol/${name}/dist/index.js`)
}

/**
 * A server that speaks over its standard streams only: one process for each session, and between both a bridge that passes
 * messages on as they are.
 */
export async function bridgeTo(
  name: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<RealServer> {
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  /** Transports, also of those that were asked something before any session began. */
  const started: StreamableHTTPServerTransport[] = []
  const start = async () => {
    const stdio = new StdioClientTransport({
      command: process.execPath,
      args: [program(name), ...args],
      env: { PATH: process.env.PATH ?? '', ...env },
      stderr: 'ignore',
    })
    const http = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, http),
    })
    http.onmessage = (message) => void stdio.send(message)
    stdio.onmessage = (message) => void http.send(message).catch(() => {})
    http.onclose = () => void stdio.close()
    started.push(http)
    await stdio.start()
    await http.start()
    return http
  }
  const take = async (message: IncomingMessage, reply: ServerResponse) => {
    const id = message.headers['mcp-session-id']
    const known = sessions.get(String(id))
    if (id !== undefined && !known) reply.writeHead(404).end()
    else await (known ?? (await start())).handleRequest(message, reply)
  }
  const server = createServer((message, reply) => void take(message, reply))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo // as: it listens on TCP
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    async close() {
      await Promise.all(started.map((each) => each.close()))
      server.closeAllConnections()
      server.close()
    },
  }
}

/** The reference server that exercises everything, over its own Streamable HTTP. */
export async function startEverything(): Promise<RealServer> {
  const [port = 0] = await freePorts(1)
  const child: ChildProcess = spawn(
    process.execPath,
    [program('server-everything'), 'streamableHttp'],
    { env: { PATH: process.env.PATH, PORT: String(port) }, stdio: 'ignore' },
  )
  const url = `http://127.0.0.1:${port}/mcp`
  await until(async () => (await fetch(url).catch(() => undefined)) && true)
  return {
    url,
    async close() {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}
