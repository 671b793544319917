import assert from 'node:assert/strict'
import { it } from 'node:test'
import { AlreadyExecuted, ApprovalRequired, CallFailed, Denied, UsageError } from './errors.ts'
import { refusalsAsResults } from './results.ts'

const FACTS = { code: 'task.not_covered', detail: 'no', status: 403 } as const
const PENDING = {
  id: 'req_1',
  page: 'https://remit.example/approvals/req_1',
  expiresAt: new Date('2026-01-02T03:04:05Z'),
}

const REFUSALS: readonly (readonly [Error, string])[] = [
  [
    new Denied({ ...FACTS, enough: 'another task', retryAfter: 30 }),
    'DENIED, not executed (task.not_covered): no\nWhat would be enough: another task\nThe same call fits again in 30 s.',
  ],
  [
    new ApprovalRequired({ ...FACTS, code: 'approval.required' }, PENDING, async () => {}),
    'PENDING, not executed (approval.required): no\nA person can approve exactly this call until 2026-01-02T03:04:05.000Z at https://remit.example/approvals/req_1\nTell them, then make the same call again with the same arguments.',
  ],
  [
    new AlreadyExecuted(FACTS, {
      ...{ state: 'answered', upstreamStatus: 201 },
      askAgain: async () => PENDING,
    }),
    'ALREADY EXECUTED, not again (task.not_covered): no\nThat execution: answered, answered 201. Do not repeat the call to find out more.',
  ],
  [
    new AlreadyExecuted(FACTS, {
      ...{ state: 'sending', upstreamStatus: undefined },
      askAgain: async () => PENDING,
    }),
    'ALREADY UNDER WAY, not again (task.not_covered): no\nThe outcome of that execution is not known yet. Do not repeat the call to find out.',
  ],
  [
    new CallFailed('server.unreachable', 'gone', { effect: 'none' }),
    'FAILED, nothing was executed (server.unreachable): gone',
  ],
  [
    new CallFailed('server.unreachable', 'gone', { effect: 'unknown' }),
    'FAILED, it may have been executed: look first (server.unreachable): gone',
  ],
]

it('what is refused is a result of the tool, in words for the model', async () => {
  for (const [error, text] of REFUSALS)
    assert.equal(await refusalsAsResults(() => Promise.reject(error))(), text)
})

it('misuse, and what is not of Remit, is thrown; what goes well is passed on', async () => {
  for (const error of [new UsageError('x'), new RangeError('x')])
    await assert.rejects(
      refusalsAsResults(() => Promise.reject(error))(),
      (thrown) => thrown === error,
    )
  const tool = refusalsAsResults(async (a: number, b: number) => a + b)
  assert.equal(await tool(1, 2), 3)
})
