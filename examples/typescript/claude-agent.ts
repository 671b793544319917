// An agent in the Claude Agent SDK, whose tools are calls of one task. `npm install @anthropic-ai/claude-agent-sdk zod`
import { createSdkMcpServer, query, tool } from '@anthropic-ai/claude-agent-sdk'
import { converse, instructions, look, openRefundTask, orderTools, refund } from './orders.ts'

await using task = await openRefundTask('1042')
const { lookAtOrder, refundOrder } = orderTools(task)
const result = (text: string) => ({ content: [{ type: 'text' as const, text }] })
const lookTool = tool('look_at_order', 'Looks at an order.', look.shape, async (args) =>
  result(await lookAtOrder(args)),
)
const refundTool = tool(
  'refund_order',
  'Refunds this much of an order, such as 12.50.',
  refund.shape,
  async (args) => result(await refundOrder(args)),
)

let session: string | undefined
await converse(async (prompt) => {
  const options = {
    systemPrompt: instructions,
    // A server for each turn: a turn is a run of its program, which closes what it was given.
    mcpServers: { orders: createSdkMcpServer({ name: 'orders', tools: [lookTool, refundTool] }) },
    allowedTools: ['mcp__orders__look_at_order', 'mcp__orders__refund_order'],
    tools: [], // none of its own: no shell, no files
    settingSources: [], // nothing of the settings of this computer
    ...(session === undefined ? {} : { resume: session }),
  }
  for await (const message of query({ prompt, options })) {
    if (message.type !== 'result') continue
    session = message.session_id
    return message.subtype === 'success' ? message.result : message.errors.join('\n')
  }
  return ''
})
