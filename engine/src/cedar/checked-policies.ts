import { areKept } from '../kept-entities.ts'
import type { EntityRef, PolicyAnswer, PolicyEntity, PolicyQuery, PolicyRecord } from '../policy.ts'
import type { CompiledPolicies } from './compiled-policies.ts'
import { type EntityStore, entityStore } from './entities.ts'
import { entityRef, entityValue, recordOfShape } from './policy-values.ts'
import type { EntityShape, RequestShape } from './shape.ts'
import type { RecordValue } from './value.ts'

/** Declarations of a schema, as far as a request is checked against them. */
export interface DeclaredShapes {
  /** @throws Error when there is no such action */
  request(action: string): RequestShape
  readonly entities: ReadonlyMap<string, EntityShape>
}

/** Request checked against the schema, and made ready once for all principals of a call. */
interface ReadyRequest {
  readonly action: string
  readonly given: PolicyRecord
  readonly context: RecordValue
}

interface ReadyStore {
  readonly of: readonly PolicyEntity[]
  readonly store: EntityStore
}

/** Compiled policies that answer only requests which are as the schema declares them. */
export class CheckedPolicies {
  readonly #policies: CompiledPolicies
  readonly #declared: DeclaredShapes
  /** Actions with the groups that they are in. */
  readonly #actions: EntityStore
  // The same context and the same array of entities are asked about for each principal of a call, one after the other, and nothing of
  // them ever changes: what was made of the last ones is kept. Calls of a task at one resource share their array (`keepEntities`).
  #last: ReadyRequest | undefined
  #lastStore: ReadyStore | undefined
  readonly #stores = new WeakMap<readonly PolicyEntity[], EntityStore>()

  constructor(policies: CompiledPolicies, declared: DeclaredShapes, actions: EntityStore) {
    this.#policies = policies
    this.#declared = declared
    this.#actions = actions
  }

  /** @throws TypeError for a request that is not as declared, RangeError for entities that cannot be */
  evaluate(query: PolicyQuery, without?: ReadonlySet<string>): PolicyAnswer {
    const shape = this.#declared.request(query.action)
    checkScope(query, shape)
    const context = this.#contextOf(query, shape)
    return this.#policies.evaluate(
      cedarRequest(query, context),
      this.storeOf(query.entities),
      without,
    )
  }

  /** Entities as declared, with the actions. @throws TypeError, RangeError */
  storeOf(entities: readonly PolicyEntity[]): EntityStore {
    if (this.#lastStore?.of === entities) return this.#lastStore.store
    const store = this.#stores.get(entities) ?? this.#newStore(entities)
    this.#lastStore = { of: entities, store }
    return store
  }

  #newStore(entities: readonly PolicyEntity[]): EntityStore {
    const shapes = this.#declared.entities
    const all = entities.map((entity) => entityValue(entity, shapeOf(entity, shapes)))
    const store = entityStore(all, this.#actions)
    if (areKept(entities)) this.#stores.set(entities, store)
    return store
  }

  #contextOf({ action, context: given }: PolicyQuery, shape: RequestShape): RecordValue {
    const last = this.#last
    if (last !== undefined && last.given === given && last.action === action) return last.context
    const context = recordOfShape(given, shape.context)
    this.#last = { action, given, context }
    return context
  }
}

export function cedarRequest({ action, principal, resource }: PolicyQuery, context: RecordValue) {
  return {
    principal,
    action: actionRef(action),
    resource: { type: 'Resource', id: resource },
    context,
  }
}

/** The schema's word on who may ask for what, and ids that are texts. */
function checkScope({ principal, resource }: PolicyQuery, shape: RequestShape): void {
  if (!shape.principals.has(principal.type))
    throw new TypeError(`\`${principal.type}\` is no principal of the action`)
  if (!shape.resources.has('Resource')) throw new TypeError('the action is none of a resource')
  if (!principal.id.isWellFormed() || !resource.isWellFormed())
    throw new TypeError('an id has a lone surrogate')
}

/** @throws TypeError */
export function shapeOf(
  { uid }: Pick<PolicyEntity, 'uid'>,
  shapes: ReadonlyMap<string, EntityShape>,
): EntityShape {
  const shape = shapes.get(uid.type)
  if (!shape) throw new TypeError(`entities of type \`${uid.type}\` are not declared`)
  return shape
}

/** Entities of actions, each below its groups. */
export function actionStore(
  actions: Iterable<readonly [id: string, groups: readonly string[]]>,
): EntityStore {
  const nothing = new Map<string, never>()
  const entities = Array.from(actions, ([id, groups]) => ({
    uid: entityRef(actionRef(id)),
    attributes: nothing,
    tags: nothing,
    parents: groups.map((group) => entityRef(actionRef(group))),
  }))
  return entityStore(entities)
}

function actionRef(id: string): EntityRef {
  return { type: 'Action', id }
}
