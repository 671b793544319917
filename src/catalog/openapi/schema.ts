import { isObject, type Json, type JsonObject } from '../../lib/json.ts'
import {
  ARGUMENT_LIMITS,
  type ArgumentType,
  type Field,
  type RecordType,
  type UntypedType,
} from '../argument.ts'
import { mergeAllOf } from './all-of.ts'
import { isList, objectAt, textAt } from './document.ts'
import { isUsableName, type Reader, untyped, wholeNumber } from './reader.ts'
import { resolve } from './references.ts'
import { scalarType } from './scalar.ts'

export interface ReadSchema {
  readonly type: ArgumentType
  readonly nullable: boolean
}

/**
 * Types a JSON Schema (the dialect of OpenAPI 3.0 or 3.1) as far as bounds and policy can use it. `seen` are the references on
 * the way here: a schema that contains itself has no finite type.
 */
export function readSchema(
  reader: Reader,
  node: Json | undefined,
  seen: readonly string[] = [],
): ReadSchema {
  if (node === true || node === undefined) return plain(untyped('the document gives it no schema'))
  if (seen.length > ARGUMENT_LIMITS.depth) return plain(untyped('it is nested too deep'))
  const resolved = resolve(reader.document, node)
  if (!resolved.ok) return plain(untyped(resolved.reason))
  const { pointer } = resolved
  if (pointer !== undefined && seen.includes(pointer)) {
    return plain(untyped('its schema contains itself'))
  }
  const path = [...seen, pointer ?? '']
  const merged = mergeAllOf(reader.document, resolved.value)
  if (typeof merged === 'string') return plain(untyped(merged))
  return readResolved(reader, merged, path)
}

function readResolved(reader: Reader, schema: JsonObject, path: readonly string[]): ReadSchema {
  const alternatives = schema.get('oneOf') ?? schema.get('anyOf')
  if (alternatives !== undefined) return readAlternatives(reader, alternatives, path)
  const types = typesOf(schema)
  const nullable = schema.get('nullable') === true || types.includes('null')
  const [type, second] = types.filter((name) => name !== 'null')
  if (second !== undefined) return { nullable, type: untyped('it may be of several types') }
  return { nullable, type: readType(reader, schema, type, path) }
}

function readType(
  reader: Reader,
  schema: JsonObject,
  type: string | undefined,
  path: readonly string[],
): ArgumentType {
  switch (type) {
    case 'object':
      return readRecord(reader, schema, path)
    case 'array':
      return readSet(reader, schema, path)
    case undefined:
      return untyped('the document gives it no type')
    default:
      return scalarType(reader, schema, type)
  }
}

/** `anyOf: [X, {type: null}]` is how OpenAPI 3.1 writes a nullable reference; any other choice has no one type. */
function readAlternatives(reader: Reader, list: Json, path: readonly string[]): ReadSchema {
  const schemas = isList(list) ? list : []
  const rest = schemas.filter((each) => textAt(each, 'type') !== 'null')
  if (rest.length !== 1) return plain(untyped('it is a choice of several schemas'))
  const read = readSchema(reader, rest[0], path)
  return { ...read, nullable: read.nullable || rest.length < schemas.length }
}

function typesOf(schema: JsonObject): readonly string[] {
  const type = schema.get('type')
  if (typeof type === 'string') return [type]
  if (isList(type)) return type.filter((name) => typeof name === 'string')
  if (schema.has('properties') || schema.has('additionalProperties')) return ['object']
  if (schema.has('items')) return ['array']
  const values = schema.get('enum') ?? (schema.has('const') ? [schema.get('const') ?? null] : [])
  const texts = isList(values) ? values : []
  return texts.length > 0 && texts.every((value) => typeof value === 'string') ? ['string'] : []
}

function readSet(reader: Reader, schema: JsonObject, path: readonly string[]): ArgumentType {
  if (schema.has('prefixItems')) return untyped('its items have a type for each position')
  const { type, nullable } = readSchema(reader, schema.get('items'), path)
  if (type.kind === 'untyped') return untyped(`of its items: ${type.reason}`)
  if (nullable) return untyped('its items may be null')
  const minItems = wholeNumber(schema.get('minItems'))
  const maxItems = wholeNumber(schema.get('maxItems'))
  return {
    kind: 'set',
    items: type,
    ...(minItems === undefined ? {} : { minItems }),
    ...(maxItems === undefined ? {} : { maxItems }),
  }
}

function readRecord(
  reader: Reader,
  schema: JsonObject,
  path: readonly string[],
): RecordType | UntypedType {
  const record = readMembers(reader, schema, path)
  if (record.fields.length === 0 && record.open) return untyped('the document allows any members')
  return record
}

/** The members of an object schema. */
export function readMembers(
  reader: Reader,
  schema: JsonObject,
  path: readonly string[],
): RecordType {
  const required = schema.get('required')
  const names = new Set(isList(required) ? required : [])
  const fields: Field[] = []
  for (const [name, member] of objectAt(schema, 'properties') ?? []) {
    if (!reader.count()) break
    const { type, nullable } = readSchema(reader, member, path)
    const usable = isUsableName(name) ? type : untyped('its name cannot be used in policies')
    // `required` speaks of answers when the member is read-only (OpenAPI 3.0, "readOnly").
    const readOnly = isObject(member) && member.get('readOnly') === true
    fields.push({ name, required: names.has(name) && !readOnly, nullable, type: usable })
  }
  return { kind: 'record', fields, open: MORE.some((keyword) => allowsMore(schema.get(keyword))) }
}

/** Keywords that say what else an object may hold (JSON Schema 2020-12). */
const MORE = ['additionalProperties', 'patternProperties', 'unevaluatedProperties'] as const

/** OpenAPI's silence means "anything"; ours means "nothing more". A schema for further members counts as silence with a word. */
function allowsMore(additional: Json | undefined): boolean {
  return additional === true || isObject(additional)
}

function plain(type: ArgumentType): ReadSchema {
  return { type, nullable: false }
}
