import { isObject, type Json, type JsonObject } from '../../../platform/lib/json.ts'
import { objectAt } from '../openapi/document.ts'
import { resolve } from '../openapi/references.ts'
import type { ShapeReader } from './read-shapes.ts'

/** Media types whose answers are JSON, or may be. */
const JSON_LIKE = /^(?:application\/(?:[a-z0-9.+-]+\+)?json|application\/\*|\*\/\*)[ \t]*(?:;|$)/i
const SUCCESS = /^(?:2\d\d|2XX|default)$/i

/**
 * Finds the shape of all that an operation answers, errors too. `undefined`: nothing is said of
 * what it answers when it succeeds.
 */
export function answersOf(
  reader: ShapeReader,
  document: JsonObject,
  operation: JsonObject,
): number | undefined {
  const schemas: Json[] = []
  let known = false
  for (const [status, node] of objectAt(operation, 'responses') ?? []) {
    const response = resolve(document, node)
    if (!response.ok) return undefined
    for (const [type, media] of objectAt(response.value, 'content') ?? []) {
      if (!JSON_LIKE.test(type)) continue
      const schema = isObject(media) ? media.get('schema') : undefined
      if (schema === undefined) return undefined
      schemas.push(schema)
      known ||= SUCCESS.test(status) && status.toLowerCase() !== 'default'
    }
  }
  const [first, ...more] = schemas
  if (first === undefined || !(known || onlyDefault(operation))) return undefined
  return reader.read(more.length === 0 ? first : new Map([['anyOf', schemas]]))
}

/** An operation whose success is described by `default`. */
function onlyDefault(operation: JsonObject): boolean {
  return [...(objectAt(operation, 'responses')?.keys() ?? [])].every((status) => !/^2/.test(status))
}
