/** Details as they come from outside, or back from the store. Strict: what is not known is refused, never ignored. */
import { isPointer } from './arguments.ts'
import { type Bound, DETAIL_LIMITS, type Detail, type DetailType, type Operator } from './detail.ts'

export type ParsedDetails =
  | { readonly ok: true; readonly details: Detail[] }
  /** Names the place and the fault, for the author of the list. */
  | { readonly ok: false; readonly reason: string }

/** A list in which both types stand side by side. `delegates`: `undefined` when the list has none of them. */
export type ParsedAuthority =
  | {
      readonly ok: true
      readonly calls: Detail[]
      readonly delegates: Detail[] | undefined
    }
  | { readonly ok: false; readonly reason: string }

class Refusal extends Error {}

/**
 * Reads a list of details of one type. Takes plain objects and Maps, so either JSON reader will do. `most` is 64 for
 * what comes in, and `DETAIL_LIMITS.detailsOut` for reading a granted list back. Whether paths and values fit the
 * catalog is another question: see `misfit`.
 */
export function parseDetails(
  value: unknown,
  type: DetailType,
  most: number = DETAIL_LIMITS.detailsIn,
): ParsedDetails {
  return reading(() => ({ ok: true, details: readList(value, [type], most) }))
}

/**
 * Reads a list of what may be done (`remit_call`) and what may be handed on (`remit_delegate`), in any order: how an
 * opening asks for both (contract 2). `most` is for the two together.
 */
export function parseAuthority(
  value: unknown,
  most: number = DETAIL_LIMITS.detailsIn,
): ParsedAuthority {
  return reading(() => {
    const details = readList(value, ['remit_call', 'remit_delegate'], most)
    const delegates = details.filter(({ type }) => type === 'remit_delegate')
    return {
      ok: true,
      calls: details.filter(({ type }) => type === 'remit_call'),
      delegates: delegates.length > 0 ? delegates : undefined,
    }
  })
}

function reading<T>(read: () => T): T | { readonly ok: false; readonly reason: string } {
  try {
    return read()
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, reason: error.message }
    throw error
  }
}

function readList(value: unknown, types: readonly DetailType[], most: number): Detail[] {
  return list(value, 'details', most).map((item, i) => detailFrom(item, types, `details[${i}]`))
}

function detailFrom(value: unknown, types: readonly DetailType[], where: string): Detail {
  const members = membersOf(value, where, ['type', 'locations', 'actions', 'bounds'])
  const type = types.find((known) => known === members.get('type'))
  if (type === undefined)
    throw new Refusal(`${where}.type must be ${types.map((known) => `"${known}"`).join(' or ')}`)
  const bounds = members.has('bounds')
    ? list(members.get('bounds'), `${where}.bounds`, DETAIL_LIMITS.bounds)
    : []
  return {
    type,
    locations: names(members.get('locations'), `${where}.locations`, DETAIL_LIMITS.locations),
    actions: names(members.get('actions'), `${where}.actions`, DETAIL_LIMITS.actions),
    bounds: bounds.map((bound, i) => boundFrom(bound, `${where}.bounds[${i}]`)),
  }
}

function boundFrom(value: unknown, where: string): Bound {
  const members = membersOf(value, where, ['path', 'op', 'value'])
  const path = text(members.get('path'), `${where}.path`)
  if (!isPointer(path)) throw new Refusal(`${where}.path must be a JSON Pointer, like "/order_id"`)
  const op = operator(members.get('op'), `${where}.op`)
  const given = members.get('value')
  if (op !== 'in') return { path, op, value: text(given, `${where}.value`) }
  const items = list(given, `${where}.value`, DETAIL_LIMITS.values)
  if (items.length === 0) throw new Refusal(`${where}.value is empty`)
  return { path, op, value: items.map((item, i) => text(item, `${where}.value[${i}]`)) }
}

function operator(value: unknown, where: string): Operator {
  switch (value) {
    case 'eq':
    case 'in':
    case 'lte':
    case 'gte':
    case 'prefix':
      return value
    default:
      throw new Refusal(`${where} must be eq, in, lte, gte or prefix`)
  }
}

/** Locations or actions: at least one, each a text of its own. */
function names(value: unknown, where: string, most: number): string[] {
  const items = list(value, where, most).map((item, i) => text(item, `${where}[${i}]`))
  if (items.length === 0) throw new Refusal(`${where} is empty`)
  for (const [i, item] of items.entries()) {
    if (item === '' || /[\p{Cc}\s]/u.test(item)) throw new Refusal(`${where}[${i}] is not a name`)
    if (items.indexOf(item) !== i) throw new Refusal(`${where}[${i}] is a repetition`)
  }
  return items
}

function text(value: unknown, where: string): string {
  if (typeof value !== 'string') throw new Refusal(`${where} must be text, like "1000.00"`)
  if (!value.isWellFormed()) throw new Refusal(`${where} is not well-formed Unicode`)
  if (value.length > DETAIL_LIMITS.characters) throw new Refusal(`${where} is too long`)
  return value
}

function list(value: unknown, where: string, most: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new Refusal(`${where} must be a list`)
  if (value.length > most) throw new Refusal(`${where} has ${value.length} items, ${most} at most`)
  return Array.from(value)
}

function membersOf(
  value: unknown,
  where: string,
  known: readonly string[],
): ReadonlyMap<unknown, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Refusal(`${where} must be an object`)
  const members: ReadonlyMap<unknown, unknown> =
    value instanceof Map ? value : new Map(Object.entries(value))
  for (const name of members.keys()) {
    if (typeof name !== 'string' || !known.includes(name))
      throw new Refusal(`${where} has an unknown member; known are ${known.join(', ')}`)
  }
  return members
}
