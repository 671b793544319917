import { valueFromJson } from '@remit/engine'
import { ExactNumber, isObject, type Json } from '../../../platform/lib/json.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { RecordShape, ValueShape } from './shape.ts'

/**
 * A value in Cedar's JSON form. References and extension calls are only ever written here, from what a schema says. Requests
 * cannot say them (member names that mean one are refused where JSON is read); files of entities can, where the schema says the same.
 */
export type CedarJson =
  | boolean
  | string
  | number
  | bigint
  | readonly CedarJson[]
  | { readonly [name: string]: CedarJson }

/**
 * Treatment of members that are not in the schema: refused (`closed`), or not looked at (`open`).
 */
export type UnknownMembers = 'closed' | 'open'

const MAX_INTEGER = 2n ** 63n

/**
 * Types a JSON value by a schema: integers as `Long`, exactly; decimals from numbers or texts; dates, durations and addresses from
 * texts; entities as `{"type","id"}`, or their id alone. `null` is absent.
 * @throws Problem `evaluation.does_not_fit` with the member `pointer`
 */
export function shapedRecord(
  value: ReadonlyMap<string, Json>,
  shape: RecordShape,
  unknown: UnknownMembers,
  at = '',
): Record<string, CedarJson> {
  const members: Record<string, CedarJson> = {}
  if (unknown === 'closed') {
    for (const name of value.keys())
      if (!shape.members.has(name)) throw misfit(`${at}/${name}`, 'is not in the schema')
  }
  for (const [name, { shape: inner }] of shape.members) {
    const item = value.get(name)
    if (item === undefined || item === null) continue
    members[name] = shapedValue(item, inner, unknown, `${at}/${name}`)
  }
  return members
}

function shapedValue(
  value: Json,
  shape: ValueShape,
  unknown: UnknownMembers,
  at: string,
): CedarJson {
  switch (shape.is) {
    case 'Bool':
      if (typeof value !== 'boolean') throw misfit(at, 'has to be true or false')
      return value
    case 'String':
      if (typeof value !== 'string') throw misfit(at, 'has to be a text')
      return value
    case 'Long':
      return integer(value, at)
    case 'extension':
      return { __extn: { fn: shape.fn, arg: extensionText(value, shape.fn, at) } }
    case 'entity':
      return { __entity: reference(value, shape.type, at) }
    case 'set':
      if (!Array.isArray(value)) throw misfit(at, 'has to be a list')
      return value.map((item: Json, i) => shapedValue(item, shape.items, unknown, `${at}/${i}`))
    case 'record':
      if (!isObject(value)) throw misfit(at, 'has to be an object')
      return shapedRecord(value, shape, unknown, at)
  }
}

function integer(value: Json, at: string): number | bigint {
  if (!(value instanceof ExactNumber) || !/^-?\d{1,19}$/.test(value.text))
    throw misfit(at, 'has to be a whole number')
  const exact = BigInt(value.text)
  if (exact < -MAX_INTEGER || exact >= MAX_INTEGER) throw misfit(at, 'does not fit 64 bits')
  const number = Number(exact)
  return Number.isSafeInteger(number) ? number : exact
}

const FORMS = {
  // How large a number may be is for Cedar's own reader to say, who also takes zeros in front.
  decimal: /^-?\d{1,64}\.\d{1,4}$/,
  datetime: /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{3})?(?:Z|[+-]\d{4}))?$/,
  duration: /^-?(?=\d)(?:\d{1,64}d)?(?:\d{1,64}h)?(?:\d{1,64}m)?(?:\d{1,64}s)?(?:\d{1,64}ms)?$/,
  ip: /^[0-9a-fA-F:.]{2,43}(?:\/\d{1,3})?$/,
} as const

const WORDS = {
  decimal: 'has to be a number with one to four decimal places',
  datetime: 'has to be a date as Cedar writes it, such as 2026-01-02T03:04:05Z',
  duration: 'has to be a duration as Cedar writes it, such as 1h30m',
  ip: 'has to be an IP address or a range of them',
} as const

function extensionText(value: Json, fn: keyof typeof FORMS, at: string): string {
  const said = calledAs(value, fn)
  const text = fn === 'decimal' && said instanceof ExactNumber ? decimalText(said.text) : said
  if (typeof text !== 'string' || !FORMS[fn].test(text) || !isInRange(text, fn))
    throw misfit(at, WORDS[fn])
  return text
}

function isInRange(arg: string, fn: keyof typeof FORMS): boolean {
  try {
    valueFromJson({ __extn: { fn, arg } })
    return true
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}

/** The argument of a call as files of Cedar write it, when it calls what the schema says; else the value itself. */
function calledAs(value: Json, fn: keyof typeof FORMS): Json {
  const call = isObject(value) && value.size === 1 ? value.get('__extn') : undefined
  return isObject(call) && call.size === 2 && call.get('fn') === fn
    ? (call.get('arg') ?? null)
    : value
}

/** A whole number is a decimal, too. */
function decimalText(text: string): string {
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}

function reference(value: Json, type: string, at: string): { type: string; id: string } {
  if (typeof value === 'string') return { type, id: value }
  const named = isObject(value) && value.size === 1 ? value.get('__entity') : value
  const given = isObject(named) && named.size === 2 ? named : undefined
  const id = given?.get('id')
  if (given?.get('type') !== type || typeof id !== 'string')
    throw misfit(at, `has to be an entity of the type \`${type}\``)
  return { type, id }
}

function misfit(pointer: string, words: string): Problem {
  return new Problem('evaluation.does_not_fit', `\`${pointer}\` ${words}`, { members: { pointer } })
}
