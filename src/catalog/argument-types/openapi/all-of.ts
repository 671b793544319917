import {
  ExactNumber,
  isList,
  isObject,
  type Json,
  type JsonObject,
  printJson,
} from '../../../platform/lib/json.ts'
import type { OperationReader } from './reader.ts'
import { resolve } from './references.ts'

const MAX_PARTS = 64
const MAX_DEPTH = 16

export type Flat =
  | {
      readonly ok: true
      readonly schema: JsonObject
      /** References that were followed on the way: what they lead to must not lead here again. */
      readonly pointers: readonly string[]
    }
  | { readonly ok: false; readonly reason: string }

/**
 * A schema without `$ref` and `allOf` at its top: references followed, all parts added up. `allOf` is how documents extend an
 * object, narrow a value, or add a word to a reference; a value has to fit every part, so limits become the narrower ones and
 * a member that several parts describe has to fit each description.
 * `seen`: references on the way here. A schema that contains itself has no finite type.
 */
export function flatten(
  reader: OperationReader,
  node: Json | undefined,
  seen: readonly string[],
): Flat {
  return flat(reader, node, seen, 0)
}

function flat(
  reader: OperationReader,
  node: Json | undefined,
  seen: readonly string[],
  depth: number,
): Flat {
  if (depth > MAX_DEPTH) return { ok: false, reason: 'its `allOf` is too large' }
  const resolved = resolve(reader.document, node)
  if (!resolved.ok) return resolved
  const { pointer, value } = resolved
  if (pointer !== undefined && seen.includes(pointer))
    return { ok: false, reason: 'its schema contains itself' }
  const pointers = pointer === undefined ? [] : [pointer]
  const beside = besideReference(reader.document, node)
  const parts = beside === undefined ? value.get('allOf') : [value, beside]
  if (parts === undefined) return { ok: true, schema: value, pointers }
  if (!isList(parts) || parts.length > MAX_PARTS)
    return { ok: false, reason: 'its `allOf` is too large' }
  const merged = new Map<string, Json>(beside === undefined ? value : [])
  merged.delete('allOf')
  for (const part of parts) {
    const found = flat(reader, part, [...seen, ...pointers], depth + 1)
    if (!found.ok) return found
    pointers.push(...found.pointers)
    if (!reader.spend(sizeOf(found.schema)))
      return { ok: false, reason: 'its schema unfolds to too many parts' }
    for (const [keyword, value] of found.schema) {
      const before = merged.get(keyword)
      const both = before === undefined ? value : combined(keyword, before, value, merged)
      if (both === undefined)
        return { ok: false, reason: `the parts of its \`allOf\` disagree about \`${keyword}\`` }
      merged.set(keyword, both)
    }
  }
  return { ok: true, schema: merged, pointers }
}

/** Answers the schema that a value fits when it fits both. */
export function intersection(reader: OperationReader, a: JsonObject, b: JsonObject): Flat {
  return flat(reader, new Map([['allOf', [a, b]]]), [], 0)
}

/** OpenAPI 3.0 ignores what stands beside a `$ref`; JSON Schema 2020-12, and so OpenAPI 3.1 and MCP, adds it. */
function besideReference(document: JsonObject, node: Json | undefined): JsonObject | undefined {
  if (!isObject(node) || !node.has('$ref')) return undefined
  const version = document.get('openapi')
  if (typeof version === 'string' && version.startsWith('3.0')) return undefined
  const rest = new Map([...node].filter(([keyword]) => !ASIDE.has(keyword)))
  return rest.size === 0 ? undefined : rest
}

/** Keywords that do not restrict values; or `$ref` itself and where definitions are kept. */
const ASIDE = new Set(
  '$ref $defs definitions $schema $id $comment title summary description example examples deprecated xml externalDocs default readOnly writeOnly'.split(
    ' ',
  ),
)

/** Parts of which both descriptions hold side by side, and the second adds nothing that is looked at here. */
const FIRST = new Set('pattern multipleOf discriminator not if then else contains'.split(' '))

function combined(keyword: string, a: Json, b: Json, merged: Map<string, Json>): Json | undefined {
  if (ASIDE.has(keyword) || FIRST.has(keyword) || isSameJson(a, b)) return a
  switch (keyword) {
    case 'required':
      return isList(a) && isList(b) ? [...a, ...b] : undefined
    case 'properties':
      return isObject(a) && isObject(b) ? bothMembers(a, b) : undefined
    case 'items':
      return isObject(a) && isObject(b) ? new Map([['allOf', [a, b]]]) : undefined
    // Further members must be allowed by every part.
    case 'additionalProperties':
    case 'patternProperties':
    case 'unevaluatedProperties':
      return a === false || b === false ? false : a
    case 'nullable':
      return true
    case 'type':
      return bothTypes(a, b)
    case 'enum':
      return isList(a) && isList(b) ? a.filter((x) => b.some((y) => isSameJson(x, y))) : undefined
    case 'oneOf':
    case 'anyOf': {
      // One of these, and one of those: the two keywords are read alike, so there is room for two lists.
      const other = keyword === 'oneOf' ? 'anyOf' : 'oneOf'
      if (merged.has(other)) return undefined
      merged.set(other, b)
      return a
    }
    default:
      return NARROWER[keyword]?.(a, b)
  }
}

const least = (a: Json, b: Json) => ordered(a, b)?.[0]
const most = (a: Json, b: Json) => ordered(a, b)?.[1]

const NARROWER: Readonly<Record<string, (a: Json, b: Json) => Json | undefined>> = {
  minimum: most,
  exclusiveMinimum: most,
  minLength: most,
  minItems: most,
  minProperties: most,
  maximum: least,
  exclusiveMaximum: least,
  maxLength: least,
  maxItems: least,
  maxProperties: least,
}

function ordered(a: Json, b: Json): readonly [Json, Json] | undefined {
  if (!(a instanceof ExactNumber) || !(b instanceof ExactNumber)) return undefined
  return Number(a.text) <= Number(b.text) ? [a, b] : [b, a]
}

function bothMembers(a: JsonObject, b: JsonObject): JsonObject {
  const members = new Map(a)
  for (const [name, member] of b) {
    const before = members.get(name)
    const same = before === undefined || isSameJson(before, member)
    members.set(name, same ? member : new Map([['allOf', [before, member]]]))
  }
  return members
}

function bothTypes(a: Json, b: Json): Json | undefined {
  const [these, those] = [a, b].map((type) => (isList(type) ? type : [type]))
  const both = (these ?? []).flatMap((type) => {
    if (those?.includes(type)) return [type]
    if (type === 'number' && those?.includes('integer')) return ['integer']
    return type === 'integer' && those?.includes('number') ? [type] : []
  })
  return both.length > 1 ? both : both[0]
}

function isSameJson(a: Json, b: Json): boolean {
  return a === b || printJson(a) === printJson(b)
}

function sizeOf(schema: JsonObject): number {
  const properties = schema.get('properties')
  return schema.size + (isObject(properties) ? properties.size : 0)
}
