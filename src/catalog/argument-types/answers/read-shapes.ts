import { isList, isObject, type Json, type JsonObject } from '../../../platform/lib/json.ts'
import { objectAt } from '../openapi/document.ts'
import { inferredTypes } from '../openapi/inferred-types.ts'
import { resolve } from '../openapi/references.ts'
import { ANY, LEAVES, type ShapeNode } from './shape.ts'

/** Nodes of one document. Beyond them, answers are not known; nothing is refused for it. */
const MAX_NODES = 200_000
/** Levels from one reference to the next. */
const MAX_DEPTH = 24
const MAX_BRANCHES = 200

const LEAF: Readonly<Record<string, number>> = {
  string: LEAVES.indexOf('string'),
  number: LEAVES.indexOf('number'),
  integer: LEAVES.indexOf('number'),
  boolean: LEAVES.indexOf('boolean'),
  null: LEAVES.indexOf('null'),
}

/**
 * Reads schemas of answers (JSON Schema as OpenAPI 3.0, 3.1 and MCP have it) as shapes. Never throws for what a schema says: what
 * cannot be read is anything. As for arguments, silence about further members means that there are none.
 */
export class ShapeReader {
  readonly #document: JsonObject
  readonly #nodes: ShapeNode[] = [...LEAVES]
  readonly #known = new Map<string, number>()
  /** References to schemas that are not read yet: not at once, or a chain of them would be as deep as the document is long. */
  readonly #waiting: { readonly place: number; readonly target: Json }[] = []

  constructor(document: JsonObject) {
    this.#document = document
  }

  /** Answers all nodes, once everything was read. */
  finish(): readonly ShapeNode[] {
    for (let next = this.#waiting.pop(); next; next = this.#waiting.pop()) {
      const read = this.read(next.target)
      if (read !== undefined && read !== ANY) this.#nodes[next.place] = { either: [read] }
    }
    return this.#nodes
  }

  /**
   * Reads a schema and answers its place among the nodes; `undefined` for a schema that permits every
   * value. Called before `finish`.
   */
  read(schema: Json | undefined, depth = 0): number | undefined {
    if (!isObject(schema) || depth > MAX_DEPTH || this.#nodes.length > MAX_NODES) return ANY
    const reference = schema.get('$ref')
    if (typeof reference === 'string') return this.#refer(reference, schema)
    const own = this.#plain(schema, depth)
    // What extends it elsewhere is not listed here.
    const open = schema.has('discriminator') && !schema.has('oneOf') && !schema.has('anyOf')
    return this.#either([
      ...own,
      ...ALL_OF.flatMap((keyword) => this.#parts(schema, keyword, depth)),
      ...ANY_OF.flatMap((keyword) => this.#parts(schema, keyword, depth, own.length === 0)),
      ...(open ? [ANY] : []),
    ])
  }

  /** Each reference once: what contains itself leads back to where it began. */
  #refer(reference: string, beside: JsonObject): number {
    const known = this.#known.get(reference)
    if (known !== undefined) return known
    const found = resolve(this.#document, new Map([['$ref', reference]]))
    const place = this.#add('any')
    this.#known.set(reference, place)
    if (found.ok) this.#waiting.push({ place, target: found.value })
    // What stands beside it can only say more of the same value.
    const more = this.#plain(new Map([...beside].filter(([name]) => name !== '$ref')), 1)
    return more.length === 0 ? place : (this.#either([place, ...more]) ?? place)
  }

  /**
   * Reads the parts of a combined schema: a value can have whatever any of them names, whether it
   * has to fit all or one. `alone`: an empty part is a choice of anything; otherwise it
   * only narrows the parts beside it.
   */
  #parts(schema: JsonObject, keyword: string, depth: number, alone = false): readonly number[] {
    const said = schema.get(keyword)
    if (said === undefined) return []
    const list = isObject(said)
      ? keyword === 'dependentSchemas'
        ? [...said.values()]
        : [said]
      : said
    if (!isList(list) || list.length > MAX_BRANCHES) return [ANY]
    return list.flatMap((part) => this.read(part, depth + 1) ?? (alone ? [ANY] : []))
  }

  #plain(schema: JsonObject, depth: number): readonly number[] {
    const nullable = schema.get('nullable') === true ? [LEAF.null ?? ANY] : []
    const types = inferredTypes(schema)
    if (types.length === 0) return schema.has('enum') || schema.has('const') ? [ANY] : nullable
    return [...types.map((type) => this.#typed(schema, type, depth)), ...nullable]
  }

  #typed(schema: JsonObject, type: string, depth: number): number {
    if (type === 'object') return this.#object(schema, depth)
    if (type !== 'array') return LEAF[type] ?? ANY
    const listed = [...this.#parts(schema, 'prefixItems', depth)]
    const items = schema.has('items') ? this.read(schema.get('items'), depth + 1) : undefined
    const all = [...listed, ...(items === undefined ? [] : [items])]
    return this.#add({ items: this.#either(all) ?? ANY })
  }

  #object(schema: JsonObject, depth: number): number {
    const members = Array.from(
      objectAt(schema, 'properties') ?? new Map<string, Json>(),
      ([name, member]) => [name, this.read(member, depth + 1) ?? ANY] as const,
    )
    const more = MORE.flatMap((keyword) => this.#more(schema.get(keyword), depth))
    const patterns = objectAt(schema, 'patternProperties')
    for (const pattern of patterns?.values() ?? []) more.push(this.read(pattern, depth + 1) ?? ANY)
    // An object of which nothing is said can have anything.
    if (members.length === 0 && more.length === 0 && !isClosed(schema)) return ANY
    const further = this.#either(more)
    return this.#add({
      members: Object.fromEntries(members),
      ...(further === undefined ? {} : { more: further }),
    })
  }

  #more(said: Json | undefined, depth: number): number[] {
    if (said === undefined || said === false) return []
    return [said === true ? ANY : (this.read(said, depth + 1) ?? ANY)]
  }

  #either(places: readonly number[]): number | undefined {
    const all = [...new Set(places)]
    if (all.includes(ANY)) return ANY
    return all.length > 1 ? this.#add({ either: all }) : all[0]
  }

  #add(node: ShapeNode): number {
    return this.#nodes.push(node) - 1
  }
}

const ALL_OF = ['allOf', 'then', 'else', 'dependentSchemas'] as const
const ANY_OF = ['oneOf', 'anyOf'] as const
const MORE = ['additionalProperties', 'unevaluatedProperties'] as const

function isClosed(schema: JsonObject): boolean {
  return MORE.some((keyword) => schema.get(keyword) === false)
}
