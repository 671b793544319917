import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { HOUR } from '../../platform/lib/time-units.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import type { AccessRequest } from '../access-requests/access-request.ts'
import { cancelRequests, expireRequests } from '../access-requests/end.ts'
import { findRequest } from '../access-requests/list.ts'
import { exactly } from './allowance/pattern.ts'
import { answerRequest, type RequestAnswer } from './answer.ts'
import { shownDigest } from './answer-hash.ts'
import { listAnswers } from './answer-store.ts'
import { stepUpsOf } from './sign-answer.ts'
import {
  addPerson,
  anAsk,
  anAsking,
  attached,
  suspend,
  type TestParts,
  testParts,
} from './testing.ts'
import { useSteps } from './use.ts'

const rejects = (work: Promise<unknown>, code: string) =>
  assert.rejects(work, (error) => error instanceof Problem && error.code === code)

forEachEngine('answering an access request', (open) => {
  let shared: Promise<TestParts> | undefined

  async function begin(ask = anAsk()) {
    shared ??= open.shared().then(testParts)
    const parts = await shared
    const maria = await addPerson(parts, 'support')
    const finn = await addPerson(parts, 'finance')
    const fay = await addPerson(parts, 'finance')
    const request = await attached(parts, anAsking(parts, maria, { ask }))
    const say = (
      person: { id: `psn_${string}` },
      answer: 'approve' | 'deny',
      over: Partial<RequestAnswer> = {},
    ) =>
      answerRequest(parts, {
        requestId: request.id,
        person,
        answer,
        shown: shownDigest(request),
        authTime: 1,
        ...over,
      })
    const now = async (): Promise<AccessRequest> => {
      const found = await findRequest(parts, request.id)
      assert.ok(found)
      return found
    }
    return { parts, maria, finn, fay, request, say, now }
  }

  test('one approval makes it usable once, until its lifetime ends', async () => {
    const { parts, finn, request, say } = await begin()
    const approved = await say(finn, 'approve', { reason: ' fits the contract ' })
    assert.equal(approved.state, 'approved')
    assert.equal(approved.usesLeft, 1)
    assert.equal(approved.usableUntil, parts.clock.now() + HOUR)
    assert.equal(approved.reason, null)
    const [answer] = await listAnswers(parts, request.id)
    assert.equal(answer?.reason, 'fits the contract')
    assert.deepEqual([answer?.shownAt, answer?.consequence, answer?.allowance], [null, null, null])
    assert.equal(answer?.answerHash, approved.answerHash)
    const record = (await parts.recorded()).at(-1)
    assert.equal(record?.type, 'approval.answered')
    assert.equal(record?.by, finn.id)
    assert.equal(record?.outcome, 'approved')
    assert.ok(record?.commitments?.reason, 'that there was a reason, and not which')
  })

  test('what an answer was about is kept: when its page was made, and what came with it', async () => {
    const { parts, finn, request, say } = await begin()
    const shownAt = parts.clock.now() - 5_000
    await say(finn, 'deny', { shownAt, consequence: 'end_task' })
    const [answer] = await listAnswers(parts, request.id)
    assert.deepEqual([answer?.shownAt, answer?.consequence], [shownAt, 'end_task'])
    const record = (await parts.recorded()).at(-1)
    assert.equal(record?.commitments?.reason, undefined, 'none was given')
    assert.equal(record?.facts?.consequence, 'end_task')
  })

  test('a denial applies to one call only, and an approved request takes no second approval', async () => {
    const { finn, fay, request, say, now } = await begin()
    const pattern = exactly(request.inspected ?? [])
    const allowance = { tie: 'task', uses: 5, lifeSeconds: null, pattern } as const
    const shown = shownDigest(request, allowance)
    await rejects(say(finn, 'deny', { allowance, shown }), 'allowance.bad_choice')
    assert.equal((await now()).state, 'pending')
    await say(finn, 'approve')
    for (const person of [finn, fay]) await rejects(say(person, 'approve'), 'approval.not_pending')
  })

  test('where rules or risk want a fresh sign-in, an approval without is refused, and a denial is not', async () => {
    const stepUps = [{ acrValues: ['mfa', 'phr'], maxAgeSeconds: 300 }]
    const { parts, fay, finn, request, say, now } = await begin(anAsk({ stepUps }))
    const at = parts.clock.now()
    const old = at - 301_000
    for (const proved of [
      undefined,
      { authTime: at, acr: null },
      { authTime: at, acr: 'pwd' },
      { authTime: null, acr: 'mfa' },
      { authTime: old, acr: 'mfa' },
    ])
      await rejects(say(finn, 'approve', proved ? { proved } : {}), 'step_up.required')
    assert.equal((await now()).state, 'pending')
    const fresh = { authTime: at - 300_000, acr: 'phr' }
    const approved = await say(finn, 'approve', { proved: fresh })
    assert.equal(approved.state, 'approved')
    const record = (await parts.recorded()).at(-1)
    assert.equal(record?.facts?.acr, 'phr')
    assert.equal((await say(fay, 'deny')).state, 'denied', 'only reduces')
    for (const [risk, wanted] of [
      ['high', stepUps],
      ['critical', stepUps],
      ['medium', []],
    ] as const)
      assert.deepEqual(
        stepUpsOf({ stepUp: stepUps[0] }, { ask: { ...request.ask, stepUps: [], risk } }),
        wanted,
      )
  })

  test('a denial ends it, with the words that the agent is told', async () => {
    const { finn, fay, say } = await begin()
    const denied = await say(finn, 'deny', { reason: 'not for this customer' })
    assert.deepEqual([denied.state, denied.reason], ['denied', 'not for this customer'])
    await rejects(say(fay, 'approve'), 'approval.not_pending')
  })

  test('an answer to something else than was displayed is refused', async () => {
    const { finn, now, request, say } = await begin()
    await rejects(say(finn, 'approve', { shown: '' }), 'approval.shown_differs')
    const other = shownDigest({ ...request, text: 'Refund 9.00 on order "1042"' })
    await rejects(say(finn, 'approve', { shown: other }), 'approval.shown_differs')
    assert.equal((await now()).state, 'pending')
  })

  test('A6: nobody but those whom the policy names, as they are now', async () => {
    const { parts, finn, maria, say } = await begin()
    await rejects(say(maria, 'approve'), 'approval.own_request')
    await rejects(say(await addPerson(parts, 'support'), 'approve'), 'approval.not_an_approver')
    await rejects(say({ id: 'psn_nobody' }, 'approve'), 'approval.unknown')
    await suspend(parts, finn.id)
    await rejects(say(finn, 'deny'), 'approval.not_an_approver')
    await rejects(say(finn, 'approve', { requestId: 'req_none' }), 'approval.unknown')
  })

  test('an agent cannot answer, whatever it calls itself', async () => {
    const { say } = await begin(anAsk({ approvers: [['person:refund-bot', 'group:finance']] }))
    const agent = { id: 'refund-bot' } as unknown as { id: `psn_${string}` } // as: what a mistaken edge would pass
    await rejects(say(agent, 'approve'), 'approval.unknown')
  })

  test('A9: expiry denies: an answer that comes too late changes nothing', async () => {
    const { parts, finn, now, say } = await begin()
    parts.clock.advance(HOUR)
    await rejects(say(finn, 'approve'), 'approval.expired')
    assert.equal((await now()).state, 'expired')
    assert.equal((await parts.recorded()).at(-1)?.type, 'approval.expired')
  })

  test('the sweep expires what nobody looked at, once', async () => {
    const { parts, now } = await begin()
    await expireRequests(parts)
    assert.equal((await now()).state, 'pending')
    parts.clock.advance(HOUR)
    assert.equal(await expireRequests(parts), 1)
    assert.equal(await expireRequests(parts), 0)
    assert.equal((await now()).state, 'expired')
  })

  test('a clock that jumps back does not revive what expired', async () => {
    const { parts, finn, say } = await begin()
    parts.clock.advance(HOUR)
    await expireRequests(parts)
    parts.clock.jump(-2 * HOUR)
    await rejects(say(finn, 'approve'), 'approval.expired')
  })

  test('a quorum of two needs two people; the shorter word ends the approval', async () => {
    const { parts, finn, fay, now, say } = await begin(anAsk({ quorum: 2 }))
    const first = parts.clock.now()
    assert.equal((await say(finn, 'approve')).state, 'pending')
    await rejects(say(finn, 'approve'), 'approval.already_answered')
    parts.clock.advance(60_000)
    assert.equal((await say(fay, 'approve')).state, 'approved')
    assert.equal((await now()).usableUntil, first + HOUR)
  })

  test('one who approved counts no more once suspended', async () => {
    const { parts, finn, fay, say } = await begin(anAsk({ quorum: 2 }))
    await say(finn, 'approve')
    await suspend(parts, finn.id)
    assert.equal((await say(fay, 'approve')).state, 'pending')
  })

  test('one denial ends a quorum, also by one who approved', async () => {
    const { finn, say } = await begin(anAsk({ quorum: 2 }))
    await say(finn, 'approve')
    assert.equal((await say(finn, 'deny')).state, 'denied')
  })

  test('a deny beats an approval until it is used', async () => {
    const { parts, finn, fay, now, say } = await begin()
    const approved = await say(finn, 'approve')
    assert.equal((await say(fay, 'deny')).state, 'denied')
    const use = useSteps(parts, approved, newId('decision', parts.random))
    assert.equal((await parts.storage.commit(use)).committed, false)
    assert.equal((await now()).usesLeft, 0)
  })

  test('after its use nothing can be said any more', async () => {
    const { parts, finn, fay, say } = await begin()
    const approved = await say(finn, 'approve')
    const use = useSteps(parts, approved, newId('decision', parts.random))
    assert.equal((await parts.storage.commit(use)).committed, true)
    await rejects(say(fay, 'deny'), 'approval.not_pending')
    await rejects(say(fay, 'approve'), 'approval.not_pending')
  })

  test('A5: approve ∥ deny: one end, and a denial whenever the deny was taken', async () => {
    for (let round = 0; round < 10; round++) {
      const { finn, fay, now, say } = await begin()
      const [approve, deny] = await Promise.allSettled([say(finn, 'approve'), say(fay, 'deny')])
      const { state } = await now()
      assert.equal(deny.status, 'fulfilled')
      assert.equal(state, 'denied')
      if (approve.status === 'fulfilled') assert.equal(approve.value.state, 'approved')
    }
  })

  test('what was cancelled with its task cannot be answered', async () => {
    const { parts, finn, request, say } = await begin()
    await parts.storage.transaction((tx) => cancelRequests(parts, tx, [request.taskId]))
    await rejects(say(finn, 'approve'), 'approval.not_pending')
  })

  test('a reason is plain text that can be shown', async () => {
    const { finn, say } = await begin()
    for (const reason of ['x'.repeat(501), 'a\u202eb', 'a\u0000b', '\ud800', 'a\u200bb'])
      await rejects(say(finn, 'deny', { reason }), 'approval.bad_reason')
    assert.equal((await say(finn, 'deny', { reason: 'two\nlines: größer' })).state, 'denied')
    const other = await begin()
    const longest = { reason: 'x'.repeat(500) }
    assert.equal((await other.say(other.finn, 'deny', longest)).state, 'denied')
  })

  test('a record that cannot be written leaves no answer behind', async () => {
    const { parts, finn, now, request } = await begin()
    const broken = {
      ...parts,
      ledger: {
        append: () => Promise.reject(new Error('disk full')),
        appendStep: parts.ledger.appendStep,
      },
    }
    const given = { answer: 'approve', authTime: 1, shown: shownDigest(request) } as const
    await assert.rejects(
      answerRequest(broken, { ...given, requestId: request.id, person: finn }),
      /disk full/,
    )
    assert.equal((await now()).state, 'pending')
    assert.deepEqual(await listAnswers(parts, request.id), [])
  })
})
