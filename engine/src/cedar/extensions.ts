/** Cedar's extension functions: `ip`, `decimal`, `datetime`, `duration`, and their methods. */
import {
  DAY,
  durationSince,
  HOUR,
  inUnits,
  MINUTE,
  offset,
  parseDatetime,
  parseDuration,
  SECOND,
  toDate,
  toTime,
} from './datetime.ts'
import { parseDecimal } from './decimal.ts'
import { EvaluationFailure } from './failure.ts'
import { isInRange, isLoopback, isMulticast, parseIp } from './ip.ts'
import { Datetime, Decimal, Duration, Ip, typeOf, type Value } from './value.ts'

type Constructor = (text: string) => Value | undefined

const CONSTRUCTORS = new Map<string, Constructor>([
  ['ip', parseIp],
  ['decimal', parseDecimal],
  ['datetime', parseDatetime],
  ['duration', parseDuration],
])

export function constructorNamed(name: string): Constructor | undefined {
  return CONSTRUCTORS.get(name)
}

export type ExtensionFunction =
  | { readonly arity: 1; readonly call: (a: Value) => Value }
  | { readonly arity: 2; readonly call: (a: Value, b: Value) => Value }

/**
 * Functions by name. All throw `EvaluationFailure`, and none looks at anything but its arguments.
 */
export const EXTENSION_FUNCTIONS: ReadonlyMap<string, ExtensionFunction> = new Map<
  string,
  ExtensionFunction
>([
  ...Array.from(CONSTRUCTORS, ([name, parse]) => [name, unary(constructing(name, parse))] as const),
  ['lessThan', binary((a, b) => decimalOf(a) < decimalOf(b))],
  ['lessThanOrEqual', binary((a, b) => decimalOf(a) <= decimalOf(b))],
  ['greaterThan', binary((a, b) => decimalOf(a) > decimalOf(b))],
  ['greaterThanOrEqual', binary((a, b) => decimalOf(a) >= decimalOf(b))],
  ['isIpv4', unary((a) => ipOf(a).bits === 32)],
  ['isIpv6', unary((a) => ipOf(a).bits === 128)],
  ['isLoopback', unary((a) => isLoopback(ipOf(a)))],
  ['isMulticast', unary((a) => isMulticast(ipOf(a)))],
  ['isInRange', binary((a, b) => isInRange(ipOf(a), ipOf(b)))],
  ['offset', binary((a, b) => within(offset(datetimeOf(a), durationOf(b))))],
  ['durationSince', binary((a, b) => within(durationSince(datetimeOf(a), datetimeOf(b))))],
  ['toDate', unary((a) => within(toDate(datetimeOf(a))))],
  ['toTime', unary((a) => toTime(datetimeOf(a)))],
  ['toMilliseconds', unary((a) => durationOf(a).milliseconds)],
  ['toSeconds', unary((a) => inUnits(durationOf(a), SECOND))],
  ['toMinutes', unary((a) => inUnits(durationOf(a), MINUTE))],
  ['toHours', unary((a) => inUnits(durationOf(a), HOUR))],
  ['toDays', unary((a) => inUnits(durationOf(a), DAY))],
])

/** Functions that say yes or no. */
export const TESTS: ReadonlySet<string> = new Set([
  'lessThan',
  'lessThanOrEqual',
  'greaterThan',
  'greaterThanOrEqual',
  'isIpv4',
  'isIpv6',
  'isLoopback',
  'isMulticast',
  'isInRange',
])

function unary(call: (a: Value) => Value): ExtensionFunction {
  return { arity: 1, call }
}

function binary(call: (a: Value, b: Value) => Value): ExtensionFunction {
  return { arity: 2, call }
}

function constructing(name: string, parse: Constructor): (text: Value) => Value {
  return (text) => {
    if (typeof text !== 'string') throw wrongType('string', text)
    const made = parse(text)
    if (made === undefined) throw new EvaluationFailure(`not a text that \`${name}\` reads`)
    return made
  }
}

function within<T>(value: T | undefined): T {
  if (value === undefined) throw new EvaluationFailure('overflows 64 bits')
  return value
}

function ipOf(value: Value): Ip {
  if (value instanceof Ip) return value
  throw wrongType('ipaddr', value)
}

function decimalOf(value: Value): Decimal['scaled'] {
  if (value instanceof Decimal) return value.scaled
  throw wrongType('decimal', value)
}

function datetimeOf(value: Value): Datetime {
  if (value instanceof Datetime) return value
  throw wrongType('datetime', value)
}

function durationOf(value: Value): Duration {
  if (value instanceof Duration) return value
  throw wrongType('duration', value)
}

export function wrongType(expected: string, found: Value): EvaluationFailure {
  return new EvaluationFailure(`type error: expected ${expected}, got ${typeOf(found)}`)
}
