import { ExactNumber, isList, type Json, type JsonObject } from '../../../platform/lib/json.ts'

/** The names of types that a schema gives, or that follow from what else it says. */
export function inferredTypes(schema: JsonObject): readonly string[] {
  const type = schema.get('type')
  if (typeof type === 'string') return [type]
  if (isList(type)) return type.filter((name) => typeof name === 'string')
  if (schema.has('properties') || schema.has('additionalProperties')) return ['object']
  if (schema.has('items') || schema.has('prefixItems')) return ['array']
  const values = schema.get('enum') ?? (schema.has('const') ? [schema.get('const') ?? null] : [])
  const kinds = new Set((isList(values) ? values : []).map(kindOf))
  if (kinds.has('number')) kinds.delete('integer')
  return kinds.has(undefined) ? [] : [...kinds].filter((kind) => kind !== undefined)
}

function kindOf(value: Json): string | undefined {
  if (value === null) return 'null'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'boolean'
  if (!(value instanceof ExactNumber)) return undefined
  return /^-?[0-9]+$/.test(value.text) ? 'integer' : 'number'
}
