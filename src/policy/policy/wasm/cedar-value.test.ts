import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { PolicyValue } from '@remit/engine'
import fc from 'fast-check'
import { cedarRecord, cedarValue } from './cedar-value.ts'

const value: fc.Arbitrary<PolicyValue> = fc.letrec<{ value: PolicyValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'binary' }),
    fc.boolean(),
    fc.record({ integer: fc.string() }),
    fc.record({ decimal: fc.string() }),
    fc.record({ set: fc.array(tie('value'), { maxLength: 3 }) }),
    fc.record({
      record: fc.dictionary(
        fc.constantFrom('a', 'b', '__entity', '__extn', '__expr', '__proto__'),
        tie('value'),
        { maxKeys: 3 },
      ),
    }),
  ),
})).value

/** Every object in Cedar's form that is a reference or an extension value. */
function shapes(json: unknown): unknown[] {
  if (typeof json !== 'object' || json === null) return []
  const own = Object.keys(json).filter((name) => name.startsWith('__'))
  return [...own, ...Object.values(json).flatMap(shapes)]
}

it('a record never takes the shape of a reference or an extension value', () => {
  for (const name of ['__entity', '__extn', '__expr', '__anything']) {
    assert.throws(() => cedarRecord({ [name]: 'x' }), TypeError, name)
    assert.throws(() => cedarValue({ set: [{ record: { [name]: 'x' } }] }), TypeError, name)
  }
})

it('only tagged values become extension values, and nothing becomes a reference', () => {
  fc.assert(
    fc.property(value, (given) => {
      let json: unknown
      try {
        json = JSON.parse(JSON.stringify(cedarValue(given)))
      } catch (error) {
        assert.ok(error instanceof TypeError)
        return
      }
      const tags = JSON.stringify(given).match(/"decimal":/g)?.length ?? 0
      const found = shapes(json)
      assert.ok(found.every((name) => name === '__extn'))
      assert.ok(found.length <= tags)
    }),
    { numRuns: 2000 },
  )
})
