import fc from 'fast-check'

/** Schema of an API whose arguments have every kind of type. */
export const ODD_SCHEMA = `
  type Query {
    order(id: ID!): Order
    orders(
      first: Int = 10, state: State, tags: [String!], rows: [[Int]], ids: [ID!], ratio: Float, flag: Boolean = true
      text: String = "by default", note: Note, other: Any
    ): [Order!]
  }
  type Mutation { refund(order: ID!, amount: Float! = 1.5, note: Note): Order }
  scalar Any
  enum State { OPEN CLOSED }
  input Note { text: String!, public: Boolean = false, lines: [Note!], score: Float = 2.50, id: ID, state: State = OPEN }
  type Order { id: ID, total: Float, customer: Customer, self: Order }
  type Customer { name: String, email: String }
`

/** Values of a type as an operation has them, and as JSON has them; some are of another type. */
interface Samples {
  readonly type: string
  readonly literals: readonly string[]
  readonly json: readonly string[]
}

const ID: Samples = {
  type: 'ID',
  literals: ['7', '"7"', '"\\u0041"', '"""b"""', '-0', '12345678901234567890', '1.0', 'A'],
  json: [
    '7',
    '"7"',
    '"07"',
    '7.0',
    '1e3',
    '-0',
    '12345678901234567890',
    '1.5',
    'true',
    'null',
    '1e400',
  ],
}
const TEXT: Samples = {
  type: 'String',
  literals: [
    ...[
      '"a"',
      '""',
      '"\\u{1F600}"',
      '"\\uD83D\\uDE00"',
      '"\\uD83D"',
      '"\\n\\t\\"\\\\\\/"',
      '"# {"',
      '"é\u2028\u{10ffff}"',
    ],
    ...[
      '"""a"""',
      '"""\n  b\n    c\n  """',
      '"""\r\n\tb\r  \\""" c"""',
      '"""  a\n  b"""',
      '"""\\u0041"""',
      '"""a\u2028  b"""',
      '7',
      'null',
    ],
  ],
  json: ['"a"', '""', '"\\u0041"', '"\\ud83d\\ude00"', '"a\\r\\nb"', '7', 'true', 'null', '["a"]'],
}
const INT: Samples = {
  type: 'Int',
  literals: ['1', '-0', '2147483647', '2147483648', '1.0', '1e2', '"1"', 'null'],
  json: ['1', '1.0', '1e2', '-0', '2147483647', '2147483648', '"1"', 'null', '1e400'],
}
const FLOAT: Samples = {
  type: 'Float',
  literals: [
    '1',
    '1.50',
    '1e2',
    '-0.0',
    '0.1',
    '900719925474.0993',
    '9007199254740993',
    '1e400',
    '"1"',
  ],
  json: [
    '1',
    '1.50',
    '1E+2',
    '-0.0',
    '0.1',
    '900719925474.0993',
    '9007199254740993',
    '1e400',
    '"1"',
  ],
}
const STATE: Samples = {
  type: 'State',
  literals: ['OPEN', 'CLOSED', '"OPEN"', 'open', 'null'],
  json: ['"OPEN"', '"CLOSED"', '"open"', '0', 'null'],
}
const FLAG: Samples = {
  type: 'Boolean',
  literals: ['true', 'false', 'null', '"true"', '0'],
  json: ['true', 'false', 'null', '"true"', '0'],
}
const NOTE: Samples = {
  type: 'Note',
  literals: [
    ...[
      '{text: "a"}',
      '{public: null, text: "a", lines: {text: "b"}}',
      '{text: "a", lines: [{text: "b", score: 1}]}',
    ],
    ...[
      '{text: "a", id: 7, state: CLOSED}',
      '{text: "a", text: "b"}',
      '{text: "a", x: 1}',
      '{}',
      'null',
    ],
  ],
  json: [
    ...[
      '{"text":"a"}',
      '{"text":"a","public":null,"lines":{"text":"b"}}',
      '{"text":"a","lines":[{"text":"b","score":1.0}]}',
    ],
    ...[
      '{"text":"a","id":7}',
      '{"text":"a","id":7.0}',
      '{"text":"a","state":"CLOSED"}',
      '{"text":"a","x":1}',
      '{}',
      'null',
    ],
  ],
}
const ANY: Samples = {
  type: 'Any',
  literals: ['1', '{a: [1, "b", true, null]}', 'OPEN', '1.50', '"a"'],
  json: ['1', '{"a":[1,"b",true,null]}', '1.50', '"a"', 'null'],
}

function listOf({ json, literals, type }: Samples, item = type): Samples {
  const all = (values: readonly string[]) => values.flatMap((each) => [each, `[${each}]`])
  return {
    type: `[${item}]`,
    literals: [...all(literals), `[${literals[0]}, ${literals[1]}]`, '[]'],
    json: [...all(json), `[${json[0]},${json[1]}]`, '[]'],
  }
}

/** An argument as it stands in an operation, the variable that it declares, and the value that is given for it. */
interface ArgumentUse {
  readonly argument?: string
  readonly declared?: string
  readonly value?: string
}

function given(name: string, { json, literals, type }: Samples): fc.Arbitrary<ArgumentUse> {
  const literal = fc.constantFrom(...literals)
  const variable = `$${name}: ${type}`
  const argument = `${name}: $${name}`
  const value = fc.constantFrom(...json).map((each) => `"${name}":${each}`)
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant({}) },
    literal.map((each) => ({ argument: `${name}: ${each}` })),
    value.map((each) => ({ argument, declared: variable, value: each })),
    fc.constant({ argument, declared: variable }),
    literal.map((each) => ({ argument, declared: `${variable} = ${each}` })),
    fc.tuple(literal, value).map(([each, said]) => ({
      ...{ argument, declared: `${variable} = ${each}`, value: said },
    })),
  )
}

const orders = fc.tuple(
  given('first', INT),
  given('state', STATE),
  given('tags', listOf(TEXT, 'String!')),
  given('rows', listOf(listOf(INT))),
  given('ids', listOf(ID, 'ID!')),
  given('ratio', FLOAT),
  given('flag', FLAG),
  given('text', TEXT),
  given('note', NOTE),
  given('other', ANY),
)
const order = fc.tuple(given('id', { ...ID, type: 'ID!' }))
const refund = fc.tuple(
  given('order', { ...ID, type: 'ID!' }),
  given('amount', FLOAT),
  given('note', NOTE),
)

const F = ' fragment F on Order { total self { customer { name } } }'
const selections = fc.constantFrom(
  '{ id }',
  '{ id customer { email } self { self { total } } }',
  '{ a: id, __typename ... on Order { self { id } } }',
  '{ id self @skip(if: true) { customer { name } } total @include(if: true) }',
  '{ ...F self { id } }',
)

const operation = fc
  .tuple(
    fc.oneof(
      { weight: 3, arbitrary: fc.tuple(fc.constant('query'), fc.constant('orders'), orders) },
      fc.tuple(fc.constant('query'), fc.constant('order'), order),
      fc.tuple(fc.constant('mutation'), fc.constant('refund'), refund),
    ),
    selections,
    fc.constantFrom('', '', '# {\n', ', ', '\ufeff', 'query Other { orders { id } } '),
  )
  .map(([[kind, field, all], selection, before]) => {
    const values = (member: keyof ArgumentUse) => all.flatMap((each) => each[member] ?? [])
    const brackets = (inner: readonly string[]) => (inner.length > 0 ? `(${inner.join(' ')})` : '')
    const head = `${kind} Q${brackets(values('declared'))}`
    const query = `${before}${head} { ${field}${brackets(values('argument'))} ${selection} }`
    return {
      query: selection.includes('...F') ? query + F : query,
      variables: `{${values('value').join(',')}}`,
    }
  })

/** Requests with one operation: right, nearly right, or read differently by some parsers. As JSON, numbers as they were written. */
export const oddOperations = fc
  .tuple(operation, fc.constantFrom('Q', 'Q', 'Q', 'Other', 'q', undefined))
  .map(([{ query, variables }, name]) => {
    const named = name === undefined ? '' : `,"operationName":"${name}"`
    return `{"query":${JSON.stringify(query)},"variables":${variables}${named}}`
  })
