/** Many actions asked about together, against each of them asked about by itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PolicyAnswer, PolicyQuery } from '@remit/engine'
import fc from 'fast-check'
import { groupsOf } from '../../catalog/catalog/index.ts'
import { BOT, context, entities, forEachPolicyEngine, ORDERS_PLAN, SAM } from './testing.ts'

const NAMES = ORDERS_PLAN.actions.map(({ name }) => name)
const GROUPS = [...new Set(ORDERS_PLAN.actions.flatMap((action) => groupsOf(action)))]
const RISKS = ['low', 'high'] as const

const scopes = fc.constantFrom(
  'action',
  ...NAMES.map((name) => `action == Action::"${name}"`),
  ...GROUPS.map((name) => `action in Action::"${name}"`),
  `action in [Action::"${NAMES[0]}", Action::"${NAMES[1]}"]`,
)
/**
 * Conditions that tell actions, groups of actions, classes and principals apart, and some that do
 * not.
 */
const conditions = fc.constantFrom(
  'true',
  'context.risk.class == "high"',
  'principal is Person',
  'principal in Group::"support"',
  'context.args has order_id',
  'context.person == principal',
  'principal.trust > 1',
  ...NAMES.slice(0, 2).map((name) => `action == Action::"${name}"`),
  ...GROUPS.map((name) => `action in Action::"${name}"`),
)
const sets = fc
  .array(
    fc.record({
      effect: fc.constantFrom('permit', 'permit', 'permit', 'forbid'),
      scope: scopes,
      kind: fc.constantFrom('when', 'unless'),
      condition: conditions,
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((all) =>
    all
      .map(
        ({ condition, effect, kind, scope }, i) =>
          `@id("p${i}") ${effect} (principal, ${scope}, resource) ${kind} { ${condition} };`,
      )
      .join('\n'),
  )

/** The evaluator names what was determining in any order. */
const inOrder = ({ determining, ...answer }: PolicyAnswer) => ({
  ...answer,
  determining: determining.toSorted(),
})

/** Questions that a list asks: about the very same entities, in one context for each class. */
function questions(): PolicyQuery[] {
  const known = entities()
  const contexts = RISKS.map((risk) => {
    const { args: _, ...around } = context({}, { risk: { record: { class: risk } } })
    return around
  })
  return NAMES.flatMap((action) =>
    contexts.flatMap((around) =>
      [SAM, BOT].map((principal) => {
        const at = { action, principal, resource: 'orders' }
        return { ...at, entities: known, context: around }
      }),
    ),
  )
}

forEachPolicyEngine('a list', (load) => {
  test('actions that are asked about together are answered as each of them is by itself', () => {
    const seen = { permitted: 0, not: 0 }
    fc.assert(
      fc.property(sets, fc.infiniteStream(fc.nat()), (text, order) => {
        const set = load(text)
        const asked = questions()
        // In any order: whatever was asked first must not answer for the rest.
        const shuffled = asked
          .map((query) => ({ query, at: order.next().value }))
          .sort((a, b) => a.at - b.at)
        for (const { query } of shuffled) {
          const together = set.evaluate(query, 'arguments')
          const alone = set.evaluate(structuredClone(query), 'arguments')
          assert.deepEqual(inOrder(together), inOrder(alone), `${query.action}\n${text}`)
          seen[together.permitted ? 'permitted' : 'not']++
        }
      }),
      { numRuns: 60 },
    )
    assert.ok(Math.min(seen.permitted, seen.not) > 100, JSON.stringify(seen))
  })
})
