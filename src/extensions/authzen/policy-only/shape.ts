import type { Problem } from '../../../platform/lib/problem.ts'
import { cedarWasm } from '../../../policy/cedar/index.ts'
import { AuthzenProblem } from '../problems.ts'

/** Shape of a value in a schema, with every name looked up. */
export type ValueShape =
  | { readonly is: 'Long' | 'String' | 'Bool' }
  | { readonly is: 'extension'; readonly fn: 'decimal' | 'datetime' | 'duration' | 'ip' }
  | { readonly is: 'entity'; readonly type: string }
  | { readonly is: 'set'; readonly items: ValueShape }
  | RecordShape

export interface RecordShape {
  readonly is: 'record'
  readonly members: ReadonlyMap<string, { readonly shape: ValueShape; readonly required: boolean }>
}

export interface EntityShape {
  readonly attributes: RecordShape
  readonly tags: ValueShape | undefined
  readonly parents: ReadonlySet<string>
  /** The only ids there are, where the schema lists them. */
  readonly ids: readonly string[] | undefined
}

export interface ActionShape {
  readonly type: string
  readonly id: string
  readonly principals: ReadonlySet<string>
  readonly resources: ReadonlySet<string>
  readonly context: RecordShape
  readonly groups: readonly { readonly type: string; readonly id: string }[]
}

export interface SchemaShape {
  readonly entities: ReadonlyMap<string, EntityShape>
  /** Actions, and also groups, which apply to nothing. */
  readonly actions: readonly ActionShape[]
}

/** Namespace as cedar-wasm writes it; members that are not read here are not needed. */
interface Namespace {
  readonly commonTypes?: Readonly<Record<string, TypeJson>>
  readonly entityTypes: Readonly<Record<string, EntityJson>>
  readonly actions: Readonly<Record<string, ActionJson>>
}
interface EntityJson {
  readonly memberOfTypes?: readonly string[]
  readonly shape?: TypeJson
  readonly tags?: TypeJson
  readonly enum?: readonly string[]
}
interface ActionJson {
  readonly appliesTo?: {
    readonly principalTypes: readonly string[]
    readonly resourceTypes: readonly string[]
    readonly context?: TypeJson
  }
  readonly memberOf?: readonly { readonly id: string; readonly type?: string }[]
}
interface TypeJson {
  readonly type: string
  readonly name?: string
  readonly element?: TypeJson
  readonly attributes?: Readonly<Record<string, TypeJson & { readonly required?: boolean }>>
}

const EMPTY: RecordShape = { is: 'record', members: new Map() }
const MAX_NESTING = 32

/**
 * Reads a schema (Cedar's text form).
 * @throws Problem `policy_set.invalid`
 */
export function readShape(text: string): SchemaShape {
  const answer = cedarWasm().schemaToJsonWithResolvedTypes(text)
  if (answer.type !== 'success')
    throw invalidSchema(answer.errors[0]?.message ?? 'it cannot be read')
  const namespaces = answer.json as unknown as Readonly<Record<string, Namespace>> // as: cedar's own types leave resolved names open
  return new Reader(namespaces).read()
}

class Reader {
  readonly #namespaces: Readonly<Record<string, Namespace>>
  readonly #common = new Map<string, TypeJson>()

  constructor(namespaces: Readonly<Record<string, Namespace>>) {
    this.#namespaces = namespaces
    for (const [space, { commonTypes = {} }] of Object.entries(namespaces)) {
      for (const [name, type] of Object.entries(commonTypes))
        this.#common.set(full(space, name), type)
    }
  }

  read(): SchemaShape {
    const entities = new Map<string, EntityShape>()
    const actions: ActionShape[] = []
    for (const [space, { actions: named, entityTypes }] of Object.entries(this.#namespaces)) {
      for (const [name, entity] of Object.entries(entityTypes))
        entities.set(full(space, name), this.#entity(entity))
      for (const [id, action] of Object.entries(named))
        actions.push(this.#action(space, id, action))
    }
    return { entities, actions }
  }

  #entity({ enum: ids, memberOfTypes = [], shape, tags }: EntityJson): EntityShape {
    return {
      attributes: shape === undefined ? EMPTY : this.#record(shape, 0),
      tags: tags && this.#shape(tags, 0),
      parents: new Set(memberOfTypes),
      ids,
    }
  }

  #action(space: string, id: string, { appliesTo, memberOf = [] }: ActionJson): ActionShape {
    const type = full(space, 'Action')
    return {
      type,
      id,
      principals: new Set(appliesTo?.principalTypes),
      resources: new Set(appliesTo?.resourceTypes),
      context: appliesTo?.context === undefined ? EMPTY : this.#record(appliesTo.context, 0),
      groups: memberOf.map((group) => ({ type: group.type ?? type, id: group.id })),
    }
  }

  #record(json: TypeJson, depth: number): RecordShape {
    const shape = this.#shape(json, depth)
    if (shape.is !== 'record') throw invalidSchema('something that has to be a record is none')
    return shape
  }

  #shape(json: TypeJson, depth: number): ValueShape {
    if (depth > MAX_NESTING) throw invalidSchema(`types are nested deeper than ${MAX_NESTING}`)
    switch (json.type) {
      case 'Set':
        if (!json.element) throw invalidSchema('a set of nothing')
        return { is: 'set', items: this.#shape(json.element, depth + 1) }
      case 'Record':
        return { is: 'record', members: this.#members(json, depth + 1) }
      case 'Entity':
        return { is: 'entity', type: json.name ?? '' }
      default:
        return this.#named(json.type === 'Extension' ? (json.name ?? '') : json.type, depth)
    }
  }

  #members({ attributes = {} }: TypeJson, depth: number): RecordShape['members'] {
    return new Map(
      Object.entries(attributes).map(([name, json]) => {
        // They would mean something in Cedar's JSON form, or in JavaScript.
        if (name.startsWith('__')) throw invalidSchema(`\`${name}\` begins with two underscores`)
        return [name, { shape: this.#shape(json, depth), required: json.required ?? true }]
      }),
    )
  }

  #named(name: string, depth: number): ValueShape {
    const common = this.#common.get(name)
    if (common) return this.#shape(common, depth + 1)
    switch (name.replace(/^__cedar::/, '')) {
      case 'Long':
        return { is: 'Long' }
      case 'String':
        return { is: 'String' }
      case 'Bool':
      case 'Boolean':
        return { is: 'Bool' }
      case 'decimal':
        return { is: 'extension', fn: 'decimal' }
      case 'datetime':
        return { is: 'extension', fn: 'datetime' }
      case 'duration':
        return { is: 'extension', fn: 'duration' }
      case 'ipaddr':
        return { is: 'extension', fn: 'ip' }
      default:
        throw invalidSchema(`the type \`${name}\` is not known`)
    }
  }
}

function full(space: string, name: string): string {
  return space === '' ? name : `${space}::${name}`
}

function invalidSchema(message: string): Problem {
  return new AuthzenProblem('policy_set.invalid', `the schema: ${message}`, {
    members: { mistakes: [{ part: 'schema', message }] },
  })
}
