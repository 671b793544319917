import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AccessRequest, findRequest } from '../../../approvals/access-requests/index.ts'
import { addPerson, anAsking, attached, testParts } from '../../../approvals/approvals/testing.ts'
import type { MachineClient, PepSettings } from '../../../identity/machine-clients/index.ts'
import { newId } from '../../../platform/lib/id.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import type { EvaluationRequest } from './submission.ts'
import { insertSubmission } from './submission-store.ts'
import { cancelSubmitted, findSubmitted, mayAskAbout, withRequests } from './submitted.ts'

const UNKNOWN = { code: 'access_request.unknown' }
const SETTINGS: PepSettings = {
  ...{ mode: 'task', policySet: null, issuing: null, resources: null },
  ...{ properties: false, namesTasks: false, takes: false },
}

function pep(settings: Partial<PepSettings> = {}, id = 'mesh'): MachineClient<'pep'> {
  const client = { id, kind: 'pep', settings: { ...SETTINGS, ...settings } }
  return client as MachineClient<'pep'> // as: all that is looked at
}

test('an enforcement point may have people asked about its APIs, in the mode of tasks', () => {
  const may = (settings: Partial<PepSettings> = {}) => mayAskAbout(pep(settings), 'orders')
  assert.equal(may(), true)
  assert.equal(may({ resources: ['billing', 'orders'] }), true)
  assert.equal(may({ resources: ['billing'] }), false)
  assert.equal(may({ resources: [] }), false)
  assert.equal(may({ mode: 'policy-only' }), false)
  assert.equal(may({ mode: 'issuance' }), false)
  assert.equal(may({ takes: true }), false)
})

forEachEngine('a submission that was made', (open) => {
  let shared: ReturnType<typeof testParts> | undefined

  /** A submission of `mesh` about so many calls. */
  async function begin(resources: readonly string[] = ['orders', 'orders'], lives = [60_000]) {
    shared ??= open.shared().then(testParts)
    const parts = await shared
    const maria = await addPerson(parts, 'support')
    await addPerson(parts, 'finance')
    const id = newId('evaluation_request', parts.random)
    const made: EvaluationRequest[] = []
    for (const [position, resource] of resources.entries()) {
      const asking = anAsking(parts, maria)
      const call = { ...asking.call, resource }
      const request = await attached(parts, { ...asking, call })
      const expiresAt = parts.clock.now() + (lives[position] ?? 60_000)
      made.push({
        ...{ id, position, item: null, pep: 'mesh', evaluationId: request.decisionId, expiresAt },
        ...{ bindingHash: 'h', requestId: request.id, requestedUntil: null, bodyDigest: 'd' },
        approvalId: newId('evaluation_approval', parts.random),
        ...{ idempotencyKey: null, createdAt: parts.clock.now() },
      })
    }
    await parts.storage.transaction((tx) => insertSubmission(tx, made))
    const states = async () => {
      const found: (AccessRequest['state'] | undefined)[] = []
      for (const { requestId } of made) found.push((await findRequest(parts, requestId))?.state)
      return found
    }
    const cancel = (by = pep()) => cancelSubmitted(parts, by, { id, kept: undefined })
    return { cancel, id, made, parts, states }
  }

  test('is found by the enforcement point that made it, with all of its items', async () => {
    const { id, made, parts } = await begin()
    const found = await findSubmitted(parts, pep(), id)
    assert.deepEqual(
      found.map(({ made: { position }, request }) => [position, request.id]),
      made.map(({ position, requestId }) => [position, requestId]),
    )
  })

  test('is not there for others, for those who may not ask about it any more, or under another id', async () => {
    const { cancel, id, parts } = await begin()
    await assert.rejects(findSubmitted(parts, pep({}, 'other'), id), UNKNOWN)
    await assert.rejects(findSubmitted(parts, pep({ resources: ['billing'] }), id), UNKNOWN)
    await assert.rejects(findSubmitted(parts, pep({ takes: true }), id), UNKNOWN)
    await assert.rejects(
      findSubmitted(parts, pep(), newId('evaluation_request', parts.random)),
      UNKNOWN,
    )
    await assert.rejects(cancel(pep({}, 'other')), UNKNOWN)
  })

  test('is not there for those who may ask about some of its items only', async () => {
    const { cancel, id, parts } = await begin(['orders', 'billing'])
    assert.equal(
      (await findSubmitted(parts, pep({ resources: ['orders', 'billing'] }), id)).length,
      2,
    )
    for (const resources of [['orders'], ['billing']]) {
      await assert.rejects(findSubmitted(parts, pep({ resources }), id), UNKNOWN)
      await assert.rejects(cancel(pep({ resources })), UNKNOWN)
    }
  })

  test('that has no items, or of which a request is gone, is a fault and no answer', async () => {
    const { made, parts } = await begin()
    const [first] = made
    assert.ok(first)
    await assert.rejects(withRequests(parts, []), /has no items/)
    const gone = { ...first, requestId: newId('request', parts.random) }
    await assert.rejects(withRequests(parts, [first, gone]), /is of no request/)
  })

  test('is there until it expires', async () => {
    const { cancel, id, parts } = await begin(['orders', 'orders'], [90_000, 60_000])
    parts.clock.advance(59_999)
    await findSubmitted(parts, pep(), id)
    parts.clock.advance(1)
    const expired = { code: 'access_request.expired' }
    await assert.rejects(findSubmitted(parts, pep(), id), expired)
    await assert.rejects(cancel(), expired)
  })

  test('is cancelled once, with every item that waits', async () => {
    const { cancel, states } = await begin()
    const ended = await cancel()
    assert.deepEqual(
      ended.map(({ request }) => request.state),
      ['cancelled', 'cancelled'],
    )
    assert.deepEqual(await states(), ['cancelled', 'cancelled'])
    await assert.rejects(cancel(), { code: 'access_request.not_pending' })
  })

  test('is cancelled as far as it waits: what was answered stays', async () => {
    const { cancel, made, parts, states } = await begin()
    const [first] = made
    await parts.storage.transaction((tx) =>
      tx
        .updateTable('access_requests')
        .set({ state: 'denied' })
        .where('id', '=', first?.requestId ?? '')
        .execute(),
    )
    await cancel()
    assert.deepEqual(await states(), ['denied', 'cancelled'])
  })
})
