import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ArgumentType } from '@remit/engine'
import { jsonBody, onlyAction, operationDocument, planImport } from '../../catalog/testing.ts'

const OPTIONS = { name: 'things', identifier: 'http://127.0.0.1:7481/things' } as const

function actionOf(schema: unknown, rest: object = {}) {
  const document = operationDocument(jsonBody(schema), rest)
  return onlyAction(planImport(document, OPTIONS))
}

/** The type of the member `x` of a body. */
function typeOf(schema: unknown, rest: object = {}): ArgumentType {
  const body = { type: 'object', properties: { x: schema } }
  const found = actionOf(body, rest).arguments.arguments.find(({ name }) => name === 'x')
  if (!found) throw new Error('no member x')
  return { ...found.type, ...(found.nullable ? { nullable: true } : {}) }
}

function reasonOf(schema: unknown, rest: object = {}): string {
  const type = typeOf(schema, rest)
  return type.kind === 'untyped' ? type.reason : `typed as ${type.kind}`
}

function fieldsOf(type: ArgumentType): Record<string, string> {
  if (type.kind !== 'record') throw new Error(`not a record: ${JSON.stringify(type)}`)
  return Object.fromEntries(
    type.fields.map(({ name, required, type }) => [name, `${type.kind}${required ? '' : '?'}`]),
  )
}

describe('typing a schema', () => {
  it('maps what has one type', () => {
    for (const [schema, type] of [
      [{ type: 'integer' }, { kind: 'integer' }],
      [{ type: 'number' }, { kind: 'decimal' }],
      [{ type: 'boolean' }, { kind: 'boolean' }],
      [{ type: 'string', format: 'date-time' }, { kind: 'datetime' }],
      [
        { type: 'string', format: 'date' },
        { kind: 'datetime', date: true },
      ],
      [{ type: 'string', format: 'date', 'x-remit-kind': 'string' }, { kind: 'string' }],
      [{ enum: ['a', 'b'] }, { kind: 'string', enum: ['a', 'b'] }],
      [{ const: 'a' }, { kind: 'string', enum: ['a'] }],
      [{ const: 7 }, { kind: 'integer', enum: ['7'] }],
      [{ enum: [1, 2.5] }, { kind: 'decimal', enum: ['1', '2.5'] }],
      [
        { type: 'string', nullable: true, enum: ['a', null] },
        { kind: 'string', enum: ['a'], nullable: true },
      ],
      [
        { type: 'integer', minimum: 1, exclusiveMinimum: true },
        { kind: 'integer', exclusiveMinimum: '1' },
      ],
      [
        { type: ['number', 'integer'], exclusiveMaximum: 5 },
        { kind: 'decimal', exclusiveMaximum: '5' },
      ],
      [
        { type: 'array', items: { type: 'integer' }, maxItems: 3 },
        { kind: 'set', items: { kind: 'integer' }, maxItems: 3 },
      ],
    ] as const)
      assert.deepEqual(typeOf(schema), type, JSON.stringify(schema))
  })

  it('takes a choice for what all alternatives have in common', () => {
    for (const [schema, type] of [
      [
        { oneOf: [{ const: 'a' }, { enum: ['b', 'c'] }] },
        { kind: 'string', enum: ['a', 'b', 'c'] },
      ],
      [{ oneOf: [{ const: 'a' }, { type: 'string' }] }, { kind: 'string' }],
      [
        {
          anyOf: [
            { type: 'integer', minimum: 1 },
            { type: 'number', minimum: 1 },
          ],
        },
        { kind: 'decimal', minimum: '1' },
      ],
      [
        {
          anyOf: [
            { type: 'integer', minimum: 1 },
            { type: 'integer', minimum: 2 },
          ],
        },
        { kind: 'integer' },
      ],
      [{ oneOf: [{ type: 'string', format: 'date' }, { const: '' }] }, { kind: 'string' }],
      [
        { anyOf: [{ type: 'string', maxLength: 3 }, { type: 'null' }] },
        { kind: 'string', maxLength: 3, nullable: true },
      ],
      [
        {
          oneOf: [
            { type: 'array', items: { type: 'integer' } },
            { type: 'array', items: { type: 'number' } },
          ],
        },
        { kind: 'set', items: { kind: 'decimal' } },
      ],
    ] as const)
      assert.deepEqual(typeOf(schema), type, JSON.stringify(schema))
  })

  it('makes one object of several, discriminated or not', () => {
    const card = {
      type: 'object',
      required: ['kind', 'number', 'owner'],
      properties: {
        kind: { const: 'card' },
        number: { type: 'string' },
        owner: { type: 'string' },
        until: { type: 'string', format: 'date' },
      },
    }
    const bank = {
      type: 'object',
      required: ['kind', 'number', 'iban'],
      properties: {
        kind: { const: 'bank' },
        number: { type: 'integer' },
        iban: { type: 'string' },
      },
    }
    const components = { schemas: { Card: card, Bank: bank } }
    const type = typeOf(
      {
        oneOf: [{ $ref: '#/components/schemas/Card' }, { $ref: '#/components/schemas/Bank' }],
        discriminator: { propertyName: 'kind' },
      },
      { components },
    )
    assert.deepEqual(fieldsOf(type), {
      kind: 'string',
      // A string here and a number there: no rule could say which.
      number: 'untyped',
      owner: 'string?',
      until: 'datetime?',
      iban: 'string?',
    })
    assert.ok(type.kind === 'record')
    assert.deepEqual(type.fields[0]?.type, { kind: 'string', enum: ['card', 'bank'] })
    assert.equal(type.open, false)
  })

  it('adds up what stands beside a choice, a reference and in allOf', () => {
    const base = { type: 'object', properties: { a: { type: 'string' }, b: { type: 'integer' } } }
    assert.deepEqual(
      fieldsOf(typeOf({ ...base, oneOf: [{ required: ['a', 'b'] }, { required: ['a'] }] })),
      { a: 'string', b: 'integer?' },
    )
    const components = { schemas: { Base: base } }
    const extended = { $ref: '#/components/schemas/Base', required: ['b'] }
    assert.deepEqual(fieldsOf(typeOf(extended, { components })), { a: 'string?', b: 'integer' })
    assert.deepEqual(
      fieldsOf(typeOf(extended, { components, openapi: '3.0.3' })),
      { a: 'string?', b: 'integer?' },
      'OpenAPI 3.0 ignores what stands beside a reference',
    )
    const narrowed = {
      allOf: [
        { properties: { n: { type: 'number', minimum: 1, maximum: 9 } } },
        { properties: { n: { type: 'integer', minimum: 3 }, m: { enum: ['x', 'y'] } } },
        { properties: { m: { enum: ['y', 'z'] } }, required: ['m'] },
      ],
    }
    assert.deepEqual(typeOf({ type: 'object', ...narrowed }), {
      kind: 'record',
      open: false,
      fields: [
        {
          name: 'n',
          required: false,
          nullable: false,
          type: { kind: 'integer', minimum: '3', maximum: '9' },
        },
        { name: 'm', required: true, nullable: false, type: { kind: 'string', enum: ['y'] } },
      ],
    })
  })

  it('takes plain values of several kinds for text where they come as text', () => {
    const either = { oneOf: [{ type: 'integer' }, { type: 'string' }] }
    const document = operationDocument({
      parameters: [{ name: 'id', in: 'path', required: true, schema: either }],
      ...jsonBody({ type: 'object', properties: { id: either } }),
    })
    const { arguments: args } = onlyAction(planImport(document, OPTIONS)).arguments
    assert.deepEqual(
      args.map(({ name, type }) => [name, type.kind]),
      [
        ['id', 'string'],
        ['body_id', 'untyped'],
      ],
    )
  })

  it('G4: takes a number that may come as text for a number, as Pydantic describes `Decimal`', () => {
    const text = { type: 'string', pattern: '^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$' }
    const decimal = { kind: 'decimal', quoted: 'either' }
    for (const [schema, type] of [
      [{ anyOf: [{ type: 'number' }, text], title: 'Amount' }, decimal],
      [{ anyOf: [{ type: 'number' }, text, { type: 'null' }] }, { ...decimal, nullable: true }],
      [
        { anyOf: [{ anyOf: [{ type: 'number' }, text] }, { type: 'null' }] },
        { ...decimal, nullable: true },
      ],
      [{ allOf: [{ anyOf: [{ type: 'number', exclusiveMinimum: 0 }, text] }] }, decimal],
      [
        { ...text, type: ['number', 'string', 'null'] },
        { ...decimal, nullable: true },
      ],
      [
        { oneOf: [{ type: 'integer' }, { type: 'string', pattern: '^[0-9]{1,18}$' }] },
        { kind: 'integer', quoted: 'either' },
      ],
      [{ anyOf: [{ type: 'number' }, { type: 'string', 'x-remit-kind': 'decimal' }] }, decimal],
      [{ anyOf: [text, { type: 'null' }] }, { kind: 'string', nullable: true }],
      [
        { oneOf: [{ const: 'a', title: 'A' }, { const: 'b' }] },
        { kind: 'string', enum: ['a', 'b'] },
      ],
      [{ type: ['string', 'null'] }, { kind: 'string', nullable: true }],
      [{ allOf: [{ type: 'integer' }] }, { kind: 'integer' }],
    ] as const)
      assert.deepEqual(typeOf(schema), type, JSON.stringify(schema))
    for (const pattern of [
      undefined,
      '^.*$',
      '^\\w+$',
      '[0-9]+',
      '^[0-9a]+$',
      '^[^x]*$',
      '^\\d+|x$',
    ])
      assert.match(
        reasonOf({
          anyOf: [{ type: 'number' }, { type: 'string', ...(pattern ? { pattern } : {}) }],
        }),
        /a number or a string/,
        pattern,
      )
  })

  it('says why the rest has no type', () => {
    const Loop = {
      type: 'object',
      properties: { next: { allOf: [{ $ref: '#/components/schemas/Loop' }] } },
    }
    const components = { schemas: { Loop } }
    for (const [schema, reason] of [
      [{}, /no type/],
      [{ type: ['string', 'integer'] }, /may be a string or a number/],
      [
        { oneOf: [{ type: 'object', properties: { a: {} } }, { type: 'string' }] },
        /an object or a string/,
      ],
      [{ oneOf: [] }, /choice/],
      [{ enum: ['a', 1] }, /a string or a number|not all strings/],
      [{ type: 'object', additionalProperties: { type: 'string' } }, /is a map/],
      [{ type: 'object', additionalProperties: true }, /any members/],
      [{ type: 'array', items: { type: ['string', 'null'] } }, /items may be null/],
      [{ type: 'array', prefixItems: [{ type: 'string' }] }, /each position/],
      [{ allOf: [{ type: 'string' }, { type: 'integer' }] }, /disagree about `type`/],
      [
        { allOf: [{ format: 'date' }, { format: 'uuid' }], type: 'string' },
        /disagree about `format`/,
      ],
    ] as const)
      assert.match(reasonOf(schema), reason, JSON.stringify(schema))
    const looped = typeOf({ $ref: '#/components/schemas/Loop' }, { components })
    assert.ok(looped.kind === 'record')
    assert.deepEqual(looped.fields[0]?.type, {
      kind: 'untyped',
      reason: 'its schema contains itself',
    })
  })
})
