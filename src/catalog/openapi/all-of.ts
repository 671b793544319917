import { isObject, type Json, type JsonObject } from '../../lib/json.ts'
import { isList } from './document.ts'
import { resolve } from './references.ts'

const MOST_PARTS = 32

/**
 * `allOf` is how documents extend an object or add a description to a reference: one schema with the members of all
 * parts. Answers the reason, as text, when the parts do not simply add up.
 */
export function mergeAllOf(
  document: JsonObject,
  schema: JsonObject,
  depth = 0,
): JsonObject | string {
  const parts = schema.get('allOf')
  if (parts === undefined) return schema
  if (!isList(parts) || parts.length > MOST_PARTS || depth > 8) return 'its `allOf` is too large'
  const merged = new Map<string, Json>(schema)
  merged.delete('allOf')
  for (const part of parts) {
    const resolved = resolve(document, part)
    if (!resolved.ok) return resolved.reason
    const flat = mergeAllOf(document, resolved.value, depth + 1)
    if (typeof flat === 'string') return flat
    for (const [keyword, value] of flat) {
      const before = merged.get(keyword)
      const both = before === undefined ? value : combined(keyword, before, value)
      if (both === undefined) return `the parts of its \`allOf\` disagree about \`${keyword}\``
      merged.set(keyword, both)
    }
  }
  return merged
}

const ANNOTATIONS = new Set(['title', 'description', 'example', 'examples', 'deprecated', 'xml'])

function combined(keyword: string, a: Json, b: Json): Json | undefined {
  if (ANNOTATIONS.has(keyword) || a === b) return a
  if (keyword === 'required' && isList(a) && isList(b)) return [...a, ...b]
  if (keyword === 'properties' && isObject(a) && isObject(b)) {
    const repeated = [...b.keys()].some((name) => a.has(name))
    return repeated ? undefined : new Map([...a, ...b])
  }
  // Further members must be allowed by every part.
  if (keyword === 'additionalProperties') return a === false || b === false ? false : undefined
  return undefined
}
