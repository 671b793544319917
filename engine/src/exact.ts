/**
 * Values compared exactly. Numbers and instants become big integers on a fixed scale, so that no comparison ever
 * rounds; what the scale cannot hold is not a value of that kind. The scales are Cedar's, so that a bound and a policy
 * always agree on what a value is.
 */
import type { ArgumentKind, TypedValue } from './arguments.ts'

/** One value of one kind. Equal values have equal keys; keys of ordered kinds are big integers that compare. */
export interface ExactValue {
  /** Text as it was written. */
  readonly text: string
  readonly key: string | bigint
}

/**
 * Reads a value of a kind, or gives `undefined` when the text is not one:
 * - `integer`: int64, plain digits;
 * - `decimal`: at most 4 fractional digits, within ±922337203685477.5807, plain digits;
 * - `datetime`: RFC 3339 with at most 3 fractional digits of a second, or a full date (its midnight in UTC);
 * - `boolean`: `true` or `false`;
 * - `path`: a string without dot segments, in any encoding.
 */
export function exact(kind: ArgumentKind, text: string): ExactValue | undefined {
  const key = KEYS[kind](text)
  return key === undefined ? undefined : { text, key }
}

/** Exact value of a typed argument; `undefined` too when the argument is of another kind. */
export function exactOf(kind: ArgumentKind, value: TypedValue): ExactValue | undefined {
  switch (value.kind) {
    case 'string':
      return kind === 'string' || kind === 'path' ? exact(kind, value.value) : undefined
    case 'boolean':
      return kind === 'boolean' ? exact(kind, String(value.value)) : undefined
    case 'integer':
    case 'decimal':
    case 'datetime':
      return kind === value.kind ? exact(kind, value.text) : undefined
    default:
      return undefined
  }
}

const MAX_INT64 = 2n ** 63n - 1n
const DECIMAL_DIGITS = 4
const FIRST_MILLISECOND = BigInt(Date.parse('0000-01-01T00:00:00.000Z'))
const LAST_MILLISECOND = BigInt(Date.parse('9999-12-31T23:59:59.999Z'))

const KEYS: Readonly<Record<ArgumentKind, (text: string) => string | bigint | undefined>> = {
  string: wellFormed,
  path: plainPath,
  boolean: (text) => (text === 'true' || text === 'false' ? text : undefined),
  integer,
  decimal,
  datetime,
}

function wellFormed(text: string): string | undefined {
  return text.isWellFormed() ? text : undefined
}

function int64(value: bigint): bigint | undefined {
  return value <= MAX_INT64 && value >= -MAX_INT64 - 1n ? value : undefined
}

/** The length is bounded before `BigInt` sees the digits: its conversion is not linear. */
function integer(text: string): bigint | undefined {
  return /^-?(?:0|[1-9][0-9]{0,18})$/.test(text) ? int64(BigInt(text)) : undefined
}

/** Reads a decimal, in ten-thousandths. */
function decimal(text: string): bigint | undefined {
  const match = /^(-?(?:0|[1-9][0-9]{0,14}))(?:\.([0-9]{1,4}))?$/.exec(text)
  if (!match) return undefined
  const [, whole = '', fraction = ''] = match
  return int64(BigInt(whole + fraction.padEnd(DECIMAL_DIGITS, '0')))
}

const DATETIME =
  /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)(\.\d{1,3})?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d)))?$/

/** Milliseconds since 1970. Days that do not exist and leap seconds are no instants here, as in Cedar. */
function datetime(text: string): bigint | undefined {
  const match = DATETIME.exec(text)
  if (!match) return undefined
  const [, date = '', time = '00:00:00', fraction = '', sign = '+', hours = '0', minutes = '0'] =
    match
  const local = `${date}T${time}${(fraction || '.').padEnd(4, '0')}Z`
  const milliseconds = Date.parse(local)
  // The 30th of February parses as a day in March, and 24:00 as the next day: both come back as another text.
  if (Number.isNaN(milliseconds) || new Date(milliseconds).toISOString() !== local) return undefined
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000
  const instant = BigInt(sign === '+' ? milliseconds - offset : milliseconds + offset)
  return instant >= FIRST_MILLISECOND && instant <= LAST_MILLISECOND ? instant : undefined
}

/** `.` in any number of percent-encodings, and what some servers take for a separator or cut off. */
const ENCODED_DOT = /%(?:25)*2e/gi
const AMBIGUOUS = /[\\\p{Cc}]|%(?:25)*(?:2f|5c|c[01]|[01][0-9a-f]|7f)/iu
const DOT_SEGMENT = /^\.{1,2}(?:(?:;|%(?:25)*3b).*)?$/i

/**
 * INVARIANT: a path that starts with `/public/` stays there for every resolver. So a path with dot segments is not a
 * value at all, and no bound on it holds.
 */
function plainPath(text: string): string | undefined {
  const plain = text.replace(ENCODED_DOT, '.')
  if (AMBIGUOUS.test(plain)) return undefined
  if (plain.split('/').some((segment) => DOT_SEGMENT.test(segment))) return undefined
  return wellFormed(text)
}
