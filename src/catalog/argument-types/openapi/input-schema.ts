import type { Argument, ArgumentSchema, ArgumentType, ArgumentField as Field } from '@remit/engine'
import type { JsonObject } from '../../../platform/lib/json.ts'
import { flatten } from './all-of.ts'
import { OperationReader, type ParseBudget } from './reader.ts'
import { isUndescribed, readFlat } from './schema.ts'

export interface ReadInput {
  readonly schema: ArgumentSchema
  readonly notes: readonly string[]
}

/**
 * The arguments of a tool from its `inputSchema` (JSON Schema 2020-12, references within it only): the members of the body, as far
 * as they can be typed. Answers the reason, as text, when they are no object.
 */
export function readInputSchema(root: JsonObject, effort?: ParseBudget): ReadInput | string {
  const reader = new OperationReader(root, effort)
  const found = flatten(reader, root, [])
  if (!found.ok) return `its arguments cannot be read: ${found.reason}`
  const { type } = readFlat(reader, found.schema, ['#', ...found.pointers])
  if (found.schema.get('type') !== 'object') return 'its arguments are not an object'
  // A tool that names no arguments has none.
  if (isUndescribed(found.schema)) return { schema: fieldsSchema([], false), notes: reader.notes }
  if (type.kind === 'untyped') {
    reader.note(`its arguments have no type: ${type.reason}`)
    return { schema: fieldsSchema([], true), notes: reader.notes }
  }
  if (type.kind !== 'record') return 'its arguments are not an object'
  const { fields, open } = type
  const paths = new Set<string>()
  const named = fields.map((field) => pathsIn(field, paths))
  if (paths.size > 0) {
    const names = [...paths].map((name) => `\`${name}\``).join(', ')
    const are = paths.size === 1 ? 'counts as a path' : 'count as paths'
    reader.note(`${names} ${are}: dot segments and backslashes are refused`)
  }
  return { schema: fieldsSchema(named, open), notes: reader.notes }
}

export function fieldsSchema(fields: readonly Field[], open: boolean): ArgumentSchema {
  const members = fields.map((field): Argument => ({ ...field, wire: field.name, place: 'body' }))
  // Without arguments at all, those that are required are missing.
  const required = members.some((member) => member.required)
  return { arguments: members, body: { form: 'members', required, open } }
}

/** Names that tools give to paths in a file system. */
const PATH_LIKE =
  /^(?:source|destination|(?:.*[_-])?(?:path|paths|file|files|filename|dir|directory|directories|folder))$|[a-z](?:Paths?|Filename|Dir|Directory|Folder)$/

/**
 * MCP has no word for "this string is a path", and a bound such as `prefix /reports/` on one is only worth something when nothing
 * can climb out of it. So strings that are named like paths are typed as such.
 */
function pathsIn(field: Field, found: Set<string>): Field {
  return { ...field, type: withPaths(field.type, field.name, found) }
}

function withPaths(type: ArgumentType, name: string, found: Set<string>): ArgumentType {
  if (type.kind === 'record')
    return { ...type, fields: type.fields.map((field) => pathsIn(field, found)) }
  if (type.kind === 'set') {
    const items = withPaths(type.items, name, found)
    return items.kind === 'untyped' ? items : { ...type, items }
  }
  if (type.kind !== 'string' || type.enum !== undefined || !PATH_LIKE.test(name)) return type
  found.add(name)
  return { ...type, kind: 'path' }
}
