// An agent in the OpenAI Agents SDK with the tools of an MCP server behind Remit's gateway. `npm install @openai/agents`
import { Agent, MCPServerStreamableHttp, run } from '@openai/agents'
import { createMcpFetch } from 'remit-sdk/mcp'
import { desk, openDeskTask } from './desk.ts'

await using task = await openDeskTask()
const server = new MCPServerStreamableHttp({ url: desk.href, fetch: createMcpFetch(task) })
await server.connect()
const agent = new Agent({ name: 'Notes', model: 'gpt-5', mcpServers: [server] })
const { finalOutput } = await run(agent, 'What do the notes say about wet books?')
console.log('said', finalOutput)
await server.close()
