import { setTimeout } from 'node:timers/promises'
import { systemRandom } from '../../platform/lib/random.ts'
import { Secret } from '../../platform/lib/secret.ts'
import type { ServerCommand } from './server-process.ts'
import { WrappedServer } from './wrapped-server.ts'

/** An MCP server over standard streams that does whatever the tool that is called is named after. */
const PROGRAM = `
const [mode = 'sessions'] = process.argv.slice(1)
const write = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n')
const versions = mode === 'modern' || mode === 'dual' ? ['2026-07-28'] : undefined
const waiting = new Map()
let calls = 0
if (mode === 'stubborn') {
  process.on('SIGTERM', () => {})
  setInterval(() => {}, 1000)
}
const say = (id, text) => write({ id, result: { content: [{ type: 'text', text }] } })
const TOOLS = {
  count: ({ id }) => say(id, ++calls + ' of ' + process.pid),
  raw: ({ id }, line) => say(id, line),
  environment: ({ id }) => say(id, JSON.stringify(process.env)),
  progress({ id, params }) {
    write({ method: 'notifications/progress', params: { progressToken: 'of nobody', progress: 1 } })
    write({ method: 'notifications/progress', params: { progressToken: params._meta.progressToken, progress: 1 } })
    say(id, 'done')
  },
  ask({ id }) {
    waiting.set('q' + id, id)
    write({ id: 'q' + id, method: 'elicitation/create', params: { message: 'who?' } })
  },
  die: () => process.exit(3),
  huge: () => process.stdout.write('x'.repeat(5 * 1024 * 1024)),
  noise({ id }) {
    process.stdout.write('\\n[]\\nnot JSON\\u001b[2J\\n{"jsonrpc":"2.0"}\\n')
    process.stderr.write('noise '.repeat(1000) + '\\n' + 'more\\n'.repeat(2000))
    say(id, 'done')
  },
  tell({ id }) {
    process.stderr.write('the token is ' + process.env.TOKEN + '\\n')
    say(id, 'done')
  },
  launch({ id, params }) {
    const connected = 'require("node:net").connect(' + params.arguments.port + ', "127.0.0.1")'
    require('node:child_process').spawn(process.execPath, ['-e', connected], { stdio: 'inherit' })
    say(id, 'done')
  },
  never: () => process.stderr.write('working\\n'),
}
const LIST = { tools: Object.keys(TOOLS).map((name) => ({ name, inputSchema: { type: 'object', properties: { n: { type: 'number' } } } })) }
function take(line) {
  const message = JSON.parse(line)
  const { id, method, params, result } = message
  if (result || message.error) return waiting.has(id) && say(waiting.get(id), JSON.stringify(result ?? message.error))
  if (method === 'notifications/cancelled') process.stderr.write('cancelled\\n')
  if (id === undefined) return
  if (method === 'server/discover' && versions)
    write({ id, result: { resultType: 'complete', supportedVersions: versions, capabilities: { tools: {} }, ttlMs: 0, cacheScope: 'private' } })
  else if (method === 'initialize' && mode !== 'modern')
    write({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'local', version: '1' } } })
  else if (method === 'tools/list') write({ id, result: { ...LIST, resultType: 'complete', ttlMs: 0, cacheScope: 'private' } })
  else if (method === 'tools/call') TOOLS[params.name](message, line)
  else write({ id, error: { code: -32601, message: 'unknown' } })
}
let rest = ''
process.stdin.setEncoding('utf8').on('data', (chunk) => {
  const lines = (rest + chunk).split('\\n')
  rest = lines.pop()
  lines.forEach(take)
})
`

export type LocalMode = 'sessions' | 'dual' | 'modern' | 'stubborn'

/** Command line of that server. */
export function localServer(mode: LocalMode = 'sessions'): readonly [string, ...string[]] {
  return [process.execPath, '-e', PROGRAM, mode]
}

export const SECRET = 'the-credential-of-the-gateway'

export interface WrappedTest {
  readonly maxProcesses?: number
  readonly command?: ServerCommand
}

/**
 * Wraps that server; with a clock that a test moves, and hardly any time for processes to end by
 * themselves.
 */
export async function wrapped(
  mode: LocalMode = 'sessions',
  { maxProcesses = 4, command }: WrappedTest = {},
) {
  const [program, ...args] = localServer(mode)
  const words: string[] = []
  const events: string[] = []
  const clock = {
    at: Date.now(),
    now: () => clock.at,
    monotonic: () => clock.at,
  }
  const server = new WrappedServer({
    command: command ?? { command: program, args, environment: {}, directory: process.cwd() },
    secret: new Secret(SECRET),
    maxProcesses,
    clock,
    random: systemRandom,
    wait: async (ms) => void (await setTimeout(Math.min(ms, 1))),
    onWords: (line) => words.push(line),
    onEvent: (happened) => events.push(happened),
  })
  const port = await server.listen(0)
  return { server, port, words, events, clock, close: () => server.close() }
}

/** A request as the gateway makes it, or another one. */
export function post(
  url: string,
  message: object | string,
  headers: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${SECRET}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...headers,
    },
    body: typeof message === 'string' ? message : JSON.stringify(message),
    ...(signal ? { signal } : {}),
  })
}

/** Messages of an answer. */
export async function messages(answer: Response): Promise<Record<string, unknown>[]> {
  const text = await answer.text()
  return text
    .split('\n')
    .flatMap((line) => (line.startsWith('data: ') ? [JSON.parse(line.slice(6))] : []))
}

/** Begins a session; answers what its requests carry. */
export async function begin(url: string, secret = SECRET): Promise<{ 'mcp-session-id': string }> {
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 't', version: '1' },
  }
  const message = { jsonrpc: '2.0', id: 'initialize', method: 'initialize', params }
  const answer = await post(url, message, { authorization: `Bearer ${secret}` })
  await answer.text()
  return { 'mcp-session-id': answer.headers.get('mcp-session-id') ?? '' }
}

/** A call of one of its tools. */
export function call(name: string, id: number | string = 1, more: object = {}): object {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: {}, ...more } }
}
