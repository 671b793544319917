/**
 * Compares what could be permitted for some arguments with what is decided for chosen arguments.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type CallFacts,
  couldPermit,
  decide,
  type PolicyEntity,
  type PolicySet,
  type TypedArguments,
  type TypedValue,
} from '@remit/engine'
import fc from 'fast-check'
import { actionsWith, BOT, DEFAULT_POLICIES, forEachPolicyEngine, risk, SAM } from './testing.ts'

const ACTIONS = actionsWith({
  flag: { type: 'boolean' },
  amount: { type: 'number' },
  count: { type: 'integer' },
  note: { type: 'string' },
  tags: { type: 'array', items: { type: 'string' } },
})

/** Looks at arguments, or at what depends on them, in every way that there is. Optional ones that are missing make it fail. */
const OPEN = [
  'context.args.flag',
  'context.args has note',
  'context.args has amount && context.args.amount.greaterThan(decimal("2.0"))',
  'context.args has note && context.args.note like "a*"',
  'context.args has count && context.args.count < 2',
  'context.args.count == principal.trust',
  'context.args has tags && context.args.tags.contains("x")',
  'context["args"].count + 1 > 2',
  'context has args.note',
  'context has args',
  'context == context',
  'context.risk.score > 40',
  'context.risk.signals.contains("size")',
  'context.risk has sizeRatio && context.risk.sizeRatio.greaterThan(decimal("3.0"))',
  'context has risk.firstForCounterparty',
  'context["risk"].external.isEmpty()',
  'context.risk == context.risk',
  '[1, 2].contains(context.args.count)',
  '{ a: context.args }.a has flag',
  '{ c: context }.c.args has flag',
  '(context.args has note) == (principal is Person)',
  'context.args.flag != true',
  '(if context.args has flag then 1 else 2) == 1',
  'principal in (if context.args has flag then Group::"support" else Group::"sales")',
] as const

const PLAIN = [
  'true',
  'false',
  'principal in Group::"support"',
  'principal is Person',
  'principal is Agent && principal.trust > 1',
  'context has person && context.person == principal',
  'context.agent.trust > 1',
  'resource == Resource::"things"',
  'action == Action::"things.do"',
  'action in Action::"write"',
  'context.origin.ip like "127.*"',
  'context.risk.class == "high"',
  'context.risk.class == "low"',
] as const

/** Fails for every principal, or for one kind. */
const FAILING = [
  'principal.trust > 1',
  '9007199254740991 * 9007199254740991 == 0',
  'context.nobody == 1',
]

function expression(atoms: readonly string[], depth = 3): fc.Arbitrary<string> {
  const atom = fc.constantFrom(...atoms).map((text) => `(${text})`)
  if (depth === 0) return atom
  const part = expression(atoms, depth - 1)
  return fc.oneof(
    { weight: 2, arbitrary: atom },
    { weight: 2, arbitrary: fc.tuple(part, part).map(([a, b]) => `(${a} && ${b})`) },
    { weight: 2, arbitrary: fc.tuple(part, part).map(([a, b]) => `(${a} || ${b})`) },
    { weight: 3, arbitrary: part.map((a) => `!${a}`) },
    {
      weight: 1,
      arbitrary: fc.tuple(part, part, part).map(([a, b, c]) => `(if ${a} then ${b} else ${c})`),
    },
  )
}

const SCOPES = [
  'principal',
  'principal is Person',
  'principal is Agent',
  'principal in Group::"support"',
]

function policies(atoms: readonly string[]): fc.Arbitrary<string> {
  const clause = fc
    .tuple(fc.constantFrom('when', 'unless'), expression(atoms))
    .map(([kind, body]) => `${kind} { ${body} }`)
  const policy = fc.record({
    effect: fc.constantFrom('permit', 'permit', 'permit', 'forbid', 'asking'),
    scope: fc.constantFrom('principal', ...SCOPES),
    clauses: fc.array(clause, { maxLength: 2 }),
  })
  return fc.array(policy, { minLength: 1, maxLength: 5 }).map((all) =>
    all
      .map(({ clauses, effect, scope }, i) => {
        const asking = effect === 'asking' ? '@requestable("") @approvers("group:finance") ' : ''
        const kind = effect === 'asking' ? 'forbid' : effect
        return `@id("p${i}") ${asking}${kind} (${scope}, action, resource) ${clauses.join(' ')};`
      })
      .join('\n'),
  )
}

const text = fc.constantFrom('', 'a', 'ab', 'x')
const some = (value: fc.Arbitrary<TypedValue>) => fc.option(value, { nil: undefined })
const args: fc.Arbitrary<TypedArguments> = fc
  .record({
    flag: some(fc.boolean().map((value) => ({ kind: 'boolean', value }))),
    amount: some(fc.constantFrom('1', '2.5').map((t) => ({ kind: 'decimal', text: t }))),
    count: some(fc.constantFrom('0', '1', '3').map((t) => ({ kind: 'integer', text: t }))),
    note: some(text.map((value) => ({ kind: 'string', value }))),
    tags: some(
      fc.array(text, { maxLength: 2 }).map((all) => ({
        kind: 'set',
        items: all.map((value) => ({ kind: 'string' as const, value })),
      })),
    ),
  })
  .map((all) => {
    const given = Object.entries(all).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    )
    return new Map(given)
  })

interface People {
  readonly support: boolean
  readonly trust: number
  readonly sponsored: boolean
  /** True for a call that risk signals weigh as large. */
  readonly large: boolean
}
const people: fc.Arbitrary<People> = fc.record({
  support: fc.boolean(),
  trust: fc.integer({ min: 0, max: 3 }),
  sponsored: fc.boolean(),
  large: fc.boolean(),
})

const LOCATION = 'http://127.0.0.1:7481/things'

function factsOf({ large, sponsored, support, trust }: People, given: TypedArguments): CallFacts {
  const parents = support ? [{ type: 'Group' as const, id: 'support' }] : []
  const attributes = { issuer: 'https://idp', subject: 'sam' }
  const person: PolicyEntity = { uid: SAM, attributes, parents }
  const agent: PolicyEntity = {
    uid: BOT,
    attributes: { trust: { integer: String(trust) }, owner: { entity: SAM } },
    parents: [],
  }
  return {
    credential: { gate: 'credential', passed: true, detail: '' },
    liveness: { gate: 'liveness', passed: true, detail: '' },
    details: [{ type: 'remit_call', locations: [LOCATION], actions: ['things.do'], bounds: [] }],
    call: {
      location: LOCATION,
      resource: 'things',
      action: 'things.do',
      risk: 'high',
      arguments: given,
    },
    kindOf: () => undefined,
    person,
    sponsored,
    intersectWith: [],
    agents: [agent],
    entities: [],
    context: {
      requester: { entity: SAM },
      participants: { set: [] },
      now: { datetime: '2026-01-01T00:00:00.000Z' },
      risk: { record: large ? risk({ ...LARGE }) : risk() },
      task: { record: { id: 'tsk_1', purpose: 'p' } },
      token: { record: { bound: true } },
      origin: { record: { ip: '127.0.0.1' } },
    },
    external: [],
    lifted: [],
    budgets: [],
    obligations: [],
    doable: [],
  }
}

const LARGE = {
  score: { integer: '45' },
  signals: { set: ['class.high', 'size', 'first.counterparty'] },
  firstForCounterparty: true,
  sizeRatio: { decimal: '4.0' },
}

/** Asks about a call without its arguments: of its risk, only the class of its action is known. */
function could(set: PolicySet, facts: CallFacts): boolean {
  const { call, context, ...around } = facts
  const unweighed = { ...context, risk: { record: { class: call.risk } } }
  return couldPermit(around, set)({ ...call, context: unweighed })
}

/** Asks whether a call goes through without people, whatever its arguments will be. */
function surely(set: PolicySet, facts: CallFacts): boolean {
  const { obligations, requestable, version } = set
  const evaluate: PolicySet['evaluate'] = (query) => set.evaluate(query, 'unseen_arguments')
  return could({ obligations, requestable, version, evaluate }, facts)
}

function goesThrough(set: PolicySet, facts: CallFacts): boolean {
  return decide(facts, set).outcome !== 'deny'
}

forEachPolicyEngine('what could be permitted for some arguments', (load) => {
  const chosen = fc.array(fc.tuple(people, args), { minLength: 12, maxLength: 12 })

  test('is never less than what is permitted, or asked for, with arguments', () => {
    const seen = { through: 0, reachable: 0, unreachable: 0 }
    const any = policies([...OPEN, ...OPEN, ...PLAIN, ...FAILING])
    fc.assert(
      fc.property(any, chosen, (all, cases) => {
        const set = load(all, ACTIONS)
        for (const each of cases) {
          const facts = factsOf(...each)
          const reachable = could(set, facts)
          seen[reachable ? 'reachable' : 'unreachable']++
          if (!goesThrough(set, facts)) continue
          seen.through++
          assert.ok(reachable, all)
        }
      }),
      { numRuns: 200 },
    )
    assert.ok(Math.min(...Object.values(seen)) > 100, JSON.stringify(seen))
  })

  test('is exactly that where policies do not look at arguments, and where they always fail', () => {
    const seen = { through: 0, not: 0 }
    fc.assert(
      fc.property(policies([...PLAIN, ...PLAIN, ...FAILING]), chosen, (all, cases) => {
        const set = load(all, ACTIONS)
        for (const each of cases) {
          const facts = factsOf(...each)
          const through = goesThrough(set, facts)
          seen[through ? 'through' : 'not']++
          assert.equal(could(set, facts), through, all)
        }
      }),
      { numRuns: 100 },
    )
    assert.ok(Math.min(...Object.values(seen)) > 100, JSON.stringify(seen))
  })

  test('is what every call is, without people, where the arguments are unseen', () => {
    const seen = { surely: 0, perhaps: 0 }
    const any = policies([...OPEN, ...PLAIN, ...PLAIN, ...PLAIN, ...FAILING])
    fc.assert(
      fc.property(any, chosen, (all, cases) => {
        const set = load(all, ACTIONS)
        for (const each of cases) {
          const facts = factsOf(...each)
          const sure = surely(set, facts)
          seen[sure ? 'surely' : 'perhaps']++
          if (sure) assert.equal(decide(facts, set).outcome, 'permit', all)
        }
      }),
      { numRuns: 120 },
    )
    assert.ok(Math.min(...Object.values(seen)) > 30, JSON.stringify(seen))
  })

  test('is sure exactly where calls go through and no policy looks at arguments', () => {
    fc.assert(
      fc.property(policies([...PLAIN, ...PLAIN, ...FAILING]), chosen, (all, cases) => {
        const set = load(all, ACTIONS)
        for (const each of cases) {
          const facts = factsOf(...each)
          assert.equal(surely(set, facts), decide(facts, set).outcome === 'permit', all)
        }
      }),
      { numRuns: 30 },
    )
    const looks = 'forbid (principal, action, resource) when { context.args has note };'
    const elsewhere = 'forbid (principal is Group, action, resource) when { context.args.flag };'
    const facts = factsOf(known, new Map())
    assert.equal(surely(load(`${ALL}\n@id("f") ${looks}`, ACTIONS), facts), false)
    assert.equal(surely(load(`${ALL}\n@id("f") ${elsewhere}`, ACTIONS), facts), true)
  })

  const ALL = '@id("all") permit (principal, action, resource);'
  const known = { support: true, trust: 3, sponsored: false, large: false }

  function reachable(policy: string, with_: Partial<People> = {}): boolean {
    const set = load(
      policy.startsWith('permit') ? `@id("p") ${policy}` : `${ALL}\n@id("f") ${policy}`,
      ACTIONS,
    )
    return could(set, factsOf({ ...known, ...with_ }, new Map()))
  }

  test('is not decided by conditions on arguments, and by everything beside them', () => {
    const cases: readonly (readonly [string, boolean])[] = [
      ['permit (principal, action, resource) when { context.args.count == 1 };', true],
      ['permit (principal, action, resource) unless { context.args.count == 1 };', true],
      [
        'permit (principal, action, resource) when { context.args.flag && principal in Group::"sales" };',
        false,
      ],
      [
        'permit (principal, action, resource) when { context.args.flag || principal in Group::"sales" };',
        true,
      ],
      [
        'permit (principal, action, resource) when { !(context.args.flag || principal is Person) };',
        false,
      ],
      [
        'permit (principal, action, resource) unless { context.args.flag || principal is Person };',
        false,
      ],
      [
        'permit (principal, action, resource) when { if context.args.flag then false else false };',
        false,
      ],
      [
        'permit (principal, action, resource) when { if principal is Agent then context.args.flag else principal in Group::"support" };',
        true,
      ],
      [
        'permit (principal, action, resource) when { if principal is Agent then false else context.args.flag };',
        false,
      ],
      [
        'permit (principal, action, resource) when { principal.nope == 1 && context.args.flag };',
        true,
      ],
      ['forbid (principal, action, resource);', false],
      ['forbid (principal, action, resource) when { context.args.flag };', true],
      ['forbid (principal, action, resource) unless { context.args.flag };', true],
      [
        'forbid (principal, action, resource) when { context.args.flag || principal is Person };',
        false,
      ],
      [
        'forbid (principal, action, resource) when { !(context.args.flag && principal is Group) };',
        false,
      ],
      [
        'forbid (principal is Person, action, resource) when { !(context.args.flag && principal is Person) };',
        true,
      ],
      [
        'forbid (principal, action, resource) when { if context.args.flag then true else principal is Person };',
        false,
      ],
      [
        'forbid (principal, action, resource) when { if context.args.flag then true else principal is Agent };',
        false,
      ],
      [
        'forbid (principal is Agent, action, resource) when { principal.trust < 9223372036854775807 };',
        false,
      ],
      [
        'forbid (principal is Agent, action, resource) when { principal.trust > 9223372036854775806 };',
        true,
      ],
    ]
    for (const [policy, expected] of cases) assert.equal(reachable(policy), expected, policy)
  })

  test('is not hidden by what people can lift, unless that fails for everyone', () => {
    const asking =
      '@requestable("") @approvers("group:finance") forbid (principal, action, resource)'
    assert.equal(reachable(`${asking};`), true)
    assert.equal(reachable(`${asking} when { context.args.flag };`), true)
    assert.equal(reachable(`${asking} when { context.nobody == 1 };`), false)
    assert.equal(reachable(`${asking} when { context.args.flag && context.nobody == 1 };`), true)
  })

  test('is nothing for the quarantined, nor without a policy', () => {
    assert.equal(could(load('', ACTIONS), factsOf(known, new Map())), false)
    const shipped = load(`${ALL}\n${DEFAULT_POLICIES}`, ACTIONS)
    assert.equal(could(shipped, factsOf(known, new Map())), true)
    assert.equal(could(shipped, factsOf({ ...known, trust: 0 }, new Map())), false)
  })

  test('is nothing for an action that the set does not know', () => {
    const facts = factsOf(known, new Map())
    const { call, context, ...around } = facts
    const details = [{ ...around.details[0], actions: ['things.gone'] }] as CallFacts['details'] // as: the first detail is there
    const asked = couldPermit({ ...around, details }, load(ALL, ACTIONS))
    assert.equal(asked({ ...call, action: 'things.gone', context }), false)
  })
})
