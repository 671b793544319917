import { exact } from '@remit/engine'
import { typeScalar } from '../../../catalog/argument-types/index.ts'
import type { Comparison } from './comparisons.ts'
import type { Limits } from './limits.ts'

/**
 * Result of a comparison, whatever is asked for: `never` when no value that can come makes it hold,
 * `always` when each does. `differs`: it is `!=`, and each does, because what it names cannot come.
 */
export type ComparisonResult = 'never' | 'always' | 'differs' | 'open'

/**
 * Judges a comparison with values within limits. Where the two are of different kinds, Cedar's own
 * validator reports it.
 */
export function judge({ literal, operator }: Comparison, limits: Limits): ComparisonResult {
  if (operator === 'like') return judgeLike(literal.text, limits)
  if (literal.kind !== (limits.kind === 'path' ? 'string' : limits.kind)) return 'open'
  if (operator === '==' || operator === '!=') {
    const fits = !('ok' in typeScalar(limits, literal.text, ''))
    if (fits) return 'open'
    return operator === '==' ? 'never' : 'differs'
  }
  return limits.kind === 'integer' || limits.kind === 'decimal'
    ? judgeOrder(operator, literal.text, limits)
    : 'open'
}

type Numeric = Extract<Limits, { kind: 'integer' | 'decimal' }>

const HOLDS = {
  '<': (a: bigint, b: bigint) => a < b,
  '<=': (a: bigint, b: bigint) => a <= b,
  '>': (a: bigint, b: bigint) => a > b,
  '>=': (a: bigint, b: bigint) => a >= b,
} as const

/** The ends of a range decide: what holds for both holds for all between them. */
function judgeOrder(operator: keyof typeof HOLDS, text: string, limits: Numeric): ComparisonResult {
  const key = numericKey(limits, text)
  if (key === undefined) return 'open'
  const holds = valuesOf(limits).map((value) => HOLDS[operator](value, key))
  if (!holds.includes(true)) return 'never'
  return holds.includes(false) ? 'open' : 'always'
}

const LARGEST = 2n ** 63n - 1n

function valuesOf(limits: Numeric): readonly bigint[] {
  const keys = (limits.enum ?? []).flatMap((value) => numericKey(limits, value) ?? [])
  if (limits.enum) return keys
  const { exclusiveMaximum, exclusiveMinimum, maximum, minimum } = limits
  return [
    latest([-LARGEST - 1n, limit(limits, minimum, 0n), limit(limits, exclusiveMinimum, 1n)]),
    -latest([
      -LARGEST,
      minus(limit(limits, maximum, 0n)),
      minus(limit(limits, exclusiveMaximum, -1n)),
    ]),
  ]
}

function latest(values: readonly (bigint | undefined)[]): bigint {
  let most = -LARGEST - 1n
  for (const value of values) if (value !== undefined && value > most) most = value
  return most
}

function minus(value: bigint | undefined): bigint | undefined {
  return value === undefined ? undefined : -value
}

/** Answers a limit in the steps that the kind has; `by` steps further. */
function limit(limits: Numeric, text: string | undefined, by: bigint): bigint | undefined {
  const key = text === undefined ? undefined : numericKey(limits, text)
  return key === undefined ? undefined : key + by
}

function numericKey({ kind }: Numeric, text: string): bigint | undefined {
  const key = exact(kind, text)?.key
  return typeof key === 'bigint' ? key : undefined
}

/** Judges a pattern. Only a list of values is certain enough: each is tried. */
function judgeLike(pattern: string, limits: Limits): ComparisonResult {
  if ((limits.kind !== 'string' && limits.kind !== 'path') || !limits.enum) return 'open'
  const parts = pattern.split(/(?<!\\)\*/).map((part) => part.replaceAll('\\*', '*'))
  return limits.enum.some((value) => isLike(value, parts)) ? 'open' : 'never'
}

/** Parts in order, the first at the beginning and the last at the end. */
function isLike(value: string, parts: readonly string[]): boolean {
  const [first = '', ...rest] = parts
  const last = rest.pop()
  if (last === undefined) return value === first
  if (!value.startsWith(first) || !value.endsWith(last)) return false
  let at = first.length
  for (const part of rest) {
    const found = value.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= value.length - last.length
}
