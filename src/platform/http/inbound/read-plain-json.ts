import { nextTurn } from '../../lib/in-steps.ts'
import { MAX_AT_ONCE, parseJson, parseJsonInSteps } from '../../lib/json.ts'
import { Problem } from '../../lib/problem.ts'

/**
 * Reads a body as plain values.
 * @throws Problem as `parseJson`; `input.malformed` for a number that JavaScript has no room for
 */
export function readPlainJson(bytes: Buffer, most: number): unknown {
  // Strict first: JSON.parse would take the last of two equal names and any depth.
  parseJson(bytes, { bytes: most })
  return plainValue(bytes)
}

/** Reads a body as `readPlainJson` does, a long one over several turns. Code that goes on with a long one has a turn of its own. */
export async function readPlainJsonInSteps(bytes: Buffer, most: number): Promise<unknown> {
  if (bytes.length <= MAX_AT_ONCE) return readPlainJson(bytes, most)
  await parseJsonInSteps(bytes, { bytes: most })
  await nextTurn()
  const value = plainValue(bytes)
  await nextTurn()
  return value
}

function plainValue(bytes: Buffer): unknown {
  const text = bytes.toString('utf8')
  return MAYBE_INFINITE.test(text) ? JSON.parse(text, refuseInfinite) : JSON.parse(text)
}

/** Looks like a number that is too large for a JavaScript one; or a text that looks so. */
const MAYBE_INFINITE = /[eE]\+?\d{3}|\d{309}/

function refuseInfinite(_name: string, value: unknown): unknown {
  if (value !== Number.POSITIVE_INFINITY && value !== Number.NEGATIVE_INFINITY) return value
  throw new Problem('input.malformed', 'a number is too large')
}
