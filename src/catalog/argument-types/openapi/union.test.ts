import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type ArgumentType,
  type ArgumentField as Field,
  type RecordType,
  type ScalarType,
  type TypedType,
  type TypedValue,
  typeValue,
} from '@remit/engine'
import fc from 'fast-check'
import { parseJson } from '../../../platform/lib/json.ts'
import { union } from './union.ts'

const scalar = fc.constantFrom<ScalarType>(
  { kind: 'boolean' },
  { kind: 'string' },
  { kind: 'string', enum: ['a', 'b'] },
  { kind: 'string', minLength: 2, maxLength: 3 },
  { kind: 'string', maxLength: 5_000 },
  { kind: 'integer' },
  { kind: 'integer', quoted: true },
  { kind: 'integer', minimum: '2', enum: ['2', '3'] },
  { kind: 'decimal', maximum: '2.5' },
  { kind: 'datetime' },
  { kind: 'datetime', date: true },
)
const NAMES = ['a', 'b', 'c', 'd']

/** Objects that hold further members or not, and objects in them. */
function record(depth: number): fc.Arbitrary<RecordType> {
  const member = depth === 0 ? scalar : fc.oneof(scalar, record(depth - 1))
  const field = (name: string): fc.Arbitrary<Field> =>
    fc.record({
      name: fc.constant(name),
      type: member,
      required: fc.boolean(),
      nullable: fc.boolean(),
    })
  const fields = fc.subarray(NAMES).chain((names) => fc.tuple(...names.map(field)))
  return fc.record({ kind: fc.constant('record'), fields, open: fc.boolean() })
}

const type: fc.Arbitrary<TypedType> = fc.oneof(
  scalar,
  scalar.map((items): TypedType => ({ kind: 'set', items, maxItems: 2 })),
  record(1).map((items): TypedType => ({ kind: 'set', items, maxItems: 2 })),
  record(2),
)

const long = JSON.stringify('x'.repeat(4_500))
const leaf = fc.constantFrom('"a"', '"abc"', '2', '2.5', '3', 'true', '"2026-01-02"', 'null', long)
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
    fc
      .dictionary(fc.constantFrom(...NAMES, 'e'), tie('value'), { maxKeys: 4 })
      .map((members) => `{${Object.entries(members).map(([name, each]) => `"${name}":${each}`)}}`),
  ),
}))

/** Tells whether all that a rule sees of the one is in the other, and the same. */
function isPartOf(part: TypedValue, whole: TypedValue): boolean {
  if (part.kind === 'record') {
    return (
      whole.kind === 'record' &&
      [...part.fields].every(([name, value]) => {
        const other = whole.fields.get(name)
        return other !== undefined && isPartOf(value, other)
      })
    )
  }
  if (part.kind === 'set') {
    return (
      whole.kind === 'set' &&
      part.items.length === whole.items.length &&
      part.items.every((item, i) => whole.items[i] !== undefined && isPartOf(item, whole.items[i]))
    )
  }
  return textOf(part) === textOf(whole)
}

function textOf(value: TypedValue): string {
  return 'text' in value ? value.text : 'value' in value ? String(value.value) : value.kind
}

function check(a: TypedType, b: TypedType, text: string): boolean {
  const whole: ArgumentType = union(a, b)
  if (whole.kind === 'untyped') return false
  const json = parseJson(text)
  const alone = typeValue(a, json, '', 0)
  if ('ok' in alone) return false
  const typed = typeValue(whole, json, '', 0)
  const said = () => `${text} as ${JSON.stringify(a)} or ${JSON.stringify(b)}`
  assert.ok(!('ok' in typed), `${said()}: refused ${JSON.stringify(typed)}`)
  assert.ok(isPartOf(typed, alone), said())
  return true
}

describe('one type for a choice of two', () => {
  it('takes whatever fits either, and shows rules nothing that means something else there', () => {
    let fitted = 0
    fc.assert(
      fc.property(type, type, value, (a, b, text) => {
        if (check(a, b, text)) fitted++
        if (check(b, a, text)) fitted++
      }),
      { numRuns: 5_000 },
    )
    assert.ok(fitted > 50, `${fitted} fitted`)
  })

  it('does the same for objects that are open here and closed there', () => {
    let fitted = 0
    fc.assert(
      fc.property(record(2), record(2), value, (a, b, text) => {
        if (check({ ...a, open: true }, { ...b, open: false }, text)) fitted++
        if (check({ ...a, open: false }, { ...b, open: true }, text)) fitted++
      }),
      { numRuns: 5_000 },
    )
    assert.ok(fitted > 30, `${fitted} fitted`)
  })

  it('gives a member no type that the other alternative takes as anything', () => {
    const amount: Field = {
      name: 'amount',
      required: true,
      nullable: false,
      type: { kind: 'integer' },
    }
    const priced: RecordType = { kind: 'record', fields: [amount], open: false }
    const free: RecordType = { kind: 'record', fields: [], open: true }
    const either = union(priced, free)
    assert.ok(either.kind === 'record')
    assert.deepEqual(
      either.fields.map(({ name, type }) => [name, type.kind]),
      [['amount', 'untyped']],
    )
  })

  it('refuses two members that only different alternatives have and that look alike', () => {
    const of = (name: string): RecordType => ({
      kind: 'record',
      fields: [{ name, required: true, nullable: false, type: { kind: 'integer' } }],
      open: false,
    })
    const either = union(of('amount'), of('Amount'))
    assert.ok(either.kind !== 'untyped')
    const both = typeValue(either, parseJson('{"amount":1,"Amount":900}'), '', 0)
    assert.equal('ok' in both && both.fault, 'look_alike')
    assert.ok(!('ok' in typeValue(either, parseJson('{"Amount":900}'), '', 0)))
  })
})
