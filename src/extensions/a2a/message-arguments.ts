import { readInputSchema } from '../../catalog/argument-types/index.ts'
import { isObject, type Json, type JsonObject, parseJson } from '../../platform/lib/json.ts'

/** Members of a part of which each part has exactly one (A2A 1.0, section 4.1.6). */
export const PART_KINDS = ['text', 'raw', 'url', 'data'] as const

const SCHEMA = `{
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "text": { "type": "string" },
    "kinds": { "type": "array", "items": { "enum": ["text", "raw", "url", "data"] } },
    "links": { "type": "array", "items": { "type": "string" } },
    "continues": { "type": "boolean" }
  },
  "required": ["kinds"]
}`

/** Arguments of a message to an agent, as bounds and policies see them. */
export function messageSchema() {
  return schemaOf(SCHEMA)
}

/** Arguments of an operation that has none that can be bound. */
export function emptySchema() {
  return schemaOf('{ "type": "object", "additionalProperties": false }')
}

function schemaOf(text: string) {
  const schema = parseJson(text)
  const read = isObject(schema) ? readInputSchema(schema) : 'no object'
  if (typeof read === 'string') throw new Error(read)
  return read.schema
}

/**
 * Reads the arguments of a message: all of its text, the kinds of its parts, the addresses that it
 * points to, and whether it continues a task. `undefined`: a part is none.
 */
export function messageArguments(message: JsonObject): JsonObject | undefined {
  const parts = message.get('parts')
  if (!Array.isArray(parts) || parts.length === 0) return undefined
  const texts: string[] = []
  const links = new Set<string>()
  const kinds = new Set<string>()
  for (const part of parts as readonly Json[]) {
    const kind = isObject(part) ? kindOf(part) : undefined
    if (!isObject(part) || kind === undefined) return undefined
    const value = part.get(kind)
    if (kind !== 'data' && typeof value !== 'string') return undefined
    kinds.add(kind)
    if (kind === 'text') texts.push(String(value))
    if (kind === 'url') links.add(String(value))
  }
  return new Map<string, Json>([
    ...(texts.length === 0 ? [] : [['text', texts.join('\n')] as const]),
    ['kinds', [...kinds]],
    ...(links.size === 0 ? [] : [['links', [...links]] as const]),
    ...(message.has('taskId') ? [['continues', true] as const] : []),
  ])
}

function kindOf(part: JsonObject): string | undefined {
  const [kind, ...more] = PART_KINDS.filter((name) => part.has(name))
  return more.length === 0 ? kind : undefined
}
