import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { planImport } from '../../../catalog/catalog/testing.ts'
import { schemaFor } from '../schema.ts'
import { DEFAULT_POLICIES, ORDERS_PLAN, REFUND_DESK } from '../testing.ts'
import { validatePolicies } from '../validate.ts'

const pay = {
  type: 'object',
  required: ['method', 'amount', 'count', 'tags', 'to', 'state'],
  properties: {
    method: { type: 'string', enum: ['card', 'bank'] },
    amount: { type: 'number', minimum: 1, maximum: 1000 },
    count: { type: 'integer', exclusiveMinimum: 0, exclusiveMaximum: 10 },
    tags: { type: 'array', items: { enum: ['new', 'old'] } },
    to: {
      type: 'object',
      required: ['country'],
      properties: { country: { type: 'string', pattern: '^[A-Z]{2}$', maxLength: 2 } },
    },
    state: { type: 'string' },
    day: { type: 'string', format: 'date' },
  },
}
const list = {
  type: 'object',
  required: ['method', 'state'],
  properties: {
    method: { type: 'string', enum: ['card', 'bank', 'cash'] },
    state: { type: 'string', enum: ['open', 'done'] },
  },
}
const body = (schema: object) => ({
  requestBody: { required: true, content: { 'application/json': { schema } } },
})
const { actions } = planImport(
  {
    openapi: '3.1.0',
    info: { title: 'Bank', version: '1' },
    servers: [{ url: 'http://127.0.0.1:1' }],
    paths: {
      '/pay': { post: { 'x-remit-action': 'pay', ...body(pay) } },
      '/list': { post: { 'x-remit-action': 'list', ...body(list) } },
    },
  },
  { name: 'bank', identifier: 'http://127.0.0.1:7481/bank' },
)
const SCHEMA = schemaFor(actions)
const ONE = 'action == Action::"bank.pay"'
const BOTH = 'action in [Action::"bank.pay", Action::"bank.list"]'

function found(condition: string, scope = ONE) {
  const text = `// a comment about "cart" and 4
@id("x")
permit (principal, ${scope}, resource)
when { ${condition} };`
  const { mistakes, warnings } = validatePolicies(text, SCHEMA)
  return { mistakes, warnings }
}

const ANY = /./

function refused(condition: string, message: RegExp, help: RegExp = ANY, scope = ONE) {
  const { mistakes } = found(condition, scope)
  assert.equal(mistakes.length, 1, `${condition}: ${JSON.stringify(mistakes)}`)
  assert.match(mistakes[0]?.message ?? '', message, condition)
  if (help !== ANY) assert.match(mistakes[0]?.help ?? '', help, condition)
  return mistakes[0]
}

function fine(condition: string, scope = ONE) {
  const { mistakes, warnings } = found(condition, scope)
  assert.deepEqual([mistakes, warnings], [[], []], condition)
}

describe('rules that can never match', () => {
  it('are found where a value is compared with one that it cannot have', () => {
    const mistake = refused(
      'context.args.state == "cart" && context.args.method == "cart"',
      /`context\.args\.method` can never be "cart"/,
      /did you mean `card`\?; it can be: "card", "bank"/,
    )
    assert.deepEqual([mistake?.line, mistake?.column, mistake?.policy], [4, 63, 'x'])
    refused('"cash" == context.args.method', /never be "cash"/)
    refused('context.args.method != "cash"', /never be "cash", so this always holds/)
    refused('context.args.method like "b*rd"', /like "b\*rd"/, /it can be/)
    refused('["card", "cash"].contains(context.args.method)', /never be "cash"/)
    refused('context.args.tags.contains("odd")', /tags\[\].* never be "odd"/, /did you mean `old`/)
    refused('context.args.tags.containsAny(["new", "odd"])', /never be "odd"/)
    refused('context.args.to.country == "Germany"', /never be "Germany"/, /maxLength 2/)
    refused('context.args.to.country == "de"', /never be "de"/, /pattern/)
    refused('context.args.count == 10', /never be 10/)
    refused('context.args.amount == decimal("0.99")', /never be "0.99"/, /minimum 1, maximum 1000/)
    refused('!(context.args.method == "cash")', /never be "cash"/)
    refused('if context.args.method == "cash" then true else false', /never be "cash"/)
  })

  it('are found where a number is compared with one beyond its range', () => {
    refused('context.args.count > 9', /never be > 9/, /exclusiveMaximum 10/)
    refused('0 >= context.args.count', /never be <= 0/)
    refused('context.args.amount.greaterThan(decimal("1000.0"))', /never be > "1000\.0"/)
    refused('context.args.amount.lessThan(decimal("1.0"))', /never be < "1\.0"/)
    fine('context.args.count > 8')
    fine('context.args.amount.greaterThanOrEqual(decimal("1000.0"))')
    const { mistakes, warnings } = found('context.args.count < 10')
    assert.deepEqual(mistakes, [])
    assert.match(warnings[0]?.message ?? '', /always < `10`/)
  })

  it('are left alone where the value can come', () => {
    fine('context.args.method == "card" && context.args.state == "anything"')
    fine('context.args.method like "b*"')
    fine('context.args.tags.containsAll(["new", "old"]) && context.args.to.country == "DE"')
    fine('context.args has day && context.args.day > datetime("2026-01-01")')
    fine('["card", "bank"].contains(context.args.method) && context.risk.class == "high"')
  })

  it('are refused over several actions when none can match, and warned of when some can', () => {
    refused('context.args.method == "check"', /never be "check"/, ANY, BOTH)
    const some = found('context.args.method == "cash"', BOTH)
    assert.deepEqual(some.mistakes, [])
    assert.match(some.warnings[0]?.message ?? '', /^of `bank\.pay`: .*never be "cash"/)
    const open = found('context.args.state == "closed"', BOTH)
    assert.deepEqual(open.mistakes, [])
    assert.match(open.warnings[0]?.message ?? '', /^of `bank\.list`/)
    const group = 'action in Action::"write"'
    const guarded = 'context.args has method && context.args.method == "check"'
    refused(guarded, /never be "check"/, ANY, group)
    refused(guarded, /never be "check"/, ANY, 'action')
  })

  it('are found where the context has a closed set of values', () => {
    refused('context.risk.class == "hihg"', /never be "hihg"/, /did you mean `high`/)
    refused('context.risk.score > 100', /never be > 100/)
    refused('context.agent.trust > 3', /never be > 3/)
    refused('context.risk.hour == 24', /never be 24/)
  })

  it('are found where they name what is not there', () => {
    const rule = (scope: string) =>
      validatePolicies(`@id("x") permit (principal, ${scope});`, SCHEMA).mistakes[0]
    assert.match(rule('action, resource == Resource::"bnak"')?.message ?? '', /no resource `bnak`/)
    assert.match(rule('action, resource == Resource::"bnak"')?.help ?? '', /did you mean `bank`/)
    // For the server of another domain, by its issuer; that is about what is issued, and about nothing else.
    const server = 'resource == Resource::"https://as.example"'
    const about = (action: string) =>
      validatePolicies(
        `@id("x") forbid (principal, action == Action::"${action}", ${server});`,
        SCHEMA,
      ).mistakes[0]?.message
    assert.equal(about('issue:id_jag:token_exchange'), undefined)
    assert.match(about('bank.pay') ?? '', /no resource/)
    assert.match(
      rule('action == Action::"bank.pya", resource')?.message ?? '',
      /unrecognized action/,
    )
    assert.match(rule('action in Action::"risk:hgih", resource')?.message ?? '', /unrecognized/)
    refused('resource == Resource::"other"', /no resource `other`/)
    refused('context.args has amuont', /no `context\.args\.amuont`/, /did you mean `amount`/)
    refused('context.args.to has cuontry', /no `context\.args\.to\.cuontry`/, /`country`/)
    refused('context has args.to.land', /no `context\.args\.to\.land`/)
    refused('context has persn', /no `context\.persn`/, /`person`/, 'action')
    // A rule over a group is also for actions that will come.
    const { mistakes, warnings } = found('context.args has iban', 'action in Action::"write"')
    assert.deepEqual(mistakes, [])
    assert.match(
      warnings.map(({ message }) => message).join(),
      /no action .* has `context.args.iban`/,
    )
    assert.match(
      validatePolicies(
        `@id("x") permit (principal, ${ONE}, resource) when { context.args.to.land == "DE" };`,
        SCHEMA,
      ).mistakes[0]?.message ?? '',
      /land/,
    )
  })

  it('are found when the catalog changes under a rule that was right', () => {
    const text = `@id("x") permit (principal, ${ONE}, resource) when { context.args.method == "bank" };`
    assert.deepEqual(validatePolicies(text, SCHEMA).mistakes, [])
    const changed = actions.map((action) => ({
      ...action,
      arguments: {
        ...action.arguments,
        arguments: action.arguments.arguments.map((each) =>
          each.name === 'method'
            ? { ...each, type: { kind: 'string', enum: ['card', 'wire'] } as const }
            : each,
        ),
      },
    }))
    const { mistakes } = validatePolicies(text, schemaFor(changed))
    assert.match(mistakes[0]?.message ?? '', /never be "bank"/)
  })

  it('are none of those that ship', () => {
    const orders = schemaFor(ORDERS_PLAN.actions)
    for (const text of [DEFAULT_POLICIES, REFUND_DESK])
      assert.deepEqual(validatePolicies(text, orders), { mistakes: [], warnings: [] })
  })
})
