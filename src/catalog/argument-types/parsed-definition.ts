import { type Json, parseJson } from '../../platform/lib/json.ts'
import { LruCache } from '../../platform/lib/lru-cache.ts'

const MAX_BYTES = 1024 * 1024
const MAX_PARSED = 2_000
/**
 * Maximum characters of a definition that is kept parsed. Longer ones are few, and would take the
 * memory of many.
 */
const MAX_PARSED_LENGTH = 16_384

/**
 * Parsed definitions, by action and text: lists are asked for more often than definitions change.
 */
const definitions = new LruCache<Json>(MAX_PARSED)

/** Parses the definition of an action as it was reviewed. */
export function parsedDefinition(
  { name }: { readonly name: string },
  { json }: { readonly json: string },
): Json {
  const known = definitions.get(name, json)
  if (known !== undefined) return known
  const value = parseJson(json, { bytes: MAX_BYTES })
  return json.length > MAX_PARSED_LENGTH ? value : definitions.put(name, json, value)
}
