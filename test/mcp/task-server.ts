import { once } from 'node:events'
import type { Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { createAdaptorServer } from '@hono/node-server'
import { createMcpHandler, ProtocolError, Server } from '@modelcontextprotocol/server'
import type { ReceivedRequest } from './new-server.ts'

export const TASKS = { extensions: { 'io.modelcontextprotocol/tasks': {} } }

/** A server whose tool calls become tasks, on the low-level API of the official SDK, which has no tasks for servers yet. */
export interface TaskServer {
  readonly url: string
  readonly heard: readonly ReceivedRequest[]
  /** Requests of a method, in order. */
  of(method: string): readonly ReceivedRequest[]
  /** Sets what `tasks/get` answers about every task from now on, beside its id. */
  tell(state: Record<string, unknown>): void
  /** Sets what calls are answered with, beside the id. */
  begin(state: Record<string, unknown>): void
  /** Does something before each answer to `tasks/get`. */
  first(act: () => Promise<unknown>): void
  /** Answers nothing but failures for a while. */
  stumble(down: boolean): void
  /** Id of the last task. */
  last(): string
  close(): Promise<void>
}

/** Schema that lets everything pass. */
export const anything = {
  '~standard': {
    version: 1 as const,
    vendor: 'test',
    validate: (value: unknown) => ({ value }),
    types: {} as { input: unknown; output: Record<string, unknown> }, // as: types only
  },
}

const WORKING = { status: 'working', ttlMs: 60_000, pollIntervalMs: 1_000 }
const TIMES = { createdAt: '2026-07-28T00:00:00Z', lastUpdatedAt: '2026-07-28T00:00:00Z' }

export const completed = (text: string, more: object = {}) => ({
  ...WORKING,
  status: 'completed',
  result: { content: [{ type: 'text', text }], ...more },
})

const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities'

export async function serveTasks(): Promise<TaskServer> {
  const heard: ReceivedRequest[] = []
  let telling: Record<string, unknown> = WORKING
  let beginning: Record<string, unknown> = WORKING
  let made = 0
  let down = false
  let before: () => Promise<unknown> = async () => {}
  const build = () => {
    const server = new Server(
      { name: 'worker', version: '1' },
      { capabilities: { tools: {}, extensions: TASKS.extensions } },
    )
    const inputSchema = { type: 'object' as const, properties: { text: { type: 'string' } } }
    server.setRequestHandler('tools/list', () => ({
      tools: ['work', 'guarded'].map((name) => ({ name, inputSchema })),
    }))
    server.setRequestHandler('tools/call', ({ params }) => {
      const { extensions } = heard.at(-1)?.message.params._meta[CAPABILITIES] ?? {}
      if (!isDeepStrictEqual(extensions, TASKS.extensions))
        return { content: [{ type: 'text' as const, text: `at once ${params.name}` }] }
      const state = { resultType: 'task', taskId: `secret-${++made}`, ...TIMES, ...beginning }
      return state as object as { content: [] } // as: the SDK passes on what it has no type for
    })
    server.setRequestHandler('tasks/get', { params: anything }, async ({ taskId }) => {
      await before()
      if (!/^secret-/.test(String(taskId))) throw new ProtocolError(-32602, 'no such task')
      return { taskId, ...TIMES, ...telling }
    })
    server.setRequestHandler('tasks/update', { params: anything }, () => ({}))
    server.setRequestHandler('tasks/cancel', { params: anything }, () => ({}))
    return server
  }
  const handler = createMcpHandler(build, { legacy: 'reject' })
  const fetch = async (request: Request) => {
    // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
    const message: any = request.method === 'POST' ? await request.clone().json() : undefined
    heard.push({ method: message?.method, headers: request.headers, message })
    return down ? new Response('', { status: 503 }) : handler.fetch(request)
  }
  const http = createAdaptorServer({ fetch }) as HttpServer // as: it is made of node:http
  await once(http.listen(0, '127.0.0.1'), 'listening')
  const { port } = http.address() as AddressInfo // as: it listens on TCP
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    heard,
    of: (method) => heard.filter((each) => each.method === method),
    tell(state) {
      telling = state
    },
    begin(state) {
      beginning = state
    },
    first(act) {
      before = act
    },
    stumble(now) {
      down = now
    },
    last: () => `secret-${made}`,
    async close() {
      await handler.close()
      http.closeAllConnections()
      http.close()
    },
  }
}
