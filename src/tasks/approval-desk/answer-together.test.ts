import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ask } from '@remit/engine'
import { type AccessRequest, findRequest } from '../../approvals/access-requests/index.ts'
import { answerRequest, shownDigest } from '../../approvals/approvals/index.ts'
import {
  aCall,
  addPerson,
  anAsk,
  anAsking,
  attached,
  type TestParts,
  testParts,
} from '../../approvals/approvals/testing.ts'
import { addPasskey, SoftwareAuthenticator } from '../../identity/passkeys/testing.ts'
import { findPerson } from '../../identity/people/index.ts'
import { nameStandIn } from '../../identity/stand-ins/index.ts'
import { type Id, newId } from '../../platform/lib/id.ts'
import { DAY } from '../../platform/lib/time-units.ts'
import { Live } from '../../platform/revocation/index.ts'
import { forEachEngine, timedBy } from '../../platform/storage/testing.ts'
import {
  answerableBeside,
  answerBatch,
  formTogether,
  noCompanions,
  togetherWith,
} from './answer-together.ts'

const UNKNOWN = { code: 'approval.unknown' }

forEachEngine('one answer to several requests', (open) => {
  let shared: Promise<TestParts> | undefined

  async function begin() {
    shared ??= open.shared().then(testParts)
    const known = await shared
    const companions = new Set<string>()
    const parts = {
      ...known,
      live: new Live({ ...known, storage: timedBy(known.storage, known.clock) }),
      passkeys: { acts: new Set<never>(), operations: new Map(), recoveryWaitMs: 0 },
      companionsOf: async () => companions,
    }
    const person = async (...groups: string[]) => {
      const { id } = await addPerson(parts, ...groups)
      const found = await findPerson(parts.storage.read, id)
      assert.ok(found)
      return found
    }
    const [maria, finn] = [await person('support'), await person('finance')]
    const taskId = newId('task', parts.random)
    const ask = (over: Partial<Ask> = {}, { action = 'orders.refund', task = taskId } = {}) => {
      parts.clock.advance(1)
      // Equal calls would be one request: each has an amount of its own.
      const body = { kind: 'json', value: { amount: String(parts.clock.now()) } } as const
      const call = aCall({ person: maria.id, task, action, body })
      return attached(
        ...([parts, anAsking(parts, maria, { call, taskId: task, ask: anAsk(over) })] as const),
      )
    }
    const otherTask = (): Id<'task'> => newId('task', parts.random)
    const say = (request: AccessRequest, answer: 'approve' | 'deny', by = finn) => {
      const shown = shownDigest(request)
      const given = { requestId: request.id, person: by, answer, shown, authTime: 1 }
      return answerRequest(parts, given)
    }
    const beside = async (id: string, by = finn) =>
      (await answerableBeside(parts, { id, person: by })).map((each) => each.id)
    const stateOf = async ({ id }: AccessRequest) => (await findRequest(parts, id))?.state
    return { ask, beside, companions, finn, maria, otherTask, parts, person, say, stateOf }
  }

  test('is offered for what the person may approve in the same task, with the same action', async () => {
    const { ask, beside, companions, otherTask, person, say } = await begin()
    const [first, second] = [await ask(), await ask()]
    const other = await ask({}, { action: 'orders.cancel' })
    await ask({}, { action: 'orders.read' })
    await ask({}, { task: otherTask() })
    await ask({ approvers: [['group:support']] })
    await say(await ask(), 'deny')
    await say(await ask(), 'approve')
    await say(await ask({ quorum: 2 }), 'approve')
    assert.deepEqual(await beside(first.id), [first.id, second.id])
    assert.deepEqual(await beside(second.id), [first.id, second.id])
    companions.add(other.id)
    assert.deepEqual(await beside(first.id), [first.id, second.id, other.id])
    await assert.rejects(beside(first.id, await person('sales')), UNKNOWN)
    await assert.rejects(beside('req_none'), UNKNOWN)
  })

  test('is not offered to a stand-in, who answers each for whom they stand in', async () => {
    const { ask, beside, finn, parts, person } = await begin()
    const { id } = await ask()
    const boris = await person()
    const endsAt = parts.clock.now() + DAY
    await nameStandIn(parts, { personId: finn.id, standIn: boris.id, endsAt })
    assert.deepEqual(await beside(id, boris), [])
    assert.deepEqual(await beside(id), [id])
  })

  test('takes those of the named ones that belong together and may be seen, in the order of ids', async () => {
    const { ask, companions, finn, otherTask, parts } = await begin()
    const [first, second] = [await ask(), await ask()]
    const other = await ask({}, { action: 'orders.cancel' })
    const elsewhere = await ask({}, { task: otherTask() })
    const unseen = await ask({ approvers: [['group:support']] })
    const named = [second, first, first, other, elsewhere, unseen].map(({ id }) => id)
    const together = async (...ids: readonly string[]) => {
      const found = await togetherWith(parts, { id: first.id, ids, person: finn })
      return found.map(({ id }) => id)
    }
    assert.deepEqual(await together(...named, 'req_none'), [first.id, second.id].toSorted())
    assert.deepEqual(await together(second.id), [second.id])
    companions.add(other.id).add(elsewhere.id)
    assert.deepEqual(await together(...named), [first.id, second.id, other.id].toSorted())
    const unknown = togetherWith(parts, { id: unseen.id, ids: named, person: finn })
    await assert.rejects(unknown, UNKNOWN)
  })

  test('answers each by itself, and tells which were refused', async () => {
    const { ask, finn, parts, stateOf } = await begin()
    const [one, changed, missing, last] = [await ask(), await ask(), await ask(), await ask()]
    const shown = new Map([
      [one.id, shownDigest(one)],
      [changed.id, 'something else'],
      [last.id, shownDigest(last)],
    ])
    const given = { person: finn, shown, authTime: 1, answer: 'deny', reason: 'too much' } as const
    const refused = await answerBatch(parts, [one, changed, missing, last], given)
    assert.deepEqual(
      refused.map(({ refusal, sentence }) => [refusal.code, sentence]),
      [changed, missing].map(({ text }) => ['approval.shown_differs', text]),
    )
    assert.deepEqual(await Promise.all([one, changed, missing, last].map(stateOf)), [
      'denied',
      'pending',
      'pending',
      'denied',
    ])
  })

  test('ends where the server fails', async () => {
    const { ask, finn, parts } = await begin()
    const request = await ask()
    const storage = { ...parts.storage, transaction: () => Promise.reject(new Error('no disk')) }
    const shown = new Map([[request.id, shownDigest(request)]])
    const given = { person: finn, shown, authTime: 1, answer: 'approve' } as const
    await assert.rejects(answerBatch({ ...parts, storage }, [request], given), /no disk/)
  })

  test('is signed once for all approvals, and needs no signature to deny', async () => {
    const { ask, finn, parts, stateOf } = await begin()
    const authenticator = new SoftwareAuthenticator(parts.issuer)
    await addPasskey(parts, finn, authenticator)
    const signature = 'passkey'
    const requests = [await ask({ signature }), await ask({ signature })]
    const shown = new Map(requests.map((each) => [each.id, shownDigest(each)]))
    const given = { person: finn, shown, authTime: 1 } as const
    const unsigned = await answerBatch(parts, requests, { ...given, answer: 'approve' })
    assert.equal(unsigned.length, 2)
    const form = await formTogether(parts, finn, requests)
    assert.ok(typeof form === 'object')
    const { options, ticket } = form
    const signed = { ticket, assertion: authenticator.sign(options) }
    const none = await answerBatch(parts, requests, {
      ...{ ...given, answer: 'approve', signature: signed },
    })
    assert.deepEqual(none, [])
    assert.deepEqual(await Promise.all(requests.map(stateOf)), ['approved', 'approved'])
    // A denial takes the approvals back, and looks at no signature: this one is used up.
    const denied = await answerBatch(parts, requests, {
      ...{ ...given, answer: 'deny', signature: signed },
    })
    assert.deepEqual(denied, [])
    assert.deepEqual(await Promise.all(requests.map(stateOf)), ['denied', 'denied'])
  })

  test('has no companions where nothing says which', async () => {
    const { parts } = await begin()
    assert.equal((await noCompanions(parts.storage.read, 'req_any')).size, 0)
  })
})
