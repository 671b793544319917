/** The default policies and `context.risk`. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PolicyRecord, PolicyValue } from '@remit/engine'
import { BOT, context, load, REFUND_DESK, refundOf, risk, SAM } from './testing.ts'

const set = load(REFUND_DESK)

function refundAt(score: number, change: PolicyRecord = {}) {
  const query = refundOf('10.00')
  const weighed: PolicyValue = { record: risk({ score: { integer: String(score) }, ...change }) }
  return { ...query, context: { ...query.context, risk: weighed } }
}

describe('what is unusual', () => {
  test('is asked about from 70 on, when it changes something', () => {
    assert.equal(set.evaluate(refundAt(69), 'nothing').permitted, true)
    const asked = set.evaluate(refundAt(70), 'nothing')
    assert.deepEqual([asked.permitted, asked.determining], [false, ['unusual-writes-ask']])
    assert.equal(set.evaluate(refundAt(100), 'requestable').permitted, true)
    assert.deepEqual(set.requestable.get('unusual-writes-ask')?.approvers, ['group:administrators'])
  })

  test('is asked about once, at the gate of the person', () => {
    const ofAgent = { ...refundAt(100), principal: BOT }
    assert.equal(set.evaluate(ofAgent, 'nothing').permitted, true)
  })

  test('is not asked about when it only reads', () => {
    const reading = {
      ...refundAt(100),
      action: 'orders.read',
      context: { ...refundAt(100).context, args: { record: { order_id: '1042' } } },
    }
    assert.equal(set.evaluate(reading, 'nothing').permitted, true)
  })

  test('can be spoken of by every member, and by no other', () => {
    const rule = (condition: string) =>
      load(`${REFUND_DESK}
@id("own") forbid (principal is Person, action == Action::"orders.refund", resource) when { ${condition} };`)
    const weighed = {
      signals: { set: ['class.high', 'size'] },
      external: { set: ['leaked-key'] },
      firstForCounterparty: true,
      sizeRatio: { decimal: '12.5' },
      definitionAgeDays: { integer: '3' },
    }
    const conditions = [
      'context.risk.class == "high"',
      'context.risk.signals.contains("size")',
      'context.risk.external.contains("leaked-key")',
      '!context.risk.firstForAgent && !context.risk.firstForAction',
      'context.risk has firstForCounterparty && context.risk.firstForCounterparty',
      'context.risk.callsLastMinute < 1',
      'context.risk has sizeRatio && context.risk.sizeRatio.greaterThan(decimal("12.4"))',
      'context.risk.hour == context.risk.hourUtc',
      'context.risk has definitionAgeDays && context.risk.definitionAgeDays < 7',
    ]
    for (const condition of conditions) {
      const answer = rule(condition).evaluate(refundAt(20, weighed), 'nothing')
      assert.deepEqual([answer.errors, answer.determining], [[], ['own']], condition)
    }
  })

  test('a record that is not as declared denies', () => {
    const { args: _, ...around } = context({})
    const query = { ...refundOf('10.00'), principal: SAM }
    const bad = { ...query, context: { ...query.context, ...around, risk: 'high' } }
    assert.equal(set.evaluate(bad, 'nothing').permitted, false)
  })
})
