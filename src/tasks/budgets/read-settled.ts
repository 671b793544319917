import { exact } from '@remit/engine'
import { type Action, kindAt } from '../../catalog/catalog/index.ts'
import { ExactNumber } from '../../platform/lib/json.ts'
import type { SettledKind } from './limit.ts'

/** JSON Pointer (RFC 6901). `*` is every item or member. */
const POINTER = /^(?:\/(?:[^~/\s]|~[01])+)*$/u
const MAX_POINTER = 256

/**
 * Finds where in the answers of an action the amounts are; of rows also the whole answer. Or says
 * why not.
 */
export function answerPath(
  kind: SettledKind,
  path: unknown,
  action: Action,
): { readonly path: string } | { readonly wrong: string } {
  const fits =
    typeof path === 'string' &&
    path.length <= MAX_POINTER &&
    POINTER.test(path) &&
    (kind === 'rows' || path !== '')
  if (!fits)
    return {
      wrong:
        kind === 'rows'
          ? 'must be a JSON Pointer to a list of the answer; empty where the answer is the list'
          : 'must be a JSON Pointer to a number of the answer',
    }
  if (action.definition?.kind === 'prompt')
    return { wrong: `points into answers of ${action.name}, which are words` }
  return { path }
}

/**
 * Reads the amount that is taken until the answer is known: an amount, text or number as `max` is written, or
 * a pointer to an argument.
 */
export function reserveOf(
  kind: SettledKind,
  reserve: unknown,
  action: Action,
): { readonly reserve: string } | { readonly wrong: string } {
  if (typeof reserve === 'string' && reserve.startsWith('/')) {
    const known = kindAt(action, reserve)
    const fits = known === 'integer' || (kind === 'charged' && known === 'decimal')
    const numbers = kind === 'rows' ? 'an integer' : 'an integer or decimal'
    return fits ? { reserve } : { wrong: `must point at ${numbers} argument of ${action.name}` }
  }
  if (kind === 'rows') {
    const read = typeof reserve === 'number' || reserve instanceof ExactNumber
    const text = reserve instanceof ExactNumber ? reserve.text : String(reserve)
    return read && /^(?:0|[1-9][0-9]{0,8})$/.test(text)
      ? { reserve: text }
      : { wrong: 'must be a whole number, or a pointer to the argument that says how many at most' }
  }
  const amount = typeof reserve === 'string' ? exact('decimal', reserve)?.key : undefined
  return typeof reserve === 'string' && typeof amount === 'bigint' && amount >= 0n
    ? { reserve }
    : {
        wrong: 'must be text like "50.00", or a pointer to the argument that says how much at most',
      }
}
