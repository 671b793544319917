import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import canonicalize from 'canonicalize'
import { isId } from '../lib/id.ts'
import { ExactNumber } from '../lib/json.ts'
import { systemRandom } from '../lib/random.ts'
import type { LedgerEvent } from './ledger-event.ts'
import { makeRecord } from './record.ts'

const NOW = Date.UTC(2026, 10, 25, 8, 30, 0, 7)

function made(event: LedgerEvent) {
  const { record, private: kept } = makeRecord(event, NOW, systemRandom)
  const text = Buffer.from(record).toString('utf8')
  return { text, record: JSON.parse(text), kept: kept === null ? null : JSON.parse(kept) }
}

test('a record has the members of the format, under its names, and is canonical', () => {
  const { text, record, kept } = made({
    type: 'decision.outcome',
    decisionId: 'dec_1',
    person: 'psn_1',
    agent: 'refund-bot',
    chain: ['refund-bot', 'desk-bot'],
    task: 'tsk_1',
    resource: 'orders',
    action: 'orders.refund',
    outcome: 'answered',
    reason: 'permitted',
    policyVersion: 3,
    callHash: 'hash',
    requestId: 'req_1',
    tokenId: 'jti',
    thumbprint: 'jkt',
    upstream: { status: 200, digest: 'digest', latencyMs: 12.5 },
    by: 'system',
    facts: { b: 1, a: [true, null], gone: undefined },
  })
  assert.equal(text, canonicalize(record))
  const { event_id, ...rest } = record
  assert.ok(isId('record', event_id))
  assert.deepEqual(rest, {
    v: 1,
    time: '2026-11-25T08:30:00.007Z',
    type: 'decision.outcome',
    decision_id: 'dec_1',
    person: 'psn_1',
    agent: 'refund-bot',
    chain: ['refund-bot', 'desk-bot'],
    task: 'tsk_1',
    resource: 'orders',
    action: 'orders.refund',
    outcome: 'answered',
    reason: 'permitted',
    policy_version: 3,
    call_hash: 'hash',
    request_id: 'req_1',
    token_id: 'jti',
    thumbprint: 'jkt',
    upstream: { digest: 'digest', latency_ms: 12.5, status: 200 },
    by: 'system',
    facts: { a: [true, null], b: 1 },
  })
  assert.equal(kept, null)
})

test('members that do not apply are absent', () => {
  const { record } = made({
    type: 'task.closed',
    person: undefined,
    private: { reason: undefined },
  })
  assert.deepEqual(Object.keys(record), ['event_id', 'time', 'type', 'v'])
})

test('private values and the origin are commitments with salts of their own; the record shows nothing of them', () => {
  const { text, record, kept } = made({
    type: 'decision.intent',
    private: {
      arguments: { amount: new ExactNumber('40.00'), note: 'for Ada' },
      again: 'x',
      same: 'x',
    },
    origin: { ip: '192.0.2.7' },
  })
  assert.ok(!/Ada|40\.00|192/.test(text))
  assert.deepEqual(Object.keys(kept).sort(), ['again', 'arguments', 'origin', 'same'])
  assert.equal(kept.arguments.value, '{"amount":40.00,"note":"for Ada"}')
  assert.equal(kept.origin.value, '{"ip":"192.0.2.7"}')
  for (const [name, { salt, value }] of Object.entries<{ salt: string; value: string }>(kept)) {
    const bytes = Buffer.from(salt, 'base64url')
    assert.equal(bytes.length, 32)
    const digest = createHash('sha256').update(bytes).update(value).digest('base64url')
    assert.equal(record.commitments[name], digest)
  }
  assert.notEqual(record.commitments.again, record.commitments.same, 'equal values do not show')
})

test('facts that would not fit become a commitment; a record that still does not fit is refused', () => {
  const facts = { details: Array.from({ length: 3_000 }, (_, i) => `a rather long detail ${i}`) }
  const { text, record, kept } = made({ type: 'task.opened', facts, private: { purpose: 'p' } })
  assert.ok(text.length < 1_000)
  assert.equal(record.facts, undefined)
  assert.deepEqual(JSON.parse(kept.facts.value), facts)
  assert.deepEqual(Object.keys(record.commitments), ['facts', 'purpose'])
  assert.throws(() => made({ type: 'x'.repeat(70_000) }), { code: 'ledger.record_too_large' })
})
