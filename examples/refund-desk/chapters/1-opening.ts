import { OAuthRefusal, type OpenTask, requestTask } from '../../../src/programs/cli/agent/client.ts'
import { idTokenFor } from '../people.ts'
import { chapter, saw } from '../step.ts'
import type { Story } from '../story.ts'

/** Details that the agent asks for: this one order, and no more than 1,000.00 back. */
function wanted(orders: string) {
  const thisOrder = { path: '/order_id', op: 'eq', value: '1042' }
  return [
    {
      type: 'remit_call',
      locations: [orders],
      actions: ['orders.read', 'orders.watch'],
      bounds: [thisOrder],
    },
    {
      type: 'remit_call',
      locations: [orders],
      actions: ['orders.refund'],
      bounds: [thisOrder, { path: '/amount', op: 'lte', value: '1000.00' }],
    },
  ]
}

/** refund-bot opens a task for Sam, who is asked first, once. */
export async function openingTheTask(story: Story): Promise<OpenTask> {
  const { agent, sam, world } = story
  chapter('refund-bot opens a task for Sam: "refund order 1042"')
  const subject = { token: await idTokenFor(world.provider, agent.id, 'sam') }
  const asked = {
    issuer: world.issuer,
    agent,
    subject,
    purpose: 'refund order 1042',
    details: wanted(`${world.gateway}/orders`),
  }
  const refusal = await requestTask(asked).catch((error: unknown) => error)
  saw(
    'Sam has not agreed yet: interaction_required, with a page to send Sam to',
    refusal instanceof OAuthRefusal && refusal.error === 'interaction_required',
    refusal instanceof OAuthRefusal ? refusal.members : String(refusal),
  )
  const page = String(refusal instanceof OAuthRefusal ? refusal.members.interaction_uri : '')
  const consent = await sam.get(page)
  saw(
    'the page says in words what refund-bot may do, and for which order',
    consent.status === 200 && consent.text.includes('refund-bot') && consent.text.includes('1042'),
    consent.text,
  )
  const done = await sam.allow(consent)
  saw('Sam allows it', done.status === 200, `${done.status} ${done.url} ${done.text}`)
  const task = await requestTask(asked)
  saw(
    'the same exchange now opens the task, with a key made for it alone',
    task.id.startsWith('tsk_'),
    task.id,
  )
  return task
}
