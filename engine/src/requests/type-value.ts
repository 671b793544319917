import type { TypedValue } from '../arguments.ts'
import {
  ARGUMENT_LIMITS,
  type RecordType,
  type ScalarType,
  type SetType,
  type TypedType,
} from './argument.ts'
import { countValue } from './counted-work.ts'
import { type GivenJson, numberText } from './given-json.ts'
import { refuseLookAlikes } from './look-alike.ts'
import { type ArgumentMisfit, memberAt, refuse } from './refusal.ts'
import { type Numeric, typeText } from './type-scalar.ts'

/** A JSON value as the type says, or why not. `asText`: it came in a query or a form, where numbers, yes and no are texts. */
export function typeValue(
  type: TypedType,
  value: GivenJson,
  at: string,
  depth: number,
  asText = false,
): TypedValue | ArgumentMisfit {
  if (depth > ARGUMENT_LIMITS.depth) return refuse('too_long', at, 'is nested too deep')
  const tooMany = countValue(at)
  if (tooMany) return tooMany
  if (type.kind === 'set') return typeSet(type, value, at, depth, asText)
  if (type.kind === 'record') {
    return value instanceof Map
      ? typeRecord(type, value, at, depth, asText)
      : refuse('wrong_kind', at, 'has to be an object')
  }
  if (asText && typeof value === 'string') return typeText(type, value, at)
  if (type.kind === 'boolean') {
    return typeof value === 'boolean'
      ? { kind: 'boolean', value }
      : refuse('wrong_kind', at, 'has to be true or false')
  }
  if (isNumeric(type) && type.quoted !== true) {
    const isText = type.quoted === 'either' && typeof value === 'string'
    const text = isText ? value : numberText(value)
    return text === undefined
      ? refuse('wrong_kind', at, 'has to be a number')
      : typeText(type, text, at)
  }
  return typeof value === 'string'
    ? typeText(type, value, at)
    : refuse('wrong_kind', at, 'has to be a string')
}

function typeSet(
  type: SetType,
  value: GivenJson,
  at: string,
  depth: number,
  asText: boolean,
): TypedValue | ArgumentMisfit {
  if (!isList(value)) return refuse('wrong_kind', at, 'has to be a list')
  const most = Math.min(type.maxItems ?? ARGUMENT_LIMITS.items, ARGUMENT_LIMITS.items)
  if (value.length > most)
    return refuse('too_long', at, `has ${value.length} items, ${most} at most`)
  if (value.length < (type.minItems ?? 0)) {
    return refuse('out_of_range', at, `has fewer than ${type.minItems} items`)
  }
  const items: TypedValue[] = []
  for (const [i, item] of value.entries()) {
    const typed = typeValue(type.items, item, `${at}/${i}`, depth + 1, asText)
    if ('ok' in typed) return typed
    items.push(typed)
  }
  return { kind: 'set', items }
}

/** The members of an object, each once: required ones there, unknown ones refused unless the document allows more, and look-alikes even then. */
export function typeRecord(
  type: RecordType,
  value: ReadonlyMap<string, GivenJson>,
  at: string,
  depth: number,
  asText = false,
): Extract<TypedValue, { kind: 'record' }> | ArgumentMisfit {
  if (!type.open) {
    for (const name of value.keys()) {
      if (!type.fields.some((field) => field.name === name)) {
        return refuse('unknown', memberAt(at, name), 'is not a member that the API knows')
      }
    }
  }
  const lookAlike = refuseLookAlikes(type, value.keys(), at)
  if (lookAlike) return lookAlike
  const fields = new Map<string, TypedValue>()
  for (const field of type.fields) {
    const here = `${at}/${field.name}`
    const member = value.get(field.name)
    if (member === undefined) {
      if (field.required) return refuse('missing', here, 'is required')
      continue
    }
    // `null` is no value: to bounds and policies the argument is not there.
    if (member === null && field.nullable) continue
    if (asText && member === '' && field.blank) continue
    if (field.type.kind === 'untyped') continue
    const typed = typeValue(field.type, member, here, depth + 1, asText)
    if ('ok' in typed) return typed
    fields.set(field.name, typed)
  }
  return { kind: 'record', fields }
}

function isNumeric(type: ScalarType): type is Numeric {
  return type.kind === 'integer' || type.kind === 'decimal'
}

/** `Array.isArray` does not narrow read-only arrays. */
function isList(value: GivenJson): value is readonly GivenJson[] {
  return Array.isArray(value)
}
