import type { OpenTask } from '../../../src/programs/cli/agent/client.ts'
import { chapter, saw } from '../step.ts'
import { call, type Story } from '../story.ts'

/** Calls that the task covers go through; any other is refused with what is missing. */
export async function calls(story: Story, task: OpenTask): Promise<{ notCovered: string }> {
  chapter('refund-bot works')
  const read = await call(story, task, 'GET', '/orders/1042')
  saw('reads order 1042: permitted', read.status === 200, read)
  const seen = read.body.seen as { person?: string; agent?: string } | undefined // written by the sample API
  saw(
    'the API saw both the person and refund-bot, from the transaction token alone',
    seen?.person?.startsWith('psn_') === true && seen.agent === 'refund-bot',
    read.body,
  )
  const other = await call(story, task, 'GET', '/orders/2001')
  saw('reads another customer’s order: denied', other.status === 403, other)
  saw(
    'and the denial names what is missing',
    other.body.code === 'task.not_covered' && JSON.stringify(other.body).includes('1042'),
    other.body,
  )
  const small = await call(
    story,
    task,
    'POST',
    '/orders/1042/refunds',
    '{"amount": 40.00, "note": "scratched"}',
  )
  saw('refunds 40.00: permitted', small.status === 201, small)
  return { notCovered: String(other.body.decision_id) }
}
