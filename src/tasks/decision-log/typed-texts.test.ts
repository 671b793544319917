import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TypedArguments, TypedValue } from '@remit/engine'
import fc from 'fast-check'
import { readTypedTexts, typedTexts } from './typed-texts.ts'

const name = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 's', 'i', ''))
const { fields } = fc.letrec<{ value: TypedValue; fields: TypedArguments }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.record({ kind: fc.constant('string' as const), value: fc.string({ unit: 'binary' }) }),
    fc.record({ kind: fc.constant('boolean' as const), value: fc.boolean() }),
    fc.record({
      kind: fc.constantFrom('integer' as const, 'decimal' as const, 'datetime' as const),
      text: fc.oneof(fc.constantFrom('40.00', '-0', '9223372036854775807'), fc.string()),
    }),
    fc.record({ kind: fc.constant('set' as const), items: fc.array(tie('value')) }),
    fc.record({ kind: fc.constant('record' as const), fields: tie('fields') }),
  ),
  fields: fc.array(fc.tuple(name, tie('value')), { maxLength: 5 }).map((each) => new Map(each)),
}))

test('whatever arguments a call has, they are read back from JSON as they were', () => {
  fc.assert(
    fc.property(fields, (args) => {
      const text = JSON.stringify(typedTexts(args))
      assert.deepEqual(sorted(readTypedTexts(JSON.parse(text))), sorted(args))
    }),
    { numRuns: 500 },
  )
})

/** Names that look like numbers come first in a JavaScript object; the order of arguments means nothing. */
function sorted(args: TypedArguments): unknown {
  const plain = (value: TypedValue): unknown => {
    if (value.kind === 'set') return { ...value, items: value.items.map(plain) }
    return value.kind === 'record' ? { kind: 'record', fields: sorted(value.fields) } : { ...value }
  }
  return [...args].map(([key, value]) => [key, plain(value)] as const).toSorted(byName)
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}
