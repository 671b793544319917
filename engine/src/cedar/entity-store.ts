import { type Entity, EntityStore } from './entities.ts'
import { isArray, isObject } from './json.ts'
import { RecordValue, type Value } from './value.ts'
import { entityFromJson, valueFromJson } from './value-json.ts'

export { type Entity, EntityStore } from './entities.ts'

/**
 * Makes a store, once for all evaluations about the same entities. `base`: more entities, such as actions with their groups, shared
 * by many stores.
 * @throws RangeError for an entity that is there twice (also once here and once in `base`), and for one that is above itself
 */
export function entityStore(entities: Iterable<Entity>, base?: EntityStore): EntityStore {
  return new EntityStore(entities, base)
}

/**
 * Entities in Cedar's JSON form: `[{ uid, attrs, parents, tags? }]`. For JSON that is trusted, as `valueFromJson` is.
 * @throws TypeError
 */
export function entitiesFromJson(json: unknown): readonly Entity[] {
  if (!isArray(json)) throw new TypeError('entities are a list')
  return json.map((each) => {
    if (!isObject(each)) throw new TypeError('not an entity')
    const { attrs = null, parents, tags, uid } = each
    if (!isArray(parents)) throw new TypeError('parents are a list')
    return {
      uid: entityFromJson(uid),
      attributes: membersOf(attrs),
      tags: membersOf(tags),
      parents: parents.map(entityFromJson),
    }
  })
}

const NOTHING: ReadonlyMap<string, Value> = new Map()

function membersOf(json: unknown): ReadonlyMap<string, Value> {
  if (json === undefined || (isObject(json) && Object.keys(json).length === 0)) return NOTHING
  const value = isObject(json) ? valueFromJson(json) : undefined
  if (!(value instanceof RecordValue)) throw new TypeError('attributes are a record')
  return value.members
}
