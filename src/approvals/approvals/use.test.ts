import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from '../../platform/lib/id.ts'
import { HOUR } from '../../platform/lib/time-units.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { cancelRequests } from '../access-requests/end.ts'
import { findRequest } from '../access-requests/list.ts'
import { answerRequest } from './answer.ts'
import { shownDigest } from './answer-hash.ts'
import {
  addPerson,
  anAsk,
  anAsking,
  attached,
  leaveGroup,
  suspend,
  type TestParts,
  testParts,
} from './testing.ts'
import { returnSteps, USE_GUARD, usableApproval, useSteps } from './use.ts'

forEachEngine('using an approval', (open) => {
  let shared: Promise<TestParts> | undefined

  async function approved(ask = anAsk()) {
    shared ??= open.shared().then(testParts)
    const parts = await shared
    const maria = await addPerson(parts, 'support')
    const finn = await addPerson(parts, 'finance')
    const pending = await attached(parts, anAsking(parts, maria, { ask }))
    const request = await answerRequest(parts, {
      requestId: pending.id,
      person: finn,
      answer: 'approve',
      shown: shownDigest(pending),
      authTime: 1,
    })
    const use = (decisionId = newId('decision', parts.random)) =>
      parts.storage.commit(useSteps(parts, request, decisionId))
    const standing = () =>
      usableApproval(parts, request.taskId, request.callHash, parts.clock.now())
    return { parts, finn, request, use, standing }
  }

  test('A3: 64 at the same time: exactly one', async () => {
    for (let round = 0; round < 5; round++) {
      const { parts, request, use } = await approved()
      const done = await Promise.all(Array.from({ length: 64 }, () => use()))
      assert.equal(done.filter(({ committed }) => committed).length, 1)
      for (const each of done) if (!each.committed) assert.equal(each.failed, USE_GUARD)
      const used = (await parts.recorded()).filter(
        ({ request_id, type }) => type === 'approval.used' && request_id === request.id,
      )
      assert.equal(used.length, 1)
    }
  })

  test('what was used stays answered for', async () => {
    const { use, standing } = await approved()
    assert.equal((await standing()).state, 'usable')
    const decisionId = 'dec_1'
    assert.ok((await use(decisionId)).committed)
    const after = await standing()
    assert.ok(after.state === 'executed')
    assert.equal(after.request.usedBy, decisionId)
  })

  test('it ends with its lifetime', async () => {
    const { parts, use, standing } = await approved()
    parts.clock.advance(HOUR)
    assert.equal((await standing()).state, 'none')
    assert.equal((await use()).committed, false)
  })

  test('it counts only while those who approved still may', async () => {
    const left = await approved()
    await leaveGroup(left.parts, left.finn.id, 'finance')
    assert.equal((await left.standing()).state, 'lapsed')
    const gone = await approved()
    await suspend(gone.parts, gone.finn.id)
    assert.equal((await gone.standing()).state, 'lapsed')
  })

  test('it ends with its task', async () => {
    const { parts, request, standing, use } = await approved()
    await parts.storage.transaction((tx) => cancelRequests(parts, tx, [request.taskId]))
    assert.equal((await standing()).state, 'none')
    assert.equal((await use()).committed, false)
    const records = (await parts.recorded()).filter(
      ({ request_id, type }) => type === 'approval.cancelled' && request_id === request.id,
    )
    assert.deepEqual(
      records.map(({ reason }) => reason),
      ['task.closed'],
    )
  })

  test('A8: close ∥ use: never both', async () => {
    for (let round = 0; round < 20; round++) {
      const { parts, request, use } = await approved()
      const [used, cancelled] = await Promise.all([
        use(),
        parts.storage.transaction((tx) => cancelRequests(parts, tx, [request.taskId])),
      ])
      assert.equal(used.committed, cancelled.length === 0)
    }
  })

  test('the call that provably was not sent gives it back, and only that one', async () => {
    const { parts, request, standing, use } = await approved()
    await use('dec_mine')
    const other = await parts.storage.commit(returnSteps(parts, request, 'dec_other'))
    assert.equal(other.committed, false)
    assert.ok((await parts.storage.commit(returnSteps(parts, request, 'dec_mine'))).committed)
    assert.equal((await standing()).state, 'usable')
    const twice = await parts.storage.commit(returnSteps(parts, request, 'dec_mine'))
    assert.equal(twice.committed, false)
    assert.equal((await findRequest(parts, request.id))?.usesLeft, 1)
  })

  test('a pending or denied request cannot be used', async () => {
    const { parts } = await approved()
    const pending = await attached(parts, anAsking(parts, await addPerson(parts)))
    const done = await parts.storage.commit(useSteps(parts, pending, 'dec_1'))
    assert.deepEqual(done, { committed: false, failed: USE_GUARD })
  })
})
