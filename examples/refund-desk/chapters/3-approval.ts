import { setTimeout } from 'node:timers/promises'
import { type OpenTask, taskRequest } from '../../../src/programs/cli/agent/client.ts'
import { Browser } from '../browser.ts'
import { chapter, saw } from '../step.ts'
import { call, type Story } from '../story.ts'

const REFUND = '{"amount": 900.00}'
const PATH = '/orders/1042/refunds'
/** Limit of waiting for a message, in ms. */
const MAX_WAIT = 20_000

interface ApprovalRequest {
  readonly id: string
  readonly page: string
  readonly url: string
}

/** A person sees the very call, approves it, and it goes through once. */
export async function approval(story: Story, task: OpenTask): Promise<{ requestable: string }> {
  const { fiona, sam } = story
  await showOnPhone(story)
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
  const link = await told(story, asked)
  const page = await fiona.get(link)
  saw(
    'Fiona sees the exact call, in Remit’s words',
    page.status === 200 &&
      /EUR\s900\.00/.test(page.text) &&
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
  const twice = await sendAgain(story, task)
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

/** Sends the call again, until it is told what became of the first: that is recorded behind its answer. */
async function sendAgain(story: Story, task: OpenTask) {
  for (const end = Date.now() + MAX_WAIT; ; await setTimeout(10)) {
    const answer = await call(story, task, 'POST', PATH, REFUND)
    if (state(answer.body) !== 'sending' || Date.now() > end) return answer
  }
}

/** Fiona subscribes her phone, as the button of the page does, and types the code that arrives on it. */
async function showOnPhone({ fiona, phone, world }: Story): Promise<void> {
  chapter('Fiona is told on her phone, too')
  const page = await fiona.get(`${world.issuer}/notifications`)
  const added = await fiona.submit(page, /^Show notifications in this browser/, {
    address: phone.subscription,
  })
  const { title } = await phone.next()
  const code = /^Your code is (\d{6})$/.exec(title)?.[1]
  saw('a code arrives on the phone', code !== undefined, title)
  const confirmed = await fiona.submit(added, /^Confirm/, { code })
  saw('typed on the page, it confirms the phone', !/Not confirmed/.test(confirmed.text), added.text)
}

/** Fiona is told by e-mail and on her phone. Answers the link of the e-mail. */
async function told({ phone, world }: Story, asked: ApprovalRequest): Promise<string> {
  const pushed = await phone.next()
  saw(
    'her phone shows that a call waits, and nothing that the agent chose',
    pushed.path === new URL(asked.page).pathname && !/900|1042|refund/.test(JSON.stringify(pushed)),
    pushed,
  )
  saw('the push service cannot read even that', !phone.carried.includes('approvals'))
  const mail = await mailFor('fiona', world.mailbox)
  saw('an e-mail tells her of the call', /Refund 900\.00 EUR/.test(mail.text), mail)
  const [link] = mail.text.match(/http\S+\/approvals\/req_\S+/) ?? []
  saw('with a link to its page', link === asked.page, mail.text)
  const scanner = await new Browser().get(asked.page)
  saw(
    'a program that opens the link sees a sign-in, and decides nothing',
    !/900\.00/.test(scanner.text),
    scanner.text,
  )
  return asked.page
}

interface Mail {
  readonly to: string
  readonly text: string
}

/** The newest e-mail to a person, once there is one. */
async function mailFor(person: string, mailbox: string): Promise<Mail> {
  for (const end = Date.now() + MAX_WAIT; Date.now() < end; ) {
    const answer = await fetch(`${mailbox}/mails.json?to=${person}`)
    const [newest] = (await answer.json()) as Mail[] // as: the sample says so
    if (newest) return newest
    await setTimeout(100)
  }
  throw new Error(`no e-mail to ${person}`)
}

function state(body: unknown): unknown {
  return typeof body === 'object' && body !== null && 'state' in body ? body.state : undefined
}
