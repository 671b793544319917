import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request that a scripted MCP server received. */
export interface ReceivedMessage {
  readonly verb: string
  readonly headers: IncomingMessage['headers']
  readonly text: string
  /** The message as ordinary JSON; undefined without a body. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  readonly message: any
}

/** Answers one message, or leaves it to the polite default by answering false. */
export type Script = (asked: ReceivedMessage, reply: ServerResponse) => boolean | Promise<boolean>

export interface ScriptedServer {
  readonly url: string
  readonly asked: readonly ReceivedMessage[]
  /** Replaces the script, from the next request on. */
  play(script: Script): void
  close(): Promise<void>
}

/** Starts an MCP server on the loopback interface that answers as a test tells it to. */
export async function serveScript(script: Script = () => false): Promise<ScriptedServer> {
  const asked: ReceivedMessage[] = []
  let playing = script
  const server = createServer(async (message, reply) => {
    const one = await readReceived(message)
    asked.push(one)
    if (!(await playing(one, reply))) polite(one, reply)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo // as: it listens on TCP
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    asked,
    play(next) {
      playing = next
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function readReceived(message: IncomingMessage): Promise<ReceivedMessage> {
  const chunks: Buffer[] = []
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  const { headers, method: verb = '' } = message
  return { verb, headers, text, message: text === '' ? undefined : JSON.parse(text) }
}

function polite({ message, verb }: ReceivedMessage, reply: ServerResponse): void {
  if (verb !== 'POST' || message?.id === undefined) {
    reply.writeHead(verb === 'POST' ? 202 : 200).end()
  } else if (message.method === 'initialize') {
    reply.setHeader('mcp-session-id', 'session-1')
    answer(reply, message.id, {
      protocolVersion: message.params.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: 'scripted', version: '1' },
    })
  } else if (message.method === 'tools/list') answer(reply, message.id, { tools: [] })
  else if (message.method === 'ping') answer(reply, message.id, {})
  else answer(reply, message.id, { content: [{ type: 'text', text: 'done' }] })
}

/** Answers with JSON. */
export function answer(reply: ServerResponse, id: unknown, result: unknown): true {
  reply.setHeader('content-type', 'application/json')
  reply.end(JSON.stringify({ jsonrpc: '2.0', id, result }))
  return true
}

/** Begins an event stream, if it has not begun, and writes messages to it. */
export function stream(reply: ServerResponse, ...messages: readonly unknown[]): void {
  if (!reply.headersSent) reply.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const message of messages) reply.write(`data: ${JSON.stringify(message)}\n\n`)
}
