import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RecordShape } from '@remit/engine'
import { cedarString, conditionOf, type SeenLimit } from './conditions.ts'

type Fields = Readonly<Record<string, readonly [kind: string, optional?: boolean]>>

/** Arguments of an action, of these kinds; a name with a point is within a record. */
function args(fields: Fields): RecordShape {
  const shape = { kind: 'record', fields: new Map<string, object>() }
  for (const [path, [kind, optional = false]] of Object.entries(fields)) {
    const [name = '', inner] = path.split('.')
    const own = inner === undefined ? { kind } : args({ [inner]: [kind, optional] })
    shape.fields.set(name, { shape: own, optional })
  }
  return shape as unknown as RecordShape // as: all that is looked at
}

function among(kind: string, ...values: readonly string[]): string | undefined {
  return conditionOf(args({ a: [kind] }), { path: ['a'], op: 'in', values })
}

function atMost(kind: string, value: string): string | undefined {
  return conditionOf(args({ a: [kind] }), { path: ['a'], op: 'most', value })
}

test('one value is compared, and several are a list', () => {
  assert.equal(among('string', 'x'), 'context.args.a == "x"')
  assert.equal(among('string', 'x', 'y'), '["x", "y"].contains(context.args.a)')
})

test('values are written as their kind is', () => {
  assert.equal(among('boolean', 'true'), 'context.args.a == true')
  assert.equal(among('boolean', 'false'), 'context.args.a == false')
  assert.equal(among('long', '-12'), 'context.args.a == -12')
  assert.equal(among('long', '9'.repeat(15)), `context.args.a == ${'9'.repeat(15)}`)
  assert.equal(among('decimal', '-12'), 'context.args.a == decimal("-12.0")')
  assert.equal(among('decimal', '1.2345'), 'context.args.a == decimal("1.2345")')
})

test('a value that the language cannot say leaves no condition, whatever else is in the list', () => {
  for (const [kind, ...bad] of [
    ['boolean', 'yes', 'xtrue', 'truex', ''],
    ['long', '1.5', 'x1', '1x', '9'.repeat(16), ''],
    ['decimal', '1.23456', 'x1.5', '1.5x', 'x1', '1x', '9'.repeat(16), `${'9'.repeat(16)}.0`, '.5'],
    ['datetime', '2026-01-01', '2026'],
    ['set', 'x', '1.5'],
  ] as const)
    for (const value of bad) {
      assert.equal(among(kind, value), undefined, `${kind} ${value}`)
      assert.equal(among(kind, 'true', value), undefined)
      assert.equal(among(kind, '1', value), undefined)
    }
})

test('a largest value is one of a number', () => {
  assert.equal(atMost('long', '40'), 'context.args.a <= 40')
  assert.equal(atMost('long', '-40'), 'context.args.a <= -40')
  assert.equal(atMost('decimal', '40'), 'context.args.a.lessThanOrEqual(decimal("40.0"))')
  assert.equal(atMost('decimal', '40.5'), 'context.args.a.lessThanOrEqual(decimal("40.5"))')
  for (const [kind, value] of [
    ...[
      ['long', '40.5'],
      ['long', 'x40'],
      ['long', '40x'],
      ['decimal', '4e1'],
    ],
    ...[
      ['string', '40'],
      ['boolean', 'true'],
      ['datetime', '40'],
    ],
  ] as const)
    assert.equal(atMost(kind ?? '', value ?? ''), undefined, `${kind} ${value}`)
})

test('what an action may leave out is asked for first, on each level', () => {
  const limit = (...path: readonly string[]): SeenLimit => ({ path, op: 'in', values: ['x'] })
  const optional = args({ a: ['string', true] })
  assert.equal(conditionOf(optional, limit('a')), 'context.args has a && context.args.a == "x"')
  const inner = args({ 'o.b': ['string', true] })
  const both = 'context.args has o && context.args.o has b && context.args.o.b == "x"'
  assert.equal(conditionOf(inner, limit('o', 'b')), both)
  assert.equal(conditionOf(args({ 'o.b': ['string'] }), limit('o', 'b')), 'context.args.o.b == "x"')
})

test('a name that is no word of the language is written as a text', () => {
  for (const name of ['a-b', '1a', 'in', 'has', 'é', 'a"b']) {
    const of = args({ [name]: ['string', true] })
    const text = cedarString(name)
    assert.equal(
      conditionOf(of, { path: [name], op: 'in', values: ['x'] }),
      `context.args has ${text} && context.args[${text}] == "x"`,
    )
  }
  for (const name of ['_a', 'A1', 'inn'])
    assert.equal(
      conditionOf(args({ [name]: ['string'] }), { path: [name], op: 'in', values: ['x'] }),
      `context.args.${name} == "x"`,
    )
})

test('an argument that the action does not have has no condition', () => {
  const of = args({ a: ['string'], 'o.b': ['string'] })
  for (const path of [[], ['x'], ['a', 'b'], ['o', 'x'], ['o', 'b', 'c']])
    assert.equal(conditionOf(of, { path, op: 'in', values: ['x'] }), undefined, path.join('/'))
  assert.equal(conditionOf(of, { path: ['o'], op: 'in', values: ['x'] }), undefined)
})

test('a text is escaped, with everything that cannot be seen', () => {
  assert.equal(cedarString('a"b\\c'), '"a\\"b\\\\c"')
  assert.equal(cedarString('a\nb\u202ec\u2028d'), '"a\\u{a}b\\u{202e}c\\u{2028}d"')
  assert.equal(cedarString('é 😀'), '"é 😀"')
})
