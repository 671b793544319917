/** Entities and requests of a random schema. Some of what they name is not there, and some does not have what it should. */
import { type Json, type JsonObject, object } from './json.ts'
import { constructorOf, goodText, long, memberCount, string } from './literals.ts'
import type { Random } from './random.ts'
import {
  type EntityShape,
  type Fields,
  GROUPS,
  randomType,
  type Schema,
  THINGS,
  type Type,
} from './schema.ts'

export type Ref = { readonly type: string; readonly id: string }

export type Entity = {
  readonly uid: Ref
  readonly attrs: JsonObject
  readonly parents: readonly Ref[]
  readonly tags?: JsonObject
}

export type Request = {
  readonly principal: Ref
  readonly action: Ref
  readonly resource: Ref
  readonly context: JsonObject
}

export interface World {
  readonly schema: Schema
  readonly entities: readonly Entity[]
}

/**
 * Odds of a random world: how many entities there are, and how far they are from being in order.
 */
export interface Odds {
  /** Entities of each type. The official engine reads all of them for every request, which is most of its time. */
  readonly population: number
  /** Share of values that are at an edge of their type. */
  readonly edges: number
  /** Share of values that are missing, or of another type than they should be. */
  readonly slips: number
}

export const TAG_NAMES = ['red', '', 'toString', '😀']
const NAMES = ['__proto__', 'é', 'a"b', 'Doc::"0"', '']

const GONE = 'gone'

/** Ids of the entities of a type that exist; one of them is a name of its own. */
function idsOf(type: string, population: number): readonly string[] {
  const own = type === 'Acme' ? 'Doc::0' : (NAMES[type.length % NAMES.length] ?? '')
  return ['0', own, '1', '2', '3'].slice(0, population)
}

/** Somebody of that type, who is there as a rule. */
export function randomRef(random: Random, type: string, { population, slips }: Odds): Ref {
  const gone = random.chance(0.01 + slips / 2)
  return { type, id: gone ? GONE : random.pick(idsOf(type, population)) }
}

export function randomEntities(random: Random, schema: Schema, odds: Odds): Entity[] {
  const made: Entity[] = []
  for (const shape of schema.entities.values()) {
    const ids = idsOf(shape.name, odds.population).filter(() => !random.chance(2 * odds.slips))
    for (const id of ids) made.push(randomEntity(random, shape, id, made, odds))
  }
  for (const { id, memberOf } of schema.actions) {
    const parents = memberOf.map((name) => ({ type: 'Action', id: name }))
    made.push({ uid: { type: 'Action', id }, attrs: {}, parents })
  }
  return made
}

/** Makes an entity. Its parents are among those made before it, so that there is no circle. */
function randomEntity(
  random: Random,
  { attributes, memberOf, name, tags }: EntityShape,
  id: string,
  before: readonly Entity[],
  odds: Odds,
): Entity {
  const groups = before.filter(({ uid }) => memberOf.includes(uid.type)).map(({ uid }) => uid)
  const parents = random.some(groups, 0, random.chance(0.2) ? 5 : 2)
  if (random.chance(0.05)) parents.push({ type: random.pick(memberOf), id: 'gone' })
  const entity = { uid: { type: name, id }, attrs: randomRecord(random, attributes, odds), parents }
  if (!tags || random.chance(0.2)) return entity
  const names = random.some(TAG_NAMES, 0, 3)
  return { ...entity, tags: object(names.map((tag) => [tag, randomValue(random, tags, odds)])) }
}

export function randomRecord(random: Random, fields: Fields, odds: Odds): JsonObject {
  const members: [string, Json][] = []
  for (const [name, { optional, type }] of fields) {
    if (random.chance(optional ? 0.4 : odds.slips)) continue
    const slipped = random.chance(odds.slips) ? randomType(random, 1) : type
    members.push([name, randomValue(random, slipped, odds)])
  }
  return object(members)
}

export function randomValue(random: Random, type: Type, odds: Odds): Json {
  switch (type.kind) {
    case 'Bool':
      return random.chance(0.5)
    case 'Long':
      return long(random, odds.edges)
    case 'String':
      return string(random, odds.edges)
    case 'Entity':
      return { __entity: randomRef(random, type.name, odds) }
    case 'Set':
      return Array.from({ length: memberCount(random) }, () =>
        randomValue(random, random.chance(odds.slips) ? randomType(random, 0) : type.of, odds),
      )
    case 'Record':
      return randomRecord(random, type.fields, odds)
    default: {
      const arg = goodText(random, type.kind, odds.edges)
      return { __extn: { fn: constructorOf(type.kind), arg } }
    }
  }
}

export function randomRequest(random: Random, schema: Schema, odds: Odds): Request {
  const action = random.pick(schema.actions.filter(({ principals }) => principals.length > 0))
  const stray = random.chance(0.03)
  const ref = (types: readonly string[]) => randomRef(random, random.pick(types), odds)
  return {
    principal: ref(stray ? [...GROUPS, ...THINGS, 'Nobody'] : action.principals),
    action: { type: 'Action', id: stray ? random.pick(['gone', 'all']) : action.id },
    resource: ref(random.chance(0.03) ? [...GROUPS, 'Nothing'] : action.resources),
    context: randomRecord(random, schema.context.fields, odds),
  }
}
