/**
 * JSON as a strict reader gives it: objects are maps, and numbers keep their text. The classes are the reader's own; a number is what is
 * nothing else.
 */
export type GivenJson =
  | null
  | boolean
  | string
  | { readonly text: string }
  | readonly GivenJson[]
  | ReadonlyMap<string, GivenJson>

/** Text of a number; `undefined` for anything else. */
export function numberText(value: GivenJson): string | undefined {
  const isObject = typeof value === 'object' && value !== null
  return isObject && 'text' in value && typeof value.text === 'string' ? value.text : undefined
}
