import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EXPRESSION_LIMITS } from '@remit/engine'
import { schemaFor } from './schema.ts'
import { DEFAULT_POLICIES, ORDERS_PLAN, REFUND_DESK } from './testing.ts'
import { validatePolicies } from './validate.ts'
import { validateInWorker } from './worker-tasks.ts'

const SCHEMA = schemaFor(ORDERS_PLAN.actions)

function mistakes(text: string, schema = SCHEMA): string[] {
  return validatePolicies(text, schema).mistakes.map(
    ({ policy, line, column, message }) => `${policy ?? '-'} ${line}:${column} ${message}`,
  )
}

describe('validating policies', () => {
  it('finds nothing wrong with what ships', () => {
    assert.deepEqual(validatePolicies(REFUND_DESK, SCHEMA), { mistakes: [], warnings: [] })
    assert.deepEqual(validatePolicies(DEFAULT_POLICIES, SCHEMA), { mistakes: [], warnings: [] })
    assert.deepEqual(
      validatePolicies(DEFAULT_POLICIES, schemaFor([])),
      { mistakes: [], warnings: [] },
      'also on a server without any API',
    )
    assert.deepEqual(validatePolicies('', SCHEMA), { mistakes: [], warnings: [] })
  })

  it('reports every mistake at once, with policy, line and column', () => {
    const found = mistakes(`// é comment; with "quote
@id("typo") permit (principal, action == Action::"orders.refnd", resource);
@id("typo") @quorom("2") permit (principal, action == Action::"orders.refund", resource);
permit (principal, action == Action::"orders.refund", resource);
@id("nobody") @requestable("") forbid (principal, action, resource);
@id("syntax") forbid (principal action, resource);
/* no */ @id("late") permit (principal, action, resource);
@id("unsure") forbid (principal, action == Action::"orders.refund", resource) when { context.args.note == "ä" };
@id("kind") forbid (principal, action == Action::"orders.refund", resource) when { context.args.amount > 3 };
@id("type") permit (principal is Robot, action, resource);`)
    const expected = [
      /^typo 2:\d+ unrecognized action/,
      /^typo 3:1 `@quorom`/,
      /^typo 3:1 the id `typo` is that of the policy in line 2 too/,
      /^- 4:1 needs an `@id/,
      /^nobody 5:1 a `@requestable` forbid needs `@approvers/,
      /^- 6:33 unexpected token `action`/,
      /^- 7:1 unexpected token/,
      /^unsure 8:86 unable to guarantee safety of access to optional attribute/,
      /^kind 9:\d+ unexpected type: expected Long but saw decimal/,
      /^type 10:\d+ unrecognized entity type `Robot`/,
    ]
    for (const [i, pattern] of expected.entries()) assert.match(found[i] ?? '', pattern)
    assert.equal(found.length, expected.length, found.join('\n'))
  })

  it('helps with a name of the same kind, and with how decimals are compared', () => {
    const help = (scope: string, condition = 'true') =>
      validatePolicies(`@id("x") forbid (${scope}) when { ${condition} };`, SCHEMA).mistakes[0]
        ?.help
    const action = (name: string) => help(`principal, action == Action::"${name}", resource`)
    assert.equal(action('orders.raed'), 'did you mean `Action::"orders.read"`?')
    assert.equal(action('orders.something-else'), undefined)
    assert.equal(
      help('principal, action in Action::"raed", resource'),
      'did you mean `Action::"read"`?',
    )
    assert.equal(help('principal is User, action, resource'), 'did you mean `Person`?')
    assert.equal(help('principal == Role::"a", action, resource'), 'did you mean `Group`?')
    assert.match(help('principal is Robot, action, resource') ?? '', /^there are: Person, Agent/)
    const refund = (condition: string) =>
      help('principal, action == Action::"orders.refund", resource', condition)
    const meant = (words: string) => `a decimal is compared with a decimal: \`${words}\``
    assert.equal(
      refund('context.args.amount > 100'),
      meant('context.args.amount.greaterThan(decimal("100.00"))'),
    )
    assert.equal(
      refund('context.args.amount <= decimal("3.5")'),
      meant('context.args.amount.lessThanOrEqual(decimal("3.5"))'),
    )
    assert.equal(
      refund('context.args.amount == 100'),
      meant('context.args.amount == decimal("100.00")'),
    )
  })

  it('refuses a rule that no action can meet', () => {
    assert.match(
      mistakes(
        '@id("x") permit (principal, action in Action::"write", resource in Group::"g");',
      ).join(),
      /unable to find an applicable action/,
    )
    assert.match(
      mistakes('@id("x") permit (principal is Resource, action, resource);').join(),
      /applicable action/,
    )
  })

  it('refuses a rule over a group that looks at arguments not every action has', () => {
    const rule = (condition: string) =>
      `@id("x") forbid (principal, action in Action::"write", resource) when { ${condition} };`
    const amount = 'context.args.amount.greaterThan(decimal("1.0"))'
    assert.match(
      mistakes(rule(amount)).join(),
      /attribute `args.amount`.* not found, and for 3 more actions/,
    )
    assert.deepEqual(mistakes(rule(`context.args has amount && ${amount}`)), [])
  })

  it('refuses slots in conditions, controls that turn text around, and literals that would fail', () => {
    assert.match(
      mistakes(
        '@id("x") permit (principal, action, resource) when { principal == ?principal };',
      ).join(),
      /template/,
    )
    const turned = mistakes(
      '@id("x") permit (principal in Group::"a\u202eb", action, resource);',
    ).join()
    assert.match(turned, /BIDI/)
    assert.doesNotMatch(turned, /\u202e/)
    const literal =
      '@id("x") permit (principal, action, resource) when { context.now > datetime("soon") };'
    assert.match(mistakes(literal).join(), /datetime/)
  })

  it('warns of what can never apply', () => {
    const { mistakes, warnings } = validatePolicies(
      '@id("x") forbid (principal, action == Action::"orders.refund", resource) when { false };',
      SCHEMA,
    )
    assert.deepEqual(mistakes, [])
    assert.match(warnings[0]?.message ?? '', /impossible/)
  })

  it('refuses what Cedar accepts and our own engine does not', () => {
    const sum = '1 + '.repeat(EXPRESSION_LIMITS.depth)
    const found = mistakes(
      `@id("fine") permit (principal, action, resource);
@id("deep") permit (principal, action, resource) when { ${sum}1 > 0 };`,
    )
    assert.match(found.join(), /^deep 2:1 cannot be compiled: .*nested deeper/)
  })

  it('refuses what would take the evaluator down, and goes on working', async () => {
    const nested = (open: string, close: string, n: number) =>
      `@id("x") permit (principal, action, resource) when { ${open.repeat(n)}true${close.repeat(n)} };`
    assert.match(mistakes(nested('(', ')', 200)).join(), /nested deeper/)
    for (const text of [
      nested('if true then ', ' else true', 5000),
      nested('true == (', ')', 40).replaceAll('true', `(${'1 + '.repeat(3000)}1 > 0)`),
    ]) {
      const { mistakes } = await validateInWorker({ text, schema: SCHEMA })
      assert.match(mistakes[0]?.message ?? '', /too deeply nested or too large|unexpected/)
    }
    assert.deepEqual(await validateInWorker({ text: REFUND_DESK, schema: SCHEMA }), {
      mistakes: [],
      warnings: [],
    })
    assert.match(mistakes(`// ${'x'.repeat(1024 * 1024)}`).join(), /longer than/)
  })

  it('finds the same mistakes in a text whose names are gone, however often it was in order before', async () => {
    const text = '@id("a") permit (principal, action == Action::"orders.refund", resource);'
    for (let time = 0; time < 2; time++) {
      assert.deepEqual((await validateInWorker({ text, schema: SCHEMA })).mistakes, [])
      const { mistakes } = await validateInWorker({ text, schema: schemaFor([]) })
      assert.match(mistakes[0]?.message ?? '', /unrecognized action/)
    }
  })
})
