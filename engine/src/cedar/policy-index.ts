/**
 * Finds the policies whose scope lets them apply, without looking at the others: by action, then by principal, then by
 * resource.
 */
import type { EntityRef } from '../policy.ts'
import type { Ancestors, StoredEntity } from './entities.ts'
import type { Test } from './run.ts'
import type { ActionConstraint, Constraint } from './scope.ts'

export interface CompiledPolicy {
  readonly id: string
  readonly effect: 'permit' | 'forbid'
  readonly principal: Constraint
  readonly action: ActionConstraint
  readonly resource: Constraint
  /** Part of its scope that the index leaves open. Never fails. */
  readonly guard: Test | undefined
  /** `undefined`: it has no conditions. */
  readonly holds: Test | undefined
  /** Position in the order in which they were given. */
  readonly position: number
}

/** Something filed under constraints on one entity. */
class Shelf<T> {
  #all: T | undefined
  #types: Map<string, T> | undefined
  #equal: Map<string, Map<string, T>> | undefined
  #within: Map<string, Map<string, T>> | undefined
  /** Number of entities in `#within`. */
  #above = 0
  readonly #make: () => T

  constructor(make: () => T) {
    this.#make = make
  }

  /** Finds or makes what is filed under this constraint. */
  at(constraint: Constraint): T {
    switch (constraint.op) {
      case 'all':
        this.#all ??= this.#make()
        return this.#all
      case 'type':
        this.#types ??= new Map()
        return this.#in(this.#types, constraint.type)
      case 'equal':
        this.#equal ??= new Map()
        return this.#ofEntity(this.#equal, constraint.entity)
      case 'within':
        this.#within ??= new Map()
        return this.#ofEntity(this.#within, constraint.entity, () => this.#above++)
    }
  }

  #ofEntity(map: Map<string, Map<string, T>>, { id, type }: EntityRef, onNew?: () => void): T {
    let ids = map.get(type)
    if (!ids) {
      ids = new Map()
      map.set(type, ids)
    }
    if (!ids.has(id)) onNew?.()
    return this.#in(ids, id)
  }

  #in(map: Map<string, T>, key: string): T {
    const known = map.get(key) ?? this.#make()
    map.set(key, known)
    return known
  }

  /** Adds what is filed under anything that this entity meets. */
  collect(uid: EntityRef, entity: StoredEntity | undefined, into: T[]): void {
    if (this.#all !== undefined) into.push(this.#all)
    const ofType = this.#types?.get(uid.type)
    if (ofType !== undefined) into.push(ofType)
    const exactly = this.#equal?.get(uid.type)?.get(uid.id)
    if (exactly !== undefined) into.push(exactly)
    if (this.#within === undefined) return
    const itself = this.#within.get(uid.type)?.get(uid.id)
    if (itself !== undefined) into.push(itself)
    if (entity !== undefined && entity.parents.length > 0)
      this.#collectAbove(this.#within, entity.ancestors, into)
  }

  #collectAbove(within: Map<string, Map<string, T>>, ancestors: Ancestors, into: T[]): void {
    if (ancestors.all.length <= this.#above) {
      for (const { id, type } of ancestors.all) {
        const found = within.get(type)?.get(id)
        if (found !== undefined) into.push(found)
      }
      return
    }
    for (const [type, ids] of within) {
      const above = ancestors.ofType(type)
      if (above === undefined) continue
      for (const [id, found] of ids) if (above.has(id)) into.push(found)
    }
  }
}

export type Drawer = Shelf<CompiledPolicy[]>
export type Cabinet = Shelf<Drawer>

/** Makes a cabinet: by principal, then by resource. */
export function cabinet(): Cabinet {
  return new Shelf(() => new Shelf<CompiledPolicy[]>(() => []))
}

/** Policies that name several actions or groups at once, the same ones. */
interface SharedCabinet {
  readonly entities: readonly EntityRef[]
  readonly cabinet: Cabinet
}

/** Index by action, then by principal, then by resource. */
export class PolicyIndex {
  readonly #single = new Shelf<Cabinet>(cabinet)
  readonly #several = new Map<string, SharedCabinet>()
  /** Cabinets that apply to an action, by the entity that it was in a store. */
  readonly #known = new WeakMap<StoredEntity, readonly Cabinet[]>()

  /** Number of policies. */
  size = 0

  add(policy: CompiledPolicy): void {
    this.size++
    this.#cabinetOf(policy.action).at(policy.principal).at(policy.resource).push(policy)
  }

  #cabinetOf(action: ActionConstraint): Cabinet {
    if (action.op !== 'within') return this.#single.at(action)
    const { entities } = action
    const [only, ...more] = entities
    if (only && more.length === 0) return this.#single.at({ op: 'within', entity: only })
    const key = JSON.stringify(entities.map(({ id, type }) => [type, id]))
    const known = this.#several.get(key) ?? { entities, cabinet: cabinet() }
    this.#several.set(key, known)
    return known.cabinet
  }

  /** Lists the policies about an action, each once. */
  of(uid: EntityRef, entity: StoredEntity | undefined): readonly Cabinet[] {
    const known = entity && this.#known.get(entity)
    if (known) return known
    const found: Cabinet[] = []
    this.#single.collect(uid, entity, found)
    for (const { cabinet: about, entities } of this.#several.values()) {
      if (entities.some((each) => isWithin(uid, entity, each))) found.push(about)
    }
    if (entity) this.#known.set(entity, found)
    return found
  }
}

function isWithin(uid: EntityRef, entity: StoredEntity | undefined, target: EntityRef): boolean {
  return (
    (uid.id === target.id && uid.type === target.type) || entity?.ancestors.has(target) === true
  )
}
