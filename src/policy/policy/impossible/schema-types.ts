import { cedarWasm } from '../../cedar/index.ts'
import { isIssuance } from '../issuance/actions.ts'
import { type ActionSchema, actionSchemas } from '../schema.ts'

/** Types of the schema, as values in a test are read by them. */
export type ValueType =
  | { readonly is: 'Long' | 'String' | 'Boolean' | 'decimal' | 'datetime' | 'duration' | 'ipaddr' }
  | { readonly is: 'Set'; readonly of: ValueType }
  | { readonly is: 'Entity'; readonly name: string }
  | { readonly is: 'Record'; readonly members: ReadonlyMap<string, MemberType> }
export type MemberType = { readonly type: ValueType; readonly required: boolean }
export type RecordType = Extract<ValueType, { is: 'Record' }>

export interface ActionTypes {
  readonly name: string
  readonly groups: readonly string[]
  readonly args: RecordType
  /** Type of all of the context but the arguments. */
  readonly context: RecordType
}

/** Prefix of actions that cannot be called; see `schemaFor`. */
const STAND_IN = 'any:'
const NO_MEMBERS: RecordType = { is: 'Record', members: new Map() }

/** The actions of a schema that `schemaFor` wrote. Each is read when it is first asked for: a catalog has thousands, a test names a few. */
export class SchemaTypes {
  readonly names: readonly string[]
  readonly groups: ReadonlySet<string>
  readonly #schemas: ReadonlyMap<string, ActionSchema>
  readonly #read = new Map<string, ActionTypes>()

  constructor(schema: string) {
    this.#schemas = actionSchemas(schema)
    const calls = [...this.#schemas].filter(([name]) => !isIssuance(name))
    this.names = calls.map(([name]) => name).filter((name) => !name.startsWith(STAND_IN))
    this.groups = new Set(calls.flatMap(([, { groups }]) => groups))
  }

  /** A name, the names in a group, or all of them; `read and risk:low`: those in both. Empty: there is none. */
  expand(name: string): readonly string[] {
    const parts = name.split(' and ').map((part) => part.trim())
    if (parts.length > 1) {
      const lists = parts.map((part) => new Set(this.expand(part)))
      return this.names.filter((each) => lists.every((list) => list.has(each)))
    }
    if (name === 'all') return this.names
    if (!this.groups.has(name)) return this.names.filter((each) => each === name)
    return this.names.filter((each) => this.#schemas.get(each)?.groups.includes(name))
  }

  /**
   * Tells whether there could be actions under such a name in another catalog, though there is none
   * here.
   */
  isGroup(name: string): boolean {
    return name
      .split(' and ')
      .every((part) => part.trim() === 'all' || this.groups.has(part.trim()))
  }

  of(name: string): ActionTypes | undefined {
    const known = this.#read.get(name)
    const schema = this.#schemas.get(name)
    if (known || !schema) return known
    const types = readAction(name, schema)
    this.#read.set(name, types)
    return types
  }
}

function readAction(name: string, { groups, text }: ActionSchema): ActionTypes {
  const answer = cedarWasm().schemaToJsonWithResolvedTypes(text)
  if (answer.type !== 'success')
    throw new Error(answer.errors[0]?.message ?? 'the schema cannot be read')
  const space = Object.values(answer.json)[0] as Namespace | undefined // its JSON form, as far as `schemaFor` uses it
  const context = space?.actions[name]?.appliesTo?.context
  const whole = context ? typeOf(context, space?.commonTypes ?? {}) : NO_MEMBERS
  if (whole.is !== 'Record') throw new Error('a context is a record')
  const members = new Map(whole.members)
  const args = members.get('args')?.type
  members.delete('args')
  return {
    name,
    groups,
    args: args?.is === 'Record' ? args : NO_MEMBERS,
    context: { is: 'Record', members },
  }
}

interface Namespace {
  readonly commonTypes?: Readonly<Record<string, JsonType>>
  readonly actions: Readonly<
    Record<string, { readonly appliesTo?: { readonly context?: JsonType } } | undefined>
  >
}

interface JsonType {
  readonly type: string
  readonly name?: string
  readonly element?: JsonType
  readonly attributes?: Readonly<Record<string, JsonType & { readonly required?: boolean }>>
}

const SIMPLE = ['Long', 'String', 'Boolean', 'decimal', 'datetime', 'duration', 'ipaddr'] as const

function typeOf(json: JsonType, common: Readonly<Record<string, JsonType>>): ValueType {
  const name = json.type === 'Extension' || json.type === 'EntityOrCommon' ? json.name : json.type
  const simple = SIMPLE.find((each) => each === name || (each === 'Boolean' && name === 'Bool'))
  if (simple) return { is: simple }
  if (json.type === 'Entity') return { is: 'Entity', name: json.name ?? '' }
  if (json.type === 'Set' && json.element) return { is: 'Set', of: typeOf(json.element, common) }
  if (json.type === 'Record') {
    const members = Object.entries(json.attributes ?? {}).map(
      ([member, type]) =>
        [member, { type: typeOf(type, common), required: type.required ?? true }] as const,
    )
    return { is: 'Record', members: new Map(members) }
  }
  const named = common[name ?? '']
  if (!named) throw new Error(`the schema uses a type that tests do not know: ${name}`)
  return typeOf(named, common)
}
