import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PolicyQuery } from '@remit/engine'
import fc from 'fast-check'
import { parsePolicies } from '../../cedar/parse.ts'
import { schemaFor } from '../schema.ts'
import { BOT, context, entities, load, ORDERS_PLAN, REFUND_DESK, risk, SAM } from '../testing.ts'
import { validatePolicies } from '../validate.ts'
import { clausesOf, EverSet } from './ever-set.ts'

const schema = schemaFor(ORDERS_PLAN.actions)
const REFUND = 'action == Action::"orders.refund"'

function everSet(text: string): EverSet {
  return new EverSet(text, parsePolicies(text), schema)
}

function ask(
  set: EverSet,
  principal: typeof SAM,
  groups: readonly string[] = ['support'],
  action = 'orders.refund',
) {
  const all = entities({ groups })
  const found = all.find(({ uid }) => uid.id === principal.id)
  assert.ok(found)
  return set.ask(found, { action, resource: 'orders' }, all)
}

test('possible, with the rules that permit, their conditions, and those that could forbid', () => {
  const said = ask(everSet(REFUND_DESK), SAM)
  assert.ok(said.possible)
  assert.ok(said.permits.length > 0)
  assert.ok(
    said.forbids.some(({ id, approvers }) => id === 'large-refunds-ask' && approvers.length > 0),
  )
  const large = said.forbids.find(({ id }) => id === 'large-refunds-ask')
  assert.match(
    large?.conditions[0] ?? '',
    /^when context\.args\.amount\.greaterThan\(decimal\("\d+\.\d+"\)\)/,
  )
})

test('never, and why', () => {
  assert.deepEqual(ask(everSet(''), SAM), {
    possible: false,
    because: 'nothing_permits',
    rules: [],
  })
  const permit = `@id("p") permit (principal, action, resource) when { context.args has amount };`
  const forbid = `@id("f") forbid (principal in Group::"support", ${REFUND}, resource);`
  const said = ask(everSet(`${permit}\n${forbid}`), SAM)
  assert.ok(!said.possible && said.because === 'forbidden')
  assert.deepEqual(said.rules, [{ id: 'f', line: 2, conditions: [], approvers: [] }])
  assert.ok(ask(everSet(`${permit}\n${forbid}`), SAM, ['finance']).possible)
  assert.ok(ask(everSet(`${permit}\n${forbid}`), BOT).possible)
})

test('conditions as they are written', () => {
  assert.deepEqual(
    clausesOf(`@id("x") permit (principal, action, resource)
      when { context.args.amount.lessThan( // at most
        decimal("1.0")) && context.args.note != "} when {" } unless { principal in Group::"a" };`),
    ['when context.args.amount.lessThan( decimal("1.0")) && context.args.note != "} when {"'],
  )
})

test('who is never permitted is denied in every call', { timeout: 120_000 }, () => {
  const principal = fc.constantFrom(
    'principal',
    'principal is Person',
    'principal is Agent',
    'principal == Person::"psn_sam"',
    'principal in Group::"support"',
    'principal in Group::"finance"',
  )
  const action = fc.constantFrom(
    'action',
    REFUND,
    'action in [Action::"orders.refund", Action::"orders.read"]',
    'action in Action::"write"',
  )
  const atom = fc.constantFrom(
    ...[
      'principal == Person::"psn_sam"',
      'principal in Group::"support"',
      'principal is Agent',
      'true',
      'false',
    ],
    ...[
      'context.risk.class == "high"',
      'context.risk.score > 50',
      'context.token.bound',
      'context has person && context.person in Group::"support"',
    ],
    ...[
      'context.args has amount && context.args.amount.lessThan(decimal("5.0"))',
      'context.task.purpose like "refund*"',
      'context.origin.ip == "127.0.0.1"',
    ],
  )
  const expr = fc.letrec<{ e: string }>((tie) => ({
    e: fc.oneof(
      { maxDepth: 3 },
      atom,
      tie('e').map((e) => `!(${e})`),
      fc
        .tuple(tie('e'), fc.constantFrom('&&', '||'), tie('e'))
        .map(([a, by, b]) => `((${a}) ${by} (${b}))`),
      fc.tuple(tie('e'), tie('e'), tie('e')).map(([a, b, c]) => `(if ${a} then ${b} else ${c})`),
    ),
  })).e
  const clause = fc
    .tuple(fc.constantFrom('when', 'unless'), expr)
    .map(([kind, e]) => `${kind} { ${e} }`)
  const rule = fc
    .tuple(
      fc.constantFrom(
        'permit',
        'permit',
        'forbid',
        '@requestable("") @approvers("group:finance") forbid',
      ),
      principal,
      action,
      fc.array(clause, { maxLength: 2 }),
    )
    .map(
      ([effect, who, what, clauses]) =>
        `${effect} (${who}, ${what}, resource) ${clauses.join(' ')};`,
    )
  const query = fc.record({
    who: fc.constantFrom(SAM, BOT),
    groups: fc.subarray(['support', 'finance']),
    amount: fc.constantFrom('1.0', '40.0'),
    score: fc.constantFrom('10', '90'),
    risk: fc.constantFrom('low', 'high'),
    bound: fc.boolean(),
    purpose: fc.constantFrom('refund 1', 'other'),
  })
  let never = 0
  let possible = 0
  fc.assert(
    fc.property(
      fc.array(rule, { minLength: 1, maxLength: 4 }),
      fc.array(query, { minLength: 4, maxLength: 12 }),
      (rules, queries) => {
        const text = rules.map((each, i) => `@id("r${i}") ${each}`).join('\n')
        if (validatePolicies(text, schema).mistakes.length > 0) return
        const [set, ever] = [load(text), everSet(text)]
        for (const { amount, bound, groups, purpose, risk: riskClass, score, who } of queries) {
          const said = ask(ever, who, groups)
          if (said.possible) {
            possible++
            continue
          }
          never++
          const asked: PolicyQuery = {
            principal: who,
            action: 'orders.refund',
            resource: 'orders',
            entities: entities({ groups }),
            context: context(
              { order_id: '1', amount: { decimal: amount } },
              {
                risk: { record: risk({ class: riskClass, score: { integer: score } }) },
                token: { record: { bound } },
                task: { record: { id: 'tsk_1', purpose } },
              },
            ),
          }
          assert.equal(set.evaluate(asked, 'nothing').permitted, false, text)
          assert.equal(set.evaluate(asked, 'requestable').permitted, false, text)
        }
      },
    ),
    { numRuns: 100 },
  )
  assert.ok(never > 10 && possible > 10, `${never} ${possible}`)
})
