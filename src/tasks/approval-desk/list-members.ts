import { ExactNumber, isObject, type Json, parseJson } from '../../platform/lib/json.ts'
import { memberPointer, unescaped } from '../../platform/lib/json-pointer.ts'
import { MAX_SHOWN } from '../../platform/lib/text/visible.ts'
import type { CallRow } from './call-rows.ts'

/** Maximum of list members that the page of one call shows by themselves. It always shows the list as it was sent. */
export const MAX_MEMBERS = 50

/** Member of a list in a call, for which a display is set. */
export interface ListMember {
  /** Place in words, counted from one: `items 2, amount`. */
  readonly name: string
  readonly display: string
  readonly text: string
  /** Text of another value of the same member: `*` in the pointer stands for its indices. */
  readonly textAt: (path: string) => string | undefined
}

/**
 * Finds the list members that displays with `*` in their pointer lead to, at most one more than `MAX_MEMBERS`. `rowsOf`: the
 * rows of an argument, by its pointer.
 */
export function listMembers(
  displays: Readonly<Record<string, string>>,
  rowsOf: (argument: string) => readonly CallRow[],
): readonly ListMember[] {
  const read = new Map<string, readonly Json[]>()
  const valuesAt = (pointer: string) => {
    const [first = '', ...rest] = pointer.split('/').slice(1)
    const values = read.get(first) ?? rowsOf(`/${first}`).map(jsonOf)
    read.set(first, values)
    const [only] = values
    // A parameter that is repeated is a list, also when it was given once.
    const isList = rest[0] !== undefined && /^(?:\*|[0-9]+)$/.test(rest[0]) && !isArray(only)
    return textsIn(isList && !isObject(only) ? values : only, rest.map(unescaped), [])
  }
  const found: ListMember[] = []
  for (const [path, display] of Object.entries(displays)) {
    if (!path.split('/').includes('*')) continue
    for (const { indices, text } of valuesAt(path)) {
      const textAt = (at: string) => valuesAt(memberPointer(at, indices)).next().value?.text
      found.push({ name: listMemberName(path, indices), display, text, textAt })
      if (found.length > MAX_MEMBERS) return found
    }
  }
  return found
}

/** Value of a row; `null` if it is too long to be shown whole. */
function jsonOf({ value }: CallRow): Json {
  if ('text' in value) return value.text
  return value.json.length > MAX_SHOWN ? null : parseJson(value.json)
}

interface PlacedText {
  readonly indices: readonly number[]
  readonly text: string
}

function* textsIn(
  value: Json | undefined,
  [token, ...rest]: readonly string[],
  indices: readonly number[],
): Generator<PlacedText, undefined> {
  if (token === undefined) {
    const text = value instanceof ExactNumber ? value.text : value
    if (typeof text === 'string') yield { indices, text }
  } else if (isArray(value)) {
    if (token !== '*') return yield* textsIn(value[Number(token)], rest, indices)
    for (const [i, item] of value.entries()) yield* textsIn(item, rest, [...indices, i])
  } else if (isObject(value) && token !== '*') yield* textsIn(value.get(token), rest, indices)
}

function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

function listMemberName(path: string, indices: readonly number[]): string {
  const [list = '', ...parts] = path.slice(1).split(/\/\*(?=\/|$)/)
  return parts.reduce(
    (name, part, i) => `${name} ${(indices[i] ?? 0) + 1}${part === '' ? '' : `, ${part.slice(1)}`}`,
    list,
  )
}
