import { parseJson } from '../../lib/json.ts'
import { Problem } from '../../lib/problem.ts'

/**
 * Reads a body as plain values.
 * @throws Problem as `parseJson`; `input.malformed` for a number that JavaScript has no room for
 */
export function readPlainJson(bytes: Buffer, most: number): unknown {
  // Strict first: JSON.parse would take the last of two equal names and any depth.
  parseJson(bytes, { bytes: most })
  const text = bytes.toString('utf8')
  return MAYBE_INFINITE.test(text) ? JSON.parse(text, refuseInfinite) : JSON.parse(text)
}

/** Looks like a number that is too large for a JavaScript one; or a text that looks so. */
const MAYBE_INFINITE = /[eE]\+?\d{3}|\d{309}/

function refuseInfinite(_name: string, value: unknown): unknown {
  if (value !== Number.POSITIVE_INFINITY && value !== Number.NEGATIVE_INFINITY) return value
  throw new Problem('input.malformed', 'a number is too large')
}
