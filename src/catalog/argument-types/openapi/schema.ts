import {
  ARGUMENT_LIMITS,
  type ArgumentType,
  type ArgumentField as Field,
  type RecordType,
  type UntypedType,
} from '@remit/engine'
import { isList, isObject, type Json, type JsonObject } from '../../../platform/lib/json.ts'
import { flatten, intersection } from './all-of.ts'
import { badDocument, objectAt } from './document.ts'
import { inferredTypes } from './inferred-types.ts'
import { numberInText } from './numeric-text.ts'
import { isUsableName, type OperationReader, untyped, wholeNumber } from './reader.ts'
import { scalarType } from './scalar.ts'
import { union } from './union.ts'

export interface ReadSchema {
  readonly type: ArgumentType
  readonly nullable: boolean
  /** See `Field.blank`. */
  readonly blank?: true
}

const MAX_CHOICES = 200
/** Members of one object. No readable API has as many. */
const MAX_MEMBERS = 10_000
const TOO_MANY = untyped('its schema unfolds to too many parts')

/**
 * Types a JSON Schema (the dialect of OpenAPI 3.0 or 3.1) as far as bounds and policy can use it; docs/typed-arguments.md has
 * the rules. `seen` are the references on the way here: a schema that contains itself has no finite type.
 */
export function readOpenapiSchema(
  reader: OperationReader,
  node: Json | undefined,
  seen: readonly string[] = [],
): ReadSchema {
  if (node === true || node === undefined)
    return notNullable(untyped('the document gives it no schema'))
  if (seen.length > ARGUMENT_LIMITS.depth) return notNullable(untyped('it is nested too deep'))
  if (!reader.spend(1)) return notNullable(TOO_MANY)
  const found = flatten(reader, node, seen)
  if (!found.ok) return notNullable(untyped(found.reason))
  const { pointers, schema } = found
  return readFlat(reader, schema, pointers.length > 0 ? [...seen, ...pointers] : [...seen, ''])
}

/** Reads a schema in which no `$ref` and no `allOf` is left at the top. */
export function readFlat(
  reader: OperationReader,
  schema: JsonObject,
  path: readonly string[],
): ReadSchema {
  for (const keyword of ['oneOf', 'anyOf'] as const) {
    const choices = schema.get(keyword)
    if (choices !== undefined) return readChoices(reader, schema, keyword, choices, path)
  }
  const types = inferredTypes(schema)
  const nullable = schema.get('nullable') === true || types.includes('null')
  const kinds = types.filter((name) => name !== 'null')
  const holds = kinds.some(isNumber) ? numberInText(schema) : undefined
  const [first, ...more] = kinds.map((type) =>
    type === 'string' && holds ? inText(holds) : readType(reader, schema, type, path),
  )
  if (first === undefined) return { nullable, type: untyped('the document gives it no type') }
  return { nullable, type: together(reader, first, more) }
}

/**
 * A choice: each alternative together with what the schema says beside it, all as one type (`union`). `null` among them, as OpenAPI 3.1
 * writes it, makes it nullable.
 */
function readChoices(
  reader: OperationReader,
  schema: JsonObject,
  keyword: 'oneOf' | 'anyOf',
  choices: Json,
  path: readonly string[],
): ReadSchema {
  if (!isList(choices) || choices.length === 0 || choices.length > MAX_CHOICES)
    return notNullable(untyped('it is a choice of too many schemas'))
  const base = new Map(schema)
  base.delete(keyword)
  const said = choices.filter((each) => !isOnly(each, null))
  const hasNumber = said.some((each) => isObject(each) && inferredTypes(each).some(isNumber))
  const found = said.map((each) => {
    const holds = hasNumber && isObject(each) ? textOfNumber(each) : undefined
    return holds ? notNullable(inText(holds)) : readChoice(reader, base, each, path)
  })
  const nullable = said.length < choices.length || found.some((each) => each.nullable)
  const empty = said.map((each) => isOnly(each, ''))
  const blanks = reader.asText && empty.includes(false) ? empty : []
  const [first, ...more] = found.flatMap(({ type }, i) => (blanks[i] ? [] : [type]))
  if (first === undefined) return notNullable(untyped('it can only be null'))
  const type = together(reader, first, more)
  if (!blanks.includes(true)) return { nullable, type }
  // Beside a text, an empty one is a value; beside anything else it stands for none.
  return type.kind === 'string' || type.kind === 'path'
    ? { nullable, type: union(type, { kind: 'string', enum: [''] }, true) }
    : { nullable, type, blank: true }
}

function readChoice(
  reader: OperationReader,
  base: JsonObject,
  choice: Json,
  path: readonly string[],
): ReadSchema {
  if (path.length > ARGUMENT_LIMITS.depth) return notNullable(untyped('it is nested too deep'))
  if (!reader.spend(1)) return notNullable(TOO_MANY)
  const found = flatten(reader, choice, path)
  if (!found.ok) return notNullable(untyped(found.reason))
  const whole = intersection(reader, base, found.schema)
  if (!whole.ok) return notNullable(untyped(whole.reason))
  return readFlat(reader, whole.schema, [...path, ...found.pointers])
}

function isNumber(type: string): boolean {
  return type === 'number' || type === 'integer'
}

/** Kind of number in the text of an alternative beside a number. */
function textOfNumber(choice: JsonObject): ReturnType<typeof numberInText> {
  return choice.get('type') === 'string' ? numberInText(choice) : undefined
}

function inText(kind: 'integer' | 'decimal'): ArgumentType {
  return { kind, quoted: true }
}

function together(
  { asText }: OperationReader,
  first: ArgumentType,
  more: readonly ArgumentType[],
): ArgumentType {
  return more.reduce((a, b) => union(a, b, asText), first)
}

/** Checks whether nothing but one value fits a schema. */
function isOnly(schema: Json, only: null | ''): boolean {
  if (!isObject(schema)) return false
  const values = schema.get('enum')
  return (
    (only === null && schema.get('type') === 'null') ||
    schema.get('const') === only ||
    (isList(values) && values.length > 0 && values.every((value) => value === only))
  )
}

function readType(
  reader: OperationReader,
  schema: JsonObject,
  type: string,
  path: readonly string[],
): ArgumentType {
  switch (type) {
    case 'object':
      return readRecord(reader, schema, path)
    case 'array':
      return readSet(reader, schema, path)
    default:
      return scalarType(reader, schema, type)
  }
}

function readSet(
  reader: OperationReader,
  schema: JsonObject,
  path: readonly string[],
): ArgumentType {
  if (schema.has('prefixItems')) return untyped('its items have a type for each position')
  const { type, nullable } = readOpenapiSchema(reader, schema.get('items'), path)
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
  reader: OperationReader,
  schema: JsonObject,
  path: readonly string[],
): RecordType | UntypedType {
  const record = readMembers(reader, schema, path)
  if (record.fields.length > 0) return record
  if (!record.open)
    return isUndescribed(schema) ? untyped('the document allows any members') : record
  return untyped(
    isObject(schema.get('additionalProperties')) || schema.has('patternProperties')
      ? 'it is a map: the names of its members are not known beforehand'
      : 'the document allows any members',
  )
}

/** Checks whether a schema does not describe the members of an object. */
export function isUndescribed(schema: JsonObject): boolean {
  return ['properties', ...MORE].every((keyword) => !schema.has(keyword))
}

/** The members of an object schema. */
function readMembers(
  reader: OperationReader,
  schema: JsonObject,
  path: readonly string[],
): RecordType {
  const required = schema.get('required')
  const names = new Set(isList(required) ? required : [])
  const fields: Field[] = []
  const members = objectAt(schema, 'properties') ?? new Map<string, Json>()
  if (members.size > MAX_MEMBERS)
    throw badDocument(`an object of it has ${members.size} members; ${MAX_MEMBERS} are the most`)
  for (const [name, member] of members) {
    if (!reader.count()) break
    const { blank, nullable, type } = readOpenapiSchema(reader, member, path)
    const usable = isUsableName(name) ? type : untyped('its name cannot be used in policies')
    // `required` speaks of answers when the member is read-only (OpenAPI 3.0, "readOnly").
    const readOnly = isObject(member) && member.get('readOnly') === true
    fields.push({
      ...{ name, required: names.has(name) && !readOnly, nullable, type: usable },
      ...(blank ? { blank } : {}),
    })
  }
  return { kind: 'record', fields, open: MORE.some((keyword) => allowsMore(schema.get(keyword))) }
}

/** Keywords that say what else an object may hold (JSON Schema 2020-12). */
const MORE = ['additionalProperties', 'patternProperties', 'unevaluatedProperties'] as const

/** OpenAPI's silence means "anything"; ours means "nothing more". A schema for further members counts as silence with a word. */
function allowsMore(additional: Json | undefined): boolean {
  return additional === true || isObject(additional)
}

function notNullable(type: ArgumentType): ReadSchema {
  return { type, nullable: false }
}
