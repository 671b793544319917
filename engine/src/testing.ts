/** A small world for tests: a catalog, arguments with a table of what their texts mean, and arbitraries over them. */
import fc from 'fast-check'
import type { ArgumentKind, Call, KindOf, TypedValue } from './arguments.ts'
import type { Bound, Detail, DetailType } from './detail.ts'

export const ORDERS = 'https://gw.example/orders'
export const FILES = 'https://gw.example/files'
export const ACTIONS = ['orders.read', 'orders.refund', 'orders.note'] as const

const READ_KINDS: Readonly<Record<string, ArgumentKind>> = {
  '/id': 'integer',
  '/amount': 'decimal',
  '/at': 'datetime',
  '/name': 'string',
  '/file': 'path',
  '/urgent': 'boolean',
  '/to/city': 'string',
}

/** `/id` is read differently by each action, and `/amount` is not there to note. */
export const kindOf: KindOf = (_location, action, path) => {
  if (path === '/id' && action === 'orders.refund') return 'decimal'
  if (path === '/id' && action === 'orders.note') return 'string'
  if (path === '/amount' && action === 'orders.note') return undefined
  return READ_KINDS[path]
}

type Meaning = string | number

/** Meaning of texts as values of a kind, written down by hand. A text that is not here means nothing. */
const MEANING = {
  integer: { '-2': -2, '-0': 0, '0': 0, '1': 1, '2': 2, '3': 3, '10': 10 },
  decimal: {
    '-2': -2,
    '-0': 0,
    '0': 0,
    '0.0': 0,
    '1': 1,
    '1.0': 1,
    '1.5': 1.5,
    '2': 2,
    '2.0000': 2,
    '3': 3,
    '10': 10,
    '10.0001': 10.0001,
  },
  datetime: {
    '2026-01-01': 0,
    '2026-01-01T00:00:00Z': 0,
    '2026-01-01T01:00:00+01:00': 0,
    '2026-01-01T00:00:00.001Z': 1,
    '2026-01-02T00:00:00Z': 86_400_000,
    '2025-12-31T23:59:59-23:59': 86_339_000,
  },
  boolean: { true: 'true', false: 'false' },
} as const satisfies Record<string, Readonly<Record<string, Meaning>>>

const TEXTS = [
  '',
  'a',
  'ab',
  'abc',
  'b',
  'a/',
  '0',
  '1',
  '1.0',
  'true',
  '/p/',
  '/p/a',
  '/p/a/',
  '/p/a/b',
]
const MORE_PATHS = ['/pa', '/p/..a', '/p//a', '/p/.../a', '/p/a..']
/** Texts that are no values of kind `path`, since someone could resolve them to somewhere else. */
const DOTTED = [
  'a/../b',
  '/p/../q',
  '/p/./a',
  '/p/%2e%2e/q',
  '/p/%252E./q',
  '/p/..;/q',
  '/p/..%2fq',
  '/p\\a',
  'a/..',
]
const NONSENSE = [
  '01',
  '1.',
  '1e1',
  '0x1',
  '1.00001',
  ' 1',
  '2026-02-30',
  '2026-01-01T24:00:00Z',
  'TRUE',
]

const SAMPLES: Readonly<Record<ArgumentKind, readonly string[]>> = {
  integer: Object.keys(MEANING.integer),
  decimal: Object.keys(MEANING.decimal),
  datetime: Object.keys(MEANING.datetime),
  boolean: Object.keys(MEANING.boolean),
  string: [...TEXTS, ...DOTTED],
  path: [...TEXTS, ...MORE_PATHS, ...DOTTED],
}
const ANY = [...new Set([...Object.values(SAMPLES).flat(), ...NONSENSE])]
const PATHS = [...Object.keys(READ_KINDS), '/gone']

/** Equal values mean the same, ordered ones compare; `undefined` is no value of that kind. */
export function meaning(kind: ArgumentKind, text: string): Meaning | undefined {
  if (kind === 'string') return text
  if (kind === 'path') return DOTTED.includes(text) ? undefined : text
  return new Map<string, Meaning>(Object.entries(MEANING[kind])).get(text)
}

/** Picks mostly a text that means something as one of the kinds the path has. */
function textFor(path: string): fc.Arbitrary<string> {
  const kinds = new Set(ACTIONS.map((action) => kindOf(ORDERS, action, path) ?? 'string'))
  const fitting = [...kinds].flatMap((kind) => SAMPLES[kind])
  return fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...fitting) },
    { weight: 1, arbitrary: fc.constantFrom(...ANY) },
  )
}

const bound: fc.Arbitrary<Bound> = fc.constantFrom(...PATHS).chain((path) => {
  const one = (op: Bound['op']) => textFor(path).map((value) => ({ path, op, value }))
  const some = fc
    .array(textFor(path), { minLength: 1, maxLength: 4 })
    .map((value) => ({ path, op: 'in' as const, value }))
  const ordered = ['/id', '/amount', '/at'].includes(path)
  const fitting = ordered ? [one('lte'), one('gte')] : [one('prefix')]
  const unfit = ordered ? one('prefix') : one('lte')
  const sensible = fc.oneof(one('eq'), some, ...fitting)
  return fc.oneof({ weight: 12, arbitrary: sensible }, { weight: 1, arbitrary: unfit })
})

export function details(type: DetailType = 'remit_call', maxLength = 4): fc.Arbitrary<Detail[]> {
  const members = {
    type: fc.constant(type),
    locations: fc.subarray([ORDERS, FILES], { minLength: 1 }),
    actions: fc.subarray([...ACTIONS], { minLength: 1 }),
    bounds: fc.array(bound, { maxLength: 3 }),
  }
  const detail = fc.record(members, { noNullPrototype: true })
  return fc.array(detail, { maxLength })
}

/** Details made from those of a parent: bounds added, and now and then one left out. */
export function childrenOf(parent: readonly Detail[]): fc.Arbitrary<Detail[]> {
  if (parent.length === 0) return fc.constant([])
  const child = fc
    .record({
      from: fc.constantFrom(...parent),
      without: fc.oneof(fc.constant(-1), fc.nat(3)),
      more: fc.array(bound, { maxLength: 2 }),
    })
    .map(({ from, without, more }) => ({
      ...from,
      bounds: [...from.bounds.filter((_, i) => i !== without), ...more],
    }))
  return fc.array(child, { minLength: 1, maxLength: 2 })
}

export function typed(kind: ArgumentKind, text: string): TypedValue {
  if (kind === 'boolean') return { kind, value: text === 'true' }
  return kind === 'string' || kind === 'path' ? { kind: 'string', value: text } : { kind, text }
}

export const call: fc.Arbitrary<Call> = fc
  .record({ location: fc.constantFrom(ORDERS, FILES), action: fc.constantFrom(...ACTIONS) })
  .chain(({ location, action }) => {
    const value = (path: string) =>
      fc.option(
        textFor(path).map((text) => typed(kindOf(location, action, path) ?? 'string', text)),
        { nil: undefined, freq: 6 },
      )
    return fc.tuple(...PATHS.map(value)).map((values): Call => {
      const args = new Map<string, TypedValue>()
      for (const [i, path] of PATHS.entries()) {
        const found = values[i]
        const [, name = '', member] = path.split('/')
        if (found)
          args.set(
            name,
            member === undefined ? found : { kind: 'record', fields: new Map([[member, found]]) },
          )
      }
      return { location, action, arguments: args }
    })
  })
