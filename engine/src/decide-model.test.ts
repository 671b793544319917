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
  /** Effect of the rule on each principal, by position. */
  words: readonly Word[]
  ask: Requestable
}
interface World {
  rules: readonly Rule[]
  /** The person or sponsor, and each participant of a space that says *intersection*. */
  persons: number
  agents: number
  credential: boolean
  live: boolean
  covered: boolean
  /**
   * True for a token that was made for this call; `undefined`: it is for all that the task may do.
   */
  narrowed: boolean | undefined
  external: readonly (keyof typeof EXTERNAL)[]
  budgets: readonly { left: boolean; reason?: string }[]
  obligations: readonly string[]
  doable: readonly string[]
  lifted: readonly ForbidRef[]
}

/** The codes of all gates that fail, in order, and what follows from them. */
type ExpectedDecision =
  | { outcome: 'permit'; lifted: readonly string[]; obligations: readonly string[] }
  | { outcome: 'deny'; reason: string; failed: readonly string[] }
  | {
      outcome: 'requestable'
      forbids: readonly string[]
      approvers: readonly string[]
      prompts: readonly string[]
      quorum: number
      lifetime: number
      self: boolean
    }

function model(world: World): ExpectedDecision {
  if (!world.credential) return denied(['token.expired'])
  if (!world.live) return denied(['task.closed'])
  const principals = [...Array(world.persons + world.agents).keys()]
  const asked = forbidsToLift(world, principals)
  const named = new Set(world.lifted.map(({ id, digest }) => `${id}: ${digest}`))
  const open = asked.filter(({ id, digest }) => !named.has(`${id}: ${digest}`))
  const before = [
    ...coverage(world),
    ...principals.flatMap((who) => whyNot(world, who)),
    ...(world.agents === 0 ? ['agent.not_permitted'] : []),
    ...world.external.flatMap((said) => EXTERNAL[said]),
  ]
  const after = [
    ...world.budgets.flatMap(({ left, reason = 'budget.exhausted' }) => (left ? [] : [reason])),
    ...world.obligations.flatMap((type) => (world.doable.includes(type) ? [] : [UNKNOWN])),
  ]
  if (before.length + after.length > 0)
    return denied([...before, ...(open.length > 0 ? ['approval.required'] : []), ...after])
  const forbids = unique(asked.map(({ id }) => id))
  if (open.length === 0) {
    return { outcome: 'permit', lifted: forbids, obligations: world.obligations }
  }
  return {
    outcome: 'requestable',
    forbids,
    // Every rule of every forbid, also of those that are lifted already: the next approval has to lift them all.
    approvers: unique(asked.map(({ approvers }) => approvers.join())),
    prompts: unique(asked.map(({ prompt }) => prompt).filter((prompt) => prompt !== '')),
    quorum: asked.map(({ quorum }) => quorum).sort((a, b) => b - a)[0] ?? 0,
    lifetime: asked.map(({ lifetimeSeconds }) => lifetimeSeconds).sort((a, b) => a - b)[0] ?? 0,
    self: !asked.some(({ self }) => !self),
  }
}

const EXTERNAL = {
  permit: [],
  deny: ['external.denied'],
  failed: ['external.failed'],
  unmapped: ['external.unmapped'],
} as const
const UNKNOWN = 'obligation.unknown'

/** Denies. The reason is the first failing gate that an approval could not lift anyway. */
function denied(failed: readonly string[]): ExpectedDecision {
  const reason = failed.find((code) => code !== 'approval.required') ?? ''
  return { outcome: 'deny', reason, failed }
}

function coverage({ covered, narrowed }: World): string[] {
  if (!covered) return ['task.not_covered']
  return narrowed === false ? ['token.not_covered'] : []
}

function saying({ rules }: World, who: number, kind: Rule['kind'], word: Word): Rule[] {
  return rules.filter((rule) => rule.kind === kind && rule.words[who] === word)
}

/**
 * Reasons to deny whatever people approve: an error, a forbid that nobody can lift, or that nothing
 * permits it.
 */
function whyNot(world: World, who: number): string[] {
  if (world.rules.some(({ words }) => words[who] === 'error')) return ['policy.error']
  const forbidden = saying(world, who, 'forbid', 'yes').length > 0
  if (!forbidden && saying(world, who, 'permit', 'yes').length > 0) return []
  return [who < world.persons ? 'person.not_permitted' : 'agent.not_permitted']
}

function forbidsToLift(world: World, principals: readonly number[]): Requestable[] {
  return principals
    .filter((who) => whyNot(world, who).length === 0)
    .flatMap((who) => saying(world, who, 'asking', 'yes').map(({ ask }) => ask))
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort()
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
      fc.subarray(['group:finance', 'group:legal', 'person:ann'], { minLength: 1 }),
      fc.constantFrom('', 'large', 'new'),
    )
    .map(
      ([words, n, quorum, lifetimeSeconds, self, approvers, prompt]): Rule => ({
        kind,
        words,
        ask: requestable(`${kind}-${n}`, { quorum, lifetimeSeconds, self, approvers, prompt }),
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
  narrowed: fc.option(rare, { nil: undefined }),
  external: fc.array(
    fc.oneof(
      { weight: 20, arbitrary: fc.constant('permit' as const) },
      {
        weight: 1,
        arbitrary: fc.constantFrom('deny' as const, 'failed' as const, 'unmapped' as const),
      },
    ),
    { maxLength: 2 },
  ),
  budgets: fc.array(
    fc.oneof(
      { weight: 20, arbitrary: fc.constant({ left: true }) },
      {
        weight: 1,
        arbitrary: fc.constantFrom({ left: false }, { left: false, reason: 'budget.rate' }),
      },
    ),
    { maxLength: 3 },
  ),
  obligations: fc.subarray(['notify', 'redact', 'watermark']),
  doable: fc.oneof(
    { weight: 8, arbitrary: fc.constant(['notify', 'redact', 'watermark', 'cap']) },
    { weight: 1, arbitrary: fc.subarray(['notify', 'redact', 'cap']) },
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
    ...(world.narrowed === undefined ? {} : { narrowed: world.narrowed ? facts().details : [] }),
    person,
    intersectWith,
    agents: [...Array(world.agents).keys()].map((n) => entity('Agent', String(world.persons + n))),
    external: world.external.map((answer, i) => ({ name: `pdp-${i}`, answer })),
    budgets: world.budgets.map((budget, i) => ({ name: `budget-${i}`, detail: 'x', ...budget })),
    obligations: world.obligations.map((type, i) => ({ id: String(i), type, properties: {} })),
    doable: world.doable,
    lifted: world.lifted,
  })
}

function actual(world: World): ExpectedDecision {
  const policies = world.rules.map(({ kind, words, ask }) => ({
    id: ask.id,
    effect: kind === 'permit' ? ('permit' as const) : ('forbid' as const),
    says: ({ principal }: { principal: { id: string } }) => words[Number(principal.id)] ?? 'no',
    ...(kind === 'asking' ? { requestable: ask } : {}),
  }))
  const decision = decide(factsOf(world), policySet(policies))
  if (decision.outcome === 'permit')
    return {
      outcome: 'permit',
      lifted: decision.lifted.map(({ id }) => id),
      obligations: decision.obligations.map(({ type }) => type),
    }
  if (decision.outcome === 'deny') {
    const failed = decision.gates.filter(({ passed }) => !passed)
    return {
      outcome: 'deny',
      reason: decision.reason,
      failed: failed.map(({ reason = '' }) => reason),
    }
  }
  const { approvers, forbids, lifetimeSeconds: lifetime, prompts, quorum, self } = decision.ask
  return {
    outcome: 'requestable',
    forbids: forbids.map(({ id }) => id),
    approvers: approvers.map((names) => names.join()).toSorted(),
    prompts: prompts.toSorted(),
    quorum,
    lifetime,
    self,
  }
}

test('decide answers as the model of contract 3 does', () => {
  const seen = {
    permit: 0,
    deny: 0,
    requestable: 0,
    lifted: 0,
    'several forbids': 0,
    'an approval besides': 0,
  }
  const reasons = new Map<string, number>()
  fc.assert(
    fc.property(world, (one) => {
      const expected = model(one)
      assert.deepEqual(actual(one), expected)
      seen[expected.outcome]++
      if (expected.outcome === 'permit' && expected.lifted.length > 0) seen.lifted++
      if (expected.outcome === 'requestable' && expected.forbids.length > 1)
        seen['several forbids']++
      if (expected.outcome !== 'deny') return
      reasons.set(expected.reason, (reasons.get(expected.reason) ?? 0) + 1)
      if (expected.failed.includes('approval.required')) seen['an approval besides']++
    }),
    { numRuns: 10_000 },
  )
  assert.ok(
    Object.values(seen).every((count) => count > 100),
    `every outcome must occur: ${JSON.stringify(seen)}`,
  )
  assert.equal(reasons.size, 13, [...reasons.keys()].join())
  for (const [reason, count] of reasons) assert.ok(count > 15, `${reason} occurs ${count} times`)
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

test('one gate that fails denies, whatever all the others say', () => {
  const failing: readonly Partial<World>[] = [
    { credential: false },
    { live: false },
    { covered: false },
    { narrowed: false },
    { agents: 0 },
    { rules: [] },
    { external: ['permit', 'failed'] },
    { external: ['permit', 'unmapped'] },
    { budgets: [{ left: true }, { left: false }] },
    { obligations: ['watermark'], doable: ['notify'] },
  ]
  fc.assert(
    fc.property(world, fc.constantFrom(...failing), (one, change) => {
      assert.equal(actual({ ...one, ...change }).outcome, 'deny', JSON.stringify(change))
    }),
    { numRuns: 3000 },
  )
})
