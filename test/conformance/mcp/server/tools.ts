import { setTimeout as wait } from 'node:timers/promises'
import {
  type CallToolResult,
  type ElicitRequestFormParams,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  MissingRequiredClientCapabilityError,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { audio, embedded, image, text } from './contents.ts'
import { declared, form, ROUNDS, sample } from './questions.ts'

export interface Change {
  tools(): void
  prompts(): void
}

interface Call {
  readonly args: Readonly<Record<string, unknown>>
  readonly context: ServerContext
  readonly change: Change
}

type Result = CallToolResult | InputRequiredResult
type Run = (call: Call) => Result | Promise<Result>

const says = (...content: CallToolResult['content']) => ({ content })

/** Pause between two notices of one call, which the suite asks for. */
const PAUSE_MS = 50

async function log({ context: { mcpReq } }: Call): Promise<Result> {
  for (const said of ['started', 'processing data', 'completed']) {
    await mcpReq.log('info', said === 'processing data' ? `Tool ${said}` : `Tool execution ${said}`)
    await wait(PAUSE_MS)
  }
  return says(text('Logged.'))
}

async function progress({ context: { mcpReq } }: Call): Promise<Result> {
  const progressToken = mcpReq._meta?.progressToken
  for (const progress of [0, 50, 100]) {
    if (progressToken !== undefined)
      await mcpReq.notify({
        method: 'notifications/progress',
        params: { progressToken, progress, total: 100 },
      })
    await wait(PAUSE_MS)
  }
  return says(text('Done.'))
}

/** Asks in rounds; towards sessions the SDK asks on the stream of the call. */
function elicit(
  { context: { mcpReq } }: Call,
  message: string,
  requestedSchema: ElicitRequestFormParams['requestedSchema'],
): Result {
  const answer = inputResponse(mcpReq.inputResponses, 'asked')
  if (answer.kind !== 'elicit')
    return inputRequired({
      inputRequests: { asked: inputRequired.elicit({ message, requestedSchema }) },
    })
  const said = `action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`
  return says(text(`Elicitation completed: ${said}`))
}

const string = { type: 'string' as const }
const three = (word: string) => [1, 2, 3].map((n) => `${word}${n}`)
const titled = (word: string) =>
  ['First', 'Second', 'Third'].map((nth, i) => ({
    const: `value${i + 1}`,
    title: `${nth} ${word}`,
  }))

const RUNS: Readonly<Record<string, Run>> = {
  test_simple_text: () => says(text('This is a simple text response for testing.')),
  test_image_content: () => says(image),
  test_audio_content: () => says(audio),
  test_embedded_resource: () =>
    says(
      embedded('test://embedded-resource', 'text/plain', 'This is an embedded resource content.'),
    ),
  test_multiple_content_types: () =>
    says(
      text('Multiple content types test:'),
      image,
      embedded('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
    ),
  test_error_handling: () => ({
    ...says(text('This tool intentionally returns an error for testing')),
    isError: true,
  }),
  test_tool_with_logging: log,
  test_logging_tool: log,
  test_tool_with_progress: progress,
  test_sampling: ({ args, context: { mcpReq } }) => {
    const answer = inputResponse(mcpReq.inputResponses, 'asked')
    if (answer.kind !== 'sampling')
      return inputRequired({ inputRequests: { asked: sample(String(args.prompt), 100) } })
    const [said] = [answer.result.content].flat()
    return says(text(`LLM response: ${said?.type === 'text' ? said.text : 'no text'}`))
  },
  test_elicitation: (call) =>
    elicit(call, String(call.args.message), {
      type: 'object',
      properties: { username: string, email: string },
      required: ['username', 'email'],
    }),
  test_elicitation_sep1034_defaults: (call) =>
    elicit(call, 'Please review the defaults', {
      type: 'object',
      properties: {
        name: { ...string, default: 'John Doe' },
        age: { type: 'integer', default: 30 },
        score: { type: 'number', default: 95.5 },
        status: { ...string, enum: ['active', 'inactive', 'pending'], default: 'active' },
        verified: { type: 'boolean', default: true },
      },
    }),
  test_elicitation_sep1330_enums: (call) =>
    elicit(call, 'Please choose', {
      type: 'object',
      properties: {
        untitledSingle: { ...string, enum: three('option') },
        titledSingle: { ...string, oneOf: titled('Option') },
        legacyEnum: {
          ...string,
          enum: three('opt'),
          enumNames: ['Option One', 'Option Two', 'Option Three'],
        },
        untitledMulti: { type: 'array', items: { ...string, enum: three('option') } },
        titledMulti: { type: 'array', items: { anyOf: titled('Choice') } },
      },
    }),
  test_missing_capability: ({ context }) => {
    if (!declared(context).sampling)
      throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } })
    return says(text('It can.'))
  },
  test_streaming_elicitation: () =>
    inputRequired({ inputRequests: { user_name: form('What is your name?', 'name') } }),
  test_trigger_tool_change: ({ change }) => {
    change.tools()
    return says(text('Changed.'))
  },
  test_trigger_prompt_change: ({ change }) => {
    change.prompts()
    return says(text('Changed.'))
  },
  test_header_argument: ({ args }) => says(text(String(args.region))),
  // It ends the stream of its call and answers on the next, where the server keeps events.
  test_reconnection: async ({ context }) => {
    context.http?.closeSSE?.()
    await wait(PAUSE_MS)
    return says(text('Reconnected.'))
  },
  json_schema_2020_12_tool: ({ args }) => says(text(JSON.stringify(args))),
  ...Object.fromEntries(
    Object.entries(ROUNDS).map(([name, run]) => [
      `test_input_required_result_${name}`,
      ({ context }: Call) => run(context),
    ]),
  ),
}

/** Schemas of tools that have arguments. */
const SCHEMAS: Readonly<Record<string, object>> = {
  test_sampling: { properties: { prompt: string }, required: ['prompt'] },
  test_elicitation: { properties: { message: string }, required: ['message'] },
  test_header_argument: {
    properties: { region: { ...string, 'x-mcp-header': 'Region' } },
    required: ['region'],
  },
  json_schema_2020_12_tool: {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $defs: {
      address: {
        $anchor: 'addressDef',
        type: 'object',
        properties: { street: string, city: string },
      },
    },
    properties: {
      ...{ name: string, address: { $ref: '#/$defs/address' } },
      contactMethod: { ...string, enum: ['phone', 'email'] },
      ...{ phone: string, email: string },
    },
    allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
    if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { required: ['phone'] },
    else: { required: ['email'] },
    additionalProperties: false,
  },
}

export const TOOLS = Object.keys(RUNS).map((name) => ({
  name,
  description: `The tool ${name} of the conformance suite.`,
  inputSchema: { type: 'object' as const, ...(SCHEMAS[name] ?? { properties: {} }) },
}))

/** Runs a tool; undefined when there is none of this name. */
export function runTool(name: string, call: Call): Result | Promise<Result> | undefined {
  return RUNS[name]?.(call)
}
