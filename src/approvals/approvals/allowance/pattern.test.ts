import assert from 'node:assert/strict'
import { test } from 'node:test'
import { covers, type TypedArguments, type TypedValue } from '@remit/engine'
import fc from 'fast-check'
import { leavesOf } from '../../../calls/calls/judgment/inspected.ts'
import type { Leaf } from '../../access-requests/access-request.ts'
import {
  boundOf,
  exactly,
  operatorsFor,
  type Pattern,
  partAdmits,
  patternAdmits,
} from './pattern.ts'
import { patternInWords } from './words.ts'

const KINDS = {
  '/id': 'string',
  '/folder': 'path',
  '/amount': 'decimal',
  '/count': 'integer',
  '/at': 'datetime',
  '/urgent': 'boolean',
  '/to/city': 'string',
} as const
const kindAt = (path: string) => Object.entries(KINDS).find(([known]) => known === path)?.[1]

const text = fc.constantFrom('', 'a', 'ab', 'abc', 'b', '1042')
const folder = fc.constantFrom('/a/', '/a/b', '/a/b/c', '/ab', '/', 'a')
const number = fc.constantFrom('0', '1', '9', '10', '200')
const decimal = fc.constantFrom('0.5', '1', '1.0', '99.99', '100.00', '-1')
const time = fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-01T01:00:00+01:00', '2027-01-01')
const string = (of: fc.Arbitrary<string>) =>
  of.map((value): TypedValue => ({ kind: 'string', value }))
const numeric = (kind: 'integer' | 'decimal' | 'datetime', of: fc.Arbitrary<string>) =>
  of.map((text): TypedValue => ({ kind, text }))
const list = fc
  .array(string(text), { maxLength: 2 })
  .map((items): TypedValue => ({ kind: 'set', items }))
const place = fc.option(string(text), { nil: undefined }).map(
  (city): TypedValue => ({
    kind: 'record',
    fields: new Map(city === undefined ? [] : [['city', city]]),
  }),
)

/** Arguments of which any may be missing. */
const args: fc.Arbitrary<TypedArguments> = fc
  .record(
    {
      id: string(text),
      folder: string(folder),
      amount: numeric('decimal', decimal),
      count: numeric('integer', number),
      at: numeric('datetime', time),
      urgent: fc.boolean().map((value): TypedValue => ({ kind: 'boolean', value })),
      tags: list,
      to: place,
    },
    { requiredKeys: [] },
  )
  .map((members) => new Map(Object.entries(members)))

function leaves(of: TypedArguments): readonly Leaf[] {
  const found = leavesOf(of, kindAt)
  assert.ok(found)
  return found
}

/** Some pattern over the arguments of a call, with texts of its own. */
const patterned = args.chain((of) =>
  fc
    .tuple(
      ...leaves(of).map((leaf) =>
        fc.record({
          how: fc.constantFrom(...operatorsFor(leaf.kind)),
          text: fc.oneof(fc.constant(leaf.text), text, folder, number, decimal, time),
        }),
      ),
    )
    .map((parts) => ({
      of,
      pattern: leaves(of).map((leaf, i): Pattern[number] => {
        const { how = 'is', text = '' } = parts[i] ?? {}
        if (how === 'any') return { path: leaf.path, kind: leaf.kind, how }
        return how === 'is' ? { ...leaf, how } : { ...leaf, how, text }
      }),
    })),
)

test('what a pattern admits is inside every bound of it, as the authority algebra sees it', () => {
  let admitted = 0
  fc.assert(
    fc.property(patterned, args, fc.boolean(), ({ of, pattern }, other, same) => {
      const call = same ? of : other
      const admits = patternAdmits(pattern, leaves(call))
      const bounds = pattern.map(boundOf).filter((bound) => bound !== undefined)
      const detail = { type: 'remit_call', locations: ['l'], actions: ['a'], bounds } as const
      const covered = covers(
        [detail],
        { location: 'l', action: 'a', arguments: call },
        (_, __, path) => kindAt(path),
      ).covered
      if (admits) {
        admitted++
        assert.ok(covered)
        for (const leaf of leaves(call))
          assert.ok(pattern.some((part) => part.path === leaf.path && partAdmits(part, leaf)))
      }
      // The other way round, where nothing but bounds is in the pattern and the call says nothing more.
      const bounded = pattern.every((part) => boundOf(part) !== undefined)
      const spoken = leaves(call).every(({ path }) => pattern.some((part) => part.path === path))
      if (covered && bounded && spoken) assert.ok(admits)
    }),
    { numRuns: 2000 },
  )
  assert.ok(admitted > 100, 'the property was about something')
})

test('everything exact admits that call and no other', () => {
  fc.assert(
    fc.property(args, args, (of, other) => {
      const pattern = exactly(leaves(of))
      const said = (call: TypedArguments) =>
        leaves(call)
          .map(({ path, kind, text }) => `${path} ${kind} ${text}`)
          .join()
      if (said(of) === said(other)) assert.equal(patternAdmits(pattern, leaves(other)), true)
      if (leaves(of).length !== leaves(other).length)
        assert.equal(patternAdmits(pattern, leaves(other)), false)
    }),
  )
})

const ONE: readonly Leaf[] = [
  { path: '/id', kind: 'string', text: '1042' },
  { path: '/amount', kind: 'decimal', text: '90.00' },
]

test('an argument that the pattern does not speak of is outside, and so is a missing one', () => {
  const pattern = exactly(ONE)
  assert.equal(patternAdmits(pattern, ONE), true)
  assert.equal(patternAdmits(pattern, ONE.slice(1)), false)
  assert.equal(patternAdmits(pattern, [...ONE, { path: '/note', kind: 'string', text: '' }]), false)
  assert.equal(patternAdmits([], ONE), false)
  assert.equal(patternAdmits([], []), true)
})

test('the same text of another kind is another value', () => {
  const [id] = ONE
  assert.ok(id)
  assert.equal(partAdmits({ ...id, how: 'is' }, { ...id, kind: 'path' }), false)
  assert.equal(
    partAdmits({ path: '/id', kind: 'string', how: 'any' }, { ...id, kind: 'list' }),
    false,
  )
})

test('a path is bounded by whole segments, and never leaves its folder', () => {
  const part = { path: '/folder', kind: 'path', how: 'starts', text: '/public/' } as const
  const admits = (text: string) => partAdmits(part, { path: '/folder', kind: 'path', text })
  assert.equal(admits('/public/a'), true)
  assert.equal(admits('/public/../secret'), false)
  assert.equal(admits('/public/%2e%2e/secret'), false)
  assert.equal(
    partAdmits({ ...part, text: '/pub' }, { path: '/folder', kind: 'path', text: '/public' }),
    false,
  )
})

test('what has no type cannot be taken apart', () => {
  assert.equal(leavesOf(new Map([['x', { kind: 'string', value: '' }]]), kindAt), undefined)
  const many = Array.from({ length: 65 }, (_, i) => [`t${i}`, { kind: 'set', items: [] }] as const)
  assert.equal(leavesOf(new Map(many), kindAt), undefined)
})

test('names with a slash or a tilde stay apart', () => {
  const of = new Map<string, TypedValue>([
    ['a/b', { kind: 'set', items: [] }],
    ['a', { kind: 'record', fields: new Map([['b', { kind: 'set', items: [] } as const]]) }],
  ])
  assert.deepEqual(
    leaves(of).map(({ path }) => path),
    ['/a~1b', '/a/b'],
  )
})

test('a pattern in words hides nothing', () => {
  assert.equal(
    patternInWords('orders.refund', [
      { path: '/order_id', kind: 'string', how: 'is', text: '10\u202e42' },
      { path: '/amount', kind: 'decimal', how: 'at_most', text: '200.00' },
      { path: '/folder', kind: 'path', how: 'starts', text: '/a/' },
      { path: '/note', kind: 'string', how: 'any' },
    ]),
    'orders.refund, where order_id is exactly "10\\u{202e}42" and amount is at most 200.00 and folder starts with "/a/" and note may be anything, or left out',
  )
})
