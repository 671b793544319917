// An agent in the AI SDK with the tools of an MCP server behind Remit's gateway. `npm install ai @ai-sdk/openai @ai-sdk/mcp`
import { createMCPClient } from '@ai-sdk/mcp'
import { openai } from '@ai-sdk/openai'
import { ToolLoopAgent } from 'ai'
import { createMcpTransport } from 'remit-sdk/mcp'
import { desk, openDeskTask } from './desk.ts'

await using task = await openDeskTask()
const client = await createMCPClient({ transport: createMcpTransport(task, desk) })
const agent = new ToolLoopAgent({ model: openai('gpt-5'), tools: await client.tools() })
const { text } = await agent.generate({ prompt: 'What do the notes say about wet books?' })
console.log('said', text)
await client.close()
