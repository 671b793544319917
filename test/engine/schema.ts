/** Types of a random world, and the Cedar schema that says the same. */
import { type JsonObject, object } from './json.ts'
import type { Random } from './random.ts'

export type Extension = 'decimal' | 'datetime' | 'duration' | 'ipaddr'

export type Type =
  | { readonly kind: 'Bool' | 'Long' | 'String' | Extension }
  | { readonly kind: 'Entity'; readonly name: string }
  | { readonly kind: 'Set'; readonly of: Type }
  | RecordOf

export interface RecordOf {
  readonly kind: 'Record'
  readonly fields: Fields
}

export type Fields = ReadonlyMap<string, { readonly type: Type; readonly optional: boolean }>

export interface EntityShape {
  readonly name: string
  readonly attributes: Fields
  readonly tags: Type | undefined
  /** Types of its parents. */
  readonly memberOf: readonly string[]
}

export interface ActionShape {
  readonly id: string
  /** Groups, which are actions too. */
  readonly memberOf: readonly string[]
  /** A group has none of what follows. */
  readonly principals: readonly string[]
  readonly resources: readonly string[]
}

export interface Schema {
  readonly entities: ReadonlyMap<string, EntityShape>
  readonly actions: readonly ActionShape[]
  readonly context: RecordOf
}

export const BOOL: Type = { kind: 'Bool' }
export const LONG: Type = { kind: 'Long' }
export const STRING: Type = { kind: 'String' }
export const EXTENSIONS: readonly Extension[] = ['decimal', 'datetime', 'duration', 'ipaddr']

/** `Acme` is a type and the first part of another: `Acme::"Doc::d0"` and `Acme::Doc::"d0"` are two. */
export const ACTORS = ['User', 'Bot', 'Acme'] as const
export const GROUPS = ['Team', 'Acme::Unit'] as const
export const THINGS = ['Acme::Doc', 'Folder'] as const
/** Names that mean something to JavaScript mean nothing to Cedar. */
const NAMES = ['a', 'b', 'name', 'x y', '__proto__', 'constructor', 'length', 'é', '']

export function same(a: Type, b: Type): boolean {
  return keyOf(a) === keyOf(b)
}

export function keyOf(type: Type): string {
  if (type.kind === 'Entity') return type.name
  if (type.kind === 'Set') return `[${keyOf(type.of)}]`
  if (type.kind !== 'Record') return type.kind
  const fields = [...type.fields].map(
    ([name, field]) => `${JSON.stringify(name)}${field.optional ? '?' : ''}:${keyOf(field.type)}`,
  )
  return `{${fields.sort().join()}}`
}

export function randomType(random: Random, depth: number): Type {
  const nested = depth > 0 ? 2 : 0
  const entity = random.pick([...ACTORS, ...GROUPS, ...THINGS])
  return random.weighted<() => Type>([
    [3, () => BOOL],
    [4, () => LONG],
    [4, () => STRING],
    [3, () => ({ kind: 'Entity', name: entity })],
    [4, () => ({ kind: random.pick(EXTENSIONS) })],
    [nested, () => ({ kind: 'Set', of: randomType(random, depth - 1) })],
    [nested, () => ({ kind: 'Record', fields: randomFields(random, 1, 3, depth - 1) })],
  ])()
}

function randomFields(random: Random, least: number, most: number, depth: number): Fields {
  const names = random.some(NAMES, least, most)
  return new Map(
    names.map((name) => [name, { type: randomType(random, depth), optional: random.chance(0.35) }]),
  )
}

export function randomSchema(random: Random): Schema {
  const few = () => randomFields(random, 0, 1, 1)
  const several = () => randomFields(random, 1, 3, 1)
  const groups = GROUPS.map((name) => shapeOf(random, name, few(), GROUPS))
  const actors = ACTORS.map((name) => shapeOf(random, name, several(), [...GROUPS, 'User']))
  const things = THINGS.map((name) => shapeOf(random, name, several(), ['Folder', ...GROUPS]))
  const context: RecordOf = { kind: 'Record', fields: randomFields(random, 2, 5, 2) }
  return {
    entities: new Map([...groups, ...actors, ...things].map((shape) => [shape.name, shape])),
    actions: [...actionGroups(random), ...actions(random)],
    context,
  }
}

function shapeOf(
  random: Random,
  name: string,
  attributes: Fields,
  parents: readonly string[],
): EntityShape {
  return {
    name,
    attributes,
    tags: random.chance(0.4) ? randomType(random, 1) : undefined,
    memberOf: random.some(parents, 1, parents.length),
  }
}

const GROUP_IDS = ['write', 'all', 'risk:high']

function actionGroups(random: Random): ActionShape[] {
  return GROUP_IDS.map((id, i) => ({
    id,
    memberOf: random.some(GROUP_IDS.slice(0, i), 0, 2),
    principals: [],
    resources: [],
  }))
}

function actions(random: Random): ActionShape[] {
  return ['read', 'refund', 'a"b', 'toString'].map((id) => ({
    id,
    memberOf: random.some(GROUP_IDS, 0, 3),
    principals: random.some(ACTORS, 1, 3),
    resources: random.some([...THINGS, 'User'], 1, 3),
  }))
}

/** Writes a schema in Cedar's JSON form. */
export function schemaJson({ actions, context, entities }: Schema): JsonObject {
  const namespaces = Map.groupBy([...entities.values()], ({ name }) => splitName(name)[0])
  const parts = [...namespaces].map(([namespace, shapes]): [string, JsonObject] => [
    namespace,
    {
      entityTypes: object(shapes.map((shape) => [splitName(shape.name)[1], entityJson(shape)])),
      actions:
        namespace === '' ? object(actions.map((one) => [one.id, actionJson(one, context)])) : {},
    },
  ])
  return object(parts)
}

function splitName(name: string): [namespace: string, base: string] {
  const end = name.lastIndexOf('::')
  return end < 0 ? ['', name] : [name.slice(0, end), name.slice(end + 2)]
}

function entityJson({ attributes, memberOf, tags }: EntityShape): JsonObject {
  return {
    memberOfTypes: [...memberOf],
    shape: typeJson({ kind: 'Record', fields: attributes }),
    ...(tags ? { tags: typeJson(tags) } : {}),
  }
}

function actionJson(
  { memberOf, principals, resources }: ActionShape,
  context: RecordOf,
): JsonObject {
  const applies = { principalTypes: [...principals], resourceTypes: [...resources] }
  return {
    memberOf: memberOf.map((id) => ({ id })),
    ...(principals.length > 0 ? { appliesTo: { ...applies, context: typeJson(context) } } : {}),
  }
}

function typeJson(type: Type): JsonObject {
  switch (type.kind) {
    case 'Bool':
      return { type: 'Boolean' }
    case 'Long':
    case 'String':
      return { type: type.kind }
    case 'Entity':
      return { type: 'Entity', name: type.name }
    case 'Set':
      return { type: 'Set', element: typeJson(type.of) }
    case 'Record': {
      const fields = [...type.fields].map(([name, field]): [string, JsonObject] => [
        name,
        { ...typeJson(field.type), required: !field.optional },
      ])
      return { type: 'Record', attributes: object(fields) }
    }
    default:
      return { type: 'Extension', name: type.kind }
  }
}
