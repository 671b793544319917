/** Random Cedar expressions of a wanted type, in Cedar's JSON form. At `slips` they are of another type, or unguarded. */
import { anything } from './anything.ts'
import { binary, type Expr, ifThenElse } from './forms.ts'
import { type Json, object } from './json.ts'
import { constructorOf, long, memberCount, string, text } from './literals.ts'
import { type Path, pathsIn } from './paths.ts'
import type { Random } from './random.ts'
import {
  ACTORS,
  BOOL,
  EXTENSIONS,
  type Extension,
  GROUPS,
  keyOf,
  LONG,
  randomType,
  type Schema,
  STRING,
  THINGS,
  type Type,
} from './schema.ts'
import { type Odds, randomRef, randomValue, TAG_NAMES } from './world.ts'

/** Types of the variables of a policy. */
export interface Scene {
  readonly schema: Schema
  readonly principal: string
  readonly resource: string
}

const TYPES = [...ACTORS, ...GROUPS, ...THINGS]
const ORDERED: readonly Type[] = [LONG, LONG, { kind: 'datetime' }, { kind: 'duration' }]
const TO_LONG = ['toMilliseconds', 'toSeconds', 'toMinutes', 'toHours', 'toDays']
const OF_DECIMALS = ['lessThan', 'lessThanOrEqual', 'greaterThan', 'greaterThanOrEqual']
const OF_IPS = ['isIpv4', 'isIpv6', 'isLoopback', 'isMulticast']

export class Expressions {
  readonly #random: Random
  readonly #scene: Scene
  readonly #odds: Odds
  readonly #paths: ReadonlyMap<string, readonly Path[]>
  /** Conditions that must hold so that the expression that is being made can be evaluated. */
  #needs: Expr[] = []

  constructor(random: Random, scene: Scene, odds: Odds) {
    this.#random = random
    this.#scene = scene
    this.#odds = odds
    this.#paths = pathsIn(scene)
  }

  of(type: Type, depth: number): Expr {
    const random = this.#random
    if (random.chance(this.#odds.slips / 4)) {
      if (random.chance(0.5)) return anything(random, depth)
      return this.of(randomType(random, 1), depth - 1)
    }
    if (type.kind === 'Bool') return this.#bool(depth)
    if (random.chance(depth > 0 ? 0.35 : 0.5)) return this.#path(type) ?? this.literal(type)
    if (depth <= 0) return this.literal(type)
    if (random.chance(0.1)) return this.#choice(type, depth)
    return this.#made(type, depth)
  }

  literal(type: Type): Expr {
    const random = this.#random
    const { edges } = this.#odds
    switch (type.kind) {
      case 'Bool':
        return { Value: random.chance(0.5) }
      case 'Long':
        return { Value: long(random, edges) }
      case 'String':
        return { Value: string(random, edges) }
      case 'Entity':
        return { Value: { __entity: randomRef(random, type.name, this.#odds) } }
      case 'Set':
        if (random.chance(0.2)) return { Value: randomValue(random, type, this.#odds) }
        return { Set: Array.from({ length: memberCount(random) }, () => this.literal(type.of)) }
      case 'Record':
        return this.#record(type, 0)
      default:
        return this.#constructed(type.kind, 0)
    }
  }

  #bool(depth: number): Expr {
    const random = this.#random
    const deeper = depth > 0 ? 1 : 0
    return random.weighted<() => Expr>([
      [1, () => this.literal(BOOL)],
      [6 * deeper, () => binary('&&', this.of(BOOL, depth - 1), this.of(BOOL, depth - 1))],
      [5 * deeper, () => binary('||', this.of(BOOL, depth - 1), this.of(BOOL, depth - 1))],
      [2 * deeper, () => ({ '!': { arg: this.of(BOOL, depth - 1) } })],
      [2 * deeper, () => this.#choice(BOOL, depth)],
      [16, () => this.#guarded(() => this.#test(depth - 1))],
    ])()
  }

  /** Something true or false about values, behind a test for everything optional in it. */
  #guarded(make: () => Expr): Expr {
    const outer = this.#needs
    this.#needs = []
    const made = make()
    const needs = this.#needs
    this.#needs = outer
    if (this.#random.chance(this.#odds.slips)) return made
    return needs.reduceRight((right, left) => binary('&&', left, right), made)
  }

  #test(depth: number): Expr {
    const random = this.#random
    const ordered = random.pick(ORDERED)
    return random.weighted<() => Expr>([
      [3, () => this.#path(BOOL) ?? this.#equal(depth)],
      [5, () => this.#equal(depth)],
      [5, () => this.#pair(random.pick(['<', '<=', '>', '>=']), ordered, ordered, depth)],
      [2, () => this.#call(random.pick(OF_DECIMALS), ['decimal', 'decimal'], depth)],
      [2, () => this.#call(random.pick(OF_IPS), ['ipaddr'], depth)],
      [1, () => this.#call('isInRange', ['ipaddr', 'ipaddr'], depth)],
      [3, () => this.#like(depth)],
      [5, () => this.#in(depth)],
      [2, () => this.#is(depth)],
      [3, () => this.#has(depth)],
      [2, () => this.#hasTag(depth)],
      [5, () => this.#aboutSet(depth)],
    ])()
  }

  #pair(operator: string, left: Type, right: Type, depth: number): Expr {
    return binary(operator, this.of(left, depth), this.of(right, depth))
  }

  #equal(depth: number): Expr {
    const type = this.#someType()
    return this.#pair(this.#random.pick(['==', '==', '!=']), type, type, depth)
  }

  /** Picks a type, as a rule one that something has. */
  #someType(): Type {
    const paths = this.#random.pick([...this.#paths.values()])
    return paths[0] && this.#random.chance(0.7) ? paths[0].type : randomType(this.#random, 1)
  }

  #like(depth: number): Expr {
    const random = this.#random
    const parts = [...string(random, this.#odds.edges)].map((character) =>
      random.chance(0.3) ? 'Wildcard' : { Literal: character },
    )
    const pattern: Json[] = random.chance(0.3) ? [...parts, 'Wildcard'] : parts
    return { like: { left: this.of(STRING, depth), pattern } }
  }

  #in(depth: number): Expr {
    const random = this.#random
    const group: Type = { kind: 'Entity', name: random.pick(TYPES) }
    const right: Type = random.chance(0.4) ? { kind: 'Set', of: group } : group
    return binary('in', this.#entity(depth), this.of(right, depth))
  }

  #entity(depth: number): Expr {
    const random = this.#random
    if (random.chance(0.6)) return { Var: random.pick(['principal', 'resource', 'action']) }
    return this.of({ kind: 'Entity', name: random.pick(TYPES) }, depth)
  }

  #is(depth: number): Expr {
    const random = this.#random
    const test = { left: this.#entity(depth), entity_type: random.pick(TYPES) }
    if (random.chance(0.6)) return { is: test }
    return { is: { ...test, in: this.of({ kind: 'Entity', name: random.pick(GROUPS) }, depth) } }
  }

  #has(depth: number): Expr {
    const random = this.#random
    const asked = [...this.#paths.values()].flat().flatMap(({ asked }) => asked ?? [])
    if (asked.length === 0 || random.chance(0.2)) {
      return {
        has: { left: this.#entity(depth), attr: random.pick(['a', 'b', '__proto__', 'valueOf']) },
      }
    }
    const { has, needs } = random.pick(asked)
    this.#needs.push(...needs)
    return has
  }

  #hasTag(depth: number): Expr {
    return binary('hasTag', this.#entity(depth), this.#tagName(depth))
  }

  #tagName(depth: number): Expr {
    return this.#random.chance(0.8)
      ? { Value: this.#random.pick(TAG_NAMES) }
      : this.of(STRING, depth)
  }

  #aboutSet(depth: number): Expr {
    const random = this.#random
    const sets = [...this.#paths.values()].flatMap(([path]) =>
      path?.type.kind === 'Set' ? [path.type] : [],
    )
    const set: Type = sets.length > 0 && random.chance(0.7) ? random.pick(sets) : randomSet(random)
    return random.weighted<() => Expr>([
      [3, () => this.#pair('contains', set, set.of, depth)],
      [2, () => this.#pair('containsAll', set, set, depth)],
      [2, () => this.#pair('containsAny', set, set, depth)],
      [1, () => ({ isEmpty: { arg: this.of(set, depth) } })],
    ])()
  }

  #choice(type: Type, depth: number): Expr {
    const [condition, yes, no] = [
      this.of(BOOL, depth - 1),
      this.of(type, depth - 1),
      this.of(type, depth - 1),
    ]
    return ifThenElse(condition, yes, no)
  }

  /** Picks an attribute or tag of this type, if anything has one. */
  #path(type: Type): Expr | undefined {
    const random = this.#random
    const paths = this.#paths.get(keyOf(type)) ?? []
    const tagged = this.#random.chance(0.15) ? this.#tag(type) : undefined
    if (tagged) return tagged
    if (paths.length === 0) return undefined
    const { expr, needs } = random.pick(paths)
    this.#needs.push(...needs)
    return expr
  }

  #tag(type: Type): Expr | undefined {
    const { principal, resource, schema } = this.#scene
    const tagged = (['principal', 'resource'] as const).filter((name) => {
      const tags = schema.entities.get(name === 'principal' ? principal : resource)?.tags
      return tags && keyOf(tags) === keyOf(type)
    })
    if (tagged.length === 0) return undefined
    const left = { Var: this.#random.pick(tagged) }
    const right = this.#tagName(0)
    this.#needs.push(binary('hasTag', left, right))
    return binary('getTag', left, right)
  }

  /** Makes a value by an operator, where the type has any. */
  #made(type: Type, depth: number): Expr {
    const random = this.#random
    switch (type.kind) {
      case 'Long':
        if (random.chance(0.4)) return this.#call(random.pick(TO_LONG), ['duration'], depth - 1)
        if (random.chance(0.2)) return { neg: { arg: this.of(LONG, depth - 1) } }
        return this.#pair(random.pick(['+', '-', '*']), LONG, LONG, depth - 1)
      case 'Set':
        return {
          Set: Array.from({ length: memberCount(random) }, () => this.of(type.of, depth - 1)),
        }
      case 'Record':
        return this.#record(type, depth - 1)
      case 'datetime':
        if (random.chance(0.3)) return this.#call('toDate', ['datetime'], depth - 1)
        return this.#call('offset', ['datetime', 'duration'], depth - 1)
      case 'duration':
        if (random.chance(0.3)) return this.#call('toTime', ['datetime'], depth - 1)
        return this.#call('durationSince', ['datetime', 'datetime'], depth - 1)
      default:
        return EXTENSIONS.some((name) => name === type.kind)
          ? this.#constructed(type.kind as Extension, depth - 1) // as: the line above
          : this.literal(type)
    }
  }

  #record({ fields }: Type & { kind: 'Record' }, depth: number): Expr {
    const members = [...fields].filter(([, { optional }]) => !optional || this.#random.chance(0.5))
    return { Record: object(members.map(([name, { type }]) => [name, this.of(type, depth)])) }
  }

  #constructed(of: Extension, depth: number): Expr {
    const random = this.#random
    const { edges, slips } = this.#odds
    // What is no value is an error wherever it is evaluated, so it belongs to what is out of order.
    const argument = { Value: text(random, of, slips > 0 ? edges : 0) }
    if (random.chance(slips / 4)) return { [constructorOf(of)]: [this.of(STRING, depth)] }
    return { [constructorOf(of)]: [argument] }
  }

  #call(name: string, arguments_: readonly Extension[], depth: number): Expr {
    return { [name]: arguments_.map((kind) => this.of({ kind }, depth)) }
  }
}

function randomSet(random: Random): Type & { kind: 'Set' } {
  return { kind: 'Set', of: randomType(random, 0) }
}
