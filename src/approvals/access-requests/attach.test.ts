import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from '../../platform/lib/id.ts'
import { HOUR } from '../../platform/lib/time-units.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { answerRequest } from '../approvals/answer.ts'
import { shownDigest } from '../approvals/answer-hash.ts'
import {
  aCall,
  addPerson,
  anAsk,
  anAsking,
  attached,
  type TestParts,
  testParts,
} from '../approvals/testing.ts'
import { usableApproval, useSteps } from '../approvals/use.ts'
import { MAX_PENDING, QUIET_AFTER_DENIAL } from './access-request.ts'
import { attachAgain, attachRequest } from './attach.ts'
import { findRequest, listForApprover, listForPerson, listForTask } from './list.ts'

forEachEngine('access requests attach to one call of one task', (open) => {
  async function begin() {
    const parts = await testParts(await open())
    const maria = await addPerson(parts, 'support')
    const finn = await addPerson(parts, 'finance')
    return { parts, maria, finn, asking: anAsking(parts, maria) }
  }

  async function answer(
    parts: TestParts,
    id: string,
    person: { id: `psn_${string}` },
    said: 'approve' | 'deny',
  ) {
    const request = await findRequest(parts, id)
    assert.ok(request)
    const shown = shownDigest(request)
    return answerRequest(parts, { requestId: id, person, answer: said, shown, authTime: 0 })
  }

  test('the same call attaches to the request that waits', async () => {
    const { parts, asking } = await begin()
    const first = await attached(parts, asking)
    const again = { ...asking, decisionId: newId('decision', parts.random) }
    assert.equal((await attached(parts, again)).id, first.id)
    const records = await parts.recorded()
    assert.deepEqual(
      records.map(({ type }) => type),
      ['approval.requested'],
    )
  })

  test('32 at the same time make one request', async () => {
    const { parts, asking } = await begin()
    const all = await Promise.all(Array.from({ length: 32 }, () => attached(parts, asking)))
    assert.equal(new Set(all.map(({ id }) => id)).size, 1)
    assert.equal((await listForTask(parts, asking.taskId)).length, 1)
  })

  test('another call, and the same call of another task, are other requests', async () => {
    const { parts, asking, maria } = await begin()
    const first = await attached(parts, asking)
    const call = aCall({ ...asking.call, path: '/orders/1043/refunds' })
    assert.notEqual((await attached(parts, { ...asking, call })).id, first.id)
    assert.notEqual((await attached(parts, anAsking(parts, maria))).id, first.id)
  })

  test('a task has at most ten waiting; the eleventh asks nobody', async () => {
    const { parts, asking } = await begin()
    const ask = (path: string) => ({ ...asking, call: { ...asking.call, path } })
    for (let i = 0; i < MAX_PENDING.task; i++) await attached(parts, ask(`/${i}`))
    const done = await parts.storage.transaction((tx) => attachRequest(parts, tx, ask('/more')))
    assert.equal(done.outcome, 'too_many_pending')
    assert.equal((await listForTask(parts, asking.taskId)).length, MAX_PENDING.task)
    assert.ok(await attached(parts, ask('/3')), 'one that waits can still be attached to')
  })

  test('two new calls at the same time cannot both be the tenth', async () => {
    const { parts, asking } = await begin()
    const ask = (path: string) => ({ ...asking, call: { ...asking.call, path } })
    for (let i = 1; i < MAX_PENDING.task; i++) await attached(parts, ask(`/${i}`))
    const done = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        parts.storage.transaction((tx) => attachRequest(parts, tx, ask(`/more/${i}`))),
      ),
    )
    assert.equal(done.filter(({ outcome }) => outcome === 'created').length, 1)
  })

  test('what asks something else by now is cancelled, and people are asked anew', async () => {
    const { parts, asking } = await begin()
    const old = await attached(parts, asking)
    const ask = anAsk({ forbids: [{ id: 'large-refunds-ask', digest: 'd2' }] })
    const now = await attached(parts, { ...asking, ask })
    assert.notEqual(now.id, old.id)
    const ended = await findRequest(parts, old.id)
    assert.deepEqual([ended?.state, ended?.reason], ['cancelled', 'superseded'])
  })

  test('a request past its end is expired, and the same call makes a new one', async () => {
    const { parts, asking } = await begin()
    const old = await attached(parts, asking)
    parts.clock.advance(HOUR)
    assert.equal((await findRequest(parts, old.id))?.state, 'expired')
    assert.notEqual((await attached(parts, asking)).id, old.id)
    const types = (await parts.recorded()).map(({ type }) => type)
    assert.deepEqual(types, ['approval.requested', 'approval.expired', 'approval.requested'])
  })

  test('a critical call waits a quarter of an hour, and nothing waits longer than the task', async () => {
    const { parts, asking } = await begin()
    const critical = await attached(parts, { ...asking, ask: anAsk({ risk: 'critical' }) })
    assert.equal(critical.expiresAt - critical.createdAt, HOUR / 4)
    const deadline = parts.clock.now() + 60_000
    const call = { ...asking.call, path: '/soon' }
    assert.equal((await attached(parts, { ...asking, call, deadline })).expiresAt, deadline)
  })

  test('after a denial the same call asks nobody for a while', async () => {
    const { parts, asking, finn } = await begin()
    const request = await attached(parts, asking)
    await answer(parts, request.id, finn, 'deny')
    const now = () => parts.clock.now()
    const standing = await usableApproval(parts, request.taskId, request.callHash, now())
    assert.equal(standing.state, 'denied')
    const denied = await parts.storage.transaction((tx) => attachAgain(parts, tx, request))
    assert.equal(denied.outcome, 'denied')
    parts.clock.advance(QUIET_AFTER_DENIAL)
    const later = await usableApproval(parts, request.taskId, request.callHash, now())
    assert.equal(later.state, 'none')
  })

  test('an approval found insufficient is cancelled with the new request, a fresh one is kept', async () => {
    const { parts, asking, finn } = await begin()
    const request = await attached(parts, asking)
    await answer(parts, request.id, finn, 'approve')
    assert.equal((await attached(parts, asking)).id, request.id)
    const anew = await attached(parts, { ...asking, insufficient: [request.id] })
    assert.notEqual(anew.id, request.id)
    assert.equal((await findRequest(parts, request.id))?.state, 'cancelled')
  })

  test('after execution people can be asked anew, with nothing of the old answer', async () => {
    const { parts, asking, finn } = await begin()
    const request = await attached(parts, asking)
    const approved = await answer(parts, request.id, finn, 'approve')
    const decisionId = newId('decision', parts.random)
    assert.ok((await parts.storage.commit(useSteps(parts, approved, decisionId))).committed)
    const used = await findRequest(parts, request.id)
    assert.ok(used)
    const again = await parts.storage.transaction((tx) => attachAgain(parts, tx, used))
    assert.ok(again.outcome === 'created')
    const { id, nonce, state, usedBy, usesLeft, answerHash } = again.request
    assert.notEqual(id, request.id)
    assert.notEqual(nonce, request.nonce)
    assert.deepEqual([state, usedBy, usesLeft, answerHash], ['pending', null, 0, null])
    const twice = await parts.storage.transaction((tx) => attachAgain(parts, tx, used))
    assert.deepEqual(twice.outcome === 'attached' && twice.request.id, id)
  })

  test('approvers see what waits for them, the person sees what is asked on their behalf', async () => {
    const { parts, asking, finn, maria } = await begin()
    const { id } = await attached(parts, asking)
    const approver = { id: finn.id, groups: ['finance'], status: 'active' } as const
    const self = { id: maria.id, groups: ['support', 'finance'], status: 'active' } as const
    assert.deepEqual(
      (await listForApprover(parts, approver)).map((each) => each.id),
      [id],
    )
    assert.deepEqual(await listForApprover(parts, self), [])
    assert.deepEqual(
      (await listForPerson(parts, maria.id)).map((each) => each.id),
      [id],
    )
    parts.clock.advance(HOUR)
    assert.deepEqual(await listForApprover(parts, approver), [])
  })
})
