import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { GATES, RISKS } from '@remit/engine'
import fc from 'fast-check'
import { EXPLANATIONS } from '../../platform/dictionaries/index.ts'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { packExplanation, type StoredExplanation, unpackExplanation } from './packed-explanation.ts'

const ROW = { personId: 'psn_1', agentId: 'refund-bot' }
const name = fc.oneof(fc.stringMatching(/^[a-z][a-z0-9.-]{0,9}$/), fc.string())
const gate = fc.record(
  {
    gate: fc.constantFrom(...GATES),
    passed: fc.boolean(),
    policies: fc.array(name, { maxLength: 3 }),
    subject: fc.constantFrom('psn_1', 'refund-bot', 'another'),
    detail: fc.string(),
    reason: fc.string(),
  },
  { requiredKeys: ['gate', 'passed'] },
)
const risk = fc.record(
  {
    score: fc.nat(),
    points: fc.dictionary(name, fc.nat(), { maxKeys: 3 }),
    class: fc.constantFrom(...RISKS),
    first: fc.subarray(['agent', 'action', 'counterparty']),
    callsLastMinute: fc.nat(),
    sizeRatio: fc.constantFrom('1.5', '10'),
    hour: fc.nat({ max: 23 }),
    hourUtc: fc.nat({ max: 23 }),
    definitionAgeDays: fc.nat(),
    external: fc.array(fc.tuple(name, fc.constantFrom(...RISKS)), { maxLength: 3 }),
  },
  { requiredKeys: ['score', 'points', 'class', 'first', 'callsLastMinute', 'hour', 'hourUtc'] },
)
const explanation: fc.Arbitrary<StoredExplanation> = fc.record(
  { gates: fc.array(gate, { maxLength: 9 }), detail: fc.string(), enough: fc.string(), risk },
  { requiredKeys: ['gates'] },
)

describe('an explanation, packed', () => {
  test('is read as it was written, whatever it says', () => {
    fc.assert(
      fc.property(explanation, (whole) => {
        const read = unpackExplanation(packExplanation(whole, ROW), ROW)
        assert.equal(canonicalJson(read), canonicalJson(whole))
      }),
    )
  })

  test('is read as rows have it that were written before', () => {
    const before = { gates: [{ gate: 'person', passed: true, policies: ['a'], subject: 'psn_1' }] }
    assert.deepEqual(unpackExplanation(JSON.stringify(before), ROW), before)
  })

  test('says of a permitted call little more than which gates there were', () => {
    const gates = GATES.map((each) => ({ gate: each, passed: true }))
    const packed = EXPLANATIONS.restoreText(packExplanation({ gates }, ROW))
    assert.equal(packed, '{"gates":[],"passed":"c l v p a x o b g"}')
  })
})
