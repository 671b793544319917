import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { RecordShape } from '@remit/engine'
import fc from 'fast-check'
import { Declarations } from '../../../policy/policy/declarations.ts'
import { schemaFor } from '../../../policy/policy/schema.ts'
import {
  actionsWith,
  BOT,
  context,
  doing,
  entities,
  load,
  ORDERS_PLAN,
  REFUND_DESK,
  refundOf,
} from '../../../policy/policy/testing.ts'
import { validatePolicies } from '../../../policy/policy/validate.ts'
import { cedarString, conditionOf } from './conditions.ts'
import { narrowText, type UsedRule } from './narrow-text.ts'

const SCHEMA = schemaFor(ORDERS_PLAN.actions)
const REFUNDS: UsedRule = {
  action: 'orders.refund',
  resource: 'orders',
  conditions: ['context.args.amount.lessThanOrEqual(decimal("50.0"))'],
}
const READS: UsedRule = { action: 'orders.read', resource: 'orders', conditions: [] }
const RULE = `@id("bot") @description("what it does (all of it)")
permit (principal == Agent::"refund-bot" /* not a comment */, action, resource)
when { context has person && context.person in Group::"support" };`.replace(
  ' /* not a comment */',
  '',
)

function narrow(text: string, used: readonly UsedRule[], agent = 'refund-bot') {
  return narrowText(text, SCHEMA, { agent, used })
}

describe('rules for one agent alone', () => {
  test('become what was used, and keep id, annotations and conditions', () => {
    const { text, ...told } = narrow(`// head\n${RULE} // tail\n`, [REFUNDS])
    assert.equal(
      text,
      `// head
@id("bot") @description("what it does (all of it)")
permit (principal == Agent::"refund-bot", action == Action::"orders.refund", resource == Resource::"orders")
when { context has person && context.person in Group::"support" }
when { context.args.amount.lessThanOrEqual(decimal("50.0")) }; // tail
`,
    )
    assert.deepEqual(told, { narrowed: ['bot'], removed: [], made: ['bot'], linked: [] })
    assert.deepEqual(validatePolicies(text, SCHEMA).mistakes, [])
  })

  test('become several where arguments differ, with ids of their own', () => {
    const taken = '@id("bot-read") forbid (principal, action, resource) when { false };'
    const { made, text } = narrow(`${RULE}\n${taken}`, [REFUNDS, READS])
    assert.deepEqual(made, ['bot', 'bot-read-2'])
    assert.deepEqual(validatePolicies(text, SCHEMA).mistakes, [])
    const set = load(text)
    const ask = (action: string, amount = '10.0') =>
      set.evaluate({ ...refundOf(amount, BOT), action }, 'nothing')
    assert.deepEqual(ask('orders.refund').determining, ['bot'])
    assert.equal(ask('orders.refund', '50.01').permitted, false)
  })

  test('fall away where nothing of them was used; all others stay as they are', () => {
    const others = `@id("people") permit (principal in Group::"support", action, resource);
@id("agents") permit (principal is Agent, action, resource);
@id("other") permit (principal == Agent::"other-bot", action, resource);
@id("no") forbid (principal == Agent::"refund-bot", action, resource) when { false };
@id("t") permit (principal == ?principal, action, resource);
@id("l") link (template == "t", ?principal == Agent::"refund-bot");`
    const { text, ...told } = narrow(`${others}\n${RULE}`, [])
    assert.equal(text, `${others}\n`)
    assert.deepEqual(told, { narrowed: [], removed: ['bot'], made: [], linked: ['l'] })
    const reading = RULE.replace('action,', 'action in Action::"read",').replace('"bot"', '"r"')
    const { narrowed, removed } = narrow(`${RULE}\n${reading}`, [REFUNDS])
    assert.deepEqual([narrowed, removed], [['bot'], ['r']])
  })

  test('a comment at the end of a rule ends no rule', () => {
    const open = RULE.replace(/;$/, ' // why\n;')
    const { text } = narrow(open, [READS])
    assert.deepEqual(validatePolicies(text, SCHEMA).mistakes, [])
    assert.equal(text.split(';').length, 2)
  })

  test('never permit what was not permitted before (property)', () => {
    const before = load(`${REFUND_DESK}\n${RULE}`)
    const used = fc.subarray([REFUNDS, READS, { ...REFUNDS, conditions: [] }])
    const asked = fc.record({
      amount: fc.integer({ min: 0, max: 700_000 }).map((cents) => (cents / 100).toFixed(2)),
      action: fc.constantFrom('orders.refund', 'orders.read', 'orders.list'),
      groups: fc.subarray(['support', 'finance']),
      trust: fc.integer({ min: 0, max: 3 }),
    })
    fc.assert(
      fc.property(used, fc.array(asked, { maxLength: 12 }), (rules, questions) => {
        const after = load(narrow(`${REFUND_DESK}\n${RULE}`, rules).text)
        for (const { action, amount, groups, trust } of questions) {
          const args = action === 'orders.refund' ? refundOf(amount, BOT).context : undefined
          const query = {
            ...refundOf(amount, BOT),
            action,
            entities: entities({ groups, trust }),
            context: args ?? context(action === 'orders.read' ? { order_id: '1' } : {}),
          }
          if (after.evaluate(query, 'nothing').permitted)
            assert.ok(before.evaluate(query, 'nothing').permitted)
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('limits as conditions', () => {
  const properties = {
    name: { type: 'string' },
    count: { type: 'integer' },
    price: { type: 'number' },
    sure: { type: 'boolean' },
    'odd-name': { type: 'string' },
    to: { type: 'object', properties: { city: { type: 'string' } } },
  }
  const actions = actionsWith(properties)
  const schema = schemaFor(actions)
  const args = new Declarations(schema).request('things.do').context.fields.get('args')?.shape

  function condition(limit: Parameters<typeof conditionOf>[1]): string | undefined {
    return conditionOf(args as RecordShape, limit) // as: arguments are a record
  }

  test('are typed, and ask first for what may be left out', () => {
    const cases = [
      [
        { path: ['name'], op: 'in', values: ['a'] },
        'context.args has name && context.args.name == "a"',
      ],
      [
        { path: ['name'], op: 'in', values: ['a', 'b'] },
        'context.args has name && ["a", "b"].contains(context.args.name)',
      ],
      [
        { path: ['count'], op: 'most', value: '7' },
        'context.args has count && context.args.count <= 7',
      ],
      [
        { path: ['price'], op: 'most', value: '7' },
        'context.args has price && context.args.price.lessThanOrEqual(decimal("7.0"))',
      ],
      [
        { path: ['sure'], op: 'in', values: ['true'] },
        'context.args has sure && context.args.sure == true',
      ],
      [
        { path: ['odd-name'], op: 'in', values: ['x'] },
        'context.args has "odd-name" && context.args["odd-name"] == "x"',
      ],
      [
        { path: ['to', 'city'], op: 'in', values: ['Bern'] },
        'context.args has to && context.args.to has city && context.args.to.city == "Bern"',
      ],
      [{ path: ['nothing'], op: 'in', values: ['x'] }, undefined],
      [{ path: ['name'], op: 'most', value: '7' }, undefined],
      [{ path: ['to'], op: 'in', values: ['x'] }, undefined],
    ] as const
    for (const [limit, text] of cases) {
      assert.equal(condition(limit), text)
      if (text === undefined) continue
      const rule = `@id("x") permit (principal, action == Action::"things.do", resource) when { ${text} };`
      assert.deepEqual(validatePolicies(rule, schema).mistakes, [], text)
    }
  })

  test('any text that was seen is what is compared with (property)', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'grapheme' }),
        (value, other) => {
          fc.pre(value.isWellFormed() && other.isWellFormed())
          const rule = `@id("x") permit (principal, action, resource == Resource::"things") when { context.args has name && context.args.name == ${cedarString(value)} };`
          const set = load(rule.replace('action,', 'action == Action::"things.do",'), actions)
          assert.equal(set.evaluate(doing({ name: value }), 'nothing').permitted, true)
          assert.equal(set.evaluate(doing({ name: other }), 'nothing').permitted, other === value)
        },
      ),
      { numRuns: 100 },
    )
  })
})
