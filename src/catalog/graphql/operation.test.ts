import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { parseJson } from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { readOperation } from './operation.ts'
import { readRequest } from './request.ts'
import { readSchema } from './schema.ts'

const SCHEMA = readSchema(`
  type Query { order(id: ID!): Order, orders(first: Int = 10, state: State, tags: [String!]): [Order!] }
  type Mutation { refund(order: ID!, amount: Float!, note: Note): Order, ping: Boolean }
  type Subscription { changed: Order }
  enum State { OPEN CLOSED }
  input Note { text: String!, public: Boolean = false, lines: [Note!] }
  type Order { id: ID!, total: Float, customer: Customer, items(first: Int): [Item!], self: Order }
  type Customer { name: String, email: String }
  type Item { sku: String }
`)

function read(query: unknown, more: object = {}) {
  return readOperation(SCHEMA, readRequest(parseJson(JSON.stringify({ query, ...more }))))
}

function refusalOf(query: unknown, more: object = {}): string {
  try {
    read(query, more)
  } catch (error) {
    assert.ok(error instanceof Problem, String(error))
    return `${error.code}: ${error.detail}`
  }
  return 'read'
}

function fieldsOf(query: string, more: object = {}): unknown {
  return read(query, more).fields.map(({ given, name }) => [name, JSON.parse(canonicalJson(given))])
}

describe('an operation', () => {
  it('is its root fields, with arguments as the API executes them', () => {
    const query = `query Q($n: Note = {text: "b"}) { order(id: 7) { ...F customer { name } } }
      fragment F on Order { id customer { email } }`
    assert.deepEqual(fieldsOf(query.replace('($n: Note = {text: "b"})', '')), [
      [
        'query.order',
        {
          id: '7',
          '@operation_name': 'Q',
          '@selected_fields': ['customer', 'customer.email', 'customer.name', 'id'],
        },
      ],
    ])
    const refund = `mutation($o: ID!, $a: Float!, $t: String = "by default") {
      refund(order: $o, amount: $a, note: {text: $t, lines: {text: "x"}}) { id }
      again: refund(order: "2", amount: 1e2, note: null) { id }
    }`
    const selected = { '@selected_fields': ['id'] }
    const variables = parseJson('{"o": 12, "a": 40.00}')
    const { fields, hasAliases } = readOperation(
      SCHEMA,
      readRequest(
        new Map([
          ['query', refund],
          ['variables', variables],
        ]),
      ),
    )
    assert.ok(hasAliases)
    assert.deepEqual(
      fields.map(({ given }) => canonicalJson(given)),
      [
        '{"@selected_fields":["id"],"amount":40.00,"note":{"lines":[{"public":false,"text":"x"}],"public":false,"text":"by default"},"order":"12"}',
        '{"@selected_fields":["id"],"amount":1e2,"note":null,"order":"2"}',
      ],
    )
    assert.deepEqual(fieldsOf('{ orders(state: OPEN, tags: "a") { id } }'), [
      ['query.orders', { first: 10, state: 'OPEN', tags: ['a'], ...selected }],
    ])
  })

  it('is sent as one operation, written anew', () => {
    const sent = read(
      '# hello\nquery A { order(id: "\\u0041") { id } } query B { orders { id } }',
      {
        operationName: 'A',
        variables: {},
      },
    )
    assert.deepEqual(JSON.parse(canonicalJson(sent.body)), {
      query: 'query A {\n  order(id: "A") {\n    id\n  }\n}',
      operationName: 'A',
    })
  })

  it('about the schema is introspection, and a type name counts only alone', () => {
    assert.deepEqual(
      read('{ __schema { types { name } } t: __type(name: "Order") { name } }').fields.map(
        ({ name }) => name,
      ),
      ['__schema', '__schema'],
    )
    assert.deepEqual(fieldsOf('{ __typename }'), [['__schema', { '@selected_fields': [] }]])
    const both = read('{ __typename order(id: 1) { __typename } }')
    assert.deepEqual(
      both.fields.map(({ name }) => name),
      ['query.order'],
    )
  })

  const order = '{ order(id: 1) { id } }'
  const invalid: Readonly<Record<string, readonly [unknown, object?]>> = {
    'no text': [7],
    'a syntax error': ['{ order(id: 1) { id }'],
    'an unknown field': ['{ nothing }'],
    'an unknown argument': ['{ order(id: 1, x: 2) { id } }'],
    'a missing argument': ['{ order { id } }'],
    'an argument of another type': ['{ order(id: true) { id } }'],
    'an enum as text': ['{ orders(state: "OPEN") { id } }'],
    'an undeclared variable': ['{ order(id: $id) { id } }'],
    'a variable that nobody declared': [order, { variables: { id: 1 } }],
    'a variable of another type': [
      'query($id: ID!) { order(id: $id) { id } }',
      { variables: { id: [1] } },
    ],
    'a missing variable': ['query($id: ID!) { order(id: $id) { id } }'],
    'variables in a list': [order, { variables: [] }],
    'a fragment in itself': [`{ order(id: 1) { ...F } } fragment F on Order { self { ...F } }`],
    'two fragments of one name': [
      `{ order(id: 1) { ...F } } fragment F on Order { id } fragment F on Order { total }`,
    ],
    'another operation name': [order, { operationName: 'Q' }],
    'two operations of one name': [
      'query A { orders { id } } query A { orders { id } }',
      { operationName: 'A' },
    ],
    'a definition of a type': [`${order} type X { id: ID }`],
    'a U+0000': ['{ order(id: "\\u0000") { id } }'],
    'half a character': ['{ order(id: "\\ud800") { id } }'],
    'arguments that contradict each other': ['{ order(id: 1) { id } order(id: 2) { id } }'],
  }
  for (const [name, [query, more]] of Object.entries(invalid))
    it(`with ${name} is refused`, () => assert.match(refusalOf(query, more), /^graphql\.invalid/))

  const unsupported: Readonly<Record<string, readonly [unknown, object?]>> = {
    'a subscription': ['subscription { changed { id } }'],
    'several operations and no name': ['query A { orders { id } } query B { orders { id } }'],
    'a stored id': [undefined, { id: 'a' }],
    'an unknown member': [order, { doc_id: 1 }],
    '@defer': ['{ order(id: 1) { ... @defer { id } } }'],
    '@stream': ['{ order(id: 1) { items @stream { sku } } }'],
    'a directive of its own': ['{ order(id: 1) { id @x } }'],
    'a root field that may be left out': ['{ order(id: 1) @include(if: true) { id } }'],
    'a fragment of the root that may be left out': [
      '{ ... @skip(if: true) { order(id: 1) { id } } }',
    ],
    'too many levels': [`{ order(id: 1) ${'{ self '.repeat(16)}{ id }${'}'.repeat(16)} }`],
    'too many fields': [`{ order(id: 1) { ${'id '.repeat(501)} } }`],
    'too many aliases': [
      `{ order(id: 1) { ${Array.from({ length: 51 }, (_, i) => `a${i}: id`).join(' ')} } }`,
    ],
    'too many root fields': [
      `{ ${Array.from({ length: 21 }, (_, i) => `a${i}: orders { id }`).join(' ')} }`,
    ],
    'too much text': [`{ order(id: "${'a'.repeat(65_536)}") { id } }`],
  }
  for (const [name, [query, more]] of Object.entries(unsupported))
    it(`with ${name} is refused`, () =>
      assert.match(refusalOf(query, more), /^graphql\.unsupported/))

  it('G1: with extensions is read without them; without a text it asks for the text', () => {
    const persistedQuery = { version: 1, sha256Hash: 'a' }
    for (const extensions of [{ a: 1 }, { persistedQuery }, {}, null])
      assert.equal(refusalOf(order, { extensions }), 'read')
    assert.match(refusalOf(order, { extensions: [] }), /^graphql\.invalid/)
    assert.match(refusalOf(undefined, { extensions: { persistedQuery } }), /^graphql\.text_missing/)
    assert.match(refusalOf(undefined, { extensions: { a: 1 } }), /^graphql\.invalid/)
  })

  it('with an id that is no plain number is refused: APIs make another text of it', () => {
    const byVariable = (id: string) => () =>
      readOperation(
        SCHEMA,
        readRequest(
          parseJson(
            `{"query": "query($id: ID!) { order(id: $id) { id } }", "variables": {"id": ${id}}}`,
          ),
        ),
      )
    assert.doesNotThrow(byVariable('-999999999999999'))
    for (const id of ['1e3', '7.0', '-0', '1234567890123456'])
      assert.throws(byVariable(id), { code: 'graphql.invalid' }, id)
    assert.match(refusalOf('{ order(id: 1234567890123456) { id } }'), /^graphql\.invalid/)
  })

  it('in a batch is refused', () => {
    assert.throws(() => readRequest([new Map([['query', order]])]), {
      code: 'graphql.unsupported',
    })
  })

  it('tells nothing of the schema that was not asked about', () => {
    assert.ok(!refusalOf('{ ordrs { id } }').includes('orders'))
  })

  it('that unfolds without end, or that is costly to compare, ends soon', () => {
    const fan = Array.from(
      { length: 14 },
      (_, i) => `fragment F${i} on Order { ...F${i + 1} ...F${i + 1} }`,
    )
    const bomb = `{ order(id: 1) { ...F0 } } ${fan.join(' ')} fragment F14 on Order { id }`
    assert.match(refusalOf(bomb), /^graphql\.unsupported/)
    assert.match(refusalOf('{'.repeat(60_000)), /^graphql\.unsupported/)
    assert.match(refusalOf(`{ orders(tags: ${'['.repeat(60_000)}) }`), /^graphql\.unsupported/)
    const same = `{ order(id: 1) { ${'self { self { id } } '.repeat(120)} } }`
    assert.equal(refusalOf(same), 'read')
  })
})

describe('a schema', () => {
  it('that is none is refused', () => {
    for (const source of [
      '',
      'type Query',
      '{"data":{}}',
      '{',
      7,
      'type Query { a: Nothing }',
      'type A { a: Int }',
    ])
      assert.throws(() => readSchema(source), { code: 'catalog.bad_document' }, String(source))
  })
})
