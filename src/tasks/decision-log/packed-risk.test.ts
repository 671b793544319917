import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RISKS } from '@remit/engine'
import fc from 'fast-check'
import { assess, type RiskInputs, riskRecord } from '../risk/assess.ts'
import { packRisk, unpackRisk } from './packed-risk.ts'

const inputs: fc.Arbitrary<RiskInputs> = fc.record(
  {
    class: fc.constantFrom(...RISKS),
    firstForAgent: fc.boolean(),
    firstForAction: fc.boolean(),
    firstForCounterparty: fc.boolean(),
    callsLastMinute: fc.nat(),
    sizeRatio: fc.bigInt({ min: 0n, max: 10n ** 10n }),
    hour: fc.nat({ max: 23 }),
    hourUtc: fc.nat({ max: 23 }),
    definitionAgeDays: fc.nat(),
    external: fc.array(
      fc.record({
        signal: fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}[a-z0-9]$/),
        level: fc.constantFrom(...RISKS),
      }),
      { maxLength: 4 },
    ),
  },
  {
    requiredKeys: [
      'class',
      'firstForAgent',
      'firstForAction',
      'callsLastMinute',
      'hour',
      'hourUtc',
      'external',
    ],
  },
)

describe('how a call was weighed, packed', () => {
  test('comes out as it went in, and is short', () => {
    fc.assert(
      fc.property(inputs, (given) => {
        const record = riskRecord(assess({ ...given }))
        const packed = packRisk({ record }, given.class)
        assert.ok(packed !== undefined && packed.length < 400, packed)
        assert.deepEqual(unpackRisk(packed, given.class), { record })
      }),
    )
  })

  test('is not packed when anything about it is of another form', () => {
    const record = riskRecord(
      assess({
        class: 'low',
        firstForAgent: false,
        firstForAction: false,
        callsLastMinute: 0,
        hour: 0,
        hourUtc: 0,
        external: [],
      }),
    )
    assert.ok(packRisk({ record }, 'low') !== undefined)
    for (const other of [
      { ...record, more: true },
      { ...record, class: 'high' },
      { ...record, score: 'text' },
      { ...record, external: { set: ['a,b'] } },
      { ...record, external: { set: ['a|b'] } },
      { ...record, external: { set: [''] } },
      { ...record, signals: { set: [true] } },
    ])
      assert.equal(packRisk({ record: other }, 'low'), undefined, JSON.stringify(other))
    assert.equal(packRisk('low', 'low'), undefined)
    assert.equal(packRisk(undefined, 'low'), undefined)
  })
})
