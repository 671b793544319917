import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { schemaFor } from '../schema.ts'
import { load, ORDERS_PLAN, refundOf } from '../testing.ts'
import { validatePolicies } from '../validate.ts'

const schema = schemaFor(ORDERS_PLAN.actions)
const REFUND = 'action == Action::"orders.refund"'

function warnings(text: string): string[] {
  const { mistakes, warnings } = validatePolicies(text, schema)
  assert.deepEqual(mistakes, [])
  return warnings.map(({ line, message }) => `${line}: ${message}`)
}

test('what ships gives no alarm', () => {
  const folder = new URL('../../../../policies/', import.meta.url)
  const texts = readdirSync(folder).filter((name) => name.endsWith('.cedar'))
  const text = texts
    .filter((name) => name !== 'refund-notes.cedar')
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
    .join('\n')
  assert.deepEqual(warnings(text), [])
})

test('a rule that is there twice', () => {
  assert.deepEqual(
    warnings(
      `@id("one") permit (principal, ${REFUND}, resource) when { principal == Person::"a" && context.args.amount < decimal("1.0") };
@id("two") permit (principal, ${REFUND}, resource) when { context.args.amount < decimal("1.0") } when { principal == Person::"a" };`.replaceAll(
        'context.args.amount < decimal("1.0")',
        'context.args.amount.lessThan(decimal("1.0"))',
      ),
    ),
    ['2: says the same as `one` in line 1'],
  )
})

test('a permit that another one makes needless, whichever comes first', () => {
  const wide = `@id("wide") permit (principal in Group::"support", ${REFUND}, resource);`
  const narrow = `@id("narrow") permit (principal is Person in Group::"support", ${REFUND}, resource == Resource::"orders") when { context.risk.class == "low" };`
  assert.deepEqual(warnings(`${wide}\n${narrow}`), [
    '2: permits nothing that `wide` in line 1 does not permit',
  ])
  assert.deepEqual(warnings(`${narrow}\n${wide}`), [
    '1: permits nothing that `wide` in line 2 does not permit',
  ])
  const other = wide.replace('support', 'finance')
  assert.deepEqual(warnings(`${other}\n${narrow}`), [])
})

test('a permit that a forbid takes back whole; not one that people can lift', () => {
  const permit = `@id("yes") permit (principal is Person, ${REFUND}, resource) when { context.risk.class == "low" };`
  const forbid = `@id("no") forbid (principal, action, resource) when { context.risk.class == "low" };`
  assert.deepEqual(warnings(`${permit}\n${forbid}`), [
    '1: permits nothing: all of it is forbidden by `no` in line 2',
  ])
  const asks = forbid.replace('forbid', '@requestable("") @approvers("group:finance") forbid')
  assert.deepEqual(warnings(`${permit}\n${asks}`), [])
  assert.deepEqual(warnings(`${permit}\n${forbid.replace('low', 'high')}`), [])
})

test('people who are asked about what stays forbidden', () => {
  assert.deepEqual(
    warnings(`@id("asks") @requestable("") @approvers("group:finance") forbid (principal, ${REFUND}, resource);
@id("never") forbid (principal, action in [Action::"orders.refund", Action::"orders.read"], resource);`),
    ['1: asks no one: its calls are forbidden by `never` in line 2'],
  )
})

test('a rule that never applies', () => {
  for (const condition of [
    'when { context.risk.class == "low" && context.risk.class == "high" }',
    'when { context.risk.class == "low" } unless { context.risk.class == "low" || principal is Agent }',
    'when { "low" == context.risk.class } when { context.args.order_id == "1" && context.risk.class == "high" }',
    'when { principal == Person::"b" }',
  ]) {
    const [first = '', ...more] = warnings(
      `@id("never") permit (principal == Person::"a", ${REFUND}, resource) ${condition};`,
    )
    assert.match(first, /^1: never applies: /, condition)
    assert.deepEqual(more, [])
  }
  for (const condition of [
    'when { context.risk.class == "low" || context.risk.class == "high" }',
    'when { context.risk.class == "low" && context.args.order_id == "17" }',
    'unless { context.risk.class == "low" } unless { context.risk.class == "high" }',
  ])
    assert.deepEqual(
      warnings(`@id("p") permit (principal == Person::"a", ${REFUND}, resource) ${condition};`),
      [],
    )
})

test('everything for everybody', () => {
  assert.match(
    warnings('@id("all") permit (principal, action, resource);')[0] ?? '',
    /^1: permits everybody everything/,
  )
})

test('no false alarm: a rule that was warned about can go, and no call is answered differently', () => {
  const principal = fc.constantFrom(
    'principal',
    'principal is Person',
    'principal == Person::"psn_sam"',
    'principal in Group::"support"',
    'principal is Person in Group::"support"',
  )
  const action = fc.constantFrom(
    'action',
    REFUND,
    'action in [Action::"orders.refund"]',
    'action in [Action::"orders.refund", Action::"orders.read"]',
    'action in Action::"write"',
  )
  const resource = fc.constantFrom('resource', 'resource == Resource::"orders"')
  const atom = fc.constantFrom(
    ...[
      'principal == Person::"psn_sam"',
      'context.risk.class == "high"',
      'context.risk.class == "low"',
    ],
    ...[
      'context.args has amount',
      'principal is Person',
      '!(context.risk.class == "high")',
      'true',
      'false',
    ],
  )
  const clause = fc
    .tuple(
      fc.constantFrom('when', 'unless'),
      fc.array(atom, { minLength: 1, maxLength: 2 }),
      fc.constantFrom(' && ', ' || '),
    )
    .map(([kind, atoms, by]) => `${kind} { ${atoms.join(by)} }`)
  const rule = fc
    .tuple(
      fc.constantFrom('permit', 'forbid'),
      principal,
      action,
      resource,
      fc.array(clause, { maxLength: 2 }),
    )
    .map(
      ([effect, ...head]) =>
        `${effect} (${head.slice(0, 3).join(', ')}) ${(head[3] as string[]).join(' ')};`,
    )
  let warned = 0
  fc.assert(
    fc.property(fc.array(rule, { minLength: 1, maxLength: 4 }), (rules) => {
      const texts = rules.map((text, i) => `@id("r${i}") ${text}`)
      const { mistakes, warnings } = validatePolicies(texts.join('\n'), schema)
      if (mistakes.length > 0) return
      const own = warnings.filter(({ message }) =>
        /never applies|(permits|forbids) nothing|asks nobody|the same as/.test(message),
      )
      for (const { policy } of own) {
        warned++
        const whole = load(texts.join('\n'))
        const without = load(texts.filter((text) => !text.includes(`@id("${policy}")`)).join('\n'))
        for (const query of [refundOf('1.0'), refundOf('1.0', { type: 'Agent', id: 'refund-bot' })])
          assert.equal(
            whole.evaluate(query, 'nothing').permitted,
            without.evaluate(query, 'nothing').permitted,
            texts.join('\n'),
          )
      }
    }),
    { numRuns: 150 },
  )
  assert.ok(warned > 15, String(warned))
})
