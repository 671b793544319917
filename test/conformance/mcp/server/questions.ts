import {
  acceptedContent,
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  createRequestStateCodec,
  type ElicitRequestFormParams,
  type InputRequests,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { text } from './contents.ts'

type Result = CallToolResult | InputRequiredResult | Promise<CallToolResult | InputRequiredResult>

/** The state of rounds, signed: a changed one is refused. */
export const states = createRequestStateCodec<string>({ key: 'k'.repeat(32) })

const words = (said: string): CallToolResult => ({ content: [text(said)] })

const asksFor = (
  message: string,
  properties: ElicitRequestFormParams['requestedSchema']['properties'],
) =>
  inputRequired.elicit({
    message,
    requestedSchema: { type: 'object', properties, required: Object.keys(properties) },
  })
export const form = (message: string, name: string) =>
  asksFor(message, { [name]: { type: 'string' } })
export const sample = (said: string, maxTokens: number) =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: text(said) }], maxTokens })

/** The questions again that have no usable answer yet; undefined when all have one. */
function unanswered(asked: InputRequests, answers: ServerContext['mcpReq']['inputResponses']) {
  const open = Object.keys(asked).some((key) => inputResponse(answers, key).kind === 'missing')
  return open ? asked : undefined
}

/** Asks once, and says what `say` makes of the answers. */
function ask(asked: InputRequests, say: (answers: Record<string, unknown>) => string) {
  return ({ mcpReq: { inputResponses } }: ServerContext): Result => {
    const inputRequests = unanswered(asked, inputResponses)
    return inputRequests ? inputRequired({ inputRequests }) : words(say(inputResponses ?? {}))
  }
}

/** Asks once, with a state that has to come back. */
function askWithState(asked: InputRequests) {
  return async ({ mcpReq }: ServerContext): Promise<CallToolResult | InputRequiredResult> => {
    const inputRequests = unanswered(asked, mcpReq.inputResponses)
    if (inputRequests || mcpReq.requestState() !== 'asked')
      return inputRequired({
        inputRequests: inputRequests ?? asked,
        requestState: await states.mint('asked'),
      })
    return words('state-ok')
  }
}

const confirm = { confirm: asksFor('Please confirm', { ok: { type: 'boolean' } }) }
const question = { capital_question: sample('What is the capital of France?', 100) }
const yourName = form('What is your name?', 'name')

async function askTwice({ mcpReq }: ServerContext): Promise<CallToolResult | InputRequiredResult> {
  const { inputResponses } = mcpReq
  const reached = mcpReq.requestState()
  if (reached === 'second' && acceptedContent(inputResponses, 'step2')) return words('done')
  const second = reached === 'first' && acceptedContent(inputResponses, 'step1')
  return second
    ? inputRequired({
        inputRequests: { step2: form('Step 2: What is your favorite color?', 'color') },
        requestState: await states.mint('second'),
      })
    : inputRequired({
        inputRequests: { step1: form('Step 1: What is your name?', 'name') },
        requestState: await states.mint('first'),
      })
}

/** Capabilities that the client declares with a request of 2026-07-28. */
export function declared({ mcpReq }: ServerContext): ClientCapabilities {
  const envelope: Readonly<Record<string, unknown>> = mcpReq.envelope ?? {}
  return (envelope[CLIENT_CAPABILITIES_META_KEY] ?? {}) as ClientCapabilities // as: the SDK read it
}

/** Asks for what this client declared that it can answer. */
function askWithin(context: ServerContext): Result {
  const can = declared(context)
  const asked = {
    ...(can.elicitation ? { user_name: yourName } : {}),
    ...(can.sampling ? question : {}),
    ...(can.roots ? { client_roots: inputRequired.listRoots() } : {}),
  }
  return Object.keys(asked).length === 0
    ? words('asked nobody')
    : ask(asked, () => 'asked')(context)
}

/** Tools that ask in rounds (2026-07-28), by the rest of their names. */
export const ROUNDS: Readonly<Record<string, (context: ServerContext) => Result>> = {
  elicitation: (context) => {
    const { inputResponses } = context.mcpReq
    const said = acceptedContent<{ name: string }>(inputResponses, 'user_name')
    return said
      ? words(`Hello, ${said.name}!`)
      : inputRequired({ inputRequests: { user_name: yourName } })
  },
  sampling: ask(question, (answers) => JSON.stringify(answers.capital_question)),
  list_roots: ask({ client_roots: inputRequired.listRoots() }, (answers) =>
    JSON.stringify(answers.client_roots),
  ),
  request_state: askWithState(confirm),
  tampered_state: askWithState(confirm),
  multiple_inputs: askWithState({
    user_name: yourName,
    greeting: sample('Generate a greeting', 50),
    client_roots: inputRequired.listRoots(),
  }),
  multi_round: askTwice,
  capabilities: askWithin,
}
