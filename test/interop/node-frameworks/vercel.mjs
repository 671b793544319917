// A client that knows the address of an MCP server and nothing else, by the AI SDK: it registers, sends its person to a page, and has
// one conversation: three tools, and a message that people have to approve. It says what came of that, waits for a line, and asks twice
// more. `vercel.mjs ADDRESS`
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { auth, createMCPClient, UnauthorizedError } from '@ai-sdk/mcp'
import { generateText, stepCountIs } from 'ai'
import { MockLanguageModelV3 } from 'ai/test'

const [address] = process.argv.slice(2)
const CALLS = [
  ['search_notes', { query: 'wet' }],
  ['add_note', { order_id: '1042', text: 'The customer has been called back.' }],
  ['read_note', { id: 'note-1' }],
  ['send_message', { to: 'books@example.com', text: 'A refund is on its way.' }],
]
const TURNS = [
  'What do the notes say about wet books? Write to the customer.',
  'It is approved.',
  'Send the same again.',
]

const arrived = Promise.withResolvers()
const server = createServer((request, reply) => {
  reply.end('ok')
  arrived.resolve(new URL(request.url, address).searchParams)
})
await once(server.listen(0, '127.0.0.1'), 'listening')
const redirectUrl = `http://127.0.0.1:${server.address().port}/callback`
const kept = {}
const authProvider = {
  redirectUrl,
  clientMetadata: {
    client_name: 'Stranger in vercel',
    redirect_uris: [redirectUrl],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  },
  tokens: () => kept.tokens,
  saveTokens: (tokens) => {
    kept.tokens = tokens
  },
  redirectToAuthorization: (url) => console.log(`open ${url}`),
  codeVerifier: () => kept.verifier,
  saveCodeVerifier: (verifier) => {
    kept.verifier = verifier
  },
  clientInformation: () => kept.client,
  saveClientInformation: (client) => {
    kept.client = client
  },
  isClientInformationDynamicallyRegistered: () => true,
  authorizationServerInformation: () => kept.server,
  saveAuthorizationServerInformation: (of) => {
    kept.server = of
  },
}

/** The model: the next call after so many results, then the words of the last one; the last call again when its person says so. */
const model = new MockLanguageModelV3({
  doGenerate: async ({ prompt }) => {
    const results = prompt.filter(({ role }) => role === 'tool')
    const call = CALLS[results.length] ?? (prompt.at(-1).role === 'user' ? CALLS.at(-1) : undefined)
    const usage = {
      inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
      outputTokens: { total: 1, text: 1, reasoning: 0 },
    }
    if (!call) {
      const text = JSON.stringify(results.at(-1).content)
      return {
        ...{ content: [{ type: 'text', text }], usage, warnings: [] },
        finishReason: { unified: 'stop', raw: 'stop' },
      }
    }
    const [toolName, input] = call
    const toolCallId = `call_${results.length}`
    return {
      content: [{ type: 'tool-call', toolCallId, toolName, input: JSON.stringify(input) }],
      ...{ usage, warnings: [], finishReason: { unified: 'tool-calls', raw: 'tool-calls' } },
    }
  },
})

const connect = () => createMCPClient({ transport: { type: 'http', url: address, authProvider } })
const client = await connect().catch(async (error) => {
  if (!(error instanceof UnauthorizedError)) throw error
  const answer = await arrived.promise
  await auth(authProvider, {
    serverUrl: address,
    authorizationCode: answer.get('code'),
    callbackState: answer.get('state') ?? undefined,
    callbackIssuer: answer.get('iss') ?? undefined,
  })
  return connect()
})
const tools = await client.tools()
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
/** Tells the person, and goes on when they say so. */
const told = (text) => {
  console.log(`said ${text.replaceAll(/\s+/g, ' ')}`)
  return lines.next()
}
const messages = []
for (const content of TURNS) {
  messages.push({ role: 'user', content })
  const { responseMessages, text } = await generateText({
    model,
    tools,
    messages,
    stopWhen: stepCountIs(6),
  })
  messages.push(...responseMessages)
  const first = messages.find(({ role }) => role === 'tool')
  if (content === TURNS[0]) await told(JSON.stringify(first.content))
  await told(text)
}
process.stdin.destroy()
await client.close()
server.close()
server.closeAllConnections()
