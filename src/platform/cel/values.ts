import { ExactNumber, isList, isObject, type Json } from '../lib/json.ts'

/** Value as expressions see it. Objects are Maps, so nothing is inherited; integers are bigints. */
export type CelValue =
  | null
  | boolean
  | string
  | number
  | bigint
  | readonly CelValue[]
  | ReadonlyMap<string, CelValue>

const INTEGER = /^-?[0-9]+$/
const INT64 = { least: -(2n ** 63n), most: 2n ** 63n - 1n } as const
const MAX_DEPTH = 16

/** @throws Unmapped for a number that CEL could only hold as another one */
export function toCel(json: Json): CelValue {
  if (json instanceof ExactNumber) return toNumber(json.text)
  if (isList(json)) return json.map(toCel)
  if (isObject(json)) return new Map(Array.from(json, ([name, value]) => [name, toCel(value)]))
  return json
}

function toNumber(text: string): bigint | number {
  const inexact = () => new UnmappableCall('a number in it cannot be held exactly')
  if (INTEGER.test(text)) {
    // Text of any length is slow to read as an integer.
    const integer = text.length <= 20 ? BigInt(text) : undefined
    if (integer === undefined || integer < INT64.least || integer > INT64.most) throw inexact()
    return integer
  }
  const double = Number(text)
  if (!Number.isFinite(double) || numberKey(String(double)) !== numberKey(text)) throw inexact()
  return double
}

/** One text for each value: its digits without zeros around them, and the power of ten behind. */
function numberKey(text: string): string {
  const [, sign = '', whole = '', part = '', power = '0'] =
    /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(text) ?? []
  const digits = (whole + part).replace(/^0+/, '')
  const short = digits.replace(/0+$/, '')
  if (short === '') return '0'
  return `${sign}${short}e${Number(power) - part.length + digits.length - short.length}`
}

/**
 * Converts the answer of an expression to JSON. `undefined`: absent.
 * @throws Unmapped for a value that JSON does not have (bytes, times, types, NaN), and for one that is nested too
 * deeply
 */
export function fromCel(value: unknown, depth = 0): Json | undefined {
  if (depth > MAX_DEPTH)
    throw new UnmappableCall('an expression answers something nested too deeply')
  if (isOptional(value)) return value.hasValue() ? fromCel(value.value(), depth) : undefined
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'bigint') return new ExactNumber(String(value))
  if (typeof value === 'number' && Number.isFinite(value)) return new ExactNumber(String(value))
  if (Array.isArray(value)) return value.map((item: unknown) => present(fromCel(item, depth + 1)))
  const members = celMembers(value)
  if (!members) throw new UnmappableCall('an expression answers something that is no JSON value')
  return new Map(members.map(([name, item]) => [name, present(fromCel(item, depth + 1))]))
}

function present(value: Json | undefined): Json {
  if (value === undefined)
    throw new UnmappableCall('an expression answers a value with nothing in it')
  return value
}

/** Objects of a call are Maps; those that an expression makes are plain. */
function celMembers(value: unknown): readonly (readonly [string, unknown])[] | undefined {
  if (value instanceof Map) return Array.from(value, ([name, item]) => [celMemberName(name), item])
  if (typeof value !== 'object' || value === null) return undefined
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null ? Object.entries(value) : undefined
}

function celMemberName(name: unknown): string {
  if (typeof name !== 'string')
    throw new UnmappableCall('an expression answers a key that is no text')
  return name
}

interface Optional {
  hasValue(): boolean
  value(): unknown
}

function isOptional(value: unknown): value is Optional {
  return Object.prototype.toString.call(value) === '[object optional]'
}

/** The request cannot be made of this call. Says why, in words for operators: it may speak of what the call carries. */
export class UnmappableCall extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'UnmappableCall'
  }
}
