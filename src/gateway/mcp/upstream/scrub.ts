import { ExactNumber, isObject, type Json, type JsonObject } from '../../../lib/json.ts'
import type { Redactor } from '../../redaction/redactor.ts'

/**
 * The same value without our secrets, should a server echo them, in whatever way its JSON spelled them: it is looked at as it
 * was read, in values and in names. A number that holds one is none any more.
 */
export function scrub(value: JsonObject, redactor: Redactor): JsonObject {
  return new Map(
    Array.from(value, ([name, member]) => [redactor.text(name), any(member, redactor)]),
  )
}

function any(value: Json, redactor: Redactor): Json {
  if (typeof value === 'string') return redactor.text(value)
  if (value instanceof ExactNumber) {
    const text = redactor.text(value.text)
    return text === value.text ? value : text
  }
  if (isObject(value)) return scrub(value, redactor)
  if (Array.isArray(value)) return value.map((item: Json) => any(item, redactor))
  return value
}
