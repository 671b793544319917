import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { ExactNumber, isObject, type Json, type JsonObject } from '../../platform/lib/json.ts'

/** A member of the present state, and its value afterwards; `undefined`: there is none. */
export interface ComparedMember {
  /** Names from the top. */
  readonly path: readonly string[]
  readonly from: Json | undefined
  readonly to: Json | undefined
}

export interface MemberComparison {
  readonly changed: readonly ComparedMember[]
  /** Members that the sent body does not have: the API decides what becomes of them. */
  readonly absent: readonly ComparedMember[]
  readonly same: readonly ComparedMember[]
  /** Members that are in none of these lists, because there are too many. */
  readonly more: number
}

/** Members that are looked at one by one, and levels of objects in them. */
const MAX_MEMBERS = 100
const MAX_DEPTH = 6

/**
 * Compares the present state with the sent body, member by member. `PATCH`: the body changes the members it names (RFC 7396);
 * `PUT`: it replaces the whole; `undefined`: its effect is not known, and all stays the same.
 */
export function compareMembers(
  now: Json,
  sent: Json | undefined,
  method: 'PATCH' | 'PUT' | undefined,
): MemberComparison {
  const found = { changed: [], absent: [], same: [] } as Record<
    'changed' | 'absent' | 'same',
    ComparedMember[]
  >
  let more = 0
  const add = (list: keyof typeof found, member: ComparedMember) => {
    const count = found.changed.length + found.absent.length + found.same.length
    if (count < MAX_MEMBERS) found[list].push(member)
    else more++
  }
  const walk = (before: JsonObject, after: JsonObject, above: readonly string[]) => {
    for (const [name, to] of after) {
      const path = [...above, name]
      const value = before.get(name)
      if (isObject(value) && isObject(to) && path.length < MAX_DEPTH) walk(value, to, path)
      else if (value !== undefined && isSameMember(value, to))
        add('same', { path, from: value, to })
      else
        add('changed', {
          path,
          from: value,
          to: method === 'PATCH' && to === null ? undefined : to,
        })
    }
    for (const [name, value] of before) {
      if (after.has(name)) continue
      add(method === 'PUT' ? 'absent' : 'same', { path: [...above, name], from: value, to: value })
    }
  }
  if (!isObject(now)) add('same', { path: [], from: now, to: now })
  else walk(now, method !== undefined && isObject(sent) ? sent : new Map(), [])
  return { ...found, more }
}

/** Numbers are the same when they are written in other digits: `12.5` and `12.50`. */
function isSameMember(a: Json, b: Json): boolean {
  const numbers = a instanceof ExactNumber && b instanceof ExactNumber
  return canonicalJson(a) === canonicalJson(b) || (numbers && shortest(a.text) === shortest(b.text))
}

function shortest(text: string): string {
  return /^-?\d+\.\d+$/.test(text) ? text.replace(/\.?0+$/, '') : text
}
