import { ExactNumber, isList, type Json } from '../json.ts'

/** JSON over several lines. Numbers are printed as they came: `900.00` stays `900.00`. */
export function prettyJson(value: Json, indent = ''): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (value instanceof ExactNumber) return value.text
  const inner = `${indent}  `
  if (isList(value)) {
    if (value.length === 0) return '[]'
    return `[\n${value.map((item) => inner + prettyJson(item, inner)).join(',\n')}\n${indent}]`
  }
  if (value.size === 0) return '{}'
  const members = Array.from(
    value,
    ([name, item]) => `${inner}${JSON.stringify(name)}: ${prettyJson(item, inner)}`,
  )
  return `{\n${members.join(',\n')}\n${indent}}`
}
