import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../platform/lib/clock.ts'
import { anAsk, aRequest } from '../approvals/testing.ts'
import { type AccessRequest, QUIET_AFTER_DENIAL } from './access-request.ts'
import { type ApprovalSubject, asksTheSame, isUnused, standingOf } from './standing.ts'

const now = manualClock().now()

const request = (over: Partial<AccessRequest> = {}) => aRequest(now, over)

const pending = request({ id: 'req_pending' })
const approved = request({
  ...{ id: 'req_approved', state: 'approved', usesLeft: 1, usableUntil: now + 1, answeredAt: now },
})
const used = request({ id: 'req_used', state: 'approved', usedBy: 'dec_2', answeredAt: now - 2 })
const denied = request({ id: 'req_denied', state: 'denied', answeredAt: now - 1 })

test('an approval is unused while it is one, has a use left and is in time', () => {
  assert.equal(isUnused(approved, now), true)
  assert.equal(isUnused({ ...approved, state: 'denied' }, now), false)
  assert.equal(isUnused({ ...approved, usesLeft: 0 }, now), false)
  assert.equal(isUnused({ ...approved, usableUntil: now }, now), false)
  assert.equal(isUnused({ ...approved, usableUntil: null }, now), false)
})

test('of several requests for a call, one that is open counts before a denial, and that before an execution', () => {
  const all = [used, denied, pending, approved]
  assert.deepEqual(standingOf(all, now), { state: 'approved', request: approved })
  assert.deepEqual(standingOf([used, denied, pending], now), { state: 'pending', request: pending })
  const until = now - 1 + QUIET_AFTER_DENIAL
  assert.deepEqual(standingOf([used, denied], now), { state: 'denied', request: denied, until })
  assert.deepEqual(standingOf([used], now), { state: 'executed', request: used })
  assert.deepEqual(standingOf([request({ state: 'cancelled' })], now), { state: 'none' })
  assert.deepEqual(standingOf([], now), { state: 'none' })
  assert.deepEqual(standingOf([pending], pending.expiresAt), { state: 'none' })
})

test('a denial stands where it is the latest answer, whichever request was made first, and not for longer than it may', () => {
  const later = { ...used, answeredAt: now }
  for (const requests of [
    [later, denied],
    [denied, later],
  ])
    assert.equal(standingOf(requests, now).state, 'executed')
  for (const requests of [
    [used, denied],
    [denied, used],
  ])
    assert.equal(standingOf(requests, now).state, 'denied')
  const end = now - 1 + QUIET_AFTER_DENIAL
  assert.equal(standingOf([denied], end - 1).state, 'denied')
  assert.equal(standingOf([denied], end).state, 'none')
  const unanswered = request({ state: 'expired', expiresAt: now })
  assert.equal(standingOf([unanswered, denied], now).state, 'denied')
  assert.equal(standingOf([denied, unanswered], now).state, 'denied')
})

test('people are asked the same where sentence, wording and policies are the same, in any order', () => {
  const [one, two] = [
    { id: 'a', digest: 'd1' },
    { id: 'b', digest: 'd2' },
  ]
  const subject = (over: Partial<ApprovalSubject> = {}): ApprovalSubject => ({
    ...{ text: 'Refund 900.00', templateDigest: 't', ask: anAsk({ forbids: [one, two] }) },
    ...over,
  })
  assert.equal(asksTheSame(subject(), subject()), true)
  assert.equal(asksTheSame(subject(), subject({ ask: anAsk({ forbids: [two, one] }) })), true)
  for (const other of [
    { text: 'Refund 9.00' },
    { templateDigest: 'u' },
    { ask: anAsk({ forbids: [one] }) },
    { ask: anAsk({ forbids: [one, { ...two, digest: 'd3' }] }) },
  ])
    assert.equal(asksTheSame(subject(), subject(other)), false, JSON.stringify(other))
})
