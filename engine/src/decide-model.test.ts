/**
 * `decide` against a second statement of contract 3 that shares no code with it: sets of policies instead of double
 * evaluation, one formula per gate instead of a pipeline.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decide } from './decide.ts'
import type { CallFacts, ForbidRef } from './gates.ts'
import type { Requestable } from './policy.ts'
import { entity, facts, policySet, requestable } from './policy-testing.ts'

type Word = 'yes' | 'no' | 'error'
interface Rule {
  kind: 'permit' | 'forbid' | 'asking'
  /** What it says about each principal, by position. */
  words: readonly Word[]
  ask: Requestable
}
interface World {
  rules: readonly Rule[]
  persons: number
  agents: number
  credential: boolean
  live: boolean
  covered: boolean
  external: readonly ('permit' | 'deny' | 'failed')[]
  budgets: readonly boolean[]
  obligations: readonly string[]
  lifted: readonly ForbidRef[]
}

type Expected =
  | { outcome: 'permit'; lifted: readonly string[] }
  | { outcome: 'deny'; reason: string }
  | {
      outcome: 'requestable'
      forbids: readonly string[]
      quorum: number
      lifetime: number
      self: boolean
    }

function model(world: World): Expected {
  if (!world.credential) return { outcome: 'deny', reason: 'token.expired' }
  if (!world.live) return { outcome: 'deny', reason: 'task.closed' }

  const principals = [...Array(world.persons + world.agents).keys()]
  const says = (kind: Rule['kind'], who: number, word: Word) =>
    world.rules.filter((rule) => rule.kind === kind && rule.words[who] === word)
  const errs = (who: number) => world.rules.some((rule) => rule.words[who] === 'error')
  const may = (who: number) =>
    says('permit', who, 'yes').length > 0 && says('forbid', who, 'yes').length === 0

  const reasons: string[] = []
  if (!world.covered) reasons.push('task.not_covered')
  for (const who of principals) {
    if (errs(who)) reasons.push('policy.error')
    else if (!may(who))
      reasons.push(who < world.persons ? 'person.not_permitted' : 'agent.not_permitted')
  }
  if (world.agents === 0) reasons.push('agent.not_permitted')
  for (const answer of world.external) {
    if (answer !== 'permit') reasons.push(answer === 'deny' ? 'external.denied' : 'external.failed')
  }
  if (world.budgets.includes(false)) reasons.push('budget.exhausted')
  if (world.obligations.includes('watermark')) reasons.push('obligation.unknown')
  const [reason] = reasons
  if (reason) return { outcome: 'deny', reason }

  const standing = principals.flatMap((who) => says('asking', who, 'yes').map(({ ask }) => ask))
  const forbids = [...new Set(standing.map(({ id }) => id))].sort()
  const named = new Set(world.lifted.map(({ id, digest }) => `${id}: ${digest}`))
  if (standing.every(({ id, digest }) => named.has(`${id}: ${digest}`)))
    return { outcome: 'permit', lifted: forbids }
  return {
    outcome: 'requestable',
    forbids,
    quorum: standing.map(({ quorum }) => quorum).sort((a, b) => b - a)[0] ?? 0,
    lifetime: standing.map(({ lifetimeSeconds }) => lifetimeSeconds).sort((a, b) => a - b)[0] ?? 0,
    self: !standing.some(({ self }) => !self),
  }
}

const rare = fc.oneof(
  { weight: 15, arbitrary: fc.constant(true) },
  { weight: 1, arbitrary: fc.constant(false) },
)
const word = (yes: number): fc.Arbitrary<Word> =>
  fc.oneof(
    { weight: yes, arbitrary: fc.constant('yes' as const) },
    { weight: 30, arbitrary: fc.constant('no' as const) },
    { weight: 1, arbitrary: fc.constant('error' as const) },
  )
const rule = (kind: Rule['kind'], yes: number) =>
  fc
    .tuple(
      fc.array(word(yes), { minLength: 6, maxLength: 6 }),
      fc.nat(4),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 60, max: 3600 }),
      fc.boolean(),
    )
    .map(
      ([words, n, quorum, lifetimeSeconds, self]): Rule => ({
        kind,
        words,
        ask: requestable(`${kind}-${n}`, { quorum, lifetimeSeconds, self }),
      }),
    )
const world: fc.Arbitrary<World> = fc.record({
  rules: fc
    .tuple(
      fc.array(rule('permit', 200), { maxLength: 3 }),
      fc.array(rule('forbid', 1), { maxLength: 2 }),
      fc.array(rule('asking', 20), { maxLength: 3 }),
    )
    .map((lists) =>
      lists
        .flat()
        .filter(({ ask }, i, all) => all.findIndex((other) => other.ask.id === ask.id) === i),
    ),
  persons: fc.integer({ min: 1, max: 3 }),
  agents: fc.oneof(
    { weight: 1, arbitrary: fc.constant(0) },
    { weight: 20, arbitrary: fc.integer({ min: 1, max: 3 }) },
  ),
  credential: rare,
  live: rare,
  covered: rare,
  external: fc.array(
    rare.map((yes) => (yes ? ('permit' as const) : ('deny' as const))),
    { maxLength: 2 },
  ),
  budgets: fc.array(rare, { maxLength: 2 }),
  obligations: fc.array(
    rare.map((yes) => (yes ? 'notification' : 'watermark')),
    { maxLength: 2 },
  ),
  lifted: fc.array(
    fc.tuple(fc.nat(4), rare).map(([n, same]) => ({
      id: `asking-${n}`,
      digest: same ? `digest of asking-${n}` : 'another',
    })),
    { maxLength: 5 },
  ),
})

function factsOf(world: World): CallFacts {
  const persons = [...Array(world.persons).keys()].map((n) => entity('Person', String(n)))
  const [person = entity('Person', '0'), ...intersectWith] = persons
  return facts({
    credential: {
      gate: 'credential',
      passed: world.credential,
      reason: 'token.expired',
      detail: 'x',
    },
    liveness: { gate: 'liveness', passed: world.live, reason: 'task.closed', detail: 'x' },
    ...(world.covered ? {} : { details: [] }),
    person,
    intersectWith,
    agents: [...Array(world.agents).keys()].map((n) => entity('Agent', String(world.persons + n))),
    external: world.external.map((answer, i) => ({ name: `pdp-${i}`, answer })),
    budgets: world.budgets.map((left, i) => ({ name: `budget-${i}`, left, detail: 'x' })),
    obligations: world.obligations.map((type, i) => ({ id: String(i), type, properties: {} })),
    doable: ['notification'],
    lifted: world.lifted,
  })
}

function actual(world: World): Expected {
  const policies = world.rules.map(({ kind, words, ask }) => ({
    id: ask.id,
    effect: kind === 'permit' ? ('permit' as const) : ('forbid' as const),
    says: ({ principal }: { principal: { id: string } }) => words[Number(principal.id)] ?? 'no',
    ...(kind === 'asking' ? { requestable: ask } : {}),
  }))
  const decision = decide(factsOf(world), policySet(policies))
  if (decision.outcome === 'permit')
    return { outcome: 'permit', lifted: decision.lifted.map(({ id }) => id) }
  if (decision.outcome === 'deny') return { outcome: 'deny', reason: decision.reason }
  const { forbids, quorum, lifetimeSeconds: lifetime, self } = decision.ask
  return { outcome: 'requestable', forbids: forbids.map(({ id }) => id), quorum, lifetime, self }
}

test('decide answers as the model of contract 3 does', () => {
  const seen = { permit: 0, deny: 0, requestable: 0, lifted: 0 }
  fc.assert(
    fc.property(world, (one) => {
      const expected = model(one)
      assert.deepEqual(actual(one), expected)
      seen[expected.outcome]++
      if (expected.outcome === 'permit' && expected.lifted.length > 0) seen.lifted++
    }),
    { numRuns: 10_000 },
  )
  assert.ok(
    Object.values(seen).every((count) => count > 100),
    `every outcome must occur: ${JSON.stringify(seen)}`,
  )
})

test('nothing is permitted that would be denied with less: fewer details, fewer approvals, one more forbid', () => {
  fc.assert(
    fc.property(world, (one) => {
      if (model(one).outcome === 'permit') return
      assert.notEqual(actual({ ...one, covered: false }).outcome, 'permit')
      assert.notEqual(actual({ ...one, lifted: [] }).outcome, 'permit')
      const never: Rule = { kind: 'forbid', words: Array(6).fill('yes'), ask: requestable('never') }
      assert.equal(actual({ ...one, rules: [...one.rules, never] }).outcome, 'deny')
    }),
    { numRuns: 2000 },
  )
})
