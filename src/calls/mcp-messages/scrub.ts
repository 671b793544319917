import { ExactNumber, isObject, type Json, type JsonObject } from '../../platform/lib/json.ts'
import type { Redactor } from '../../platform/lib/redaction/redactor.ts'

/**
 * Copies the value without our secrets, in case a server echoes them, however its JSON spelled
 * them: names and values are searched after parsing. A number that holds a secret becomes a string.
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
