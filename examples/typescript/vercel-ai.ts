// An agent in the AI SDK of Vercel, whose tools are calls of one task. `npm install ai @ai-sdk/openai zod`
import { openai } from '@ai-sdk/openai'
import { type ModelMessage, ToolLoopAgent, tool } from 'ai'
import { converse, instructions, look, openRefundTask, orderTools, refund } from './orders.ts'

await using task = await openRefundTask('1042')
const { lookAtOrder, refundOrder } = orderTools(task)
const agent = new ToolLoopAgent({
  model: openai('gpt-5'),
  instructions,
  tools: {
    look_at_order: tool({
      description: 'Looks at an order.',
      inputSchema: look,
      execute: lookAtOrder,
    }),
    refund_order: tool({
      description: 'Refunds this much of an order, such as 12.50.',
      inputSchema: refund,
      execute: refundOrder,
    }),
  },
})

const messages: ModelMessage[] = []
await converse(async (content) => {
  messages.push({ role: 'user', content })
  const { response, text } = await agent.generate({ messages })
  messages.push(...response.messages)
  return text
})
