/** The head of a policy: for whom, for what, on what it is. */
import type { EntityRef } from '../policy.ts'
import { CompileError } from './failure.ts'
import { hasExactly, isArray, isObject, type JsonObject } from './json.ts'
import { entityFromJson, isTypeName } from './value-json.ts'

/** Entities that a link puts in place of `?principal` and `?resource`. */
export type Slots = ReadonlyMap<string, EntityRef>

export type Constraint =
  | { readonly op: 'all' }
  | { readonly op: 'equal'; readonly entity: EntityRef }
  /** It, or anything below. */
  | { readonly op: 'within'; readonly entity: EntityRef; readonly type?: string }
  | { readonly op: 'type'; readonly type: string }

/** Any of them. */
export type ActionConstraint =
  | { readonly op: 'all' }
  | { readonly op: 'equal'; readonly entity: EntityRef }
  | { readonly op: 'within'; readonly entities: readonly EntityRef[] }

/** Reads the scope of one policy. */
export class Scopes {
  readonly #policy: string
  readonly #slots: Slots

  constructor(policy: string, slots: Slots) {
    this.#policy = policy
    this.#slots = slots
  }

  /** Reads the constraint of a principal or a resource. @throws CompileError */
  constraint(given: unknown, path: string): Constraint {
    if (!isObject(given)) throw this.#error(path, 'not a constraint')
    const { op } = given
    if (op === 'All' && hasExactly(given, 'op')) return { op: 'all' }
    if (op === '==') return { op: 'equal', entity: this.#target(given, path, 'op') }
    if (op === 'in') return { op: 'within', entity: this.#target(given, path, 'op') }
    if (op === 'is' && typeof given.entity_type === 'string' && isTypeName(given.entity_type)) {
      const { entity_type: type, in: within } = given
      if (within === undefined && hasExactly(given, 'op', 'entity_type'))
        return { op: 'type', type }
      if (isObject(within) && hasExactly(given, 'op', 'entity_type', 'in'))
        return { op: 'within', type, entity: this.#target(within, `${path}/in`) }
    }
    throw this.#error(path, 'not a constraint that is known')
  }

  /** @throws CompileError */
  action(given: unknown, path: string): ActionConstraint {
    if (!isObject(given)) throw this.#error(path, 'not a constraint')
    const { entities, op } = given
    if (op === 'All' && hasExactly(given, 'op')) return { op: 'all' }
    const actions = (found: readonly EntityRef[]) => {
      if (found.every(({ type }) => /(?:^|:)Action$/.test(type))) return found
      throw this.#error(path, 'not an action')
    }
    if (op === 'in' && isArray(entities) && hasExactly(given, 'op', 'entities'))
      return { op: 'within', entities: actions(entities.map((each) => this.#entity(each, path))) }
    if (op !== '==' && op !== 'in') throw this.#error(path, 'not a constraint that is known')
    const entity = this.#target(given, path, 'op')
    actions([entity])
    return op === '==' ? { op: 'equal', entity } : { op: 'within', entities: [entity] }
  }

  /** An entity, or a slot that one is given for. */
  #target(given: JsonObject, path: string, ...beside: readonly string[]): EntityRef {
    if (hasExactly(given, ...beside, 'entity')) return this.#entity(given.entity, path)
    if (typeof given.slot === 'string' && hasExactly(given, ...beside, 'slot')) {
      const entity = this.#slots.get(given.slot)
      if (entity) return entity
      throw this.#error(path, `nothing is given for the slot ${given.slot}`)
    }
    throw this.#error(path, 'needs an entity')
  }

  #entity(json: unknown, path: string): EntityRef {
    try {
      return entityFromJson(json)
    } catch (error) {
      throw this.#error(path, error instanceof Error ? error.message : String(error))
    }
  }

  #error(path: string, words: string): CompileError {
    return new CompileError(this.#policy, path, words)
  }
}
