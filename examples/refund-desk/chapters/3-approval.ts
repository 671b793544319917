import { type OpenTask, taskRequest } from '../../../src/cli/agent/client.ts'
import { chapter, saw } from '../step.ts'
import { call, type Story } from '../story.ts'

const REFUND = '{"amount": 900.00}'
const PATH = '/orders/1042/refunds'

interface ApprovalRequest {
  readonly id: string
  readonly page: string
  readonly url: string
}

/** A person sees the very call, approves it, and it goes through once. */
export async function approval(story: Story, task: OpenTask): Promise<{ requestable: string }> {
  const { fiona, sam } = story
  chapter('A refund of 900.00 needs a person of finance')
  const refused = await call(story, task, 'POST', PATH, REFUND)
  const asked = refused.body.access_request as ApprovalRequest | undefined // RFC 9457 member of ours
  saw(
    'refused, but requestable',
    refused.status === 403 && refused.body.code === 'approval.required',
    refused.body,
  )
  if (!asked) throw new Error('the refusal carries no access request')

  const notSam = await sam.get(asked.page)
  saw('Sam, for whom it is, cannot approve it', !/Approve once/.test(notSam.html), notSam.text)
  const page = await fiona.get(asked.page)
  saw(
    'Fiona sees the exact call, in Remit’s words',
    page.status === 200 &&
      page.text.includes('900.00') &&
      page.text.includes('1042') &&
      page.text.includes('refund-bot'),
    page.text,
  )
  const waiting = await (
    await taskRequest(task, { method: 'GET', path: `/requests/${asked.id}` })
  ).json()
  saw('meanwhile it waits, which permits nothing', state(waiting) === 'pending', waiting)
  const again = await call(story, task, 'POST', PATH, REFUND)
  saw(
    'sending it again asks nobody twice',
    (again.body.access_request as ApprovalRequest | undefined)?.id === asked.id,
    again.body,
  )

  const approved = await fiona.submit(page, /^Approve once/)
  saw('Fiona approves', approved.status === 200, `${approved.status} ${approved.text}`)
  const done = await call(story, task, 'POST', PATH, REFUND)
  saw('the same call goes through', done.status === 201, done)
  const twice = await call(story, task, 'POST', PATH, REFUND)
  saw(
    'a second time: 409, with what became of the first',
    twice.status === 409 && twice.body.upstream_status === 201,
    twice,
  )
  const other = await call(story, task, 'POST', PATH, '{"amount": 901.00}')
  saw(
    'another amount is another call, and a new request',
    other.status === 403 &&
      (other.body.access_request as ApprovalRequest | undefined)?.id !== asked.id,
    other.body,
  )
  return { requestable: String(refused.body.decision_id) }
}

function state(body: unknown): unknown {
  return typeof body === 'object' && body !== null && 'state' in body ? body.state : undefined
}
