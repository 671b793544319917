import type { Ask } from '@remit/engine'
import {
  type AccessRequest,
  attachQuestion,
  attachRequest,
  type FrozenCall,
} from '../../../approvals/access-requests/index.ts'
import { exactly } from '../../../approvals/approvals/allowance/pattern.ts'
import {
  answerRequest,
  type Choice,
  listAllowances,
  shownDigest,
} from '../../../approvals/approvals/index.ts'
import { aCall, anAsk } from '../../../approvals/approvals/testing.ts'
import { openingQuestion } from '../../../grants/issuance/question.ts'
import type { Person } from '../../../identity/people/index.ts'
import type { Canonical } from '../../../platform/lib/canonical-json.ts'
import { type Id, newId } from '../../../platform/lib/id.ts'
import { ExactNumber } from '../../../platform/lib/json.ts'
import { systemRandom } from '../../../platform/lib/random.ts'
import type { Task } from '../../../tasks/tasks/index.ts'
import { detail, type TestPages } from '../testing.ts'

/** The task's agent asks about a refund; people of finance answer. */
export async function askedFor(
  { parts }: TestPages,
  task: Task,
  body: Readonly<Record<string, Canonical>> = { amount: '900.00' },
  { call, ...ask }: Partial<Ask> & { readonly call?: Partial<FrozenCall> } = {},
): Promise<AccessRequest> {
  const { actions } = await parts.decisions.catalog.current()
  const attached = await parts.decisions.storage.transaction((tx) =>
    attachRequest(parts.decisions, tx, {
      call: aCall({
        person: task.personId,
        task: task.id,
        definition: actions.get('orders.refund')?.digest ?? '',
        body: { kind: 'json', value: body },
        ...call,
      }),
      taskId: task.id,
      personId: task.personId,
      agentId: task.agentId,
      deadline: task.deadline,
      text: 'Refund 900.00 on order "1042"',
      templateDigest: 't1',
      ask: anAsk({ prompts: ['Large refunds need <someone> from finance'], ...ask }),
      inspected: [
        { path: '/order_id', kind: 'string', text: '1042' },
        { path: '/amount', kind: 'decimal', text: printCanonical(body.amount ?? '900.00') },
      ],
      sponsored: task.sponsored,
      policyVersion: 1,
      decisionId: newId('decision', systemRandom),
      insufficient: [],
    }),
  )
  if ('refusal' in attached) throw new Error(attached.refusal.reason)
  return attached.request
}

function printCanonical(value: Canonical): string {
  return value instanceof ExactNumber ? value.text : String(value)
}

/** This person answers a refund for five times, up to 1000.00. Answers the id. */
export async function allowed(
  pages: TestPages,
  task: Task,
  by: Person,
  over: Partial<Choice> = {},
): Promise<Id<'allowance'>> {
  const { decisions } = pages.parts
  const request = await askedFor(pages, task, { amount: '905.00' })
  const pattern = exactly(request.inspected ?? []).map((part) =>
    part.path === '/amount' ? ({ ...part, how: 'at_most', text: '1000.00' } as const) : part,
  )
  const allowance: Choice = { tie: 'task', uses: 5, lifeSeconds: null, pattern, ...over }
  const shown = shownDigest(request, allowance)
  await answerRequest(decisions, {
    requestId: request.id,
    person: by,
    answer: 'approve',
    allowance,
    shown,
    authTime: 0,
  })
  const [listed] = await listAllowances(decisions, by)
  if (!listed) throw new Error('nothing was given')
  return listed.allowance.id
}

/** A rule wants finance to approve that refund-bot opens a task with no person present; `sponsor` sponsors it. */
export async function openingAsked(
  { clock, parts }: TestPages,
  sponsor: Person,
): Promise<AccessRequest> {
  const { decisions } = parts
  const refunds = detail('orders.refund', { path: '/amount', op: 'lte', value: '1000.00' })
  const question = openingQuestion(
    decisions,
    {
      ...{ chain: ['refund-bot'], person: sponsor, sponsored: true, grant: 'client_credentials' },
      details: [detail('orders.read'), refunds],
      mayDelegate: [{ ...detail('orders.read'), type: 'remit_delegate' }],
      request: { purpose: 'count <b>orders</b>', lifeSeconds: 7200 },
      thumbprint: 'key-of-the-task',
      taskId: newId('task', systemRandom),
      deadline: clock.now() + 24 * 3_600_000,
    },
    [
      {
        ...{ id: 'openings-ask', digest: 'd', prompt: 'No one works at night unseen.' },
        ...{ approvers: ['group:finance'], quorum: 1, lifetimeSeconds: 1800, self: false },
        issuance: true,
      },
    ],
    { catalog: await decisions.catalog.current(), policyVersion: 1 },
  )
  const attached = await decisions.storage.transaction((tx) =>
    attachQuestion(decisions, tx, question, []),
  )
  if ('refusal' in attached) throw new Error(attached.refusal.reason)
  return attached.request
}
