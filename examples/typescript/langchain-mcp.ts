// An agent in LangChain with the tools of an MCP server behind Remit's gateway. `npm install langchain @langchain/openai @langchain/mcp-adapters @modelcontextprotocol/sdk`
import { loadMcpTools } from '@langchain/mcp-adapters'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { createAgent } from 'langchain'
import { createMcpTransport } from 'remit-sdk/mcp'
import { desk, openDeskTask } from './desk.ts'

await using task = await openDeskTask()
const client = new Client({ name: 'notes', version: '1.0.0' })
await client.connect(createMcpTransport(task, desk))
const agent = createAgent({ model: 'openai:gpt-5', tools: await loadMcpTools('desk', client) })
const question = { role: 'user', content: 'What do the notes say about wet books?' } as const
const { messages } = await agent.invoke({ messages: [question] })
console.log('said', messages.at(-1)?.text)
await client.close()
