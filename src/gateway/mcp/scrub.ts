import { isObject, type Json, type JsonObject } from '../../lib/json.ts'
import { secretFilter } from '../secret-filter.ts'

/**
 * The same value without our secrets, should a server echo them, in whatever way its JSON spelled them: it is looked at as it
 * was read, in values and in names. A number has no room for one.
 */
export function scrub(value: JsonObject, secrets: readonly string[]): JsonObject {
  return secrets.length === 0 ? value : object(value, secrets)
}

function object(value: JsonObject, secrets: readonly string[]): JsonObject {
  return new Map(
    Array.from(value, ([name, member]) => [scrubText(name, secrets), any(member, secrets)]),
  )
}

function any(value: Json, secrets: readonly string[]): Json {
  if (typeof value === 'string') return scrubText(value, secrets)
  if (isObject(value)) return object(value, secrets)
  if (Array.isArray(value)) return value.map((item: Json) => any(item, secrets))
  return value
}

export function scrubText(text: string, secrets: readonly string[]): string {
  if (!secrets.some((secret) => secret !== '' && text.includes(secret))) return text
  const filter = secretFilter(secrets)
  const kept = filter.push(Buffer.from(text))
  return Buffer.concat([kept, filter.rest()]).toString()
}
