import type { EntityRef } from '../policy.ts'
import type { Value } from './value.ts'

/** An entity as it is given. */
export interface Entity {
  readonly uid: EntityRef
  readonly attributes: ReadonlyMap<string, Value>
  readonly tags: ReadonlyMap<string, Value>
  readonly parents: readonly EntityRef[]
}

/** Up to here, looking at each is faster than hashing. */
const FEW = 12

/** Entities, by type and id. */
class UidMap<T> {
  /** The first few. */
  readonly #uids: EntityRef[] = []
  readonly #values: T[] = []
  /** Map of all entities, once there are more. */
  #types: Map<string, Map<string, T>> | undefined

  get({ id, type }: EntityRef): T | undefined {
    if (this.#types !== undefined) return this.#types.get(type)?.get(id)
    for (let i = 0; i < this.#uids.length; i++) {
      const uid = this.#uids[i]
      if (uid !== undefined && uid.id === id && uid.type === type) return this.#values[i]
    }
    return undefined
  }

  /** False when there is one already. */
  add(uid: EntityRef, value: T): boolean {
    if (this.#types !== undefined) return addTo(this.#types, uid, value)
    if (this.get(uid) !== undefined) return false
    if (this.#uids.length >= FEW) return addTo(this.#hashed(), uid, value)
    this.#uids.push(uid)
    this.#values.push(value)
    return true
  }

  #hashed(): Map<string, Map<string, T>> {
    const types = new Map<string, Map<string, T>>()
    for (const [i, value] of this.#values.entries()) {
      const uid = this.#uids[i]
      if (uid !== undefined) addTo(types, uid, value)
    }
    this.#types = types
    return types
  }
}

function addTo<T>(types: Map<string, Map<string, T>>, { id, type }: EntityRef, value: T): boolean {
  const ids = types.get(type)
  if (ids === undefined) types.set(type, new Map([[id, value]]))
  else if (ids.has(id)) return false
  else ids.set(id, value)
  return true
}

/** Entity that is in a store. */
export class StoredEntity {
  readonly uid: EntityRef
  readonly attributes: ReadonlyMap<string, Value>
  readonly tags: ReadonlyMap<string, Value>
  readonly #parents: readonly EntityRef[]
  readonly #store: EntityStore
  #ancestors: Ancestors | undefined
  /** Mark of a search for loops. Each search has marks of its own: an entity of a base may be in many. */
  mark: object | undefined

  constructor({ attributes, parents, tags, uid }: Entity, store: EntityStore) {
    this.uid = uid
    this.attributes = attributes
    this.tags = tags
    this.#parents = parents
    this.#store = store
  }

  get parents(): readonly EntityRef[] {
    return this.#parents
  }

  /** Set of all above it, without itself. */
  get ancestors(): Ancestors {
    this.#ancestors ??= this.#parents.length === 0 ? NONE : new Ancestors(this.#above())
    return this.#ancestors
  }

  #above(): readonly EntityRef[] {
    const found = new UidMap<true>()
    const above = this.#parents.filter((uid) => found.add(uid, true))
    // Grows while it is read.
    for (const uid of above) {
      for (const next of this.#store.get(uid)?.parents ?? []) {
        if (found.add(next, true)) above.push(next)
      }
    }
    return above
  }
}

export class Ancestors {
  readonly all: readonly EntityRef[]
  readonly #byType = new Map<string, Set<string>>()

  constructor(all: readonly EntityRef[]) {
    this.all = all
    for (const { id, type } of all) {
      const ids = this.#byType.get(type)
      if (ids) ids.add(id)
      else this.#byType.set(type, new Set([id]))
    }
  }

  has({ id, type }: EntityRef): boolean {
    return this.#byType.get(type)?.has(id) === true
  }

  ofType(type: string): ReadonlySet<string> | undefined {
    return this.#byType.get(type)
  }
}

const NONE = new Ancestors([])

/** Entities that policies may look at. One that is not there has no attributes, no tags and no ancestors. */
export class EntityStore {
  readonly #entities = new UidMap<StoredEntity>()
  /** Looked at where this one has nothing. */
  readonly #base: EntityStore | undefined

  /** @throws RangeError for an entity that is there twice, and for one that is above itself */
  constructor(entities: Iterable<Entity>, base?: EntityStore) {
    this.#base = base
    const withParents: StoredEntity[] = []
    for (const entity of entities) {
      const stored = new StoredEntity(entity, this)
      if (base?.get(entity.uid) || !this.#entities.add(entity.uid, stored)) {
        throw new RangeError(`the entity ${words(entity.uid)} is there twice`)
      }
      if (entity.parents.length > 0) withParents.push(stored)
    }
    refuseLoops(withParents, this)
  }

  get(uid: EntityRef): StoredEntity | undefined {
    return this.#entities.get(uid) ?? this.#base?.get(uid)
  }
}

/**
 * Makes a store, once for all evaluations about the same entities. `base`: more entities, such as actions with their groups, shared
 * by many stores.
 * @throws RangeError for an entity that is there twice (also once here and once in `base`), and for one that is above itself
 */
export function entityStore(entities: Iterable<Entity>, base?: EntityStore): EntityStore {
  return new EntityStore(entities, base)
}

/** @throws RangeError */
function refuseLoops(withParents: readonly StoredEntity[], store: EntityStore): void {
  // On its way down; and: nothing above it leads back.
  const open = {}
  const done = {}
  for (const start of withParents) {
    if (start.mark === done || isBelowTop(start, store)) continue
    start.mark = open
    // The way down to here, and for each on it the next of its parents to go to.
    const way = [start]
    const next = [0]
    for (let here = way.at(-1); here !== undefined; here = way.at(-1)) {
      const at = next[way.length - 1] ?? 0
      const uid = here.parents[at]
      if (uid === undefined) {
        here.mark = done
        way.pop()
        next.pop()
        continue
      }
      next[way.length - 1] = at + 1
      const parent = same(here.uid, uid) ? here : store.get(uid)
      if (parent === undefined || parent.parents.length === 0 || parent.mark === done) continue
      if (parent.mark === open) throw new RangeError(`the entity ${words(uid)} is above itself`)
      parent.mark = open
      way.push(parent)
      next.push(0)
    }
  }
}

/**
 * Tells whether nothing above it is in anything, as with people in their groups: it goes round in
 * no circle.
 */
function isBelowTop({ parents }: StoredEntity, store: EntityStore): boolean {
  for (const uid of parents) {
    const parent = store.get(uid)
    if (parent !== undefined && parent.parents.length > 0) return false
  }
  return true
}

function words({ id, type }: EntityRef): string {
  return `${type}::${JSON.stringify(id)}`
}

function same(a: EntityRef, b: EntityRef): boolean {
  return a.id === b.id && a.type === b.type
}
