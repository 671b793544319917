import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import fc from 'fast-check'
import { buildSchema, graphql } from 'graphql'
import { setCeiling } from '../../src/identity/agents/index.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { REFUND_DESK } from '../../src/policy/policy/testing.ts'
import { grantBasis } from '../../src/tasks/consent/index.ts'
import type { CallOptions, OpenTask } from '../agent.ts'
import { ended } from '../ended.ts'
import { assertDenied, assertRefused, assertRequestable } from '../refusals.ts'
import { decode } from '../signing.ts'
import { type Answer, send } from '../wire.ts'
import { inOneWorld } from '../world.ts'

const SDL = `
  type Query { order(id: ID!): Order, orders(first: Int = 10, state: State, tags: [String!]): [Order!]! }
  type Mutation { refund(order: ID!, amount: Float!, note: Note): Order, removeOrder(id: ID!): Boolean }
  type Subscription { changed: Order }
  enum State { OPEN CLOSED }
  input Note { text: String!, public: Boolean = false }
  type Order { id: ID!, email: String, items(first: Int): [String!] }
`
const ACTIONS = [
  'graph.query.order',
  'graph.query.orders',
  'graph.mutation.refund',
  'graph.mutation.remove-order',
  'graph.introspect',
]
const RULES = `
@id("support-graph") permit (principal in Group::"support", action, resource == Resource::"graph")
  unless { action == Action::"graph.introspect" };
@id("agents-graph") permit (principal is Agent, action, resource == Resource::"graph") when { principal.trust >= 1 };
@id("refunds-ask") @requestable("A refund needs the word of finance") @approvers("group:finance") @lifetime("PT1H")
forbid (principal is Person, action == Action::"graph.mutation.refund", resource)
  when { context.args.amount.greaterThan(decimal("100.0")) };
@id("no-mails") forbid (principal is Person, action == Action::"graph.query.orders", resource)
  when { context.args.selected_fields.contains("email") };
@id("hidden-mails") @redact("/data/order/email")
permit (principal in Group::"support", action == Action::"graph.query.order", resource);
`

inOneWorld('GraphQL through the gateway', (world) => {
  let task: OpenTask
  let token: string
  /** Root fields that the API executed, with their arguments. */
  const executed: [string, Record<string, unknown>][] = []

  before(async () => {
    const w = world()
    const { id: by } = await w.person('ada')
    const { id: personId } = await w.person('sam')
    const upstream = `${w.echo.origin}/graphql`
    const ada = await w.api('ada')
    const done = await ada.send('PUT', '/resources/graph', { graphql: SDL, upstream })
    assert.equal(done.status, 200, done.text)
    assert.match(done.text, /subscriptions are left out/)
    const again = await ada.send('PUT', '/resources/graph', { graphql: SDL, upstream })
    assert.equal(again.body.unchanged, true)
    await publishPolicies(w.rooms.policy, { text: REFUND_DESK + RULES, by, note: 'graph' })
    const detail = {
      type: 'remit_call',
      locations: [`${w.gateway}/graph`],
      actions: ACTIONS,
      bounds: [],
    }
    await setCeiling(w.rooms.agents, { agentId: 'refund-bot', ceiling: [detail], by })
    const details = [detail] as unknown as Parameters<typeof grantBasis>[1]['details'] // as written above
    const basis = { personId, agentId: 'refund-bot', kind: 'consent', grantedBy: personId } as const
    await grantBasis(w.rooms.decisions, { ...basis, details })
    task = await w.open({ details: [detail] })
    token = await w.agent.token(task, `${w.gateway}/graph`)
  })

  const schema = buildSchema(SDL)
  const order = { id: '7', email: 'someone@example.com', items: ['a'] }
  const doing = (name: string, result: unknown) => (given: Record<string, unknown>) => {
    executed.push([name, given])
    return result
  }
  const root = {
    order: doing('query.order', order),
    orders: doing('query.orders', [order]),
    refund: doing('mutation.refund', order),
    removeOrder: doing('mutation.removeOrder', true),
  }

  /** Sends an operation to an API that executes what reaches it. */
  async function ask(query: unknown, more: object = {}, how: CallOptions = {}) {
    listen()
    const body = JSON.stringify(Array.isArray(query) ? query : { query, ...more })
    const headers = [['Accept', 'application/graphql-response+json']] as const
    return world().agent.call(task, 'POST', '/graph', { headers, ...how, token, body })
  }

  function listen(): void {
    executed.length = 0
    world().echo.forget()
    world().echo.answer = async (_request, reply, body) => {
      const { operationName, query: source, variables: variableValues } = JSON.parse(body)
      const result = await graphql({
        schema,
        source,
        rootValue: root,
        variableValues,
        operationName,
      })
      reply.setHeader('content-type', 'application/json').end(JSON.stringify(result))
    }
  }

  it('a stranger learns nothing of the schema', async () => {
    const headers = [
      ['Authorization', 'DPoP eyJhbGciOiJFUzI1NiJ9.e30.AAAA'],
      ['Content-Type', 'application/json'],
    ] as const
    const body = '{"query":"{ nothing }"}'
    const answer = await send(`${world().gateway}/graph`, { method: 'POST', headers, body })
    assert.equal(answer.status, 401)
  })

  it('a query is a call of its action', async () => {
    const answer = await ask('query Q($id: ID!) { order(id: $id) { id } }', {
      variables: { id: 7 },
    })
    assert.deepEqual(
      [answer.status, answer.body],
      [200, { data: { order: { id: '7' } } }],
      answer.text,
    )
    assert.deepEqual(
      executed.map(([name, { id }]) => [name, id]),
      [['query.order', '7']],
    )
    const { id } = await ended(world(), answer.headers['remit-decision'])
    const { body } = await (await world().api('ada')).send('GET', `/decisions/${id}`)
    assert.deepEqual([body.action, body.state], ['graph.query.order', 'answered'])
  })

  it('each root field is decided: one that is not permitted stops all of them', async () => {
    const both = await ask('{ order(id: 1) { id } orders(first: 2) { id } }')
    assert.equal(both.status, 200, both.text)
    assert.deepEqual(
      executed.map(([name]) => name),
      ['query.order', 'query.orders'],
    )
    assertDenied(await ask('{ order(id: 1) { id } orders { id email } }'), 'person.not_permitted')
    assert.equal(executed.length, 0)
    assertDenied(
      await ask('{ order(id: 1) { id } __schema { types { name } } }'),
      'person.not_permitted',
    )
    assert.equal(executed.length, 0)
    const { body } = await (await world().api('ada')).send('GET', `/decisions?task=${task.id}`)
    const states = (body.decisions as { action: string; state: string }[]).map(
      ({ action, state }) => `${action} ${state}`,
    ) // as: the shape that is documented
    assert.ok(states.includes('graph.query.order not_sent'), states.join())
  })

  it('what asks, asks for exactly this operation, and goes once', async () => {
    const refund = (amount: number) =>
      ask(
        'mutation($a: Float!) { first: refund(order: "1", amount: 5) { id } refund(order: "2", amount: $a, note: {text: "x"}) { id } }',
        { variables: { a: amount } },
      )
    assert.equal(executed.length, 0)
    const { id, page } = assertRequestable(await refund(200))
    assert.equal(executed.length, 0)
    const fiona = await world().browser('fiona')
    const shown = await fiona.get(page)
    for (const part of ['mutation.refund', '200', 'amount: $a'])
      assert.ok(shown.text.includes(part), part)
    assert.equal((await fiona.submit(shown, /^Approve once/)).status, 200)
    assert.notEqual(assertRequestable(await refund(201)).id, id)
    assert.equal((await refund(200)).status, 200)
    assert.deepEqual(
      executed.map(([, { amount }]) => amount),
      [5, 200],
    )
    assertRefused(await refund(200), 'approval.executed')
    assert.equal(executed.length, 0)
  })

  it('what policies take out of an answer stays out: an alias does not lead around it', async () => {
    const plain = await ask('{ order(id: 1) { id email } }')
    assert.deepEqual(plain.body, { data: { order: { id: '7', email: '[redacted]' } } }, plain.text)
    assertDenied(await ask('{ order(id: 1) { id mail: email } }'), 'obligation.unknown')
    assert.equal(executed.length, 0)
  })

  /** Codes of the errors in an answer in the words of GraphQL. */
  function codesIn({ body }: Answer): unknown {
    const { errors } = body as { errors?: readonly { extensions: { code: string } }[] } // as: GraphQL over HTTP, section 7
    return errors?.map(({ extensions }) => extensions.code)
  }

  it('G1: extensions beside a query are accepted, and none is sent on', async () => {
    const extensions = { clientLibrary: { name: '@apollo/client', version: '4.3.8' } }
    const answer = await ask('{ order(id: 7) { id } }', { extensions })
    assert.deepEqual([answer.status, executed.length], [200, 1], answer.text)
    assert.ok(!String(world().echo.reached[0]?.body).includes('extensions'))
    const beside = { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } }
    assert.equal((await ask('{ order(id: 7) { id } }', { extensions: beside })).status, 200)
    const alone = await ask(undefined, { extensions: beside })
    assert.deepEqual(
      [alone.status, alone.body],
      [
        400,
        {
          errors: [
            {
              message: 'PersistedQueryNotFound',
              extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' },
            },
          ],
        },
      ],
    )
    const none = await ask('{ order(id: 7) { id } }', { extensions: 'text' })
    assert.deepEqual([none.status, codesIn(none)], [400, ['graphql.invalid']])
    assert.equal(world().echo.reached.length, 0)
  })

  it('G1: an operation that is not valid is told in the type that the client asks for', async () => {
    for (const [accept, status, type] of [
      ['application/json', 200, 'application/json; charset=utf-8'],
      ['*/*', 200, 'application/json; charset=utf-8'],
      [
        'application/graphql-response+json',
        400,
        'application/graphql-response+json; charset=utf-8',
      ],
      [
        'application/graphql-response+json,application/json;q=0.9',
        400,
        'application/graphql-response+json; charset=utf-8',
      ],
      [
        'application/json, application/graphql-response+json;q=0.1',
        200,
        'application/json; charset=utf-8',
      ],
    ] as const)
      for (const [query, variables, code] of [
        ['{', {}, 'graphql.invalid'],
        ['{ nothing }', {}, 'graphql.invalid'],
        ['query($id: ID!) { order(id: $id) { id } }', { id: null }, 'graphql.invalid'],
        ['subscription { changed { id } }', {}, 'graphql.unsupported'],
      ] as const) {
        const answer = await ask(query, { variables }, { headers: [['Accept', accept]] })
        const seen = [answer.status, answer.headers['content-type'], codesIn(answer)]
        assert.deepEqual(seen, [status, type, [code]], `${accept}: ${query}`)
        assert.equal(answer.body.data, undefined)
        assert.equal(answer.headers['remit-answer'], 'own')
      }
    assert.equal(executed.length, 0)
  })

  it('G1: a query by GET, with its lines, is decided and sent as the body of a POST; a mutation is not', async () => {
    const get = (pairs: Record<string, string>) => {
      listen()
      const path = `/graph?${new URLSearchParams(pairs)}`
      return world().agent.call(task, 'GET', path, { token })
    }
    const query = 'query Q($id: ID!) {\n  order(id: $id) {\n    id\n  }\n}'
    const variables = JSON.stringify({ id: '7' })
    const answer = await get({ query, operationName: 'Q', variables, extensions: '{"a":1}' })
    assert.deepEqual([answer.status, answer.body], [200, { data: { order: { id: '7' } } }])
    const [seen] = world().echo.reached
    assert.deepEqual([seen?.method, seen?.target], ['POST', '/graphql'])
    assert.deepEqual(Object.keys(JSON.parse(String(seen?.body))), [
      'query',
      'operationName',
      'variables',
    ])
    const denied = await get({ query: '{ __schema { types { name } } }' })
    assertDenied(denied, 'person.not_permitted')
    const mutation = await get({ query: 'mutation { removeOrder(id: 1) }' })
    assertRefused(mutation, 'request.method_not_allowed')
    assert.equal(mutation.headers.allow, 'POST')
    for (const pairs of [{ query, variables: '{' }, { query, id: '1' }, { variables }])
      assert.equal((await get(pairs)).status, 400, JSON.stringify(pairs))
    const twice = await world().agent.call(task, 'GET', '/graph?query=a&query=b', { token })
    assert.equal(twice.status, 400)
    const body = '{"query":"{ order(id: 7) { id } }"}'
    const withBody = await world().agent.call(task, 'GET', '/graph?query=a', { token, body })
    assertRefused(withBody, 'graphql.unsupported')
    assert.equal(executed.length, 0)
  })

  it('what does not pass reaches nobody', async () => {
    for (const [query, more, code] of [
      ['{ nothing }', {}, 'graphql.invalid'],
      [[{ query: '{ orders { id } }' }], {}, 'graphql.unsupported'],
      ['query A { orders { id } } query B { orders { id } }', {}, 'graphql.unsupported'],
      ['subscription { changed { id } }', {}, 'graphql.unsupported'],
      [undefined, { extensions: { persistedQuery: {} } }, 'graphql.text_missing'],
      [undefined, { id: '1' }, 'graphql.unsupported'],
    ] as const) {
      const problems = { headers: [['Accept', 'application/problem+json']] } as const
      assertRefused(await ask(query, more, problems), code)
      assert.equal(world().echo.reached.length, 0)
    }
    const put = await world().agent.call(task, 'PUT', '/graph', { token, body: '{}' })
    assertRefused(put, 'request.method_not_allowed')
    const deeper = await world().agent.call(task, 'POST', '/graph/x', { token, body: '{}' })
    assertRefused(deeper, 'action.unknown')
    assert.equal(world().echo.reached.length, 0)
  })

  it('any operation is refused, or executed by graphql-js with exactly the decided arguments', async () => {
    const w = world()
    const upstream = `${w.echo.origin}/graphql`
    await (await w.api('ada')).send('PUT', '/resources/graph', {
      graphql: SDL,
      upstream,
      trusted: true,
    })
    token = await w.agent.token(task, `${w.gateway}/graph`)
    let passed = 0
    await fc.assert(
      fc.asyncProperty(operations, async ([query, variables]) => {
        const answer = await ask(query, { variables })
        const [seen] = world().echo.reached
        if (!seen) {
          assert.ok(answer.status >= 400, `${query}: ${answer.status}`)
          return
        }
        passed++
        const { tctx } = decode(String(seen.headers['txn-token'])).claims as { tctx: Tctx } // contract 4
        const [call] = executed
        assert.ok(call && executed.length === 1)
        const [name, given] = call
        const { operation_name: _, selected_fields: _fields, ...decided } = tctx.arguments
        assert.equal(tctx.action, `graph.${name}`)
        assert.deepEqual(asTexts(given), decided, `${query} ${JSON.stringify(variables)}`)
      }),
      { numRuns: 120 },
    )
    assert.ok(passed > 25, `${passed} got through`)
  })
})

interface Tctx {
  readonly action: string
  readonly arguments: Readonly<Record<string, unknown>>
}

/** Values as transaction tokens tell them: numbers as text, nothing for null. */
function asTexts(value: unknown): unknown {
  if (typeof value === 'number') return String(value)
  if (Array.isArray(value)) return value.map(asTexts)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) =>
      item === null || item === undefined ? [] : [[name, asTexts(item)]],
    ),
  )
}

const ODD = ['true', 'null', '{text: $v}', '007', '[$v]', '$w', '2.5', '"OPEN"', '[]', '{}']
const RIGHT = {
  id: ['1', '-2', '"a"', '"\\u00e9"', '"""b\n  c"""', '$v'],
  first: ['1', '$v', 'null'],
  state: ['OPEN', '$v', 'null'],
  tags: ['"a"', '["x", "y"]', '[$v]', '$v', '[]', 'null'],
  note: ['{text: "t"}', '{text: "t", public: true}', '{text: $v}', '$v', 'null'],
} as const

/** An argument with a value that fits, or almost. */
function given(name: keyof typeof RIGHT, as: string = name) {
  const right = { weight: 9, arbitrary: fc.constantFrom(...RIGHT[name]) }
  return fc.oneof(right, fc.constantFrom(...ODD)).map((value) => `${as}: ${value}`)
}

const selection = '{ id ...F }'
const calls = fc.oneof(
  given('id').map((id) => `{ order(${id}) ${selection} }`),
  fc
    .tuple(given('first'), given('state'), given('tags'))
    .chain((all) => fc.subarray(all, { minLength: 1 }))
    .map((some) => `{ orders(${some.join(' ')}) ${selection} }`),
  fc
    .tuple(given('id', 'order'), given('note'))
    .map((both) => `{ refund(amount: 2, ${both.join(', ')}) ${selection} }`),
)

/** A type of the variable, and a value that it may have. */
const variable = fc.constantFrom<readonly [string, object]>(
  ...([
    ['ID!', { v: 'a' }],
    ['ID!', { v: 1 }],
    ['Int', { v: 3 }],
    ['Int', { v: null }],
    ['State', { v: 'OPEN' }],
    ['String!', { v: 't' }],
    ['String = "d"', {}],
    ['[String!]', { v: 'a' }],
    ['Note', { v: { text: 'n' } }],
    ['Note', { v: { text: 'n', other: 1 } }],
    ['Int', { v: 'a' }],
    ['Int', { w: 1 }],
  ] as const),
)

const operations = fc.tuple(calls, variable).map(([call, [type, variables]]) => {
  const kind = call.includes('refund') ? 'mutation' : 'query'
  const uses = call.includes('$v')
  const query = `${kind}${uses ? ` ($v: ${type})` : ''} ${call} fragment F on Order { id }`
  return [query, uses || 'w' in variables ? variables : {}] as const
})
