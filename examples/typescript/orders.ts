// Tools of an agent for orders, as plain functions: every framework takes them. `npm install zod`
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { openTask, refusalsAsResults, type Task } from 'remit-sdk'
import { z } from 'zod'
import { idToken } from './sign-in.ts'

const issuer = process.env.REMIT_ISSUER ?? 'http://127.0.0.1:7480'
const gateway = process.env.REMIT_GATEWAY ?? 'http://127.0.0.1:7481'

export const instructions = `You help with orders.
When a tool answers PENDING, tell the person where to approve it and stop; call it again with the same arguments when they say that it is approved.
When a tool answers DENIED, ALREADY EXECUTED or ALREADY UNDER WAY, do not call it again: say what it says.`

/** Opens one task for one conversation: what the agent may do in it, and what for. */
export async function openRefundTask(order: string): Promise<Task> {
  return openTask({
    issuer,
    agent: { id: 'refund-bot', key: JSON.parse(await readFile('refund-bot.jwk', 'utf8')) },
    subjectToken: idToken,
    purpose: `refund order ${order}`,
    details: [
      {
        locations: [`${gateway}/orders`],
        actions: ['orders.read', 'orders.refund'],
        bounds: [{ path: '/order_id', op: 'eq', value: order }],
      },
    ],
    onConsent: ({ interactionUri }) => console.log(`Please agree: ${interactionUri}`),
  })
}

/** Arguments of the tools. */
export const look = z.object({ order_id: z.string() })
export const refund = look.extend({ amount: z.string().regex(/^\d+\.\d\d$/) })

export function orderTools(task: Task) {
  return {
    lookAtOrder: refusalsAsResults(async ({ order_id }: z.infer<typeof look>) => {
      const answer = await task.fetch(`${gateway}/orders/orders/${order_id}`)
      return answer.text()
    }),
    refundOrder: refusalsAsResults(async ({ amount, order_id }: z.infer<typeof refund>) => {
      const answer = await task.fetch(`${gateway}/orders/orders/${order_id}/refunds`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: `{"amount": ${amount}}`,
      })
      return answer.text()
    }),
  }
}

/** Lets a person talk with the agent, a line each, until there is no more. */
export async function converse(say: (text: string) => Promise<string>): Promise<void> {
  console.log('What can I do for you?')
  for await (const line of createInterface({ input: process.stdin }))
    console.log(`said ${await say(line)}`)
}
