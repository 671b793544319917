// `client-program.ts URL`: what the conformance suite starts as the client of a scenario. It lists what the server at URL has, and uses each of it.
// REMIT_SUITE_TRANSPORT=own uses the transport of the SDK of Remit; REMIT_SUITE_GATEWAY is an address that puts the server behind Remit and answers where.
import {
  Client,
  StreamableHTTPClientTransport,
  type Transport,
  UnauthorizedError,
} from '@modelcontextprotocol/client'
import { createMcpTransport } from 'remit-sdk/mcp'
import { type SignIn, signInOf } from './sign-in.ts'

const {
  MCP_CONFORMANCE_CONTEXT: context = '{}',
  MCP_CONFORMANCE_PROTOCOL_VERSION: revision,
  MCP_CONFORMANCE_SCENARIO: scenario = '',
  REMIT_SUITE_GATEWAY: gateway,
  REMIT_SUITE_TRANSPORT: own,
} = process.env

const told = JSON.parse(context)
const server = process.argv[2] ?? ''
const url = gateway ? await behind(gateway) : server
const auth = scenario.startsWith('auth/')
const signIn = auth ? await signInOf(scenario, told) : undefined

async function behind(remit: string): Promise<string> {
  const answer = await fetch(remit, { method: 'POST', body: server })
  const said = await answer.text()
  if (!answer.ok) throw new Error(`the server is not behind Remit: ${said}`)
  return said
}

/** Arguments of tools that need some. */
const ARGUMENTS: Readonly<Record<string, Record<string, unknown>>> = {
  add_numbers: { a: 2, b: 3 },
  valid_tool: { region: 'us-west1' },
}

const client = new Client(
  { name: 'suite', version: '1' },
  {
    capabilities: { elicitation: { form: { applyDefaults: true } } },
    versionNegotiation: { mode: revision === '2026-07-28' ? 'auto' : 'legacy' },
  },
)
client.setRequestHandler('elicitation/create', async ({ params }) => {
  const wanted = 'requestedSchema' in params ? params.requestedSchema.properties : {}
  return { action: 'accept', content: 'confirmed' in wanted ? { confirmed: true } : {} }
})

function transport(): Transport {
  if (own) return createMcpTransport({ fetch: (to, init) => fetch(to, init) }, url) as Transport
  return new StreamableHTTPClientTransport(
    new URL(url),
    signIn && { authProvider: signIn.provider },
  )
}

/** Does it, and again each time the person has been asked. */
async function signedIn<T>(does: () => Promise<T>, { arrived }: SignIn): Promise<T> {
  for (let times = 0; ; times++)
    try {
      return await does()
    } catch (error) {
      const back = arrived()
      if (!(error instanceof UnauthorizedError) || back === undefined || times > 1) throw error
      const { provider } = signIn ?? {}
      const asked = new StreamableHTTPClientTransport(
        new URL(url),
        provider && { authProvider: provider },
      )
      await asked.finishAuth(back)
    }
}
const does = <T>(what: () => Promise<T>) => (signIn ? signedIn(what, signIn) : what())

async function call(name: string, args: Record<string, unknown> = ARGUMENTS[name] ?? {}) {
  await does(() => client.callTool({ name, arguments: args }))
}

async function useTools(): Promise<void> {
  const { tools } = await does(() => client.listTools())
  if (told.toolCalls) {
    for (const { name, arguments: args } of told.toolCalls) await call(name, args)
    return
  }
  const focal = tools.find(({ name }) => name === 'json_schema_2020_12_tool')
  if (focal) return call('json_schema_echo', { schema: focal.inputSchema })
  if (scenario === 'json-schema-ref-no-deref') return
  await Promise.all(tools.map(({ name }) => call(name)))
}

await does(() => client.connect(transport()))
const { prompts, resources, tools } = client.getServerCapabilities() ?? {}
if (tools || !client.getServerCapabilities()) await useTools()
if (resources) {
  const listed = await client.listResources()
  for (const { uri } of listed.resources) await client.readResource({ uri })
}
if (prompts) {
  const listed = await client.listPrompts()
  for (const { name } of listed.prompts) await client.getPrompt({ name })
}
await client.close()
