/** The algebra against a model that knows nothing but a table of what each text means. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Call, KindOf } from './arguments.ts'
import { contains, containsByType } from './contains.ts'
import { covers } from './covers.ts'
import type { Bound, Detail } from './detail.ts'
import { DETAIL_LIMITS } from './detail.ts'
import { fits } from './fits.ts'
import { granted } from './granted.ts'
import { intersect } from './intersect.ts'
import { misfit } from './misfit.ts'
import { parseDetails } from './parse-details.ts'
import { ACTIONS, call, childrenOf, details, FILES, kindOf, meaning, ORDERS } from './testing.ts'

function naiveHolds(
  { path, op, value }: Bound,
  { location, action, arguments: args }: Call,
): boolean {
  const kind = kindOf(location, action, path)
  const [, name = '', member] = path.split('/')
  let argument = args.get(name)
  if (member !== undefined && argument?.kind === 'record') argument = argument.fields.get(member)
  if (!kind || !argument || argument.kind === 'record' || argument.kind === 'set') return false
  const given = meaning(kind, 'text' in argument ? argument.text : String(argument.value))
  return [value].flat().some((text) => {
    const wanted = meaning(kind, text)
    if (given === undefined || wanted === undefined) return false
    if (op === 'eq' || op === 'in') return given === wanted
    if (typeof given === 'number' && typeof wanted === 'number')
      return op === 'lte' ? given <= wanted : op === 'gte' && given >= wanted
    const whole = kind === 'string' || (kind === 'path' && String(wanted).endsWith('/'))
    return op === 'prefix' && whole && String(given).startsWith(String(wanted))
  })
}

function naiveCovers(list: readonly Detail[], one: Call): boolean {
  return list.some(
    ({ type, locations, actions, bounds }) =>
      type === 'remit_call' &&
      locations.includes(one.location) &&
      actions.includes(one.action) &&
      bounds.every((bound) => naiveHolds(bound, one)),
  )
}

function isCovered(list: readonly Detail[], one: Call): boolean {
  return covers(list, one, kindOf).covered
}

/** Looks at several calls per pair of lists: lists are dearer to make than calls. */
const calls = fc.array(call, { minLength: 8, maxLength: 8 })
const RUNS = { numRuns: 1500 }

test('a list covers a call exactly when the model says so', () => {
  let covered = 0
  fc.assert(
    fc.property(details(), calls, (list, some) => {
      for (const one of some) {
        const coverage = covers(list, one, kindOf)
        assert.equal(coverage.covered, naiveCovers(list, one))
        if (!coverage.covered) continue
        covered++
        assert.ok(naiveCovers(list.slice(coverage.by, coverage.by + 1), one))
      }
    }),
    RUNS,
  )
  assert.ok(covered > 300, `only ${covered} covered calls: the test would not notice much`)
})

test('a ∩ b covers a call exactly when a and b both do', () => {
  let covered = 0
  fc.assert(
    fc.property(details(), details(), calls, (a, b, some) => {
      const both = intersect(a, b, kindOf)
      for (const one of some) {
        const expected = naiveCovers(a, one) && naiveCovers(b, one)
        assert.equal(naiveCovers(both, one), expected)
        assert.equal(isCovered(both, one), expected)
        if (expected) covered++
      }
    }),
    RUNS,
  )
  assert.ok(covered > 300, `only ${covered} covered calls: the test would not notice much`)
})

test('∩ is commutative, associative and idempotent in what it covers', () => {
  fc.assert(
    fc.property(details(), details(), details(), calls, (a, b, c, some) => {
      const ab = intersect(a, b, kindOf)
      const ba = intersect(b, a, kindOf)
      const left = intersect(ab, c, kindOf)
      const right = intersect(a, intersect(b, c, kindOf), kindOf)
      const again = intersect(ab, ab, kindOf)
      for (const one of some) {
        assert.equal(isCovered(ab, one), isCovered(ba, one))
        assert.equal(isCovered(left, one), isCovered(right, one))
        assert.equal(isCovered(ab, one), isCovered(again, one))
      }
      assert.deepEqual(intersect(again, again, kindOf), again, 'a normalised list stays as it is')
    }),
    RUNS,
  )
})

test('a child inside its parent covers nothing that the parent does not', () => {
  const family = details().chain((parent) =>
    fc.tuple(fc.constant(parent), fc.oneof(childrenOf(parent), details('remit_call', 1))),
  )
  let telling = 0
  fc.assert(
    fc.property(family, calls, ([parent, child], some) => {
      const inside = contains(parent, child, kindOf)
      for (const one of some) {
        if (!naiveCovers(child, one)) continue
        telling++
        assert.ok(!inside || naiveCovers(parent, one))
      }
    }),
    { numRuns: 4000 },
  )
  assert.ok(telling > 500, `only ${telling} calls of a child: the test would not notice much`)
})

test('what was cut down to a list is inside it, in every dimension', () => {
  fc.assert(
    fc.property(details(), details(), (a, b) => {
      const both = intersect(a, b, kindOf)
      assert.ok(contains(a, both, kindOf))
      assert.ok(contains(b, both, kindOf))
      assert.equal(misfit(both, kindOf), undefined)
      assert.deepEqual(parseDetails(both, 'remit_call', DETAIL_LIMITS.detailsOut), {
        ok: true,
        details: both,
      })
    }),
    RUNS,
  )
})

test('granted is what all lists cover, and no more than any of them', () => {
  const limits = fc.record({
    ceiling: fc.option(details(), { nil: undefined, freq: 10 }),
    bases: fc.array(details(), { maxLength: 2 }),
    space: fc.option(details(), { nil: undefined }),
    parent: fc.option(details('remit_delegate'), { nil: undefined }),
  })
  fc.assert(
    fc.property(details(), limits, calls, (requested, given, some) => {
      const result = granted(requested, given, kindOf)
      const asCalls = given.parent?.map((detail) => ({ ...detail, type: 'remit_call' as const }))
      const lists = [requested, given.ceiling ?? [], given.space, asCalls, ...given.bases]
      for (const one of some) {
        const expected =
          given.bases.length > 0 && lists.every((list) => !list || naiveCovers(list, one))
        assert.equal(naiveCovers(result, one), expected)
      }
    }),
    RUNS,
  )
})

test('an absent ceiling or basis grants nothing, an absent space or parent restricts nothing', () => {
  const all: Detail[] = [
    { type: 'remit_call', locations: [ORDERS], actions: [...ACTIONS], bounds: [] },
  ]
  assert.deepEqual(granted(all, { ceiling: all, bases: [all] }, kindOf), all)
  assert.deepEqual(granted(all, { ceiling: undefined, bases: [all] }, kindOf), [])
  assert.deepEqual(granted(all, { ceiling: all, bases: [] }, kindOf), [])
  assert.deepEqual(granted(all, { ceiling: [], bases: [all] }, kindOf), [])
  assert.deepEqual(granted(all, { ceiling: all, bases: [all, []] }, kindOf), [])
  assert.deepEqual(granted(all, { ceiling: all, bases: [all], space: [] }, kindOf), [])
  assert.deepEqual(granted(all, { ceiling: all, bases: [all], parent: [] }, kindOf), [])
})

test('a child that asks for more in any dimension is not inside its parent', () => {
  const parent: Detail = {
    type: 'remit_delegate',
    locations: [ORDERS],
    actions: ['orders.refund'],
    bounds: [
      { path: '/amount', op: 'lte', value: '100.00' },
      { path: '/amount', op: 'gte', value: '1' },
      { path: '/at', op: 'in', value: ['2026-01-01', '2026-01-02T00:00:00Z'] },
      { path: '/file', op: 'prefix', value: '/p/' },
    ],
  }
  const child: Detail = { ...parent, type: 'remit_call' }
  const inside = (changed: Partial<Detail>) =>
    contains([parent], [{ ...child, ...changed }], kindOf)
  assert.ok(inside({}))
  assert.ok(!inside({ locations: [ORDERS, FILES] }))
  assert.ok(!inside({ actions: ['orders.refund', 'orders.read'] }))
  for (const i of child.bounds.keys())
    assert.ok(!inside({ bounds: child.bounds.toSpliced(i, 1) }), `without bound ${i}`)
  const wider: readonly (readonly [number, Bound])[] = [
    [0, { path: '/amount', op: 'lte', value: '100.0001' }],
    [1, { path: '/amount', op: 'gte', value: '0.9999' }],
    [1, { path: '/amount', op: 'in', value: ['0', '1'] }],
    [2, { path: '/at', op: 'in', value: ['2026-01-01', '2026-01-03'] }],
    [2, { path: '/at', op: 'gte', value: '2026-01-01' }],
    [3, { path: '/file', op: 'prefix', value: '/' }],
    [3, { path: '/file', op: 'eq', value: '/pub' }],
    [3, { path: '/file', op: 'eq', value: '/p/../q' }],
    [3, { path: '/name', op: 'prefix', value: '/p/' }],
  ]
  for (const [i, bound] of wider)
    assert.ok(!inside({ bounds: child.bounds.with(i, bound) }), JSON.stringify(bound))
  const tighter: readonly (readonly [number, Bound])[] = [
    [0, { path: '/amount', op: 'eq', value: '100' }],
    [1, { path: '/amount', op: 'gte', value: '2.5' }],
    [2, { path: '/at', op: 'eq', value: '2026-01-01T02:00:00+02:00' }],
    [3, { path: '/file', op: 'prefix', value: '/p/a/' }],
    [3, { path: '/file', op: 'in', value: ['/p/a', '/p/b'] }],
  ]
  for (const [i, bound] of tighter)
    assert.ok(inside({ bounds: child.bounds.with(i, bound) }), JSON.stringify(bound))
})

test('a closed range of a few values is inside a list of all of them', () => {
  const of = (...bounds: Bound[]): Detail[] => [
    { type: 'remit_call', locations: [ORDERS], actions: ['orders.read'], bounds },
  ]
  const range = of({ path: '/id', op: 'gte', value: '1' }, { path: '/id', op: 'lte', value: '3' })
  assert.ok(contains(of({ path: '/id', op: 'in', value: ['3', '1', '2'] }), range, kindOf))
  assert.ok(!contains(of({ path: '/id', op: 'in', value: ['3', '1'] }), range, kindOf))
})

test('a child detail that can never hold is not inside anything, and neither is one that only two parents cover', () => {
  const of = (...bounds: Bound[]): Detail => ({
    type: 'remit_call',
    locations: [ORDERS],
    actions: ['orders.read'],
    bounds,
  })
  const never = of({ path: '/id', op: 'gte', value: '3' }, { path: '/id', op: 'lte', value: '1' })
  assert.ok(!contains([of()], [never], kindOf))
  const low = of({ path: '/id', op: 'lte', value: '2' })
  const high = of({ path: '/id', op: 'gte', value: '2' })
  assert.ok(!contains([low, high], [of({ path: '/id', op: 'gte', value: '-10' })], kindOf))
})

test('a child detail of which one action can never hold is not inside anything', () => {
  const both: Detail = {
    ...{ type: 'remit_call', locations: [ORDERS], actions: ['orders.read', 'orders.refund'] },
    bounds: [],
  }
  const bounded: Detail = { ...both, bounds: [{ path: '/id', op: 'eq', value: '1' }] }
  const untyped: KindOf = (location, action, path) =>
    action === 'orders.refund' ? undefined : kindOf(location, action, path)
  assert.ok(contains([both], [bounded], kindOf))
  assert.ok(!contains([both], [bounded], untyped))
})

test('lists of two types are compared type by type: what may be handed on is no reason to do it, nor the other way round', () => {
  const call: Detail = {
    ...{ type: 'remit_call', locations: [ORDERS], actions: ['orders.read'] },
    bounds: [],
  }
  const handOn: Detail = { ...call, type: 'remit_delegate' }
  for (const [parent, child, isInside] of [
    [[call, handOn], [call, handOn], true],
    [[call, handOn], [call], true],
    [[call, handOn], [handOn], true],
    [[call], [handOn], false],
    [[handOn], [call], false],
    [[call], [call, handOn], false],
    [[handOn], [call, handOn], false],
    [[], [], true],
  ] as const)
    assert.equal(
      containsByType(parent, child, kindOf),
      isInside,
      JSON.stringify([parent, child].map((details) => details.map(({ type }) => type))),
    )
})

test('a text fits a bound as an argument does that is covered', () => {
  const most = { op: 'lte', value: '100.00' } as const
  assert.ok(fits('decimal', most, '100'))
  assert.ok(!fits('decimal', most, '100.0001'))
  assert.ok(!fits('decimal', most, '1e1'), 'no decimal')
  assert.ok(!fits('decimal', { op: 'lte', value: 'many' }, '1'), 'no bound of a decimal')
  assert.ok(!fits('boolean', most, 'true'), 'no bound of a boolean')
  assert.ok(!fits('boolean', most, 'many'), 'neither')
})

test('bounds are merged into the fewest that say the same, in the words they came in', () => {
  const of = (...bounds: Bound[]): Detail[] => [
    { type: 'remit_call', locations: [ORDERS], actions: ['orders.read'], bounds },
  ]
  const merged = (a: Bound[], b: Bound[]) =>
    intersect(of(...a), of(...b), kindOf).map((detail) => detail.bounds)
  assert.deepEqual(
    merged(
      [{ path: '/amount', op: 'lte', value: '1000.00' }],
      [{ path: '/amount', op: 'lte', value: '2000' }],
    ),
    [[{ path: '/amount', op: 'lte', value: '1000.00' }]],
  )
  assert.deepEqual(
    merged([{ path: '/id', op: 'gte', value: '2' }], [{ path: '/id', op: 'lte', value: '2' }]),
    [[{ path: '/id', op: 'eq', value: '2' }]],
  )
  assert.deepEqual(
    merged(
      [{ path: '/id', op: 'in', value: ['1', '2', '3'] }],
      [{ path: '/id', op: 'gte', value: '2' }],
    ),
    [[{ path: '/id', op: 'in', value: ['2', '3'] }]],
  )
  assert.deepEqual(
    merged(
      [{ path: '/file', op: 'prefix', value: '/p/' }],
      [{ path: '/file', op: 'prefix', value: '/p/a/' }],
    ),
    [[{ path: '/file', op: 'prefix', value: '/p/a/' }]],
  )
  assert.deepEqual(
    merged([{ path: '/id', op: 'eq', value: '1' }], [{ path: '/id', op: 'eq', value: '2' }]),
    [],
  )
  assert.deepEqual(
    merged(
      [{ path: '/file', op: 'prefix', value: '/p/' }],
      [{ path: '/file', op: 'prefix', value: '/q/' }],
    ),
    [],
  )
})

test('what can be said in one detail is, and repetitions are not kept', () => {
  const all: Detail = {
    type: 'remit_call',
    locations: [ORDERS, FILES],
    actions: [...ACTIONS],
    bounds: [],
  }
  const one: Detail = { ...all, bounds: [{ path: '/name', op: 'eq', value: 'a' }] }
  assert.deepEqual(intersect([all, one, all], [all], kindOf), [all])
  assert.deepEqual(intersect([one], [all, one], kindOf), [one])
  for (const both of [
    [all, one],
    [one, all],
  ])
    assert.deepEqual(intersect(both, [all], kindOf), [all])
  const handOn = { ...all, type: 'remit_delegate' } as const
  for (const apart of [
    [handOn, one],
    [one, handOn],
    [{ ...one, type: 'remit_delegate' } as const, all],
    [all, { ...one, type: 'remit_delegate' } as const],
  ])
    assert.deepEqual(intersect(apart, [all], kindOf), apart, 'each type is kept for itself')
})

test('beyond the limits authority is left out, never added', () => {
  const many = Array.from(
    { length: 300 },
    (_, i): Detail => ({
      type: 'remit_call',
      locations: [ORDERS],
      actions: ['orders.read'],
      bounds: [{ path: '/id', op: 'eq', value: String(i) }],
    }),
  )
  const all: Detail[] = [
    { type: 'remit_call', locations: [ORDERS], actions: ['orders.read'], bounds: [] },
  ]
  const result = intersect(all, many, kindOf)
  assert.equal(result.length, DETAIL_LIMITS.detailsOut)
  assert.ok(contains(many, result, kindOf))

  const bounds = (from: number): Bound[] =>
    Array.from({ length: 20 }, (_, i) => ({ path: `/n${from + i}`, op: 'eq', value: 'a' }))
  const strings = () => 'string' as const
  const wide = (from: number): Detail[] =>
    all.map((detail) => ({ ...detail, bounds: bounds(from) }))
  assert.deepEqual(intersect(wide(0), wide(20), strings), [])

  // Alternatives for one location are counted before those that have too many bounds are left out.
  const crowded = (count: number): Detail[] =>
    Array.from({ length: count }, (_, i) => [
      { path: '/id', op: 'eq', value: String(i) } as const,
      ...bounds(0),
    ]).flatMap((those) => all.map((detail) => ({ ...detail, bounds: those })))
  const last = all.map((detail): Detail => {
    return { ...detail, bounds: [{ path: '/n0', op: 'eq', value: 'z' }] }
  })
  const left = (count: number) => intersect([...crowded(count), ...last], wide(20), strings).length
  assert.equal(left(DETAIL_LIMITS.detailsOut - 1), 1)
  assert.equal(left(DETAIL_LIMITS.detailsOut), 0)
})

test('a list that says one value twice does not pass for two values', () => {
  const of = (...bounds: Bound[]): Detail[] => [
    { type: 'remit_call', locations: [ORDERS], actions: ['orders.read'], bounds },
  ]
  const range = of(
    { path: '/amount', op: 'gte', value: '1' },
    { path: '/amount', op: 'lte', value: '1.0001' },
  )
  assert.ok(contains(of({ path: '/amount', op: 'in', value: ['1', '1.0001'] }), range, kindOf))
  assert.ok(!contains(of({ path: '/amount', op: 'in', value: ['1', '1.0'] }), range, kindOf))
})

test('the result of many locations stays within the limits and can be read back', () => {
  const at = (location: string, i: number): Detail => ({
    type: 'remit_call',
    locations: [location],
    actions: ['orders.read'],
    bounds: [{ path: '/id', op: 'eq', value: String(i) }],
  })
  const each = Array.from({ length: 200 }, (_, i) => [at(ORDERS, i), at(FILES, 1000 + i)]).flat()
  const everywhere: Detail[] = [
    { type: 'remit_call', locations: [ORDERS, FILES], actions: ['orders.read'], bounds: [] },
  ]
  assert.equal(intersect(everywhere, each, kindOf).length, DETAIL_LIMITS.detailsOut)

  const places = Array.from({ length: 40 }, (_, i) => at(`https://gw.example/n${i}`, 1))
  const result = intersect(places, places, kindOf)
  assert.deepEqual(
    result.map(({ locations }) => locations.length),
    [16, 16, 8],
  )
  assert.ok(parseDetails(result, 'remit_call').ok)
})

test('what may be handed on may not therefore be done', () => {
  const handOn: Detail[] = [
    { type: 'remit_delegate', locations: [ORDERS], actions: ['orders.read'], bounds: [] },
  ]
  const one: Call = { location: ORDERS, action: 'orders.read', arguments: new Map() }
  assert.ok(!isCovered(handOn, one))
  const [only] = intersect([{ ...handOn[0], type: 'remit_call' } as Detail], handOn, kindOf) // the spread keeps every member
  assert.equal(
    only?.type,
    'remit_call',
    'a request is cut down by a may-delegate list and stays a request',
  )
})
