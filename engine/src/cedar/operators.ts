/** The operators that look at nothing but their operands. */
import { groupBy } from '../group-by.ts'
import { wrongType } from './extensions.ts'
import { EvaluationFailure } from './failure.ts'
import { add, type Long, multiply, negate, subtract } from './long.ts'
import { any, asTest, constant, folded, type Part, test } from './run.ts'
import { Datetime, Duration, EntityUid, equal, keyOf, SetValue, type Value } from './value.ts'

type Combine = (left: Part, right: Part) => Part

export const BINARY: ReadonlyMap<string, Combine> = new Map<string, Combine>([
  ['==', (left, right) => equality(left, right, true)],
  ['!=', (left, right) => equality(left, right, false)],
  ['<', (left, right) => comparison(left, right, (a, b) => a < b)],
  ['<=', (left, right) => comparison(left, right, (a, b) => a <= b)],
  ['>', (left, right) => comparison(left, right, (a, b) => a > b)],
  ['>=', (left, right) => comparison(left, right, (a, b) => a >= b)],
  ['+', (left, right) => arithmetic(left, right, add)],
  ['-', (left, right) => arithmetic(left, right, subtract)],
  ['*', (left, right) => arithmetic(left, right, multiply)],
  ['contains', membership],
  ['containsAll', (left, right) => ofSets(left, right, (a, b) => a.hasAll(b))],
  ['containsAny', (left, right) => ofSets(left, right, (a, b) => a.hasAny(b))],
])

export const UNARY: ReadonlyMap<string, (arg: Part) => Part> = new Map<string, (arg: Part) => Part>(
  [
    ['!', negation],
    ['neg', minus],
    ['isEmpty', emptiness],
  ],
)

function equality(left: Part, right: Part, expected: boolean): Part {
  if (left.kind === 'constant' && right.kind === 'constant') {
    return constant(equal(left.value, right.value) === expected)
  }
  if (left.kind === 'constant') return equality(right, left, expected)
  const a = left.run
  if (right.kind === 'constant') {
    const { value } = right
    if (value instanceof EntityUid) {
      return test((run) => {
        const found = a(run)
        return (found instanceof EntityUid && found.is(value)) === expected
      })
    }
    if (typeof value !== 'object') return test((run) => (a(run) === value) === expected)
    return test((run) => equal(a(run), value) === expected)
  }
  const b = right.run
  return test((run) => equal(a(run), b(run)) === expected)
}

function comparison(left: Part, right: Part, holds: (a: Long, b: Long) => boolean): Part {
  const [a, b] = [left.run, right.run]
  const made = test((run) => {
    const x = a(run)
    const y = b(run)
    if (typeof x === 'number' && typeof y === 'number') return holds(x, y)
    return compareOthers(x, y, holds)
  })
  return folded([left, right], made)
}

function compareOthers(x: Value, y: Value, holds: (a: Long, b: Long) => boolean): boolean {
  if (isLong(x)) {
    if (isLong(y)) return holds(x, y)
    throw wrongType('long', y)
  }
  if (x instanceof Datetime) {
    if (y instanceof Datetime) return holds(x.at, y.at)
    throw wrongType('datetime', y)
  }
  if (x instanceof Duration) {
    if (y instanceof Duration) return holds(x.milliseconds, y.milliseconds)
    throw wrongType('duration', y)
  }
  throw wrongType('long, datetime or duration', x)
}

function isLong(value: Value): value is Long {
  return typeof value === 'number' || typeof value === 'bigint'
}

function arithmetic(left: Part, right: Part, result: (a: Long, b: Long) => Long | undefined): Part {
  const [a, b] = [left.run, right.run]
  const made = any((run) => {
    const x = a(run)
    const y = b(run)
    if (!isLong(x)) throw wrongType('long', x)
    if (!isLong(y)) throw wrongType('long', y)
    return whole(result(x, y))
  })
  return folded([left, right], made)
}

function whole(result: Long | undefined): Long {
  if (result === undefined) throw new EvaluationFailure('integer overflow')
  return result
}

/** `!` */
export function negation(arg: Part): Part {
  const holds = asTest(arg)
  return folded(
    [arg],
    test((run) => !holds(run)),
  )
}

function minus(arg: Part): Part {
  const { run: inner } = arg
  const made = any((run) => {
    const value = inner(run)
    if (!isLong(value)) throw wrongType('long', value)
    return whole(negate(value))
  })
  return folded([arg], made)
}

function emptiness(arg: Part): Part {
  const { run: inner } = arg
  const made = test((run) => setOf(inner(run)).items.length === 0)
  return folded([arg], made)
}

function setOf(value: Value): SetValue {
  if (value instanceof SetValue) return value
  throw wrongType('set', value)
}

function membership(left: Part, right: Part): Part {
  const [a, b] = [left.run, right.run]
  if (left.kind === 'constant' && left.value instanceof SetValue) {
    const has = membersOf(left.value)
    return folded(
      [right],
      test((run) => has(b(run))),
    )
  }
  const made = test((run) => {
    const set = a(run)
    const value = b(run)
    return setOf(set).has(value)
  })
  return folded([left, right], made)
}

/** A test for the members of a literal set, made once. */
function membersOf(set: SetValue): (value: Value) => boolean {
  const { items } = set
  if (items.every((item) => typeof item !== 'object')) {
    const plain = new Set<Value>(items)
    return (value) => plain.has(value)
  }
  if (items.every((item) => item instanceof EntityUid)) {
    const ids = groupBy(items, ({ type }) => type)
    const byType = new Map(
      Array.from(ids, ([type, all]) => [type, new Set(all.map(({ id }) => id))]),
    )
    return (value) => value instanceof EntityUid && byType.get(value.type)?.has(value.id) === true
  }
  const { keys } = set
  return (value) => keys.has(keyOf(value))
}

function ofSets(left: Part, right: Part, holds: (a: SetValue, b: SetValue) => boolean): Part {
  const [a, b] = [left.run, right.run]
  const made = test((run) => {
    const x = a(run)
    const y = b(run)
    return holds(setOf(x), setOf(y))
  })
  return folded([left, right], made)
}
