// An agent in LangChain (and so in LangGraph), whose tools are calls of one task. `npm install langchain @langchain/core @langchain/openai zod`
import { type BaseMessage, createAgent, HumanMessage, tool } from 'langchain'
import { converse, instructions, look, openRefundTask, orderTools, refund } from './orders.ts'

await using task = await openRefundTask('1042')
const { lookAtOrder, refundOrder } = orderTools(task)
const agent = createAgent({
  model: 'openai:gpt-5',
  systemPrompt: instructions,
  tools: [
    tool(lookAtOrder, {
      name: 'look_at_order',
      description: 'Looks at an order.',
      schema: look,
    }),
    tool(refundOrder, {
      name: 'refund_order',
      description: 'Refunds this much of an order, such as 12.50.',
      schema: refund,
    }),
  ],
})

let messages: BaseMessage[] = []
await converse(async (text) => {
  const result = await agent.invoke({ messages: [...messages, new HumanMessage(text)] })
  messages = result.messages
  return messages.at(-1)?.text ?? ''
})
