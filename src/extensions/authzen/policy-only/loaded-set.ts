import {
  type CompiledPolicies,
  CompileError,
  type Entity,
  type EntityStore,
  entitiesFromJson,
  entityStore,
  PolicyCompiler,
  type PolicyJson,
  type Value,
  valueFromJson,
  withAttributes,
} from '@remit/engine'
import { isObject, type JsonObject } from '../../../platform/lib/json.ts'
import { Problem, type ProblemCode } from '../../../platform/lib/problem.ts'
import { parsePolicies, readExactJson } from '../../../policy/cedar/index.ts'
import { AuthzenProblem } from '../problems.ts'
import { readEntities } from './entities.ts'
import type { PolicyOnlySet } from './only-set.ts'
import { type ActionShape, type EntityShape, readShape, type SchemaShape } from './shape.ts'
import { shapedRecord } from './shaped-value.ts'

/** Someone or something that is asked about: of a type and with an id of the set. */
export interface EntityReference {
  readonly type: string
  readonly id: string
  readonly properties?: JsonObject | undefined
}

/** One question, as an AuthZEN request says it. */
export interface PolicyOnlyQuestion {
  readonly subject: EntityReference
  readonly action: { readonly name: string; readonly properties?: JsonObject | undefined }
  readonly resource: EntityReference
  readonly context?: JsonObject | undefined
}

export interface OnlyAnswer {
  readonly permitted: boolean
  readonly reason: 'permitted' | ProblemCode
  /** Ids of the policies that made it so. */
  readonly policies: readonly string[]
}

const NOT_KNOWN: OnlyAnswer = { permitted: false, reason: 'evaluation.unknown', policies: [] }

/**
 * A version of a policy-only set, ready to answer. Immutable.
 *
 * Request to Cedar: `subject` is the principal and `resource` the resource, by type and id; `action.name` names the action. Context
 * members that the schema of the action knows are taken, all others are not looked at. Properties of the request count only where
 * that was asked for: those of subject and resource are then attributes, before those of the set, and those of the action are
 * `context.action`. Whatever counts or not, a schema may declare `context.untrusted` with `subject`, `action` and `resource`.
 */
export class LoadedOnlySet {
  readonly name: string
  readonly version: number
  readonly #policies: CompiledPolicies
  readonly #store: EntityStore
  readonly #types: SchemaShape['entities']
  readonly #actions: ReadonlyMap<string, ActionShape>
  /** Ids by type, sorted. */
  readonly #ids: ReadonlyMap<string, readonly string[]>

  /** @throws Problem `policy_set.invalid` */
  constructor(set: Pick<PolicyOnlySet, 'name' | 'version' | 'policies' | 'schema' | 'entities'>) {
    this.name = set.name
    this.version = set.version
    const shape = readShape(set.schema)
    const entities = entitiesFromJson(readEntities(set.entities, shape))
    this.#policies = compile(set.policies)
    this.#store = entityStore([...entities, ...actionsOf(shape)])
    this.#types = shape.entities
    this.#actions = byName(shape)
    this.#ids = idsByType(entities, shape)
  }

  /** Names of the actions that apply to something, sorted. */
  get actions(): readonly string[] {
    return [...this.#actions.keys()]
  }

  /** Ids of the entities of a type that are in the set, sorted. */
  idsOf(type: string): readonly string[] {
    return this.#ids.get(type) ?? []
  }

  /**
   * The answer to one question. `properties`: whether those of the request count.
   * @throws Problem `evaluation.does_not_fit` for a value that is not of its type
   */
  evaluate(question: PolicyOnlyQuestion, properties: boolean): OnlyAnswer {
    const { resource, subject } = question
    const action = this.#actions.get(question.action.name)
    if (!action?.principals.has(subject.type) || !action.resources.has(resource.type))
      return NOT_KNOWN
    const store = properties ? this.#withProperties(subject, resource) : this.#store
    const context = contextOf(question, action, properties)
    const request = { principal: subject, action, resource, context }
    const { determining, errors, permitted } = this.#policies.evaluate(request, store)
    const [failed] = errors
    if (failed) return { permitted: false, reason: 'policy.error', policies: [failed.policy] }
    return {
      permitted,
      reason: permitted ? 'permitted' : 'evaluation.not_permitted',
      policies: determining,
    }
  }

  #withProperties(subject: EntityReference, resource: EntityReference): EntityStore {
    const changes = [subject, resource].flatMap((asked) => {
      const shape = this.#types.get(asked.type)
      return shape && asked.properties?.size ? [changeOf(asked, asked.properties, shape)] : []
    })
    return changes.length === 0 ? this.#store : withAttributes(this.#store, changes)
  }
}

function changeOf(asked: EntityReference, properties: JsonObject, { attributes }: EntityShape) {
  const { id, type } = asked
  const typed = shapedRecord(properties, attributes, 'open')
  const members = Object.entries(typed).map(
    ([name, value]) => [name, valueFromJson(value)] as const,
  )
  return { uid: { type, id }, attributes: new Map(members) }
}

const NOTHING = valueFromJson({})
const NO_MEMBERS: JsonObject = new Map()
/** Members of the context that requests cannot give. */
const OURS = new Set(['action', 'untrusted'])

function contextOf(
  question: PolicyOnlyQuestion,
  { context }: ActionShape,
  properties: boolean,
): Value {
  if (context.members.size === 0) return NOTHING
  const given = new Map(question.context ?? NO_MEMBERS)
  for (const name of OURS) given.delete(name)
  if (context.members.has('action') && properties)
    given.set('action', question.action.properties ?? NO_MEMBERS)
  if (context.members.has('untrusted')) given.set('untrusted', untrusted(question))
  return valueFromJson(shapedRecord(given, context, 'open'))
}

function untrusted({ action, resource, subject }: PolicyOnlyQuestion): JsonObject {
  const said = { subject, action, resource }
  return new Map(
    Object.entries(said).flatMap(([name, { properties }]) =>
      isObject(properties) ? [[name, properties] as const] : [],
    ),
  )
}

function compile(text: string): CompiledPolicies {
  const compiler = new PolicyCompiler()
  try {
    for (const { id, json } of parsePolicies(text))
      compiler.add(id, readExactJson(json) as PolicyJson) // as: what `exactJson` wrote of Cedar's form
  } catch (error) {
    if (error instanceof CompileError) throw invalidPart('policies', error.message)
    throw error instanceof Problem ? invalidPart('policies', error.detail) : error
  }
  return compiler.finish()
}

/** Actions are entities, too: `action in Action::"write"` looks at their groups. */
function actionsOf({ actions }: SchemaShape): readonly Entity[] {
  return actions.map(({ groups, id, type }) => ({
    uid: { type, id },
    attributes: new Map(),
    tags: new Map(),
    parents: groups,
  }))
}

/** A request names an action without its namespace, so a name can be used in one only. */
function byName({ actions }: SchemaShape): ReadonlyMap<string, ActionShape> {
  const named = new Map<string, ActionShape>()
  for (const action of actions.toSorted((a, b) => compare(a.id, b.id))) {
    if (action.principals.size === 0 || action.resources.size === 0) continue
    if (named.has(action.id))
      throw invalidPart('schema', `the action \`${action.id}\` is in two namespaces`)
    named.set(action.id, action)
  }
  return named
}

function idsByType(
  entities: readonly Entity[],
  shape: SchemaShape,
): ReadonlyMap<string, readonly string[]> {
  const ids = new Map<string, Set<string>>()
  for (const [type, { ids: listed }] of shape.entities) if (listed) ids.set(type, new Set(listed))
  for (const { uid } of entities) {
    const known = ids.get(uid.type)
    if (known) known.add(uid.id)
    else ids.set(uid.type, new Set([uid.id]))
  }
  return new Map(Array.from(ids, ([type, set]) => [type, [...set].sort(compare)]))
}

/** Compares by code units: the same on every replica, whatever its locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function invalidPart(part: 'policies' | 'schema', message: string): Problem {
  return new AuthzenProblem('policy_set.invalid', `the ${part}: ${message}`, {
    members: { mistakes: [{ part, message }] },
  })
}
