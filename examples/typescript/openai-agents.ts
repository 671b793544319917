// An agent in the OpenAI Agents SDK, whose tools are calls of one task. `npm install @openai/agents zod`
import { Agent, type AgentInputItem, run, tool, user } from '@openai/agents'
import { converse, instructions, look, openRefundTask, orderTools, refund } from './orders.ts'

await using task = await openRefundTask('1042')
const { lookAtOrder, refundOrder } = orderTools(task)
const agent = new Agent({
  name: 'Refunds',
  model: 'gpt-5',
  instructions,
  tools: [
    tool({
      name: 'look_at_order',
      description: 'Looks at an order.',
      parameters: look,
      execute: lookAtOrder,
    }),
    tool({
      name: 'refund_order',
      description: 'Refunds this much of an order, such as 12.50.',
      parameters: refund,
      execute: refundOrder,
    }),
  ],
})

let history: AgentInputItem[] = []
await converse(async (text) => {
  const result = await run(agent, [...history, user(text)])
  history = result.history
  return result.finalOutput ?? ''
})
