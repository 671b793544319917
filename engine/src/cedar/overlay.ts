import type { EntityRef } from '../policy.ts'
import { type Entity, EntityStore, StoredEntity } from './entities.ts'

/** The entities of another store, some of them with something else in their place. What they are in stays below what it was in. */
class Overlay extends EntityStore {
  readonly #under: EntityStore
  readonly #own: readonly StoredEntity[]

  constructor(under: EntityStore, entities: readonly Entity[]) {
    super([])
    this.#under = under
    this.#own = entities.map((entity) => new StoredEntity(entity, this))
  }

  override get(uid: EntityRef): StoredEntity | undefined {
    for (const entity of this.#own) {
      if (entity.uid.id === uid.id && entity.uid.type === uid.type) return entity
    }
    return this.#under.get(uid)
  }
}

/**
 * Adds an overlay to a store: other attributes for a few entities, which need not be there. For one
 * evaluation: it is looked through one by one.
 */
export function withAttributes(
  store: EntityStore,
  changes: readonly Pick<Entity, 'uid' | 'attributes'>[],
): EntityStore {
  return new Overlay(
    store,
    changes.map(({ attributes, uid }) => {
      const known = store.get(uid)
      return {
        uid,
        attributes: new Map([...(known?.attributes ?? []), ...attributes]),
        tags: known?.tags ?? new Map(),
        parents: known?.parents ?? [],
      }
    }),
  )
}
