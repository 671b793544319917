import assert from 'node:assert/strict'
import { it } from 'node:test'
import {
  argumentTextsOf,
  type ReadArguments,
  readArguments,
  sameArguments,
  WrittenText,
} from './arguments.ts'
import { readExactJson } from './exact-json.ts'

interface GivenRequest {
  readonly path?: Record<string, string>
  readonly query?: readonly (readonly [string, string])[]
  readonly body?: string
}

function read({ body, path = {}, query = [] }: GivenRequest): ReadArguments {
  const json = body === undefined ? undefined : readExactJson(body)
  return readArguments({ path: new Map(Object.entries(path)), query, body: json })
}

const same = (decided: object, given: GivenRequest) => {
  const texts = argumentTextsOf(decided)
  assert.ok(texts)
  return sameArguments(texts, read(given).all)
}

it('finds what stands in path, query and body under one name each', () => {
  const given = read({
    path: { item: 'lamp' },
    query: [
      ['tag', 'a'],
      ['n', '1'],
      ['tag', 'b'],
    ],
    body: '{"amount": 12.50, "to": {"city": "Oslo"}, "none": null}',
  })
  assert.deepEqual(given.path, { item: 'lamp' })
  assert.deepEqual(given.query, { tag: ['a', 'b'], n: ['1'] })
  const body = { amount: '12.50', to: { city: 'Oslo' }, none: null }
  assert.deepEqual(given.body, body)
  assert.deepEqual(given.all, {
    item: new WrittenText(['lamp']),
    tag: new WrittenText(['a', 'b']),
    n: new WrittenText(['1']),
    ...body,
  })
  assert.deepEqual(read({ body: '[1, 2]' }).all, { body: ['1', '2'] })
  assert.deepEqual(read({ body: 'null' }).all, {})
  assert.throws(() => read({ path: { a: '1' }, body: '{"a": 1}' }), { code: 'api.misconfigured' })
})

it('is the same when every text is, and nothing is there beside', () => {
  const decided = {
    item: 'lamp',
    amount: '12.50',
    gift: true,
    tags: ['a', 'b'],
    to: { city: 'Oslo' },
  }
  const path = { item: 'lamp' }
  const whole = '{"amount": 12.50, "gift": true, "tags": ["a", "b"], "to": {"city": "Oslo"}'
  assert.ok(same(decided, { path, body: `${whole}}` }))
  assert.ok(same(decided, { path, body: `${whole}, "none": null}` }))
  for (const body of [
    `${whole}, "more": 1}`,
    whole.replace('12.50', '12.5').concat('}'),
    whole.replace('true', 'false').concat('}'),
    whole.replace('true', '"true"').concat('}'),
    whole.replace('"a", "b"', '"a"').concat('}'),
    whole.replace('"a", "b"', '"a", "b", "b"').concat('}'),
    whole.replace('"a", "b"', '"b", "a"').concat('}'),
    whole.replace('"a", "b"', '"a", null').concat('}'),
    whole.replace('["a", "b"]', '"a"').concat('}'),
    whole.replace('"Oslo"', '"Oslo", "zip": "1"').concat('}'),
    whole.replace('{"city": "Oslo"}', '[]').concat('}'),
    whole.replace('{"city": "Oslo"}', '"Oslo"').concat('}'),
  ])
    assert.ok(!same(decided, { path, body }), body)
})

it('reads what was written in a path or query as the catalog types it', () => {
  const one = (value: string) => ({ query: [['x', value]] as const })
  assert.ok(same({ x: '10' }, one('10')))
  assert.ok(same({ x: true }, one('true')))
  assert.ok(same({ x: ['10'] }, one('10')))
  const two = { query: [['x', '1'] as const, ['x', '2'] as const] }
  assert.ok(same({ x: ['1', '2'] }, two))
  for (const decided of [
    '1',
    ['1'],
    ['2', '1'],
    ['1', '2', '3'],
    ['1', ['2']],
    { 0: '1', 1: '2' },
    [],
  ])
    assert.ok(!same({ x: decided }, two), JSON.stringify(decided))
  for (const [decided, value] of [
    ['10', '010'],
    [true, '1'],
    [true, 'TRUE'],
    [[], '10'],
    [{}, '10'],
  ] as const)
    assert.ok(!same({ x: decided }, one(value)), value)
})

it('has no arguments but its own', () => {
  for (const name of ['toString', 'constructor', 'hasOwnProperty', 'valueOf'])
    for (const value of ['a', {}, []])
      assert.ok(!sameArguments({ x: 'a' }, { [name]: value }), name)
  assert.ok(same({ toString: 'a' }, { body: '{"toString": "a"}' }))
})

it('takes nothing for arguments that is none', () => {
  for (const value of [
    undefined,
    null,
    'x',
    1,
    true,
    [],
    { n: 1 },
    { n: null },
    { n: [1] },
    { n: { m: 1 } },
  ])
    assert.equal(argumentTextsOf(value), undefined, JSON.stringify(value))
  const nested = { a: ['x', ['y'], { b: false }] }
  assert.deepEqual(argumentTextsOf(nested), nested)
})
