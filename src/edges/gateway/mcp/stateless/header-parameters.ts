import { parsedDefinition } from '../../../../catalog/argument-types/index.ts'
import type { Action } from '../../../../catalog/catalog/index.ts'
import { ExactNumber, isObject, type Json, type JsonObject } from '../../../../platform/lib/json.ts'
import { headerText } from '../../../../platform/net/index.ts'
import type { StrictRequest } from '../../strict-request.ts'

const PREFIX = 'mcp-param-'
const MAX_DEPTH = 16
const MAX_PARAMETERS = 32
/** Field name (RFC 9110 section 5.1). */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/
const TYPES = new Set<Json | undefined>(['string', 'integer', 'boolean'])

/**
 * Headers in which a tool's arguments are repeated (2026-07-28, "Custom Headers from Tool
 * Parameters"), with the text that each has for these arguments; `undefined`: it has to be absent.
 * An annotation that breaks the rules counts as none.
 */
export function headerParameters(action: Action, given: Json | undefined) {
  const { definition } = action
  const value = definition?.kind === 'tool' ? parsedDefinition(action, definition) : undefined
  const schema = isObject(value) ? value.get('inputSchema') : undefined
  const headers = new Map<string, string | undefined>()
  if (isObject(schema)) collect(schema, given, headers, MAX_DEPTH)
  return headers
}

function collect(
  schema: JsonObject,
  given: Json | undefined,
  headers: Map<string, string | undefined>,
  depth: number,
): void {
  const properties = schema.get('properties')
  if (!isObject(properties) || depth === 0) return
  for (const [name, property] of properties) {
    if (!isObject(property)) continue
    const value = isObject(given) ? given.get(name) : undefined
    const header = property.get('x-mcp-header')
    if (typeof header === 'string' && TOKEN.test(header) && TYPES.has(property.get('type'))) {
      if (headers.size < MAX_PARAMETERS)
        headers.set(PREFIX + header.toLowerCase(), headerValueOf(value))
    }
    collect(property, value, headers, depth - 1)
  }
}

function headerValueOf(value: Json | undefined): string | undefined {
  if (typeof value === 'boolean') return String(value)
  if (value instanceof ExactNumber) return value.text
  return typeof value === 'string' ? value : undefined
}

/** Names a header that contradicts the arguments; `undefined`: none does. */
export function headerContradiction(
  action: Action,
  given: Json | undefined,
  { headers }: StrictRequest,
): string | undefined {
  for (const [name, text] of headerParameters(action, given)) {
    const header = headers.get(name)
    const said = header === undefined ? undefined : headerText(header)
    const equal =
      said === text || (isInteger(said) && isInteger(text) && Number(said) === Number(text))
    if (!equal || (said === undefined && header !== undefined))
      return `\`${name}\` contradicts the arguments`
  }
  return undefined
}

function isInteger(text: string | undefined): text is string {
  return text !== undefined && /^-?[0-9]{1,16}(?:\.0{1,8})?$/.test(text)
}
