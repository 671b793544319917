import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { RISKS } from '@remit/engine'
import fc from 'fast-check'
import { assess, type RiskInputs, riskRecord, SIGNALS } from './assess.ts'
import { storedRisk, tellable, whole } from './stored-risk.ts'

/** Call about which nothing is unusual, and whose action is of class low. */
const USUAL: RiskInputs = {
  class: 'low',
  firstForAgent: false,
  firstForAction: false,
  firstForCounterparty: false,
  callsLastMinute: 0,
  sizeRatio: 10_000n,
  hour: 12,
  hourUtc: 12,
  definitionAgeDays: 400,
  external: [],
}

/** Inputs, what holds then, and the score. */
type Case = readonly [change: Partial<RiskInputs>, signals: readonly string[], score: number]

const raised = (...levels: RiskInputs['external'][number]['level'][]) => ({
  external: levels.map((level, i) => ({ signal: `s${i}`, level })),
})

const CASES: readonly Case[] = [
  [{}, [], 0],
  [{ class: 'medium' }, ['class.medium'], 10],
  [{ class: 'high' }, ['class.high'], 20],
  [{ class: 'critical' }, ['class.critical'], 35],
  [{ firstForAgent: true }, ['first.agent'], 5],
  [{ firstForAction: true }, ['first.action'], 10],
  [{ firstForCounterparty: true }, ['first.counterparty'], 10],
  [{ callsLastMinute: 29 }, [], 0],
  [{ callsLastMinute: 30 }, ['velocity'], 10],
  [{ callsLastMinute: 119 }, ['velocity'], 10],
  [{ callsLastMinute: 120 }, ['velocity', 'velocity.high'], 30],
  [{ sizeRatio: 29_999n }, [], 0],
  [{ sizeRatio: 30_000n }, ['size'], 15],
  [{ sizeRatio: 99_999n }, ['size'], 15],
  [{ sizeRatio: 100_000n }, ['size', 'size.high'], 40],
  [{ hour: 21 }, [], 0],
  [{ hour: 22 }, ['hour'], 5],
  [{ hour: 5 }, ['hour'], 5],
  [{ hour: 6 }, [], 0],
  [{ hourUtc: 3 }, [], 0],
  [{ definitionAgeDays: 6 }, ['definition.new'], 10],
  [{ definitionAgeDays: 7 }, [], 0],
  [raised('low'), ['external.low'], 10],
  [raised('medium'), ['external.medium'], 25],
  [raised('high'), ['external.high'], 50],
  [raised('critical'), ['external.critical'], 80],
  [raised('low', 'low', 'low'), ['external.low'], 10],
  [raised('medium', 'critical', 'low'), ['external.critical'], 80],
  [
    { class: 'high', firstForCounterparty: true, sizeRatio: 125_000n },
    ['class.high', 'first.counterparty', 'size', 'size.high'],
    70,
  ],
  [{ class: 'critical', ...raised('critical') }, ['class.critical', 'external.critical'], 100],
]

const level = fc.constantFrom(...RISKS)
const anything: fc.Arbitrary<RiskInputs> = fc.record(
  {
    class: level,
    firstForAgent: fc.boolean(),
    firstForAction: fc.boolean(),
    firstForCounterparty: fc.boolean(),
    callsLastMinute: fc.nat({ max: 300 }),
    sizeRatio: fc.bigInt({ min: 0n, max: 200_000n }),
    hour: fc.nat({ max: 23 }),
    hourUtc: fc.nat({ max: 23 }),
    definitionAgeDays: fc.nat({ max: 20 }),
    external: fc.array(fc.record({ signal: fc.constantFrom('a', 'b'), level }), { maxLength: 3 }),
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

describe('how a call is weighed', () => {
  for (const [change, signals, score] of CASES) {
    const words = JSON.stringify(change, (_, value) =>
      typeof value === 'bigint' ? String(value) : value,
    )
    test(`${words}: ${score}`, () => {
      const assessed = assess({ ...USUAL, ...change })
      assert.deepEqual(
        assessed.signals.map(({ name }) => name),
        signals,
      )
      assert.equal(assessed.score, score)
    })
  }

  test('every row of the table is among these cases', () => {
    const held = new Set(CASES.flatMap(([, signals]) => signals))
    assert.deepEqual(
      SIGNALS.map(({ name }) => name).filter((name) => !held.has(name)),
      [],
    )
  })

  test('the table is the one that is documented', () => {
    const page = readFileSync(new URL('../../../docs/risk.md', import.meta.url), 'utf8')
    const rows = [...page.matchAll(/^\| `([a-z.]+)` \| (\d+) \|/gm)]
    assert.deepEqual(
      rows.map(([, name, points]) => [name, Number(points)]),
      SIGNALS.map(({ name, points }) => [name, points]),
    )
  })

  test('is from 0 to 100, the same each time, and no more when less is known', () => {
    fc.assert(
      fc.property(anything, (inputs) => {
        const { score } = assess(inputs)
        assert.ok(score >= 0 && score <= 100)
        assert.deepEqual(assess(structuredClone(inputs)).signals, assess(inputs).signals)
        const { definitionAgeDays: _, firstForCounterparty: __, sizeRatio: ___, ...least } = inputs
        assert.ok(assess(least).score <= score)
      }),
    )
  })

  test('what another system adds never lowers the score', () => {
    fc.assert(
      fc.property(anything, level, (inputs, added) => {
        const external = [...inputs.external, { signal: 'more', level: added }]
        assert.ok(assess({ ...inputs, external }).score >= assess(inputs).score)
      }),
    )
  })
})

describe('what is told of it', () => {
  const assessed = assess({
    ...USUAL,
    class: 'high',
    firstForCounterparty: true,
    sizeRatio: 125_000n,
    hour: 23,
    external: [{ signal: 'leaked-key', level: 'high' }],
  })

  test('policies see each value by its own type', () => {
    assert.deepEqual(riskRecord(assessed), {
      class: 'high',
      score: { integer: '100' },
      signals: {
        set: ['class.high', 'first.counterparty', 'size', 'size.high', 'hour', 'external.high'],
      },
      firstForAgent: false,
      firstForAction: false,
      firstForCounterparty: true,
      callsLastMinute: { integer: '0' },
      sizeRatio: { decimal: '12.5' },
      hour: { integer: '23' },
      hourUtc: { integer: '12' },
      definitionAgeDays: { integer: '400' },
      external: { set: ['leaked-key'] },
    })
  })

  test('operators see what each signal added, and what was found', () => {
    assert.deepEqual(
      whole(storedRisk(assessed)).signals.map(({ points, says, signal }) => [signal, points, says]),
      [
        ['class.high', 20, 'the action is of risk class high'],
        [
          'first.counterparty',
          10,
          'the first time that this agent does this with this counterparty',
        ],
        ['size', 15, 'three times the usual size or more (12.5 times the median of 30 days)'],
        ['size.high', 25, 'ten times the usual size or more (12.5 times the median of 30 days)'],
        ['hour', 5, 'between 22:00 and 06:00 (the hour from 23:00)'],
        ['external.high', 50, 'another system raised a signal of level high (leaked-key: high)'],
      ],
    )
  })

  test('the one who is watched does not learn of it', () => {
    const told = tellable(storedRisk(assessed))
    assert.deepEqual(
      told.signals.map(({ signal }) => signal),
      ['class.high', 'first.counterparty', 'size', 'size.high', 'hour'],
    )
    assert.doesNotMatch(JSON.stringify(told), /leaked|external|score|points/)
  })
})
