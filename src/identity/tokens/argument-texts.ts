import type { TypedArguments, TypedValue } from '@remit/engine'
import type { PlainObject } from '../../platform/jose/index.ts'
import { malformedParties } from './parties.ts'

/**
 * Arguments as a token says them: numbers and dates as the text that came over the wire, so that no reader can lose a
 * digit. Objects stay objects, arrays stay arrays.
 */
export type ArgumentText =
  | string
  | boolean
  | readonly ArgumentText[]
  | { readonly [name: string]: ArgumentText }
export type ArgumentTexts = { readonly [name: string]: ArgumentText }

export function argumentTexts(args: TypedArguments): ArgumentTexts {
  return Object.fromEntries(Array.from(args, ([name, value]) => [name, argumentText(value)]))
}

function argumentText(value: TypedValue): ArgumentText {
  switch (value.kind) {
    case 'string':
    case 'boolean':
      return value.value
    case 'set':
      return value.items.map(argumentText)
    case 'record':
      return argumentTexts(value.fields)
    default:
      return value.text
  }
}

/** Reads them back. @throws Problem `token.malformed` */
export function readArgumentTexts(object: PlainObject): ArgumentTexts {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [name, readArgumentText(value)]),
  )
}

function readArgumentText(value: unknown): ArgumentText {
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.map(readArgumentText)
  if (typeof value === 'object' && value !== null) return readArgumentTexts({ ...value })
  throw malformedParties('an argument is neither text nor true or false')
}
