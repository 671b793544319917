import { isObject, type Json, type JsonObject, parseJson } from '../../../platform/lib/json.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { AuthzenProblem } from '../problems.ts'
import { ONLY_LIMITS } from './only-set.ts'
import type { EntityShape, SchemaShape } from './shape.ts'
import { type CedarJson, shapedRecord } from './shaped-value.ts'

/** An entity of a set in Cedar's JSON form, every value typed by the schema. */
export interface OnlyEntity {
  readonly uid: { readonly type: string; readonly id: string }
  readonly attrs: Readonly<Record<string, CedarJson>>
  readonly parents: readonly { readonly type: string; readonly id: string }[]
  readonly tags: Readonly<Record<string, CedarJson>>
}

const MEMBERS = new Set(['uid', 'attrs', 'parents', 'tags'])

/**
 * Reads the entities of a set: a list of `{"uid":{"type","id"},"attrs","parents","tags"}`. Types and attributes that the schema lacks, duplicates,
 * missing attributes, and circular parents are refused.
 * @throws Problem `policy_set.invalid`
 */
export function readEntities(text: string, shape: SchemaShape): readonly OnlyEntity[] {
  const list = readEntityList(text)
  const entities = list.flatMap((item, i) => readEntity(item, shape, `entity ${i}`) ?? [])
  const seen = new Set<string>()
  for (const { uid } of entities) {
    const key = entityKey(uid)
    if (seen.has(key)) throw invalidEntities(`${key} is a duplicate`)
    seen.add(key)
  }
  refuseLoops(entities)
  return entities
}

function readEntityList(text: string): readonly Json[] {
  let list: Json
  try {
    list = parseJson(text, { bytes: ONLY_LIMITS.entityBytes, allowed: ['__entity', '__extn'] })
  } catch (error) {
    throw error instanceof Problem ? invalidEntities(error.detail) : error
  }
  if (!Array.isArray(list)) throw invalidEntities('a list is needed')
  if (list.length > ONLY_LIMITS.entities) throw invalidEntities(`more than ${ONLY_LIMITS.entities}`)
  return list
}

function readEntity(item: Json, shape: SchemaShape, at: string): OnlyEntity | undefined {
  if (!isObject(item)) throw invalidEntities(`${at} is no object`)
  for (const name of item.keys())
    if (!MEMBERS.has(name)) throw invalidEntities(`${at}: \`${name}\` is not known`)
  const uid = readUid(item.get('uid') ?? null, at)
  const words = `${at} (${entityKey(uid)})`
  if (/(?:^|::)Action$/.test(uid.type)) {
    checkAction(uid, item, shape, words)
    return undefined
  }
  const entity = shape.entities.get(uid.type)
  if (!entity) throw invalidEntities(`${words}: the schema has no such type`)
  if (entity.ids && !entity.ids.includes(uid.id))
    throw invalidEntities(`${words}: the schema does not list it`)
  const parents = readParents(item.get('parents') ?? [], entity, words)
  try {
    return { uid, attrs: readAttributes(item, entity), parents, tags: readTags(item, entity) }
  } catch (error) {
    throw error instanceof Problem ? invalidEntities(`${words}: ${error.detail}`) : error
  }
}

/** Files of Cedar list actions, too. They may say of them what the schema says, and it is the schema that counts. */
function checkAction(
  uid: OnlyEntity['uid'],
  item: JsonObject,
  { actions }: SchemaShape,
  at: string,
): void {
  const known = new Map(actions.map((action) => [entityKey(action), action]))
  if (!known.has(entityKey(uid))) throw invalidEntities(`${at}: the schema has no such action`)
  if (objectAt(item, 'attrs').size > 0 || objectAt(item, 'tags').size > 0)
    throw invalidEntities(`${at}: actions have neither attributes nor tags`)
  const above = new Set<string>()
  const rising = [entityKey(uid)]
  for (let key = rising.pop(); key !== undefined; key = rising.pop())
    for (const group of known.get(key)?.groups ?? [])
      if (!above.has(entityKey(group))) {
        above.add(entityKey(group))
        rising.push(entityKey(group))
      }
  for (const parent of listOf(item.get('parents') ?? [], at))
    if (!above.has(entityKey(parent)))
      throw invalidEntities(`${at}: the schema does not say that it is in ${entityKey(parent)}`)
}

function listOf(value: Json, at: string): OnlyEntity['uid'][] {
  if (!Array.isArray(value)) throw invalidEntities(`${at}: \`parents\` is no list`)
  return value.map((item: Json) => readUid(item, `${at}, a parent`))
}

function readUid(given: Json, at: string): OnlyEntity['uid'] {
  const value = isObject(given) && given.size === 1 ? (given.get('__entity') ?? given) : given
  const type = isObject(value) ? value.get('type') : undefined
  const id = isObject(value) ? value.get('id') : undefined
  if (typeof type !== 'string' || typeof id !== 'string')
    throw invalidEntities(`${at}: \`{"type","id"}\` is needed`)
  return { type, id }
}

function readParents(value: Json, { parents }: EntityShape, at: string): OnlyEntity['uid'][] {
  const uids = listOf(value, at)
  for (const { type } of uids)
    if (!parents.has(type)) throw invalidEntities(`${at}: it cannot be in a \`${type}\``)
  return uids
}

function readAttributes(item: JsonObject, { attributes }: EntityShape): OnlyEntity['attrs'] {
  const attrs = shapedRecord(objectAt(item, 'attrs'), attributes, 'closed')
  for (const [name, { required }] of attributes.members) {
    if (required && attrs[name] === undefined)
      throw new Problem('evaluation.does_not_fit', `\`/${name}\` is missing`)
  }
  return attrs
}

function readTags(item: JsonObject, { tags }: EntityShape): OnlyEntity['tags'] {
  const given = objectAt(item, 'tags')
  if (given.size === 0) return {}
  if (!tags) throw new Problem('evaluation.does_not_fit', '`tags` are not in the schema')
  const names = [...given.keys()].filter((name) => !name.startsWith('__'))
  if (names.length < given.size)
    throw new Problem('evaluation.does_not_fit', 'the name of a tag begins with two underscores')
  const members = new Map(names.map((name) => [name, { shape: tags, required: false }]))
  return shapedRecord(given, { is: 'record', members }, 'closed')
}

function objectAt(item: JsonObject, name: string): JsonObject {
  const value = item.get(name)
  if (value === undefined) return new Map()
  if (!isObject(value)) throw new Problem('evaluation.does_not_fit', `\`${name}\` is no object`)
  return value
}

/**
 * Refuses loops among parents, without recursion: a chain of parents may be as long as the list.
 */
function refuseLoops(entities: readonly OnlyEntity[]): void {
  const waiting = new Map(
    entities.map(({ parents, uid }) => [entityKey(uid), parents.map(entityKey)]),
  )
  const above = new Map<string, number>()
  const children = new Map<string, string[]>()
  for (const [key, parents] of waiting) {
    const known = parents.filter((parent) => waiting.has(parent))
    above.set(key, known.length)
    for (const parent of known) {
      const below = children.get(parent)
      if (below) below.push(key)
      else children.set(parent, [key])
    }
  }
  const free = [...above].filter(([, count]) => count === 0).map(([key]) => key)
  for (let key = free.pop(); key !== undefined; key = free.pop()) {
    waiting.delete(key)
    for (const child of children.get(key) ?? []) {
      const left = (above.get(child) ?? 0) - 1
      above.set(child, left)
      if (left === 0) free.push(child)
    }
  }
  const [looped] = waiting.keys()
  if (looped !== undefined) throw invalidEntities(`the parents of ${looped} lead back to it`)
}

function entityKey({ id, type }: { readonly type: string; readonly id: string }): string {
  return `${type}::${JSON.stringify(id)}`
}

function invalidEntities(message: string): Problem {
  return new AuthzenProblem('policy_set.invalid', `the entities: ${message}`, {
    members: { mistakes: [{ part: 'entities', message }] },
  })
}
