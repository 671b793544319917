/** Details, bounds and values in plain words, for denials and consent. Never long, never with hidden characters. */
import { argumentAt, type TypedArguments } from './arguments.ts'
import type { Bound, Detail } from './detail.ts'

const MAX_CHARACTERS = 80
const MAX_ITEMS = 3

const PLAIN = /^[\p{L}\p{N}_.:/@+-]+$/u

/** A value as a reader may see it: plain when it is plain, quoted and escaped when not, cut when long. */
export function shown(value: string): string {
  if (value.length <= MAX_CHARACTERS && PLAIN.test(value)) return value
  const characters = [...value.slice(0, 2 * MAX_CHARACTERS + 2)]
  const cut = characters.slice(0, MAX_CHARACTERS).join('')
  const plain = PLAIN.test(cut) ? cut : quoted(cut)
  return characters.length > MAX_CHARACTERS ? `${plain}…` : plain
}

/** Controls, format characters (bidi, zero width) and odd spaces are escaped: they could hide or reorder the rest. */
function quoted(value: string): string {
  return JSON.stringify(value).replace(
    /(?! )[\p{C}\p{Z}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`,
  )
}

/** `order_id` for `/order_id`, `to/city` for `/to/city`. */
export function pathName(path: string): string {
  return shown(path.slice(1).replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** `order_id = 1042`, `amount ≤ 1000.00`, `currency in (EUR, USD)`. */
export function boundInWords({ path, op, value }: Bound): string {
  const name = pathName(path)
  if (typeof value !== 'string') return `${name} in (${several(value.map(shown), ', ')})`
  switch (op) {
    case 'lte':
      return `${name} ≤ ${shown(value)}`
    case 'gte':
      return `${name} ≥ ${shown(value)}`
    case 'prefix':
      return `${name} starts with ${shown(value)}`
    default:
      return `${name} = ${shown(value)}`
  }
}

/** `orders.refund where order_id = 1042 and amount ≤ 1000.00`. */
export function detailInWords({ actions, bounds }: Pick<Detail, 'actions' | 'bounds'>): string {
  const what = several(actions.map(shown), ', ')
  return bounds.length === 0 ? what : `${what} where ${bounds.map(boundInWords).join(' and ')}`
}

/** The first few of a list, and how many more there are. */
export function several(items: readonly string[], separator: string): string {
  const told = items.slice(0, MAX_ITEMS).join(separator)
  return items.length > MAX_ITEMS ? `${told} and ${items.length - MAX_ITEMS} more` : told
}

/** The argument at a path as text; `undefined` when it is missing or not a single value. */
export function argumentText(args: TypedArguments, path: string): string | undefined {
  const value = argumentAt(args, path)
  switch (value?.kind) {
    case 'string':
      return value.value
    case 'boolean':
      return String(value.value)
    case 'integer':
    case 'decimal':
    case 'datetime':
      return value.text
    default:
      return undefined
  }
}
