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
    const query = 'query($s: State) { orders(state: $s) { id } }'
    const said = refusalOf(query, { variables: { s: 'OPEM' } })
    assert.match(said, /^graphql\.invalid/)
    assert.ok(!said.includes('"OPEN"'), said)
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

describe('the extent of an operation', () => {
  const numbered = (count: number, of: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => of(i)).join(' ')
  const TOO_LARGE = 'graphql.unsupported: the operation is too large'

  it('is bounded in levels, fields, aliases and root fields, to the last one', () => {
    const levels = (count: number) =>
      `{ order(id: 1) ${'{ self '.repeat(count - 2)}{ id }${'}'.repeat(count - 2)} }`
    const bounded: readonly (readonly [(count: number) => string, number, string])[] = [
      [levels, 14, `${TOO_LARGE}: it is nested deeper than 15`],
      [
        (count) => `{ order(id: 1) { ${'id '.repeat(count - 1)} } }`,
        500,
        `${TOO_LARGE}: it selects more than 500 fields`,
      ],
      [
        (count) => `{ order(id: 1) { ${numbered(count, (i) => `a${i}: id`)} } }`,
        50,
        `${TOO_LARGE}: it has more than 50 aliases`,
      ],
      [
        (count) => `{ ${numbered(count, (i) => `a${i}: orders { id }`)} }`,
        20,
        'graphql.unsupported: an operation has at most 20 root fields',
      ],
    ]
    for (const [write, most, refusal] of bounded) {
      assert.equal(refusalOf(write(most)), 'read', refusal)
      assert.equal(refusalOf(write(most + 1)), refusal)
    }
  })

  it('is bounded in brackets within brackets and in tokens, before it is parsed', () => {
    const refusal = `${TOO_LARGE}, or nested too deep`
    // Two brackets stand around the list: `{` and `(`.
    const nested = (count: number) => {
      const open = '[1, '.repeat(count - 2)
      return `{ orders(tags: ${open}1${']'.repeat(count - 2)}) { id } }`
    }
    assert.match(refusalOf(nested(64)), /^graphql\.invalid/)
    assert.equal(refusalOf(nested(65)), refusal)
    // `{`, `orders`, `(`, `tags`, `:`, `[`, `]`, `)`, `{`, `id`, `}`, `}`
    const tokens = (count: number) => `{ orders(tags: [${'"a" '.repeat(count - 12)}]) { id } }`
    assert.equal(refusalOf(tokens(4_000)), 'read')
    assert.equal(refusalOf(tokens(4_001)), refusal)
    const lists = numbered(10, (i) => `a${i}: orders(tags: ["a"]) { items { sku } }`)
    assert.equal(refusalOf(`{ ${lists} }`), 'read')
    const beside = `{ order(id: 1) { ${'customer { name } '.repeat(65)} } }`
    assert.equal(refusalOf(beside), 'read')
  })
})

describe('directives', () => {
  const ROOT = 'graphql.unsupported: directives are taken below the root fields only'

  it('that leave fields out are taken below the root fields', () => {
    for (const directive of ['@skip(if: true)', '@include(if: false)']) {
      assert.equal(refusalOf(`{ order(id: 1) { id total ${directive} } }`), 'read')
      assert.equal(refusalOf(`{ order(id: 1) { ... ${directive} { id } } }`), 'read')
      const spread = `{ order(id: 1) { ...F ${directive} } } fragment F on Order { id }`
      assert.equal(refusalOf(spread), 'read')
    }
  })

  it('of the operation, its variables, its root and its fragments are refused', () => {
    const skip = '@skip(if: true)'
    for (const query of [
      `query ${skip} { order(id: 1) { id } }`,
      `query($id: ID! ${skip}) { order(id: $id) { id } }`,
      `{ order(id: 1) ${skip} { id } }`,
      `{ ... { order(id: 1) ${skip} { id } } }`,
      `{ ...R ${skip} } fragment R on Query { orders { id } }`,
      `{ order(id: 1) { ...F } } fragment F on Order ${skip} { id }`,
    ])
      assert.equal(refusalOf(query, { variables: {} }), ROOT, query)
  })

  it('that are not known are named, and no longer than a name is', () => {
    const long = 'x'.repeat(100)
    const said = refusalOf(`{ order(id: 1) { id @${long} } }`)
    assert.ok(said.includes(`\`@${'x'.repeat(64)}\``) && !said.includes('x'.repeat(65)), said)
  })
})

describe('fragments', () => {
  it('without a name are spelled out like those with one', () => {
    const order = ['query.order', { id: '1', '@selected_fields': ['id', 'total'] }]
    for (const query of [
      '{ ... { order(id: 1) { id ... on Order { total } } } }',
      '{ ... on Query { order(id: 1) { ... { id } ... { total } } } }',
      '{ ...R } fragment R on Query { order(id: 1) { id total } }',
    ])
      assert.deepEqual(fieldsOf(query), [order])
  })

  it('that the operation does not use are not sent', () => {
    const query = `query A { order(id: 1) { ...F } } query B { orders { ...G } }
      fragment F on Order { id } fragment G on Order { total }`
    const { body, hasAliases } = read(query, { operationName: 'A' })
    assert.ok(!hasAliases)
    const sent = JSON.parse(canonicalJson(body)).query
    assert.match(sent, /fragment F /)
    assert.doesNotMatch(sent, /fragment G /)
  })
})

describe('variables', () => {
  const query = 'query($f: Int, $s: State) { orders(first: $f, state: $s) { id } }'
  const selected = { '@selected_fields': ['id'] }

  it('are sent as they were given, and without any there is no member for them', () => {
    const sent = (more: object) => JSON.parse(canonicalJson(read(query, more).body))
    const { query: text, ...rest } = sent({ variables: { f: 3 } })
    assert.match(text, /orders\(first: \$f, state: \$s\)/)
    assert.deepEqual(rest, { variables: { f: 3 } })
    for (const more of [{}, { variables: {} }, { variables: null }])
      assert.deepEqual([...read(query, more).body.keys()], ['query'])
  })

  it('that are left out leave the argument out, so that its own default counts', () => {
    assert.deepEqual(fieldsOf(query), [['query.orders', { first: 10, ...selected }]])
    assert.deepEqual(fieldsOf(query, { variables: { f: null, s: 'OPEN' } }), [
      ['query.orders', { first: null, state: 'OPEN', ...selected }],
    ])
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
