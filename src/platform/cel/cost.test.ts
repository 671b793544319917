import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cost, type Inputs, type Node } from './cost.ts'
import { Expressions, UnmappableCall } from './index.ts'
import type { CelValue } from './values.ts'

const INPUTS: Inputs = new Map<string, CelValue>([
  [
    'params',
    new Map<string, CelValue>([
      ['to', 'abcd'],
      ['n', 7n],
      ['list', ['x', 'yy', 'zzz']],
      ['deep', new Map([['inner', 'abcdef']])],
      ['none', null],
    ]),
  ],
  ['token', new Map([['sub', 'sam']])],
])

/** Steps that each expression may take: 10 for a node, and one for each character that is looked at. */
const STEPS: readonly (readonly [expression: string, steps: number])[] = [
  ['1', 10],
  ["'abc'", 10],
  ['true', 10],
  ['null', 10],
  ['params', 10],
  ['params.to', 20],
  ['params.missing', 20],
  ['params.deep.inner', 30],
  ['params.to.inner', 30],
  ['params.list[0]', 64],
  ["params['to']", 33],
  ["params['missing']", 38],
  ['params.?to', 20],
  ["params[?'to']", 33],
  ['params[token.sub]', 44],
  ['params.to + token.sub', 68],
  ['params.list + params.list', 76],
  ['[1, 2, 3]', 184],
  ["{'a': 1, 'bb': params.to}", 128],
  ["[params.to, 'abcdefghijklmnopqrstuvwxyz']", 104],
  ['true ? params.to : token.sub', 126],
  ['params.n == 7', 136],
  ['!true', 68],
  ['-params.n', 78],
  ['token.sub in params.list', 71],
  ['params.n - 1', 136],
  ['params.n * 2', 136],
  ['params.n / 2', 136],
  ['params.n % 2', 136],
  ["'a' < 'b'", 38],
  ['true && false', 126],
  ['true || false', 126],
  ['1 <= 2', 126],
  ['1 > 2', 126],
  ['1 >= 2', 126],
  ['1 != 2', 126],
  ['size(params.list)', 43],
  ['string(params.n)', 78],
  ['int(1)', 68],
  ['double(1)', 68],
  ["bool('true')", 30],
  ['dyn(params.to)', 20],
  ['dyn(params).to', 20],
  ['has(params.to)', 40],
  ["params.to.contains('bc')", 71],
  ["params.to.startsWith('a')", 69],
  ["params.to.endsWith('a')", 69],
  ['params.to.lowerAscii()', 55],
  ['params.to.upperAscii()', 55],
  ['params.to.trim()', 55],
  ['params.to.substring(1)', 113],
  ['params.to.size()', 55],
  ["params.?to.orValue('none')", 60],
  ['optional.of(params.to)', 40],
  ['optional.none()', 10],
  ['params.?to.hasValue()', 40],
  ['params.?to.value()', 40],
  ['params.?to.or(params.?n)', 108],
  ["params.list.exists(x, x == 'x')", 186],
  ["params.list.all(x, x == 'x')", 186],
  ["params.list.exists_one(x, x == 'x')", 186],
  ["params.list.filter(x, x == 'x')", 186],
  ['params.list.map(x, x + x)', 198],
  ['params.list.map(x, x + x).map(y, y + y)', 424],
  ['params.list.filter(x, true).map(y, y)', 160],
  ['params.map(k, k)', 120],
  ['params.to.map(c, c)', 130],
  ['[[1],[2]].map(l, l.map(m, m))', 1268],
  ["params.to.upperAscii() + 'x'", 142],
  ["string(params.to) + 'x'", 117],
  ['size(params.list.map(x, x))', 116],
  ['(true ? params.list : [1]).map(x, x)', 685],
  ['(params.list + [1]).map(x, x)', 227],
  ['params.list[0].map(x, x)', 274],
  ["{'a': params.list}.map(k, k)", 107],
  ['params.deep.map(k, k)', 50],
  ['params.list.map(x, x.y + x.y)', 258],
  ["params['to'] + 'x'", 67],
  ["params.orValue('x')", 131],
  ['[params.list.exists(x, true)]', 148],
  ['[params.list.filter(x, true)]', 113],
  ['[params.list.map(x, x)]', 116],
  ['[params.deep]', 44],
  ['string(params)', 117],
  ['params.list == params.list', 76],
  ['params == token', 136],
  ['(params.list + params.list).map(x, x + x)', 422],
  ['(true ? params.list : params.list).map(x, x + x)', 3408],
  ['[true ? params.to : token.sub]', 184],
  ['[[params.to]].map(x, x + x)', 131],
  ['params.deep.map(k, k + k)', 98],
]

/** Expressions that have no bound, and what is said of each. */
const REFUSED: readonly (readonly [expression: string, words: RegExp])[] = [
  ["params.to.matches('a')", /calls `matches`/],
  ['type(1)', /calls `type`/],
  ["timestamp('x')", /calls `timestamp`/],
  ["b'abc'", /a literal that is no JSON value/],
  ['1u', /a literal that is no JSON value/],
  ['cel.bind(x, 1, x)', /something other than params and token/],
  ['params.list.map(x, true, x)', /calls `map`/],
  ['params.list.join(",")', /calls `join`/],
]

async function nodeOf(text: string): Promise<Node> {
  const expressions = await Expressions.load(['params', 'token'])
  return expressions.read(text, INPUTS)
}

for (const [text, steps] of STEPS)
  test(`${text} takes at most ${steps} steps`, async () => {
    assert.equal(new Cost(INPUTS).of(await nodeOf(text)), steps)
  })

for (const [text, words] of REFUSED)
  test(`${text} has no bound, and is refused`, async () => {
    await assert.rejects(nodeOf(text), (error: unknown) => {
      assert.ok(error instanceof UnmappableCall)
      assert.match(error.message, words)
      return true
    })
  })

/** Refusal of a node as a parser could make it one day. */
function refusal(node: unknown): string {
  try {
    new Cost(INPUTS).of(node as Node) // as: some are none
  } catch (error) {
    assert.ok(error instanceof UnmappableCall)
    return error.message
  }
  return assert.fail('it has a cost')
}

test('a node that is not known here is refused', () => {
  const literal = { op: 'value', args: 1 }
  assert.equal(refusal({ op: '**', args: [literal, literal] }), 'an expression uses `**`')
  const long = refusal({ op: 'x'.repeat(40), args: [] })
  assert.equal(long, `an expression uses \`${'x'.repeat(32)}\``)
  const call = refusal({ op: 'call', args: ['y'.repeat(40), []] })
  assert.equal(call, `an expression calls \`${'y'.repeat(32)}\`, which is not offered`)
})

test('a node whose parts cannot be read is refused', () => {
  for (const part of [undefined, null, 1, 'id', {}, { op: 1 }])
    assert.equal(refusal({ op: '!_', args: [part] }), 'an expression cannot be read')
  const list = { op: 'id', args: 'token' }
  const name = { op: 'value', args: 'x' }
  for (const args of [
    ['filter', list, [name, list]],
    ['filter', list, ['x', list]],
    ['filter', list, [{ op: 'id', args: 'x' }]],
    ['filter', list, [{ op: 'id', args: 'x' }, list, list]],
    ['filter', list],
  ])
    assert.match(refusal({ op: 'rcall', args }), /calls `filter`/)
})

test('only the maker of optional values has no value of its own that is looked at', () => {
  const [name, literal] = [
    { op: 'id', args: 'token' },
    { op: 'value', args: 'optional' },
  ]
  const cost = new Cost(INPUTS)
  assert.equal(cost.of({ op: 'rcall', args: ['value', literal, []] }), 38)
  assert.equal(cost.of({ op: 'rcall', args: ['value', name, []] }), 29)
  const nothing = refusal({ op: 'rcall', args: ['value', undefined, []] })
  assert.equal(nothing, 'an expression cannot be read')
})

test('a call without arguments costs what a node costs', () => {
  const cost = new Cost(INPUTS)
  assert.equal(cost.of({ op: 'call', args: ['dyn', []] }), 10)
  assert.equal(cost.of({ op: 'call', args: ['size'] }), 10)
  assert.equal(cost.of({ op: 'rcall', args: ['none', { op: 'id', args: 'optional' }] }), 10)
  const text = { op: 'value', args: 'abc' }
  assert.equal(cost.of({ op: 'rcall', args: ['contains', text, []] }), 28)
})
