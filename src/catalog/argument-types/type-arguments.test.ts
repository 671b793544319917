import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  exact,
  type GivenArguments,
  policyArguments,
  type TypedArguments,
  type TypedValue,
} from '@remit/engine'
import fc from 'fast-check'
import { ExactNumber, type Json, parseJson } from '../../platform/lib/json.ts'
import { PROBLEMS } from '../../platform/lib/problem.ts'
import { jsonBody, onlyAction, planOperation, planOrders } from '../catalog/testing.ts'
import { typeArguments } from './type-arguments.ts'

const { actions } = planOrders()
function orderAction(name: string) {
  const action = actions.find((each) => each.name === name)
  assert.ok(action)
  return action
}
const refund = orderAction('orders.refund')
const list = orderAction('orders.list')
const path = new Map([['order_id', '1042']])

function body(text: string): GivenArguments {
  return { path, query: [], body: parseJson(text) }
}

function fault(action: Parameters<typeof typeArguments>[0], given: GivenArguments): string {
  const result = typeArguments(action, given)
  assert.ok(!result.ok, 'the call was accepted')
  assert.ok(result.reason in PROBLEMS)
  return `${result.reason} ${result.pointer}`
}

function typed(action: Parameters<typeof typeArguments>[0], given: GivenArguments): TypedArguments {
  const result = typeArguments(action, given)
  assert.ok(result.ok, JSON.stringify(result))
  return result.arguments
}

const things = onlyAction(
  planOperation({
    parameters: [
      {
        name: 'tag',
        in: 'query',
        schema: { type: 'array', maxItems: 2, items: { type: 'string' } },
      },
      {
        name: 'old',
        in: 'query',
        explode: false,
        schema: { type: 'array', items: { type: 'string' } },
      },
      { name: 'deep', in: 'query', schema: { type: 'boolean' } },
    ],
    ...jsonBody({
      type: 'object',
      properties: {
        count: { type: 'integer' },
        when: { type: 'string', format: 'date-time' },
        price: { type: 'string', 'x-remit-kind': 'decimal' },
        file: { type: 'string', 'x-remit-kind': 'path' },
        note: { type: ['string', 'null'], minLength: 2 },
        tags: { type: 'array', items: { type: 'integer' } },
        either: { oneOf: [{ type: 'string' }, { type: 'integer' }] },
        address: {
          type: 'object',
          required: ['city'],
          properties: { city: { type: 'string' }, zip: { type: 'integer' } },
        },
        free: {
          type: 'object',
          additionalProperties: true,
          properties: { known: { type: 'string' } },
        },
      },
    }),
  }),
)

function thing(text: string): GivenArguments {
  return { path: new Map([['id', 'x']]), query: [], body: parseJson(text) }
}

describe('typing the arguments of a call', () => {
  it('keeps the text of a number from the wire', () => {
    const args = typed(refund, body('{"amount": 900.00, "note": "scratched"}'))
    assert.deepEqual(args.get('amount'), { kind: 'decimal', text: '900.00' })
    assert.deepEqual(args.get('order_id'), { kind: 'string', value: '1042' })
    assert.deepEqual(policyArguments(args), {
      order_id: '1042',
      amount: { decimal: '900.0' },
      note: 'scratched',
    })
  })

  it('types path, query and repeated query', () => {
    const query = [
      ['customer_id', 'cus_812'],
      ['limit', '5'],
      ['placed_after', '2026-01-02T03:04:05+01:00'],
    ] as const
    const args = typed(list, { path: new Map(), query, body: undefined })
    assert.deepEqual(args.get('limit'), { kind: 'integer', text: '5' })
    assert.equal(args.get('placed_after')?.kind, 'datetime')
    const tags = typed(things, {
      path: new Map([['id', 'x']]),
      query: [
        ['tag', 'a'],
        ['tag', 'b'],
        ['old', 'a,b'],
        ['deep', 'true'],
      ],
      body: new Map(),
    })
    assert.equal(tags.get('tag')?.kind, 'set')
    assert.equal(tags.has('old'), false)
  })

  it('refuses a query parameter that came twice', () => {
    const query = [
      ['limit', '5'],
      ['limit', '6'],
    ] as const
    assert.equal(
      fault(list, { path: new Map(), query, body: undefined }),
      'arguments.repeated /limit',
    )
    const old = [
      ['old', 'a'],
      ['old', 'b'],
    ] as const
    assert.equal(
      fault(things, { path: new Map([['id', 'x']]), query: old, body: new Map() }),
      'arguments.repeated /old',
    )
    const tags = ['a', 'b', 'c'].map((value): [string, string] => ['tag', value])
    assert.equal(
      fault(things, { path: new Map([['id', 'x']]), query: tags, body: new Map() }),
      'arguments.too_long /tag',
    )
  })

  it('refuses what is missing, unknown or not expected', () => {
    assert.equal(fault(refund, { path, query: [], body: undefined }), 'arguments.missing /body')
    assert.equal(
      fault(refund, { path: new Map(), query: [], body: new Map() }),
      'arguments.missing /order_id',
    )
    assert.equal(fault(refund, body('{}')), 'arguments.missing /amount')
    assert.equal(fault(refund, body('{"amount":1,"to":"me"}')), 'arguments.unknown /to')
    assert.equal(
      fault(refund, { path, query: [['amount', '1']], body: new Map() }),
      'arguments.unknown /amount',
    )
    assert.equal(
      fault(list, { path: new Map(), query: [], body: new Map() }),
      'arguments.unexpected_body ',
    )
    assert.equal(
      fault(list, { path: new Map([['x', 'y']]), query: [], body: undefined }),
      'arguments.unknown /x',
    )
  })

  it('refuses numbers that policy could not hold exactly', () => {
    for (const amount of [
      '"900.00"',
      'true',
      'null',
      '9e2',
      '0.00001',
      '1.00000',
      '922337203685477.5808',
      '{"__proto":1}',
      '[900.00]',
    ]) {
      assert.equal(
        fault(refund, body(`{"amount":${amount}}`)),
        'arguments.wrong_kind /amount',
        amount,
      )
    }
    for (const count of ['1.0', '1e0', '9223372036854775808', '"1"']) {
      assert.equal(fault(things, thing(`{"count":${count}}`)), 'arguments.wrong_kind /count', count)
    }
    const most = typed(things, thing('{"count":9223372036854775807}'))
    assert.deepEqual(policyArguments(most).count, { integer: '9223372036854775807' })
    assert.deepEqual(typed(things, thing('{"price":"10.5000"}')).get('price'), {
      kind: 'decimal',
      text: '10.5000',
    })
    assert.equal(fault(things, thing('{"price":10.5}')), 'arguments.wrong_kind /price')
  })

  it('keeps to the limits of the document, exactly', () => {
    assert.equal(fault(refund, body('{"amount":0.00}')), 'arguments.out_of_range /amount')
    assert.equal(fault(refund, body('{"amount":99999.999}')), 'arguments.out_of_range /amount')
    assert.equal(fault(refund, body('{"amount":0.015}')), 'arguments.out_of_range /amount')
    assert.equal(fault(refund, body('{"amount":-5}')), 'arguments.out_of_range /amount')
    const status = [['status', 'lost']] as const
    assert.equal(
      fault(list, { path: new Map(), query: status, body: undefined }),
      'arguments.not_allowed /status',
    )
    assert.equal(
      fault(refund, { path: new Map([['order_id', '1042\n']]), query: [], body: new Map() }),
      'arguments.not_allowed /order_id',
    )
    const long = JSON.stringify({ amount: 1, note: 'x'.repeat(201) })
    assert.equal(fault(refund, body(long)), 'arguments.too_long /note')
    assert.equal(fault(things, thing('{"note":"x"}')), 'arguments.out_of_range /note')
    const file = JSON.stringify({ file: 'x'.repeat(4097) })
    assert.equal(fault(things, thing(file)), 'arguments.too_long /file')
    const many = JSON.stringify({ tags: Array(1001).fill(1) })
    assert.equal(fault(things, thing(many)), 'arguments.too_long /tags')
  })

  it('counts characters, not code units', () => {
    assert.ok(typed(refund, body(JSON.stringify({ amount: 1, note: '😀'.repeat(200) }))))
  })

  it('takes null for absent where the document allows null, and nowhere else', () => {
    assert.equal(typed(things, thing('{"note":null}')).has('note'), false)
    assert.equal(fault(things, thing('{"count":null}')), 'arguments.wrong_kind /count')
  })

  it('types nested objects, refuses what they do not know, and leaves out what has no type', () => {
    const args = typed(
      things,
      thing('{"address":{"city":"B","zip":1},"either":5,"free":{"x":[1],"known":"k"}}'),
    )
    assert.deepEqual(args.get('address'), {
      kind: 'record',
      fields: new Map<string, TypedValue>([
        ['city', { kind: 'string', value: 'B' }],
        ['zip', { kind: 'integer', text: '1' }],
      ]),
    })
    assert.equal(args.has('either'), false)
    assert.deepEqual(args.get('free'), {
      kind: 'record',
      fields: new Map([['known', { kind: 'string', value: 'k' }]]),
    })
    assert.equal(fault(things, thing('{"address":{"zip":1}}')), 'arguments.missing /address/city')
    assert.equal(
      fault(things, thing('{"address":{"city":"B","x":1}}')),
      'arguments.unknown /address/x',
    )
    assert.equal(fault(things, thing('{"tags":[1,"2"]}')), 'arguments.wrong_kind /tags/1')
  })

  it('refuses dates that do not exist and paths that climb', () => {
    for (const when of [
      '2026-02-30T00:00:00Z',
      '2026-01-01T24:00:00Z',
      '2026-01-01 00:00:00Z',
      'now',
    ]) {
      assert.equal(
        fault(things, thing(JSON.stringify({ when }))),
        'arguments.wrong_kind /when',
        when,
      )
    }
    for (const file of ['../x', 'a/../b', 'a/%2e%2e/b', 'a\\b']) {
      assert.equal(
        fault(things, thing(JSON.stringify({ file }))),
        'arguments.wrong_kind /file',
        file,
      )
    }
  })

  it('never lets a string become a reference, an extension value or a prototype', () => {
    for (const name of ['__entity', '__extn', '__expr', '__proto__']) {
      const smuggled: Json = new Map([[name, new Map([['type', 'Person']])]])
      for (const member of ['amount', 'note']) {
        const given = new Map<string, Json>([
          ['amount', new ExactNumber('1')],
          [member, smuggled],
        ])
        assert.match(fault(refund, { path, query: [], body: given }), /^arguments.wrong_kind/)
      }
      assert.match(
        fault(refund, { path, query: [], body: new Map([[name, 'x']]) }),
        /^arguments.unknown/,
      )
      assert.match(
        fault(list, { path: new Map(), query: [[name, 'x']], body: undefined }),
        /^arguments.unknown/,
      )
      const free = new Map([['free', new Map([[name, 'x']])]])
      const args = typed(things, { path: new Map([['id', 'x']]), query: [], body: free })
      assert.deepEqual(args.get('free'), { kind: 'record', fields: new Map() })
    }
    const text = '{"__entity":{"type":"Person","id":"psn_x"}}'
    assert.deepEqual(
      policyArguments(typed(refund, body(JSON.stringify({ amount: 1, note: text })))).note,
      text,
    )
  })

  it('says what was wrong without repeating the value, and shows made-up names plainly', () => {
    const result = typeArguments(refund, body('{"amount":1,"x\\u202ey":"secret"}'))
    assert.ok(!result.ok)
    assert.match(result.detail, /\\u\{202e\}/)
    assert.doesNotMatch(JSON.stringify(result), /secret/)
  })
})

const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constant(null),
    fc.boolean(),
    fc.string({ unit: 'binary' }),
    fc
      .oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))
      .map((n) => new ExactNumber(JSON.stringify(n))),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .dictionary(
        fc.constantFrom(
          'amount',
          'note',
          'count',
          'when',
          'tags',
          'address',
          'city',
          '__entity',
          '__proto__',
          'zz',
        ),
        tie('value'),
        { maxKeys: 5 },
      )
      .map((object) => new Map(Object.entries(object))),
  ),
})).value

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('1', '1.5', 'true', 'a', '2026-01-01T00:00:00Z'),
)

function pairs(...names: string[]): fc.Arbitrary<[string, string][]> {
  return fc.array(fc.tuple(fc.constantFrom(...names), text), { maxLength: 3 })
}

/** Bodies that are right now and then. */
const likely: fc.Arbitrary<Json> = fc
  .record(
    {
      amount: fc
        .integer({ min: 1, max: 10_000 })
        .map((cents) => new ExactNumber((cents / 100).toFixed(2))),
      note: fc.oneof(fc.string({ unit: 'grapheme', minLength: 2 }), json),
      count: fc.oneof(
        fc.maxSafeInteger().map((n) => new ExactNumber(`${n}`)),
        json,
      ),
      free: fc.constant(new Map<string, Json>([['__entity', 'x']])),
      either: json,
    },
    { requiredKeys: [] },
  )
  .map((object) => new Map(Object.entries(object)))

describe('typing whatever comes', () => {
  it('never throws, and what it accepts is exact and known', () => {
    let accepted = 0
    fc.assert(
      fc.property(
        fc.constantFrom(refund, list, things),
        fc.oneof(fc.constant('right' as const), pairs('order_id', 'id', 'x')),
        fc.oneof(fc.constant([]), pairs('limit', 'tag', 'old', 'status', 'deep', 'x')),
        fc.oneof(fc.constant(undefined), json, likely),
        (action, pathValues, query, given) => {
          const right =
            action === things
              ? ([['id', 'x']] as const)
              : action === refund
                ? ([['order_id', '1']] as const)
                : []
          const path = new Map(pathValues === 'right' ? right : pathValues)
          const result = typeArguments(action, { path, query, body: given })
          if (!result.ok) {
            assert.ok(result.reason in PROBLEMS)
            assert.ok(result.detail.isWellFormed())
            return
          }
          accepted++
          const known = new Set(action.arguments.arguments.map(({ name }) => name))
          for (const [name, value] of result.arguments) {
            assert.ok(known.has(name))
            assertExact(value)
          }
          policyArguments(result.arguments)
        },
      ),
      { numRuns: 3000 },
    )
    assert.ok(accepted > 50, `only ${accepted} calls were accepted`)
  })
})

function assertExact(value: TypedValue): void {
  if (value.kind === 'set') value.items.forEach(assertExact)
  else if (value.kind === 'record') [...value.fields.values()].forEach(assertExact)
  else if (value.kind === 'string') assert.ok(value.value.isWellFormed())
  else if (value.kind !== 'boolean') assert.ok(exact(value.kind, value.text))
}

describe('G4: a number that may come as text', () => {
  const priced = onlyAction(
    planOperation(
      jsonBody({
        type: 'object',
        properties: {
          amount: {
            anyOf: [{ type: 'number' }, { type: 'string', pattern: '^[+-]?\\d*\\.?\\d*$' }],
          },
        },
      }),
    ),
  )
  const given = (text: string) => ({ ...body(text), path: new Map([['id', '7']]) })

  it('is the same to bounds and policies, and anything else is refused', () => {
    for (const text of ['{"amount":12.50}', '{"amount":"12.50"}'])
      assert.deepEqual(typed(priced, given(text)).get('amount'), { kind: 'decimal', text: '12.50' })
    for (const text of ['"a"', '"1e3"', '""', '"."', '" 1"', '"0.00001"', 'true', '"+1"', '"٣"'])
      assert.match(fault(priced, given(`{"amount":${text}}`)), /wrong_kind \/amount/, text)
  })
})

describe('a body that may be left out', () => {
  const form = 'application/x-www-form-urlencoded'
  const schemaOf = (required: readonly string[]) => ({
    type: 'object',
    required,
    properties: { name: { type: 'string' }, any: {}, note: { type: 'string' } },
  })
  const without = { path: new Map([['id', '7']]), query: [], body: undefined }

  it('M1: is needed where each has a member that policies may rely on, and nothing else refuses it', () => {
    for (const type of ['application/json', form]) {
      const action = (...required: string[]) =>
        onlyAction(
          planOperation({ requestBody: { content: { [type]: { schema: schemaOf(required) } } } }),
        )
      assert.equal(fault(action('name'), without), 'arguments.missing /name')
      // Policies see neither of them.
      for (const required of [[], ['any']])
        assert.deepEqual([...typed(action(...required), without).keys()], ['id'], type)
    }
  })
})

describe('fields of a form', () => {
  const form = onlyAction(
    planOperation({
      requestBody: {
        required: true,
        content: {
          'application/x-www-form-urlencoded': {
            schema: {
              type: 'object',
              additionalProperties: false,
              required: ['name'],
              properties: {
                name: { type: 'string' },
                size: { type: 'integer' },
                tags: { type: 'array', items: { type: 'string' } },
                owner: { type: 'object', properties: { id: { type: 'string' } } },
              },
            },
          },
        },
      },
    }),
  )
  const given = (...pairs: [string, string][]): GivenArguments => ({
    ...{ path: new Map([['id', '7']]), query: [], body: pairs },
  })

  it('are typed from their text; a list is a repeated name', () => {
    const all = typed(form, given(['tags', 'x'], ['size', '12'], ['name', 'a b'], ['tags', 'y']))
    assert.deepEqual([...all.keys()], ['id', 'name', 'size', 'tags'])
    assert.deepEqual(all.get('size'), { kind: 'integer', text: '12' })
  })

  it('are refused where they are missing, unknown, repeated, or no form at all', () => {
    assert.match(fault(form, given(['size', '1'])), /missing \/name/)
    assert.match(fault(form, given(['name', 'a'], ['other', '1'])), /unknown \/other/)
    assert.match(fault(form, given(['name', 'a'], ['name', 'b'])), /repeated \/name/)
    assert.match(fault(form, given(['name', 'a'], ['size', '1e3'])), /\/size/)
    const none = { path: new Map([['id', '7']]), query: [] }
    assert.match(fault(form, { ...none, body: parseJson('{"name":"a"}') }), /wrong_kind/)
    assert.match(fault(form, { ...none, body: undefined }), /missing/)
  })

  it('policies are told which of them they cannot see', () => {
    const [owner] = form.arguments.arguments.filter(({ name }) => name === 'owner')
    assert.equal(owner?.type.kind, 'untyped')
  })
})

describe('W10: the values of a call', () => {
  const rows = { type: 'array', items: { type: 'array', items: { type: 'integer' } } }
  const schema = { type: 'object', additionalProperties: false, properties: { rows } }
  const action = onlyAction(planOperation(jsonBody(schema)))
  const given = (lists: number, items: number) => {
    const list = `[${Array(items).fill('7').join()}]`
    const text = `{"rows":[${Array(lists).fill(list).join()}]}`
    return { path: new Map([['id', 'x']]), query: [], body: parseJson(text) }
  }

  it('are typed up to a number, however they are nested', () => {
    // The list of lists counts, and each list: 1 + 99 * 101.
    assert.ok(typeArguments(action, given(99, 100)).ok)
    assert.equal(fault(action, given(100, 100)), 'arguments.too_long /rows/99')
    assert.equal(fault(action, given(11, 1_000)), 'arguments.too_long /rows/9/989')
  })
})
