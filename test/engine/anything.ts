/** Expressions without regard to types: nearly all of them err somewhere, and the question is where and whether that shows. */

import { type Expr, ifThenElse } from './forms.ts'
import { type Json, object } from './json.ts'
import { constructorOf, long, string, text } from './literals.ts'
import type { Random } from './random.ts'
import { ACTORS, EXTENSIONS, GROUPS, THINGS } from './schema.ts'
import { randomRef, TAG_NAMES } from './world.ts'

const BINARY = [
  '==',
  '!=',
  'in',
  '<',
  '<=',
  '>',
  '>=',
  '&&',
  '||',
  '+',
  '-',
  '*',
  'contains',
  'containsAll',
  'containsAny',
  'getTag',
  'hasTag',
]
const CALLS: readonly (readonly [name: string, arguments_: number])[] = [
  ['lessThan', 2],
  ['lessThanOrEqual', 2],
  ['greaterThan', 2],
  ['greaterThanOrEqual', 2],
  ['isIpv4', 1],
  ['isIpv6', 1],
  ['isLoopback', 1],
  ['isMulticast', 1],
  ['isInRange', 2],
  ['offset', 2],
  ['durationSince', 2],
  ['toDate', 1],
  ['toTime', 1],
  ['toMilliseconds', 1],
  ['toSeconds', 1],
  ['toMinutes', 1],
  ['toHours', 1],
  ['toDays', 1],
  ['decimal', 1],
  ['datetime', 1],
  ['duration', 1],
  ['ip', 1],
]
const ATTRIBUTES = [
  'a',
  'b',
  'name',
  'x y',
  '__proto__',
  'constructor',
  'length',
  'é',
  '',
  '__entity',
  'type',
  'id',
]
const ODDS = { population: 2, edges: 0.3, slips: 0.1 }

export function anything(random: Random, depth: number): Expr {
  if (depth <= 0 || random.chance(0.1)) return leaf(random)
  const inner = () => anything(random, depth - 1)
  return random.weighted<() => Expr>([
    [8, () => ({ [random.pick(BINARY)]: { left: inner(), right: inner() } })],
    [2, () => ({ [random.pick(['!', 'neg', 'isEmpty'])]: { arg: inner() } })],
    [2, () => ifThenElse(inner(), inner(), inner())],
    [3, () => ({ '.': { left: inner(), attr: random.pick(ATTRIBUTES) } })],
    [2, () => ({ has: { left: inner(), attr: attributes(random) } })],
    [1, () => ({ like: { left: inner(), pattern: pattern(random) } })],
    [2, () => ({ is: is(random, inner) })],
    [2, () => ({ Set: random.list(0, 3, inner) })],
    [2, () => ({ Record: object(random.some(ATTRIBUTES, 0, 3).map((name) => [name, inner()])) })],
    [4, () => call(random, inner)],
  ])()
}

function attributes(random: Random): Json {
  return random.chance(0.6)
    ? random.pick(ATTRIBUTES)
    : random.list(1, 3, () => random.pick(ATTRIBUTES))
}

function pattern(random: Random): Json[] {
  return random.list(0, 4, () =>
    random.chance(0.4) ? 'Wildcard' : { Literal: string(random, ODDS.edges) },
  )
}

function is(random: Random, inner: () => Expr): Expr {
  const test = {
    left: inner(),
    entity_type: random.pick([...ACTORS, ...GROUPS, 'Action', 'Nothing']),
  }
  return random.chance(0.5) ? test : { ...test, in: inner() }
}

function call(random: Random, inner: () => Expr): Expr {
  const [name, count] = random.pick(CALLS)
  return { [name]: Array.from({ length: count }, inner) }
}

function leaf(random: Random): Expr {
  const extension = random.pick(EXTENSIONS)
  return random.weighted<() => Expr>([
    [5, () => ({ Var: random.pick(['principal', 'action', 'resource', 'context']) })],
    [3, () => ({ Value: random.chance(0.5) })],
    [4, () => ({ Value: long(random, ODDS.edges) })],
    [3, () => ({ Value: random.pick([...TAG_NAMES, string(random, ODDS.edges)]) })],
    [
      3,
      () => ({
        Value: {
          __entity: randomRef(random, random.pick([...ACTORS, ...GROUPS, ...THINGS]), ODDS),
        },
      }),
    ],
    [5, () => ({ [constructorOf(extension)]: [{ Value: text(random, extension, ODDS.edges) }] })],
    [1, () => ({ Set: [] })],
    [1, () => ({ Record: {} })],
  ])()
}

/**
 * Makes one operation on values, and nothing else: most of what a rare pair of values can show is
 * here.
 */
export function operation(random: Random): Expr {
  return anything(random, random.between(1, 2))
}
