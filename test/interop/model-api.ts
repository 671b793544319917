import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Act of the model: a call of a tool, or words. */
export type Step =
  | { readonly tool: string; readonly args: Readonly<Record<string, string>> }
  | string

/** Last message that the model is sent, and the tools that it may call. */
export interface ModelInput {
  readonly from: 'person' | 'tool'
  readonly text: string
  readonly tools: readonly string[]
}

type Script = (asked: ModelInput) => Step | Promise<Step>
type SentMessage = Readonly<Record<string, unknown>>

const LOOK = { tool: 'look_at_order', args: { order_id: '1042' } } as const
const REFUND = { tool: 'refund_order', args: { order_id: '1042', amount: '200.00' } } as const

/** Does what a model that understands the results of its tools would do, by the last message alone. */
function nextStep({ from, text, tools }: ModelInput): Step {
  if (tools.length === 0) return 'A refund'
  if (from === 'person') {
    if (text.includes('notes')) return { tool: 'search_notes', args: { query: 'wet' } }
    if (text.includes('another order')) return { ...LOOK, args: { order_id: '1043' } }
    return text.includes('approved') ? REFUND : LOOK
  }
  if (/^(?:PENDING|DENIED|ALREADY )/.test(text)) return text
  const told = text.startsWith('{') ? record(JSON.parse(text)) : {}
  if (String(told.id).startsWith('ref_')) return `done: ${told.id}`
  return told.id === undefined ? `read: ${text}` : REFUND
}

/**
 * A model behind the APIs that frameworks speak, with scripted answers: OpenAI's Responses and Chat
 * Completions, and Anthropic's Messages.
 */
export class ModelApi {
  readonly origin: string
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    const { port } = server.address() as AddressInfo // it listens
    this.origin = `http://127.0.0.1:${port}`
  }

  /** `script` answers what the model does next. Default: it refunds. */
  static async start(script: Script = nextStep): Promise<ModelApi> {
    const server = createServer((request, reply) => {
      answer(request, script).then(
        ({ body, type }) => reply.writeHead(200, { 'content-type': type }).end(body),
        (error: unknown) => reply.writeHead(400).end(String(error)),
      )
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new ModelApi(server)
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

async function answer(
  request: IncomingMessage,
  script: Script,
): Promise<{ body: string; type: string }> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const { pathname } = new URL(request.url ?? '', 'http://model')
  const api = APIS[pathname]
  if (!api) throw new Error(`there is no ${pathname} here`)
  const sent = record(JSON.parse(Buffer.concat(chunks).toString('utf8')))
  const names = list(sent.tools).map((tool) => tool.name ?? record(tool.function).name)
  const tools = names.filter((name) => typeof name === 'string')
  const step = await script({ ...api.read(sent), tools })
  const name = typeof step === 'string' ? '' : tools.find((each) => each.endsWith(step.tool))
  if (name === undefined) throw new Error(`there is no such tool among ${tools.join()}`)
  const message = api.write(typeof step === 'string' ? step : { ...step, tool: name })
  if (sent.stream !== true) return { body: JSON.stringify(message), type: 'application/json' }
  if (!api.stream) throw new Error(`${pathname} does not stream here`)
  const events = api.stream(message).map((e) => `event: ${e.type}\ndata: ${JSON.stringify(e)}\n\n`)
  return { body: events.join(''), type: 'text/event-stream' }
}

interface Api {
  /** Reads the last message of the conversation. */
  read(sent: SentMessage): Omit<ModelInput, 'tools'>
  /** Writes the whole answer. */
  write(step: Step): SentMessage
  /** Splits it into events. */
  stream?(message: SentMessage): readonly SentMessage[]
}

const APIS: Readonly<Record<string, Api>> = {
  '/v1/responses': {
    read({ input }) {
      const last = list(input).at(-1) ?? {}
      const isTool = last.type === 'function_call_output'
      return { from: isTool ? 'tool' : 'person', text: textOf(last.output ?? last.content) }
    },
    write: (step) => ({
      ...{
        id: `resp_${next()}`,
        object: 'response',
        created_at: 1,
        model: 'gpt-5',
        status: 'completed',
      },
      ...{ error: null, incomplete_details: null, parallel_tool_calls: true, tools: [] },
      usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
      output: [
        typeof step === 'string'
          ? {
              ...{ id: `msg_${next()}`, type: 'message', role: 'assistant', status: 'completed' },
              content: [{ type: 'output_text', text: step, annotations: [] }],
            }
          : {
              ...{ id: `fc_${next()}`, type: 'function_call', status: 'completed' },
              ...{ call_id: `call_${next()}`, name: step.tool },
              arguments: JSON.stringify(step.args),
            },
      ],
    }),
  },
  '/v1/chat/completions': {
    read({ messages }) {
      const last = list(messages).at(-1) ?? {}
      return { from: last.role === 'tool' ? 'tool' : 'person', text: textOf(last.content) }
    },
    write(step) {
      const call = typeof step === 'string' ? undefined : step
      const calls = call && [
        {
          ...{ id: `call_${next()}`, type: 'function' },
          function: { name: call.tool, arguments: JSON.stringify(call.args) },
        },
      ]
      return {
        ...{ id: `chatcmpl_${next()}`, object: 'chat.completion', created: 1, model: 'gpt-5' },
        usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
        choices: [
          {
            index: 0,
            finish_reason: calls ? 'tool_calls' : 'stop',
            message: {
              ...{ role: 'assistant', content: calls ? null : step, refusal: null },
              ...(calls ? { tool_calls: calls } : {}),
            },
          },
        ],
      }
    },
  },
  '/v1/messages': {
    read({ messages }) {
      const { content } = list(messages).findLast(({ role }) => role === 'user') ?? {}
      const parts = typeof content === 'string' ? [{ type: 'text', text: content }] : list(content)
      const result = parts.findLast(({ type }) => type === 'tool_result')
      if (result) return { from: 'tool', text: textOf(result.content) }
      // Programs add notes of their own to what the person said.
      const said = parts.filter(({ text }) => !String(text).startsWith('<system-reminder>'))
      return { from: 'person', text: textOf(said) }
    },
    write: (step) => ({
      ...{ id: `msg_${next()}`, type: 'message', role: 'assistant', model: 'claude' },
      usage: { input_tokens: 1, output_tokens: 1 },
      stop_reason: typeof step === 'string' ? 'end_turn' : 'tool_use',
      stop_sequence: null,
      content: [
        typeof step === 'string'
          ? { type: 'text', text: step }
          : { type: 'tool_use', id: `toolu_${next()}`, name: step.tool, input: step.args },
      ],
    }),
    stream(message) {
      const [block = {}] = list(message.content)
      const { stop_reason, usage } = message
      const empty = block.type === 'text' ? { ...block, text: '' } : { ...block, input: {} }
      const delta =
        block.type === 'text'
          ? { type: 'text_delta', text: block.text }
          : { type: 'input_json_delta', partial_json: JSON.stringify(block.input) }
      return [
        { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
        { type: 'content_block_start', index: 0, content_block: empty },
        { type: 'content_block_delta', index: 0, delta },
        { type: 'content_block_stop', index: 0 },
        { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage },
        { type: 'message_stop' },
      ]
    },
  },
}

let count = 0
const next = () => ++count

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return list(content)
    .map(({ text }) => (typeof text === 'string' ? text : ''))
    .join('\n')
}

function record(value: unknown): SentMessage {
  return typeof value === 'object' && value !== null ? (value as SentMessage) : {} // JSON
}

function list(value: unknown): readonly SentMessage[] {
  return Array.isArray(value) ? value.map(record) : []
}
