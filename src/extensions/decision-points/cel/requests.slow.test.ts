import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { UnmappableCall } from '../../../platform/cel/index.ts'
import { isObject, type JsonObject, parseJson } from '../../../platform/lib/json.ts'
import { mappedRequests } from './requests.ts'

function object(value: unknown): JsonObject {
  const json = parseJson(typeof value === 'string' ? value : JSON.stringify(value))
  assert.ok(isObject(json))
  return json
}

const TOKEN = object({ sub: 'psn_sam', client_id: 'tsk_1', roles: ['treasury', 'night'] })
const LONG = 'a'.repeat(60_000)
const PARAMS = object(
  `{"name":"pay","arguments":{"to":"c-1","n":9007199254740993,"d":10.50,"a-b":true,"l":["x","y"],
    "long":"${LONG}","many":[${Array(3_000).fill('1').join(',')}]}}`,
)
const BASE = { action: { name: 'pay' }, resource: { type: 'account', id: 'c-1' } }

async function requests(shared: object, entries: readonly object[] = [{}], params = PARAMS) {
  const mapping = { shared: object(shared), entries: entries.map(object) }
  return mappedRequests(mapping, { params, token: TOKEN })
}

async function context(value: unknown): Promise<unknown> {
  const made = await requests({ ...BASE, context: { v: value } })
  if (made instanceof UnmappableCall) throw made
  return JSON.parse(made[0] ?? '').context.v
}

describe('a declared mapping', () => {
  test('makes the request of params and token, and supplies the subject', async () => {
    const made = await requests({
      action: { name: "$params.arguments.d > 10000 ? 'large' : 'small'" },
      resource: {
        type: 'account',
        id: '$params.arguments.to',
        properties: { exact: '$params.arguments.n', odd: '$params.arguments["a-b"]' },
      },
      context: { agent: '$token.?client_id', none: '$token.?nothing', price: '$$50' },
    })
    assert.deepEqual(made, [
      '{"subject":{"id":"psn_sam","type":"identity"},"action":{"name":"small"},"resource":{"type":"account","id":"c-1","properties":{"exact":9007199254740993,"odd":true}},"context":{"agent":"tsk_1","price":"$50"}}',
    ])
  })

  test('makes several, each with what they share unless it says otherwise', async () => {
    const made = await requests({ ...BASE, subject: { type: 'user', id: '$token.sub' } }, [
      {},
      { action: { name: 'look' }, context: { why: '$params.name' } },
    ])
    assert.ok(!(made instanceof UnmappableCall))
    const [first, second] = made.map((each) => JSON.parse(each))
    assert.deepEqual(first, { subject: { type: 'user', id: 'psn_sam' }, ...BASE })
    assert.deepEqual(second.action, { name: 'look' })
    assert.deepEqual(second.context, { why: 'pay' })
  })

  const VALUES: readonly (readonly [unknown, unknown])[] = [
    ['as it is', 'as it is'],
    ['$$token.sub', '$token.sub'],
    ['a $token.sub within', 'a $token.sub within'],
    [12.5, 12.5],
    [null, null],
    [
      ['$token.sub', 1],
      ['psn_sam', 1],
    ],
    ["$token.roles.exists(r, r == 'treasury')", true],
    ["$token.roles.filter(r, r != 'night')", ['treasury']],
    ['$params.arguments.l.map(x, x + x)', ['xx', 'yy']],
    ['$params.arguments.many.all(n, n == 1)', true],
    ["$has(token.act) ? 'a' : 'b'", 'b'],
    ["$'n' + string(params.arguments.n)", 'n9007199254740993'],
    ["$token.?act.orValue('none')", 'none'],
    ["$ {'k': [1, 2.5]}", { k: [1, 2.5] }],
    ['$token.?act', undefined],
  ]
  for (const [value, expected] of VALUES)
    test(`takes ${JSON.stringify(value)}`, async () => {
      assert.deepEqual(await context(value), expected)
      assert.deepEqual(await context(value), expected, 'and again, as it was read the first time')
    })

  test('names nobody but whom the token is for', async () => {
    for (const subject of [
      { id: 'psn_ada' },
      { id: '$params.arguments.to' },
      { id: '$token.?act' },
      { id: null },
      { id: 7 },
      '$token.?act',
      '$token.sub',
      null,
      { id: '$token.sub', also: 'psn_ada' },
    ]) {
      const made = await requests({ ...BASE, subject })
      assert.ok(made instanceof UnmappableCall, JSON.stringify(subject))
    }
  })

  test('is an error where something that is needed is missing, null or of the wrong kind', async () => {
    for (const wrong of [
      { action: null },
      { action: '$token.?act' },
      { action: { name: '$token.?act' } },
      { action: { name: '' } },
      { action: { name: 'a', extra: 1 } },
      { resource: { type: 'r' } },
      { resource: { type: 'r', id: '$params.arguments.n' } },
      { resource: { type: 'r', id: '$token.act' } },
      { resource: { type: 'r', id: 'i', properties: 'p' } },
      { context: null },
      { context: ['$token.?act'] },
    ])
      assert.ok(
        (await requests({ ...BASE, ...wrong })) instanceof UnmappableCall,
        JSON.stringify(wrong),
      )
    assert.ok((await requests({ resource: BASE.resource })) instanceof UnmappableCall)
  })

  test('never holds a number as another one', async () => {
    for (const number of ['92233720368547758080', '0.1000000000000000055', '1e400', '1e-999']) {
      const params = object(`{"name":"pay","arguments":{"n":${number}}}`)
      const made = await requests({ ...BASE, context: { v: '$params.arguments.n' } }, [{}], params)
      assert.ok(made instanceof UnmappableCall && /exactly/.test(made.message), number)
    }
    for (const [number, told] of [
      ['-9223372036854775808', '-9223372036854775808'],
      ['10.50', '10.5'],
      ['1.5e3', '1500'],
      ['0.00', '0'],
    ]) {
      const params = object(`{"name":"pay","arguments":{"n":${number}}}`)
      const made = await requests({ ...BASE, context: { v: '$params.arguments.n' } }, [{}], params)
      assert.ok(!(made instanceof UnmappableCall), number)
      assert.ok(made[0]?.endsWith(`{"v":${told}}}`), made[0])
    }
  })

  const nested = (depth: number): string =>
    depth === 0 ? 'true' : `params.arguments.many.all(v${depth}, ${nested(depth - 1)})`
  const BOMBS: Readonly<Record<string, string>> = {
    'a regular expression': "$params.arguments.long.matches('(a+)+$')",
    'loops in loops': `$${nested(3)}`,
    'a loop over a loop': '$params.arguments.many.map(a, params.arguments.many)',
    'lists that double': `$[params.arguments.many]${'.map(a, a + a)'.repeat(14)}`,
    'texts that double': `$[params.arguments.long]${'.map(a, a + a)'.repeat(14)}`,
    'bindings that double': '$cel.bind(a, params.arguments.long, cel.bind(b, a + a, b + b))',
    'a search of a long text for a long one':
      '$params.arguments.long.contains(params.arguments.long)',
    'a deep expression': `$${'('.repeat(200)}1${')'.repeat(200)}`,
    'a wide expression': `$${'1+'.repeat(400)}1`,
    'a long expression': `$'${'x'.repeat(2_000)}'`,
    'a large answer': '$params',
    bytes: "$b'x'",
    time: "$timestamp('2024-01-01T00:00:00Z')",
    infinity: '$1.0 / 0.0',
    overflow: '$9223372036854775807 + 1',
    'something of JavaScript': '$params.constructor',
    'a prototype': '$params.arguments.__proto__',
    'something around it': '$process.env',
    'nothing at all': '$',
    'no CEL': '$token..sub',
  }
  for (const [what, value] of Object.entries(BOMBS))
    test(`with ${what} is refused`, async () => {
      await assert.rejects(context(value), UnmappableCall)
    })

  test('is bounded over all of its expressions together', async () => {
    const one = '$params.arguments.many.all(n, n == 1)'
    assert.equal(await context(one), true)
    const made = await requests({ ...BASE, context: { v: Array(64).fill(one) } })
    assert.ok(made instanceof UnmappableCall && /too long/.test(made.message))
  })
})
