import type { authzenMapping } from '../../../catalog/catalog-changes/index.ts'
import {
  type ExpressionScope,
  Expressions,
  toCel,
  UnmappableCall,
} from '../../../platform/cel/index.ts'
import {
  isList,
  isObject,
  type Json,
  type JsonObject,
  printJson,
} from '../../../platform/lib/json.ts'

/** Variables that expressions may use (COAZ-MCP, "Information Model"). */
export interface MappingInputs {
  /** Parameters of the JSON-RPC request, without `_meta`. */
  readonly params: JsonObject
  /** The claims of the token, verified. */
  readonly token: JsonObject
}

/** Bodies of AuthZEN evaluation requests, all of which have to be permitted; or why there are none. */
export type MappedRequests = readonly string[] | UnmappableCall

/** Characters of one request, as text. */
const MAX_CHARACTERS = 32 * 1024
const MAX_DEPTH = 16

let loading: Promise<Expressions> | undefined

/** Never throws for what a mapping or a call carries. */
export async function mappedRequests(
  mapping: Exclude<ReturnType<typeof authzenMapping>, string | undefined>,
  inputs: MappingInputs,
): Promise<MappedRequests> {
  loading ??= Expressions.load(['params', 'token'])
  const expressions = await loading
  try {
    const variables = new Map(Object.entries(inputs).map(([name, value]) => [name, toCel(value)]))
    const { shared, entries } = mapping
    const request = new Requests(expressions.over(variables), inputs.token.get('sub'))
    return entries.map((entry) => request.of(shared, entry))
  } catch (error) {
    if (error instanceof UnmappableCall) return error
    throw error
  }
}

class Requests {
  readonly #evaluation: ExpressionScope
  readonly #subject: Json | undefined

  constructor(evaluation: ExpressionScope, subject: Json | undefined) {
    this.#evaluation = evaluation
    this.#subject = subject
  }

  of(shared: JsonObject, entry: JsonObject): string {
    // AuthZEN 1.0 section 7: what an entry says takes the place of what they share.
    const template = new Map([...shared, ...entry])
    const filled = this.#fill(template, 0)
    if (!isObject(filled)) throw new UnmappableCall('it makes no request')
    const subject = this.#subjectOf(template.get('subject'), filled.get('subject'))
    const action = required(filled, 'action', ['name'])
    const resource = required(filled, 'resource', ['type', 'id'])
    const context = filled.get('context')
    if (context !== undefined && !isObject(context))
      throw new UnmappableCall('`context` is no object')
    const request = new Map<string, Json>([
      ['subject', subject],
      ['action', action],
      ['resource', resource],
      ...(context === undefined ? [] : [['context', context] as const]),
    ])
    const text = printJson(request)
    if (text.length > MAX_CHARACTERS)
      throw new UnmappableCall('it makes a request that is too large')
    return text
  }

  /** `undefined`: absent. A leaf that begins with `$` is an expression, with `$$` a text that begins with `$`. */
  #fill(template: Json, depth: number): Json | undefined {
    if (depth > MAX_DEPTH) throw new UnmappableCall('it is nested too deeply')
    if (typeof template === 'string') {
      if (!template.startsWith('$')) return template
      return template.startsWith('$$')
        ? template.slice(1)
        : this.#evaluation.value(template.slice(1))
    }
    if (isObject(template)) {
      const filled = new Map<string, Json>()
      for (const [name, value] of template) {
        const found = this.#fill(value, depth + 1)
        if (found !== undefined) filled.set(name, found)
      }
      return filled
    }
    if (!isList(template)) return template
    return template.map((item) => {
      const found = this.#fill(item, depth + 1)
      if (found === undefined) throw new UnmappableCall('a list has a place with nothing in it')
      return found
    })
  }

  /**
   * INVARIANT: whatever the mapping says, the subject is the token's. An unmapped member is supplied; a mapped one without
   * a value is an error.
   */
  #subjectOf(template: Json | undefined, filled: Json | undefined): JsonObject {
    const given = new Map(template === undefined ? [] : objectOf(filled, 'subject'))
    if (!given.has('id') && !says(template, 'id')) given.set('id', this.#subject ?? null)
    if (!given.has('type') && !says(template, 'type')) given.set('type', 'identity')
    if (typeof this.#subject !== 'string' || given.get('id') !== this.#subject)
      throw new UnmappableCall('`subject.id` is not the `sub` of the token')
    return required(new Map([['subject', given]]), 'subject', ['type', 'id'])
  }
}

function says(template: Json | undefined, name: string): boolean {
  return isObject(template) && template.has(name)
}

/** Checks a member against AuthZEN 1.0 section 5: texts that have to be there, and `properties`. */
function required(request: JsonObject, name: string, texts: readonly string[]): JsonObject {
  const entity = objectOf(request.get(name), name)
  for (const member of texts) {
    const value = entity.get(member)
    if (typeof value !== 'string' || value === '')
      throw new UnmappableCall(`\`${name}.${member}\` is no text`)
  }
  const properties = entity.get('properties')
  if (properties !== undefined && !isObject(properties))
    throw new UnmappableCall(`\`${name}.properties\` is no object`)
  for (const member of entity.keys())
    if (member !== 'properties' && !texts.includes(member))
      throw new UnmappableCall(`\`${member.slice(0, 64)}\` has no place in \`${name}\``)
  return entity
}

function objectOf(json: Json | undefined, name: string): JsonObject {
  if (!isObject(json)) throw new UnmappableCall(`\`${name}\` is missing or no object`)
  return json
}
