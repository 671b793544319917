import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import fc from 'fast-check'
import { planMcpImport } from '../../catalog/catalog-changes/index.ts'
import { describeDesk } from '../../programs/dev/desk/offer.ts'
import { ISSUE_ACTIONS } from './issuance/actions.ts'
import { actionSchemas, schemaFor } from './schema.ts'
import { actionsWith, DESK, load, ORDERS_PLAN } from './testing.ts'

function parses(schema: string): boolean {
  return cedar.checkParseSchema(schema).type === 'success'
}

describe('the schema of a catalog', () => {
  it('types arguments as the contract says', () => {
    const schema = schemaFor(ORDERS_PLAN.actions)
    assert.ok(parses(schema))
    assert.match(
      schema,
      /action "orders\.refund" in \[Action::"write", Action::"risk:high"\] appliesTo \{\n {2}principal: \[Person, Agent\], resource: \[Resource\],\n {2}context: \{ args: \{ order_id: String, amount: decimal, note\?: String \}, person\?: Person, agent: Agent, chain: Set<Agent>,/,
    )
  })

  it('M1: does not rely on what has to come and may be empty, or null', () => {
    const [refund = assert.fail()] = ORDERS_PLAN.actions.filter(
      ({ name }) => name === 'orders.refund',
    )
    const [first = assert.fail(), second = assert.fail()] = refund.arguments.arguments.filter(
      ({ name }) => name === 'order_id' || name === 'amount',
    )
    const fields = [
      { ...first, required: true, blank: true as const },
      { ...second, required: true, nullable: true },
    ]
    const given = { ...refund, arguments: { ...refund.arguments, arguments: fields } }
    assert.match(schemaFor([given]), /args: \{ order_id\?: String, amount\?: decimal \}/)
  })

  it('has lists, objects and optional members, and not what has no type', () => {
    const schema = schemaFor(
      actionsWith({
        tags: { type: 'array', items: { type: 'string' } },
        address: {
          type: 'object',
          required: ['city'],
          properties: { city: { type: 'string' }, zip: { type: 'integer' } },
        },
        when: { type: 'string', format: 'date-time' },
        flag: { type: 'boolean' },
        any: {},
        in: { type: 'string' },
        'a-b': { type: 'string' },
      }),
    )
    assert.ok(parses(schema))
    assert.match(
      schema,
      /args: \{ tags\?: Set<String>, address\?: \{ city: String, zip\?: Long \}, when\?: datetime, flag\?: Bool, "in"\?: String, "a-b"\?: String \}/,
    )
  })

  it('is a schema whatever names the document uses', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string({ unit: 'binary', minLength: 1 }),
            fc.constantFrom('has', 'like', '__cedar', 'a.b', 'x[0]'),
          ),
        ),
        (names) => {
          fc.pre(!names.some((name) => name.includes('\0') || name === '__proto__'))
          const properties = Object.fromEntries(names.map((name) => [name, { type: 'string' }]))
          assert.ok(parses(schemaFor(actionsWith(properties))))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('types the arguments of tools, so that rules about them are validated', () => {
    const { actions } = planMcpImport(describeDesk(), {
      name: 'desk',
      identifier: 'http://127.0.0.1:7481/desk',
      upstream: 'http://127.0.0.1:7484/mcp',
    })
    const schema = schemaFor(actions)
    assert.ok(parses(schema))
    assert.match(
      schema,
      /action "desk\.send-message" in \[Action::"write", Action::"risk:high"\] appliesTo \{\n.*\n {2}context: \{ args: \{ to: String, text: String \}/,
    )
    assert.match(schema, /action "desk\.search-notes" in \[Action::"write", Action::"risk:high"\]/)
    const validates = (condition: string) =>
      cedar.validate({
        schema,
        policies: {
          staticPolicies: `forbid (principal is Person, action == Action::"desk.send-message", resource) when { ${condition} };`,
        },
      })
    for (const [condition, mistakes] of [
      ['!(context.args.to like "*@desk.example")', 0],
      ['context.args.recipient == "x"', 1],
      ['context.args.to > 5', 1],
    ] as const) {
      const answer = validates(condition)
      assert.ok(answer.type === 'success')
      assert.equal(answer.validationErrors.length > 0, mistakes > 0, condition)
    }
    assert.ok(load(DESK, actions))
  })

  it('comes apart into one schema for each action, which says the same about it', () => {
    const schemas = actionSchemas(schemaFor(ORDERS_PLAN.actions))
    assert.equal(schemas.size, 8 + ISSUE_ACTIONS.length + ORDERS_PLAN.actions.length)
    for (const action of ORDERS_PLAN.actions) {
      const own = schemas.get(action.name)
      assert.ok(own && parses(own.text))
      assert.deepEqual(own.groups, [action.access, `risk:${action.risk}`])
      assert.ok(schemaFor(ORDERS_PLAN.actions).includes(own.text.split('\n\n')[1]?.trim() ?? '?'))
    }
  })
})
