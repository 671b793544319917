import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { PolicyRecord, PolicyValue } from '../policy.ts'
import { recordOfShape, recordValue } from './policy-values.ts'
import type { RecordShape, Shape } from './shape.ts'
import { shapedRecord } from './shaped-record.ts'
import { DEEPEST, equal } from './value.ts'

const NAMES = ['a', 'b', 'c', 'toString', 'constructor', '__entity', 'lone \ud800']
const TEXTS = {
  long: ['0', '-0', '7', '007', '-12', '999999999', '1234567890', '9223372036854775808', '', '1x'],
  decimal: ['1.0', '0.25', '-3.5', '1', '1.00000'],
  datetime: [
    ...['2026-01-02T03:04:05.006Z', '2026-02-29T03:04:05.006Z', '2024-02-29T23:59:59.999Z'],
    ...['0000-01-01T00:00:00.000Z', '2026-01-02T24:04:05.006Z', '2026-00-02T03:04:05.006Z'],
    ...['20x6-01-02T03:04:05.006Z', '2026-01-x2T03:04:05.006Z', '2026-01-02T03:04:05.0x6Z'],
    ...['2026-01-02', '2026-01-02T03:04:05+0200', '2026-01-02T03:04:05.006+0200', ''],
  ],
  duration: ['1h', '1d2h', '-5ms', 'x', ''],
  ip: ['127.0.0.1', '::1', '10.0.0.0/8', '1.2.3', ''],
}

const scalarShape: fc.Arbitrary<Shape> = fc.oneof(
  fc.constantFrom<Shape[]>(
    ...['string', 'boolean', 'long', 'decimal', 'datetime', 'duration', 'ip'].map(
      (kind) => ({ kind }) as Shape, // as: each is a kind
    ),
  ),
  fc.constantFrom<Shape[]>({ kind: 'entity', type: 'Person' }, { kind: 'entity', type: 'Agent' }),
)

const { record: recordShape } = fc.letrec<{ shape: Shape; record: RecordShape }>((tie) => ({
  shape: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalarShape,
    tie('shape').map((of): Shape => ({ kind: 'set', of })),
    tie('record'),
  ),
  record: fc
    .uniqueArray(fc.tuple(fc.constantFrom(...NAMES), tie('shape'), fc.boolean()), {
      maxLength: 4,
      selector: ([name]) => name,
    })
    .map((fields): RecordShape => {
      const made = fields.map(([name, shape, optional]) => [name, { shape, optional }] as const)
      return { kind: 'record', fields: new Map(made) }
    }),
}))

/** Values of a shape, most of which are of it. */
function mostlyOf(shape: Shape): fc.Arbitrary<PolicyValue> {
  const odd = fc.constantFrom<PolicyValue[]>(
    ...['', 'lone \udc00', true, { integer: '1' }, { set: [] }, { record: {} }, { ip: '::1' }],
    { entity: { type: 'Person', id: 'lone \ud800' } },
  )
  return fc.oneof({ weight: 30, arbitrary: fitting(shape) }, { weight: 1, arbitrary: odd })
}

function fitting(shape: Shape): fc.Arbitrary<PolicyValue> {
  switch (shape.kind) {
    case 'string':
      return fc.constantFrom('', 'text', 'é', '😀', 'other', 'more', 'words', 'lone \udc00')
    case 'boolean':
      return fc.boolean()
    case 'long':
      return fc.constantFrom(...TEXTS.long).map((integer) => ({ integer }))
    case 'decimal':
      return fc.constantFrom(...TEXTS.decimal).map((decimal) => ({ decimal }))
    case 'datetime':
      return fc.constantFrom(...TEXTS.datetime).map((datetime) => ({ datetime }))
    case 'duration':
      return fc.constantFrom(...TEXTS.duration).map((duration) => ({ duration }))
    case 'ip':
      return fc.constantFrom(...TEXTS.ip).map((ip) => ({ ip }))
    case 'entity':
      return fc
        .tuple(fc.constantFrom('Person', 'Agent'), fc.constantFrom('x', 'y', 'z', 'lone \ud800'))
        .map(([type, id]) => ({ entity: { type, id } }))
    case 'set':
      return fc.array(mostlyOf(shape.of), { maxLength: 3 }).map((set) => ({ set }))
    case 'record':
      return recordOf(shape).map((record) => ({ record }))
  }
}

function recordOf({ fields }: RecordShape): fc.Arbitrary<PolicyRecord> {
  const members = Object.fromEntries(
    Array.from(fields, ([name, { shape }]) => [name, mostlyOf(shape)]),
  )
  const some = fc.record(members, { requiredKeys: [] }) as fc.Arbitrary<PolicyRecord> // as: what is not there is no `undefined`
  const all = fc.record(members)
  const more = all.map((record): PolicyRecord => ({ ...record, undeclared: 'x' }))
  return fc.oneof(
    { weight: 6, arbitrary: all },
    { weight: 3, arbitrary: some },
    { weight: 1, arbitrary: more },
  )
}

/** Tells the same in another way: what a value without a shape says that it is. */
function fits(given: PolicyValue | undefined, shape: Shape): boolean {
  if (shape.kind === 'string' || shape.kind === 'boolean') return typeof given === shape.kind
  if (typeof given !== 'object') return false
  switch (shape.kind) {
    case 'set':
      return 'set' in given && given.set.every((item) => fits(item, shape.of))
    case 'record':
      return 'record' in given && isOf(given.record, shape)
    case 'entity':
      return 'entity' in given && given.entity.type === shape.type
    default:
      return (shape.kind === 'long' ? 'integer' : shape.kind) in given
  }
}

function isOf(record: PolicyRecord, { fields }: RecordShape): boolean {
  const there = Array.from(fields).every(
    ([name, { optional, shape }]) =>
      (optional && !Object.hasOwn(record, name)) || fits(record[name], shape),
  )
  return there && Object.keys(record).every((name) => fields.has(name))
}

test('a plan reads what is of its shape, as it would be read without one, and nothing else', () => {
  let read = 0
  let refused = 0
  fc.assert(
    fc.property(
      recordShape.chain((shape) => fc.tuple(fc.constant(shape), recordOf(shape))),
      ([shape, record]) => {
        const plain = outcomeOf(() => recordValue(record))
        const expected = plain && isOf(record, shape) ? plain : undefined
        const found = shapedRecord(record, shape)
        assert.equal(found !== undefined, expected !== undefined)
        assert.equal(outcomeOf(() => recordOfShape(record, shape)) !== undefined, !!expected)
        if (!found || !expected) {
          refused++
          return
        }
        read++
        assert.ok(equal(found, expected) && equal(expected, found))
        assert.equal(found.key, expected.key)
        assert.equal(found.members.size, expected.members.size)
        for (const name of NAMES)
          assert.equal(found.members.has(name), expected.members.has(name), name)
      },
    ),
    { numRuns: 3000 },
  )
  assert.ok(read > 300 && refused > 300, `${read} read, ${refused} refused`)
})

function outcomeOf<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}

test('members are listed as those of a map are', () => {
  const text = { shape: { kind: 'string' }, optional: true } as const
  const shape: RecordShape = {
    kind: 'record',
    fields: new Map([
      ['a', text],
      ['b', text],
      ['c', text],
    ]),
  }
  const members = shapedRecord({ a: '1', c: '3' }, shape)?.members ?? new Map()
  assert.deepEqual([...members], [...new Map(Object.entries({ a: '1', c: '3' }))])
  assert.deepEqual([...members.keys()], ['a', 'c'])
  assert.deepEqual([...members.values()], ['1', '3'])
  const told: string[] = []
  members.forEach((value, name) => {
    told.push(`${name}${value}`)
  })
  assert.deepEqual(told, ['a1', 'c3'])
  assert.equal(members.get('toString'), undefined)
})

test('a shape that is nested deeper than values may be has no plan', () => {
  const nested = (depth: number): [PolicyRecord, RecordShape] => {
    let [record, shape]: [PolicyRecord, RecordShape] = [{}, { kind: 'record', fields: new Map() }]
    for (let i = 0; i < depth; i++) {
      record = { a: { record } }
      shape = { kind: 'record', fields: new Map([['a', { shape, optional: false }]]) }
    }
    return [record, shape]
  }
  assert.ok(shapedRecord(...nested(DEEPEST)))
  assert.equal(shapedRecord(...nested(DEEPEST + 1)), undefined)
  assert.ok(recordOfShape(...nested(DEEPEST)))
  assert.throws(() => recordOfShape(...nested(DEEPEST + 1)), /nested deeper/)
})
