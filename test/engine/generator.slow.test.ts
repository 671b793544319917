/**
 * Tests that random cases are worth comparing: accepted, of every kind, and with every answer in
 * sound proportion.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import { type Case, randomCase } from './cases.ts'
import { isObject, type Json, print, raw } from './json.ts'
import { Oracle } from './oracle.ts'
import { schemaJson } from './schema.ts'

const CASES = 250
const QUESTIONS = 8
const cases = Array.from({ length: CASES }, (_, seed) => randomCase(seed, QUESTIONS))

function policiesOf({ set }: Case) {
  return [...Object.values(set.staticPolicies), ...Object.values(set.templates)]
}

/** Counts each word of Cedar's JSON form: operators, functions, kinds of scope. */
function countWords(value: Json, counts: Map<string, number>): void {
  if (Array.isArray(value)) for (const item of value) countWords(item, counts)
  if (!isObject(value)) return
  for (const [name, member] of Object.entries(value)) {
    counts.set(name, (counts.get(name) ?? 0) + 1)
    if (name === 'Value' || name === 'Record') continue
    countWords(member, counts)
  }
}

const OPERATORS = `! neg == != in < <= > >= && || + - * contains containsAll containsAny isEmpty getTag hasTag . has like is
  if-then-else Set Record Value Var ip isIpv4 isIpv6 isLoopback isMulticast isInRange decimal lessThan lessThanOrEqual greaterThan
  greaterThanOrEqual datetime offset durationSince toDate toTime duration toMilliseconds toSeconds toMinutes toHours toDays`

test('every operator and every function occurs, and often', () => {
  const counts = new Map<string, number>()
  for (const policy of cases.flatMap(policiesOf))
    for (const { body } of policy.conditions) countWords(body, counts)
  for (const name of OPERATORS.split(/\s+/))
    assert.ok((counts.get(name) ?? 0) >= 50, `${name} occurs ${counts.get(name) ?? 0} times`)
})

test('every form of scope occurs, with entities and with slots', () => {
  const forms = new Map<string, number>()
  const count = (side: string, { entity_type: _, ...scope }: { [name: string]: Json }) => {
    const part = (value: Json): string =>
      isObject(value)
        ? `(${Object.keys(value).filter((name) => name !== 'type' && name !== 'id')})`
        : ''
    const form = `${side} ${Object.entries(scope)
      .map(([name, value]) => (name === 'op' ? String(value) : name + part(value)))
      .join(' ')}`
    forms.set(form, (forms.get(form) ?? 0) + 1)
  }
  for (const policy of cases.flatMap(policiesOf)) {
    count('action', policy.action)
    count('principal', policy.principal)
    count('resource', policy.resource)
  }
  const sides = ['principal', 'resource'].flatMap((side) =>
    [
      'All',
      '== entity()',
      '== slot',
      'in entity()',
      'in slot',
      'is',
      'is in(entity)',
      'is in(slot)',
    ].map((form) => `${side} ${form}`),
  )
  for (const form of [
    ...sides,
    'action All',
    'action == entity()',
    'action in entity()',
    'action in entities',
  ])
    assert.ok((forms.get(form) ?? 0) >= 50, `${form} occurs ${forms.get(form) ?? 0} times`)
})

test('the official engine takes all of it, and every answer is reached in sound proportion', () => {
  const seen = { permit: 0, forbidden: 0, unpermitted: 0, error: 0, 'error beside others': 0 }
  const policies = cases.map(policiesOf)
  for (const one of cases) {
    const oracle = new Oracle(one.set)
    for (const question of one.questions) {
      const { determining, errors, permitted } = oracle.ask(question)
      if (permitted) seen.permit++
      else if (errors.size > 0) seen[determining.size > 0 ? 'error beside others' : 'error']++
      else seen[determining.size > 0 ? 'forbidden' : 'unpermitted']++
    }
  }
  const share = (name: keyof typeof seen) => seen[name] / (CASES * QUESTIONS)
  const least = {
    permit: 0.25,
    forbidden: 0.06,
    unpermitted: 0.2,
    error: 0.05,
    'error beside others': 0.05,
  }
  for (const [name, floor] of Object.entries(least) as [keyof typeof seen, number][])
    assert.ok(share(name) >= floor, `${name}: ${share(name)}, at least ${floor}`)
  const sizes = policies.map(({ length }) => length)
  assert.ok(sizes.filter((size) => size > 80).length >= 5, 'some sets are large')
  assert.ok(Math.min(...sizes) >= 5, 'no set is empty')
})

test('most of what is made type by type is valid by a schema made from the same types', () => {
  let valid = 0
  let all = 0
  for (const one of cases.filter(({ flavour }) => flavour.conditions === 'typed')) {
    const answer = cedar.validate({
      schema: raw(schemaJson(one.schema)) as unknown as cedar.SchemaJson<string>, // as: Cedar's own form
      policies: { staticPolicies: raw(one.set.staticPolicies) as cedar.StaticPolicySet }, // as: the same
      validationSettings: { mode: 'strict' },
    })
    assert.equal(answer.type, 'success', print(answer as unknown as Json))
    if (answer.type !== 'success') continue
    const wrong = new Set(answer.validationErrors.map(({ policyId }) => policyId))
    all += Object.keys(one.set.staticPolicies).length
    valid += Object.keys(one.set.staticPolicies).length - wrong.size
  }
  assert.ok(valid / all >= 0.75, `${valid} of ${all} are valid`)
})

test('the same seed makes the same case', () => {
  const [a, b] = [randomCase(7, 3), randomCase(7, 3)].map((one) =>
    print({ ...one.set, questions: one.questions } as unknown as Json),
  )
  assert.equal(a, b)
})
