import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DETAIL_LIMITS } from './detail.ts'
import { parseAuthority, parseDetails } from './parse-details.ts'
import { details } from './testing.ts'

const BOUND = { path: '/order_id', op: 'eq', value: '1042' }
const DETAIL = {
  type: 'remit_call',
  locations: ['https://gw.example/orders'],
  actions: ['orders.read'],
  bounds: [BOUND],
}

function reasonFor(value: unknown): string {
  const parsed = parseDetails(value, 'remit_call')
  assert.ok(!parsed.ok, `${JSON.stringify(value)} was accepted`)
  return parsed.reason
}

test('what was written down is read back as it was', () => {
  fc.assert(
    fc.property(details('remit_delegate'), (list) => {
      const text: unknown = JSON.parse(JSON.stringify(list))
      assert.deepEqual(parseDetails(text, 'remit_delegate'), { ok: true, details: list })
    }),
  )
})

test('Maps are read like plain objects, so either JSON reader will do', () => {
  const map = new Map<string, unknown>(
    Object.entries({ ...DETAIL, bounds: [new Map(Object.entries(BOUND))] }),
  )
  assert.deepEqual(parseDetails([map], 'remit_call'), parseDetails([DETAIL], 'remit_call'))
})

test('bounds may be left out, and an empty list is a list', () => {
  const { bounds: _, ...rest } = DETAIL
  assert.deepEqual(parseDetails([rest], 'remit_call'), {
    ok: true,
    details: [{ ...DETAIL, bounds: [] }],
  })
  assert.deepEqual(parseDetails([], 'remit_call'), { ok: true, details: [] })
})

test('members that are not known are refused, also in bounds', () => {
  assert.match(reasonFor([{ ...DETAIL, datatypes: ['x'] }]), /details\[0\] has an unknown member/)
  assert.match(reasonFor([{ ...DETAIL, bound: [] }]), /unknown member/)
  assert.match(
    reasonFor([{ ...DETAIL, bounds: [{ ...BOUND, not: true }] }]),
    /details\[0\]\.bounds\[0\] has an unknown/,
  )
  assert.match(reasonFor([JSON.parse('{"__proto__":{"type":"remit_call"}}')]), /unknown member/)
  assert.match(reasonFor([Object.create(DETAIL)]), /type must be "remit_call"/)
})

test('one type does not pass for the other', () => {
  assert.match(
    reasonFor([DETAIL, { ...DETAIL, type: 'remit_delegate' }]),
    /details\[1\]\.type must be "remit_call"/,
  )
  assert.ok(!parseDetails([DETAIL], 'remit_delegate').ok)
})

test('bound values are text, never numbers that were floats on the way', () => {
  for (const value of [1042, true, null, undefined, { text: '1042' }, ['1042']])
    assert.match(reasonFor([{ ...DETAIL, bounds: [{ ...BOUND, value }] }]), /value must be text/)
  assert.match(
    reasonFor([{ ...DETAIL, bounds: [{ ...BOUND, op: 'in', value: '1' }] }]),
    /value must be a list/,
  )
  assert.match(
    reasonFor([{ ...DETAIL, bounds: [{ ...BOUND, op: 'in', value: [1] }] }]),
    /value\[0\] must be text/,
  )
  assert.match(
    reasonFor([{ ...DETAIL, bounds: [{ ...BOUND, op: 'in', value: [] }] }]),
    /value is empty/,
  )
})

test('operators are a closed set and paths are JSON Pointers', () => {
  for (const op of ['ne', 'EQ', 'lt', '', undefined, 'constructor'])
    assert.match(
      reasonFor([{ ...DETAIL, bounds: [{ ...BOUND, op }] }]),
      /op must be eq, in, lte, gte or prefix/,
    )
  for (const path of ['', 'order_id', '/a~2b', '/a~', '$.a', '#/a'])
    assert.match(reasonFor([{ ...DETAIL, bounds: [{ ...BOUND, path }] }]), /must be a JSON Pointer/)
  for (const path of ['/a~1b', '/a~0b', '/', '/a/b'])
    assert.ok(parseDetails([{ ...DETAIL, bounds: [{ ...BOUND, path }] }], 'remit_call').ok)
})

test('locations and actions are needed, each once, without white space or controls', () => {
  for (const member of ['locations', 'actions']) {
    for (const list of [
      undefined,
      'x',
      [],
      [1],
      [''],
      ['a', 'a'],
      ['a b'],
      ['a\n'],
      ['\ud800'],
      [null],
    ])
      assert.match(
        reasonFor([{ ...DETAIL, [member]: list }]),
        new RegExp(`details\\[0\\]\\.${member}`),
      )
  }
})

test('every size has a limit', () => {
  const { detailsIn, detailsOut, locations, actions, bounds, values, characters } = DETAIL_LIMITS
  const many = (count: number) => Array.from({ length: count }, (_, i) => `n${i}`)
  const accepted = (detail: object) => parseDetails([{ ...DETAIL, ...detail }], 'remit_call').ok
  const copies = (count: number) => new Array(count).fill(DETAIL)
  assert.ok(parseDetails(copies(detailsIn), 'remit_call').ok)
  assert.match(reasonFor(copies(detailsIn + 1)), /65 items, 64 at most/)
  assert.ok(parseDetails(copies(detailsOut), 'remit_call', detailsOut).ok)
  assert.ok(
    accepted({ locations: many(locations) }) && !accepted({ locations: many(locations + 1) }),
  )
  assert.ok(accepted({ actions: many(actions) }) && !accepted({ actions: many(actions + 1) }))
  assert.ok(accepted({ bounds: new Array(bounds).fill(BOUND) }))
  assert.ok(!accepted({ bounds: new Array(bounds + 1).fill(BOUND) }))
  assert.ok(accepted({ bounds: [{ ...BOUND, op: 'in', value: many(values) }] }))
  assert.ok(!accepted({ bounds: [{ ...BOUND, op: 'in', value: many(values + 1) }] }))
  assert.ok(!accepted({ bounds: [{ ...BOUND, value: 'x'.repeat(characters + 1) }] }))
})

test('anything else is refused with a reason, never with an exception', () => {
  for (const value of [
    undefined,
    null,
    1,
    'x',
    {},
    new Map(),
    [null],
    [[]],
    [1],
    ['x'],
    [new Date(0)],
    new Array(1),
  ])
    assert.ok(reasonFor(value).length > 0)
  fc.assert(
    fc.property(fc.anything({ maxDepth: 4, withMap: true, withNullPrototype: true }), (value) => {
      assert.equal(typeof parseDetails(value, 'remit_call').ok, 'boolean')
      assert.equal(typeof parseDetails([{ ...DETAIL, bounds: value }], 'remit_call').ok, 'boolean')
    }),
  )
})

test('what may be done and what may be handed on are read side by side, each list in its order', () => {
  const handed = (action: string) => ({ ...DETAIL, type: 'remit_delegate', actions: [action] })
  const read = parseAuthority([handed('a'), DETAIL, handed('b')])
  assert.ok(read.ok)
  assert.deepEqual(read.calls, [DETAIL])
  assert.deepEqual(
    read.delegates?.map(({ type, actions }) => [type, ...actions]),
    [
      ['remit_delegate', 'a'],
      ['remit_delegate', 'b'],
    ],
  )
  const none = parseAuthority([DETAIL])
  assert.ok(none.ok && none.delegates === undefined, 'none asked for is not "nothing asked for"')
  const many = new Array(DETAIL_LIMITS.detailsIn).fill(DETAIL)
  assert.ok(!parseAuthority([...many, handed('a')]).ok, 'the limit is for both together')
  assert.ok(!parseAuthority([{ ...DETAIL, type: 'other' }]).ok)
  assert.ok(!parseDetails([handed('a')], 'remit_call').ok, 'nobody takes one for the other')
})
