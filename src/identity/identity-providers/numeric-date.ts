import { Problem } from '../../platform/lib/problem.ts'

/** 9999-12-31T23:59:59Z: later dates are mistakes, and every store can keep this one. */
const MAX_SECONDS = 253_402_300_799

/**
 * A NumericDate of a foreign provider (RFC 7519 section 2) as epoch milliseconds. It may have a fraction; that is cut off to whole seconds.
 * `undefined`: it is no date.
 */
export function millisOf(value: unknown): number | undefined {
  if (typeof value !== 'number' || !(value >= 0 && value <= MAX_SECONDS)) return undefined
  return Math.floor(value) * 1000
}

/** @throws Problem `person.bad_claims`, when the claim `name` is no date */
export function requireMillis(value: unknown, name: string): number {
  const millis = millisOf(value)
  if (millis === undefined)
    throw new Problem(
      'person.bad_claims',
      value === undefined
        ? `\`${name}\` is missing`
        : `\`${name}\` must be a date in seconds since 1970`,
    )
  return millis
}
