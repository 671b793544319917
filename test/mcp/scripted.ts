import {
  answer,
  type ReceivedMessage,
  type Script,
  type ScriptedServer,
  serveScript,
} from '../../src/platform/net/mcp/testing.ts'

const text = { type: 'string' }
const tool = (name: string, properties: object = { text }) => ({
  name,
  description: `The tool ${name}.`,
  inputSchema: { type: 'object', properties, additionalProperties: false },
})

const TOOLS = [
  tool('say'),
  tool('erase', { what: text, amount: { type: 'number' } }),
  tool('secret_door', {}),
  tool('never', {}),
]
const LISTS: Readonly<Record<string, object>> = {
  'tools/list': { tools: TOOLS },
  'prompts/list': { prompts: [{ name: 'greet', arguments: [{ name: 'who', required: true }] }] },
  'resources/list': { resources: [{ uri: 'note://1', name: 'one' }] },
  'resources/templates/list': { resourceTemplates: [{ uriTemplate: 'note://{id}', name: 'any' }] },
}

/** A server with tools, a prompt and resources, whose calls a test answers. */
export async function serveNotes(): Promise<
  ScriptedServer & { calls(): readonly ReceivedMessage[] }
> {
  let sessions = 0
  const base: Script = ({ message }, reply) => {
    if (message?.method === 'initialize') {
      reply.setHeader('mcp-session-id', `upstream-${++sessions}`)
      return answer(reply, message.id, {
        protocolVersion: message.params.protocolVersion,
        capabilities: {
          ...{ tools: {}, prompts: {}, resources: { subscribe: true } },
          ...{ completions: {}, logging: {} },
        },
        serverInfo: { name: 'notes', version: '7' },
        instructions: 'Say little.',
      })
    }
    const list = LISTS[message?.method]
    return list !== undefined && answer(reply, message.id, list)
  }
  const server = await serveScript(base)
  return {
    ...server,
    play: (script) =>
      server.play(async (asked, reply) => (await script(asked, reply)) || base(asked, reply)),
    calls: () => server.asked.filter(({ message }) => isCall(message?.method)),
  }
}

function isCall(method: unknown): boolean {
  return method === 'tools/call' || method === 'prompts/get' || method === 'resources/read'
}

/** Plays only when this method is called. */
export function on(method: string, script: Script): Script {
  return (asked, reply) => asked.message?.method === method && script(asked, reply)
}
