import type { TypedValue } from '../arguments.ts'
import { exact } from '../exact.ts'
import { ARGUMENT_LIMITS, type ScalarType } from './argument.ts'
import { type ArgumentMisfit, refuse } from './refusal.ts'

export type Numeric = Extract<ScalarType, { kind: 'integer' | 'decimal' }>
type Text = Extract<ScalarType, { kind: 'string' | 'path' }>

/** The text of a scalar: from a path or query, or the inside of a JSON value. */
export function typeText(type: ScalarType, text: string, at: string): TypedValue | ArgumentMisfit {
  switch (type.kind) {
    case 'string':
    case 'path':
      return typeString(type, text, at)
    case 'boolean':
      return text === 'true' || text === 'false'
        ? { kind: 'boolean', value: text === 'true' }
        : refuse('wrong_kind', at, 'has to be true or false')
    case 'integer':
    case 'decimal':
      return typeNumber(type, text, at)
    case 'datetime':
      return typeTime(type, text, at)
  }
}

/** RFC 3339: `date-time`, or `full-date` where the document says `format: date`. */
function typeTime(
  { date }: Extract<ScalarType, { kind: 'datetime' }>,
  text: string,
  at: string,
): TypedValue | ArgumentMisfit {
  if (exact('datetime', text) && (!date || /^[0-9-]{10}$/.test(text)))
    return { kind: 'datetime', text }
  const example = date ? 'day such as `2026-01-02`' : 'date and time such as `2026-01-02T03:04:05Z`'
  return refuse('wrong_kind', at, `has to be a ${example} (RFC 3339)`)
}

function typeString(type: Text, text: string, at: string): TypedValue | ArgumentMisfit {
  const most = type.maxLength ?? ARGUMENT_LIMITS.string
  const length = codePoints(text, most)
  if (length > most) return refuse('too_long', at, `is longer than ${most} characters`)
  if (length < (type.minLength ?? 0)) {
    return refuse('out_of_range', at, `is shorter than ${type.minLength} characters`)
  }
  if (exact(type.kind, text) === undefined) {
    return refuse(
      'wrong_kind',
      at,
      type.kind === 'path' ? 'has to be a plain path' : 'is not well-formed text',
    )
  }
  if (type.enum && !type.enum.includes(text)) {
    return refuse('not_allowed', at, 'is not one of the values that the API knows')
  }
  if (type.pattern !== undefined && !compiled(type.pattern).test(text)) {
    return refuse('not_allowed', at, 'does not have the form that the API asks for')
  }
  return { kind: 'string', value: text }
}

/** Counts no further than it matters: a character is at most two code units. */
function codePoints(text: string, most: number): number {
  if (text.length > 2 * most) return text.length
  let count = 0
  for (const _ of text) count++
  return count
}

/** Patterns come from the catalog, not from calls: there are only so many. */
const COMPILED = new Map<string, RegExp>()
const MAX_COMPILED = 10_000

function compiled(pattern: string): RegExp {
  const known = COMPILED.get(pattern)
  if (known) return known
  if (COMPILED.size >= MAX_COMPILED) COMPILED.clear()
  const made = new RegExp(pattern, 'u')
  COMPILED.set(pattern, made)
  return made
}

function typeNumber(type: Numeric, text: string, at: string): TypedValue | ArgumentMisfit {
  const { kind } = type
  const key = keyOf(kind, text)
  if (key === undefined) {
    return refuse(
      'wrong_kind',
      at,
      kind === 'integer'
        ? 'has to be a whole number of 64 bits, without point or exponent'
        : 'has to be a number with at most 4 digits after the point, within ±922337203685477.5807, without exponent',
    )
  }
  const fits =
    (type.minimum === undefined || key >= limit(kind, type.minimum)) &&
    (type.maximum === undefined || key <= limit(kind, type.maximum)) &&
    (type.exclusiveMinimum === undefined || key > limit(kind, type.exclusiveMinimum)) &&
    (type.exclusiveMaximum === undefined || key < limit(kind, type.exclusiveMaximum))
  if (!fits) return refuse('out_of_range', at, 'is outside the limits that the API gives')
  const step = type.multipleOf === undefined ? 0n : limit(kind, type.multipleOf)
  if (step !== 0n && key % step !== 0n)
    return refuse('out_of_range', at, `is not a multiple of ${type.multipleOf}`)
  if (type.enum && !type.enum.some((each) => limit(kind, each) === key)) {
    return refuse('not_allowed', at, 'is not one of the values that the API knows')
  }
  return { kind, text }
}

function keyOf(kind: Numeric['kind'], text: string): bigint | undefined {
  const key = exact(kind, text)?.key
  return typeof key === 'bigint' ? key : undefined
}

/** Limits were checked when the document was imported. */
function limit(kind: Numeric['kind'], text: string): bigint {
  return keyOf(kind, text) ?? 0n
}
