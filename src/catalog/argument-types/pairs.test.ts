import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type Argument,
  type GivenArguments,
  type RecordType,
  type TypedType,
  typeValue,
  writeArgument,
} from '@remit/engine'
import fc from 'fast-check'
import { ExactNumber, type Json } from '../../platform/lib/json.ts'
import { onlyAction, planOperation } from '../catalog/testing.ts'
import { typeArguments } from './type-arguments.ts'

const FORM = 'application/x-www-form-urlencoded'
const deep = { style: 'deepObject', explode: true }
const path = new Map([['id', '7']])

/** An operation of the shape that Stripe describes. */
const invoice = onlyAction(
  planOperation({
    requestBody: {
      content: {
        [FORM]: {
          encoding: { expand: deep, items: deep, metadata: deep, order: deep },
          schema: {
            type: 'object',
            properties: {
              amount: { type: 'integer' },
              expand: { type: 'array', items: { type: 'string', maxLength: 50 } },
              items: {
                type: 'array',
                items: {
                  type: 'object',
                  required: ['price'],
                  properties: { price: { type: 'string' }, quantity: { type: 'integer' } },
                },
              },
              metadata: {
                anyOf: [
                  { type: 'object', additionalProperties: { type: 'string' } },
                  { type: 'string', enum: [''] },
                ],
              },
              order: {
                anyOf: [
                  {
                    type: 'object',
                    required: ['total'],
                    properties: {
                      total: { type: 'number' },
                      paid: { type: 'boolean' },
                      due: { anyOf: [{ type: 'integer' }, { type: 'string', enum: [''] }] },
                      at: { anyOf: [{ type: 'string', enum: ['now'] }, { type: 'integer' }] },
                    },
                  },
                  { type: 'string', enum: [''] },
                ],
              },
            },
          },
        },
      },
    },
  }),
)

function given(...pairs: [string, Json][]): GivenArguments {
  return { path, query: [], body: pairs }
}

function read(...pairs: [string, Json][]) {
  const result = typeArguments(invoice, given(...pairs))
  return result.ok ? result.arguments : `${result.reason} ${result.pointer}`
}

describe('M1: names with brackets in a form', () => {
  it('are records and lists, whose members have their types', () => {
    const args = read(
      ...([
        ['amount', '5'],
        ['items[0][price]', 'pr_1'],
        ['items[1][price]', 'pr_2'],
        ['items[0][quantity]', '2'],
        ['expand[]', 'customer'],
        ['expand[]', 'charge'],
        ['order[total]', '12.50'],
        ['order[paid]', 'true'],
        ['order[due]', ''],
        ['order[at]', 'now'],
      ] as [string, string][]),
    )
    assert.ok(typeof args !== 'string', String(args))
    assert.deepEqual(args.get('expand'), {
      kind: 'set',
      items: [
        { kind: 'string', value: 'customer' },
        { kind: 'string', value: 'charge' },
      ],
    })
    assert.deepEqual(args.get('order'), {
      kind: 'record',
      fields: new Map<string, unknown>([
        ['total', { kind: 'decimal', text: '12.50' }],
        ['paid', { kind: 'boolean', value: true }],
        ['at', { kind: 'string', value: 'now' }],
      ]),
    })
    const items = args.get('items')
    assert.ok(items?.kind === 'set' && items.items[0]?.kind === 'record')
    assert.deepEqual(items.items[0].fields.get('quantity'), { kind: 'integer', text: '2' })
  })

  it('pass on unseen where the document gives no type, and an empty text is none', () => {
    for (const pairs of [
      [['metadata[order]', '1042']],
      [['metadata', '']],
      [['order', '']],
      [
        ['metadata[a]', '1'],
        ['metadata[b][c]', '2'],
      ],
    ] as [string, string][][]) {
      const args = read(...pairs)
      assert.ok(typeof args !== 'string', String(args))
      assert.deepEqual([...args.keys()], ['id'])
    }
  })

  it('are refused where two parsers could read them differently', () => {
    const refused: readonly (readonly [string, ...[string, string][]])[] = [
      ['arguments.repeated /order', ['order[total]', '1'], ['order[total]', '2']],
      ['arguments.repeated /order', ['order[total]', '1'], ['order[total][x]', '2']],
      ['arguments.wrong_kind /order', ['order[total]', '1'], ['order', '']],
      ['arguments.wrong_kind /order', ['order', '{"total":1}']],
      ['arguments.repeated /order', ['order', ''], ['order', '']],
      ['arguments.wrong_kind /order', ['order[]', '1']],
      ['arguments.unknown /order/Total', ['order[total]', '1'], ['order[Total]', '2']],
      ['arguments.missing /order/total', ['order[paid]', 'true']],
      ['arguments.wrong_kind /order/total', ['order[total]', '1e3']],
      ['arguments.wrong_kind /items', ['items[1][price]', 'a']],
      ['arguments.wrong_kind /items', ['items[00][price]', 'a']],
      ['arguments.wrong_kind /items', ['items[1][price]', 'a'], ['items[0][price]', 'b']],
      ['arguments.repeated /items', ['items[][price]', 'a']],
      ['arguments.repeated /expand', ['expand[]', 'a'], ['expand[0]', 'b']],
      ['arguments.repeated /expand', ['expand[0]', 'a'], ['expand[]', 'b']],
      ['arguments.wrong_kind /expand', ['expand', 'a']],
      ['arguments.unknown /order[total', ['order[total', '1']],
      ['arguments.unknown /order[total]]', ['order[total]]', '1']],
      ['arguments.unknown /order[total]x', ['order[total]x', '1']],
      ['arguments.unknown /order.total', ['order.total', '1']],
      ['arguments.unknown /amount[]', ['amount[]', '1']],
      ['arguments.unknown /amount[0]', ['amount', '1'], ['amount[0]', '2']],
      ['arguments.unknown /metadata[__proto__][a]', ['metadata[__proto__][a]', '1']],
      ['arguments.too_long /order', [`order${'[a]'.repeat(17)}`, '1']],
    ]
    for (const [expected, ...pairs] of refused) assert.equal(read(...pairs), expected)
  })

  it('hold no files', () => {
    const file = new Map<string, Json>([['total', new ExactNumber('1')]])
    assert.equal(read(['order', file]), 'arguments.wrong_kind /order')
    assert.equal(read(['items[0]', file]), 'arguments.wrong_kind /items')
  })
})

const leaf = fc.constantFrom<TypedType>(
  { kind: 'string' },
  { kind: 'integer' },
  { kind: 'boolean' },
)
const { type } = fc.letrec<{ type: TypedType }>((tie) => ({
  type: fc.oneof(
    { depthSize: 'small' },
    leaf,
    tie('type').map((items): TypedType => ({ kind: 'set', items })),
    fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }).chain((names) =>
      fc.tuple(...names.map(() => tie('type'))).map(
        (types): RecordType => ({
          kind: 'record',
          open: false,
          fields: names.map((name, i) => ({
            ...{ name, required: false, nullable: false },
            type: types[i] ?? { kind: 'boolean' },
          })),
        }),
      ),
    ),
  ),
}))

/** A value of a type, with nothing empty in it: an empty list has no form as text. */
function fitting(of: TypedType): fc.Arbitrary<Json> {
  if (of.kind === 'set') return fc.array(fitting(of.items), { minLength: 1, maxLength: 3 })
  if (of.kind === 'record')
    return fc
      .tuple(
        ...of.fields.map((each) =>
          each.type.kind === 'untyped' ? fc.constant(null) : fitting(each.type),
        ),
      )
      .map((values): Json => new Map(of.fields.map(({ name }, i) => [name, values[i] ?? null])))
  if (of.kind === 'integer') return fc.integer().map((each) => new ExactNumber(String(each)))
  return of.kind === 'boolean' ? fc.boolean() : fc.string({ unit: 'grapheme', maxLength: 5 })
}

describe('M1: an argument in a form', () => {
  it('is read as it was written, whatever is nested in it', () => {
    const nested = type.filter(({ kind }) => kind === 'set' || kind === 'record')
    const typedValue = nested.chain((of) => fc.tuple(fc.constant(of), fitting(of)))
    fc.assert(
      fc.property(typedValue, ([of, value]) => {
        const argument: Argument = {
          ...{ name: 'x', wire: 'x', place: 'body', required: true, nullable: false },
          ...{ type: of, spelled: 'brackets' },
        }
        const body = writeArgument(argument, value)
        assert.ok(body)
        const schema = {
          arguments: [argument],
          body: { form: 'form', required: true, open: false },
        } as const
        const result = typeArguments({ arguments: schema }, { path: new Map(), query: [], body })
        assert.ok(result.ok, JSON.stringify(result))
        assert.deepEqual(result.arguments.get('x'), typeValue(of, value, '', 0))
      }),
    )
  })
})

describe('M1: parameters of a query', () => {
  const list = onlyAction(
    planOperation({
      parameters: [
        {
          ...{ in: 'query', name: 'created', ...deep },
          schema: {
            anyOf: [
              { type: 'object', properties: { gte: { type: 'integer' } } },
              { type: 'integer' },
            ],
          },
        },
        {
          ...{ in: 'query', name: 'filter', ...deep },
          schema: { type: 'object', properties: { status: { type: 'string' } } },
        },
        {
          in: 'query',
          name: 'expand',
          ...deep,
          schema: { type: 'array', items: { type: 'string' } },
        },
        {
          ...{ in: 'query', name: 'pageable', required: true },
          schema: {
            type: 'object',
            properties: { page: { type: 'integer' }, status: { type: 'string' } },
          },
        },
        { in: 'query', name: 'status', schema: { type: 'boolean' } },
        {
          ...{ in: 'query', name: 'include' },
          schema: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
        },
      ],
    }),
  )

  function query(...pairs: [string, string][]) {
    const result = typeArguments(list, { path, query: pairs, body: undefined })
    return result.ok
      ? [...result.arguments.keys()].slice(1).join(' ')
      : `${result.reason} ${result.pointer}`
  }

  it('are records and lists with deepObject, and what has no type is passed on', () => {
    assert.equal(query(['filter[status]', 'open'], ['expand[0]', 'a']), 'filter expand')
    assert.equal(query(['created[gte]', '1']), '')
    assert.equal(query(['created', '1']), '')
    assert.equal(query(['include', 'a'], ['include', 'b']), '')
    assert.equal(query(['filter[other]', '1']), 'arguments.unknown /filter/other')
    assert.equal(query(['filter', '1']), 'arguments.wrong_kind /filter')
  })

  it('are the members of an object by default, and what is a parameter itself stays', () => {
    assert.equal(query(['page', '2']), 'page')
    assert.equal(query(['status', 'true']), 'status')
    assert.equal(query(['status', 'open']), 'arguments.wrong_kind /status')
    assert.equal(query(), '')
  })
})
