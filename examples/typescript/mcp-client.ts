// The official MCP client as a task: every message is a call that Remit decides. `npm install @modelcontextprotocol/client`
import { Client } from '@modelcontextprotocol/client'
import { createMcpTransport } from 'remit-sdk/mcp'
import { desk, openDeskTask } from './desk.ts'

await using task = await openDeskTask()
const client = new Client({ name: 'notes', version: '1.0.0' })
await client.connect(createMcpTransport(task, desk))
const { tools } = await client.listTools()
console.log('tools', tools.map(({ name }) => name).join())

/** Answers what the model would be told: refusals are results, with `isError`. */
async function call(name: string, args: Record<string, string>): Promise<string> {
  const { content } = await client.callTool(
    { name, arguments: args },
    {
      // While people think, the gateway says who is asked and where; the call waits.
      onprogress: ({ message }) => console.log(message),
      resetTimeoutOnProgress: true,
      maxTotalTimeout: 10 * 60_000,
    },
  )
  return content.map((part) => (part.type === 'text' ? part.text : part.type)).join('\n')
}

console.log('said', await call('search_notes', { query: 'wet' }))
const message = { to: 'customer@example.com', text: 'Three of the five books are replaced.' }
console.log('said', await call('send_message', message))
console.log('said', await call('send_message', message))
await client.close()
