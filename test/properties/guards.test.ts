/**
 * The guards that stand between a call and an effect, each as a property that is red without it: a rule that fails denies, an
 * obligation that cannot be done denies, nothing but typed arguments reaches a rule, and a child never holds more than its parent.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  argumentAt,
  type CallFacts,
  contains,
  covers,
  decide,
  granted,
  type PolicySet,
  type TypedArguments,
  type TypedValue,
} from '@remit/engine'
import fc from 'fast-check'
import { call, childrenOf, details, kindOf } from '../../engine/src/testing.ts'
import { typeArguments } from '../../src/catalog/argument-types/index.ts'
import { parseJson } from '../../src/platform/lib/json.ts'
import { actionsWith, BOT, context, entities, load, SAM } from '../../src/policy/policy/testing.ts'

const LOCATION = 'http://127.0.0.1:7481/things'
const ACTIONS = actionsWith({
  count: { type: 'integer' },
  amount: { type: 'number' },
  note: { type: 'string' },
  tags: { type: 'array', items: { type: 'string' } },
  address: { type: 'object', properties: { city: { type: 'string' }, zip: { type: 'integer' } } },
  free: { type: 'object', additionalProperties: true, properties: { known: { type: 'string' } } },
})
const [ACTION] = ACTIONS

const EVERYONE = `@id("all") permit (principal, action, resource);`

function facts(change: Partial<CallFacts>, args: TypedArguments = new Map()): CallFacts {
  const all = entities()
  const { args: _, ...rest } = context({})
  const [person, agent] = [SAM, BOT].map((who) => all.find(({ uid }) => uid.id === who.id))
  assert.ok(person && agent)
  return {
    credential: { gate: 'credential', passed: true, detail: '' },
    liveness: { gate: 'liveness', passed: true, detail: '' },
    details: [{ type: 'remit_call', locations: [LOCATION], actions: ['things.do'], bounds: [] }],
    call: {
      location: LOCATION,
      resource: 'things',
      action: 'things.do',
      risk: 'low',
      arguments: args,
    },
    kindOf: () => undefined,
    person,
    sponsored: false,
    intersectWith: [],
    agents: [agent],
    entities: [...all, { uid: { type: 'Resource', id: 'things' }, attributes: {}, parents: [] }],
    context: rest,
    external: [],
    lifted: [],
    budgets: [],
    obligations: [],
    doable: [],
    ...change,
  }
}

const MAX = 2n ** 63n - 1n
const LONG = fc.oneof(fc.bigInt(-3n, 3n), fc.bigInt(-MAX - 1n, MAX))

test('a rule that fails denies, also a forbid, which Cedar would skip, and people are not asked to lift it', () => {
  const asking = '@requestable("") @approvers("group:finance")'
  // Overflows unless the product is an int64; and where it does not, it holds for none.
  const fails = 'when { context.args has count && context.args.count * 9223372036854775807 == 7 }'
  const sets = {
    forbid: `${EVERYONE} @id("f") forbid (principal, action, resource) ${fails};`,
    'requestable forbid': `${EVERYONE} @id("f") ${asking} forbid (principal, action, resource) ${fails};`,
    permit: `${EVERYONE} @id("f") permit (principal, action, resource) ${fails};`,
    'forbid beside one that asks': `${EVERYONE} @id("f") forbid (principal, action, resource) ${fails};
      @id("a") ${asking} forbid (principal is Person, action, resource);`,
    'requestable forbid beside one that asks': `${EVERYONE} @id("f") ${asking} forbid (principal, action, resource) ${fails};
      @id("a") ${asking} forbid (principal, action, resource);`,
  }
  const loaded = Object.entries(sets).map(([name, text]): [string, PolicySet] => [
    name,
    load(text, ACTIONS),
  ])
  const seen = { clean: 0, failed: 0 }
  fc.assert(
    fc.property(LONG, fc.constantFrom(...loaded), (count, [name, policies]) => {
      const args = new Map<string, TypedValue>([
        ['count', { kind: 'integer', text: String(count) }],
      ])
      const product = count * MAX
      const isClean = product >= -MAX - 1n && product <= MAX
      seen[isClean ? 'clean' : 'failed']++
      const { outcome } = decide(facts({}, args), policies)
      const clean = name.endsWith('beside one that asks') ? 'requestable' : 'permit'
      assert.equal(outcome, isClean ? clean : 'deny', `${name}, ${count}`)
    }),
    { numRuns: 500 },
  )
  assert.ok(seen.clean > 50 && seen.failed > 50, JSON.stringify(seen))
})

test('a permit never comes with an obligation that the enforcing edge cannot do', () => {
  const policies = load(EVERYONE, ACTIONS)
  const types = ['notify', 'redact', 'cap', 'watermark', '']
  const seen = { permit: 0, deny: 0, requestable: 0 }
  fc.assert(
    fc.property(fc.subarray(types), fc.subarray(types), (asked, doable) => {
      const obligations = asked.map((type, i) => ({ id: String(i), type, properties: {} }))
      const decision = decide(facts({ obligations, doable }), policies)
      seen[decision.outcome]++
      const known = asked.every((type) => doable.includes(type))
      assert.equal(decision.outcome, known ? 'permit' : 'deny')
      // What has to be done is not lost on the way either.
      if (decision.outcome === 'permit') assert.deepEqual(decision.obligations, obligations)
    }),
    { numRuns: 500 },
  )
  assert.ok(seen.permit > 50 && seen.deny > 50, JSON.stringify(seen))
})

/** Names that mean something in Cedar's JSON form. */
const RESERVED = ['__entity', '__extn', '__expr'] as const
const member: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>('a', '1.5', 1, 1.5, true, null, 'Person::"psn_sam"'),
  fc.constantFrom<unknown>(
    { __entity: { type: 'Person', id: 'psn_sam' } },
    { __extn: { fn: 'decimal', arg: '1.0' } },
    { __expr: 'principal' },
    { type: 'Person', id: 'psn_sam' },
    { fn: 'decimal', arg: '1.0' },
  ),
  fc.record({
    city: fc.constantFrom<unknown>('Graz', 1, { __entity: {} }),
    zip: fc.constantFrom<unknown>(1, '1'),
  }),
  fc.record({
    known: fc.constantFrom<unknown>('x', 1),
    more: fc.constantFrom<unknown>('y', { __extn: 'y' }, [{ a: 1 }]),
  }),
  fc.array(fc.constantFrom<unknown>('a', 'b', 1, { __entity: {} }), { maxLength: 2 }),
)
const body = fc.dictionary(
  fc.constantFrom('count', 'amount', 'note', 'tags', 'address', 'free', 'other', '__entity'),
  member,
  { maxKeys: 4 },
)

/** Argument types that `ACTIONS` declares, written a second time. */
const isText = (value: unknown) => typeof value === 'string'
const isWhole = (value: unknown) => Number.isInteger(value)
const DECLARED: Readonly<Record<string, (value: unknown) => boolean>> = {
  count: isWhole,
  amount: (value) => typeof value === 'number',
  note: isText,
  tags: (value) => Array.isArray(value) && value.every(isText),
  address: (value) => fits(value, { city: isText, zip: isWhole }, false),
  free: (value) => fits(value, { known: isText }, true),
}

function fits(value: unknown, members: typeof DECLARED, open: boolean): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.entries(value).every(([name, each]) => members[name]?.(each) ?? open)
}

test('nothing but typed arguments reaches a rule: JSON from outside is of the declared type, or refused', () => {
  const seen = { typed: 0, refused: 0, reserved: 0 }
  fc.assert(
    fc.property(body, (given) => {
      const text = JSON.stringify(given)
      const isReserved = RESERVED.some((name) => text.includes(`"${name}"`))
      const args = typedFrom(text)
      assert.equal(args !== undefined, !isReserved && fits(given, DECLARED, false), text)
      if (isReserved) seen.reserved++
      seen[args ? 'typed' : 'refused']++
      if (!args) return
      assert.deepEqual([...args.keys()].sort(), Object.keys(given).sort())
      // What the document lets pass without a type is not there for anyone to decide on.
      assert.equal(argumentAt(args, '/free/more'), undefined, text)
      const kinds = { count: 'integer', amount: 'decimal', note: 'string', tags: 'set' }
      for (const [name, kind] of Object.entries(kinds))
        assert.equal(args.get(name)?.kind ?? kind, kind, `${name} in ${text}`)
    }),
    { numRuns: 3000 },
  )
  for (const [what, count] of Object.entries(seen)) assert.ok(count > 150, `${what}: ${count}`)
})

function typedFrom(text: string): TypedArguments | undefined {
  assert.ok(ACTION)
  try {
    const result = typeArguments(ACTION, { path: new Map(), query: [], body: parseJson(text) })
    return result.ok ? result.arguments : undefined
  } catch {
    return undefined
  }
}

test('what a child holds, its parent may hand on: every call of one is a call of the other', () => {
  const pair = details().chain((parent) =>
    fc.tuple(
      fc.constant(parent),
      fc.oneof(childrenOf(parent), details()),
      fc.array(call, { minLength: 5, maxLength: 5 }),
    ),
  )
  const seen = { inside: 0, outside: 0, covered: 0 }
  fc.assert(
    fc.property(pair, ([parent, child, calls]) => {
      const isInside = contains(parent, child, kindOf)
      seen[isInside ? 'inside' : 'outside']++
      const given = granted(child, { ceiling: child, bases: [child], parent }, kindOf)
      for (const one of calls) {
        const byParent = covers(parent, one, kindOf).covered
        const byChild = covers(child, one, kindOf).covered
        if (isInside && byChild) seen.covered++
        if (isInside)
          assert.ok(byParent || !byChild, 'a child that is inside holds more than its parent')
        assert.ok(
          byParent || !covers(given, one, kindOf).covered,
          'what is granted is more than the parent has',
        )
      }
    }),
    { numRuns: 2000 },
  )
  assert.ok(seen.inside > 100 && seen.outside > 100 && seen.covered > 30, JSON.stringify(seen))
})
