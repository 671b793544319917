import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { bucketOf, MIN_SIZES, medianOf, middleOf, ratioOf, sizeOf } from './size.ts'

const size = fc.bigInt({ min: 0n, max: 2n ** 80n })

describe('sizes', () => {
  test('a larger size is never in an earlier place, and its place is at most a thirty-second off', () => {
    fc.assert(
      fc.property(size, size, (a, b) => {
        if (a <= b) assert.ok(bucketOf(a) <= bucketOf(b))
        const off = middleOf(bucketOf(a)) - a
        assert.ok((off < 0n ? -off : off) * 32n <= a, `${a} counts as ${middleOf(bucketOf(a))}`)
      }),
    )
  })

  test('the median is at most a thirty-second off the real one', () => {
    fc.assert(
      fc.property(fc.array(size, { minLength: MIN_SIZES, maxLength: 60 }), (sizes) => {
        const histogram = new Map<number, number>()
        for (const each of sizes) {
          const bucket = bucketOf(each)
          histogram.set(bucket, (histogram.get(bucket) ?? 0) + 1)
        }
        const real =
          sizes.toSorted((a, b) => (a < b ? -1 : 1))[Math.ceil(sizes.length / 2) - 1] ?? 0n
        const median = medianOf(histogram) ?? -1n
        const off = median - real
        assert.ok((off < 0n ? -off : off) * 32n <= real, `${median} for ${real}`)
      }),
    )
  })

  test('four say nothing about what is usual', () => {
    assert.equal(medianOf(new Map([[100, 4]])), undefined)
    assert.equal(medianOf(new Map([[100, 5]])), middleOf(100))
    assert.equal(medianOf(new Map()), undefined)
  })

  test('are read from numbers only, exactly, and a debit is as large as a credit', () => {
    const given = new Map([
      ['amount', { kind: 'decimal', text: '900.25' }],
      ['debit', { kind: 'decimal', text: '-900.25' }],
      ['rows', { kind: 'integer', text: '9223372036854775807' }],
      ['odd', { kind: 'integer', text: 'x' }],
      ['note', { kind: 'string', value: '900' }],
    ] as const)
    assert.equal(sizeOf(given, '/amount'), 9_002_500n)
    assert.equal(sizeOf(given, '/debit'), 9_002_500n)
    assert.equal(sizeOf(given, '/rows'), 92_233_720_368_547_758_070_000n)
    assert.equal(sizeOf(given, '/note'), undefined)
    assert.equal(sizeOf(given, '/odd'), undefined)
    assert.equal(sizeOf(given, '/gone'), undefined)
  })

  test('a ratio fits the decimals of policies, whatever the sizes', () => {
    assert.equal(ratioOf(125n, 10n), 125_000n)
    assert.equal(ratioOf(0n, 0n), 10_000n)
    assert.equal(ratioOf(2n ** 90n, 1n), 10_000_000_000n)
    assert.equal(ratioOf(1n, 0n), 10_000_000_000n)
  })
})
