/** Expressions in Cedar's JSON form, put together. */
import { type JsonObject, object } from './json.ts'

export type Expr = JsonObject

export function binary(operator: string, left: Expr, right: Expr): Expr {
  return { [operator]: { left, right } }
}

/**
 * Builds the form from entries: an object with a member `then` that is written down is taken for a
 * promise.
 */
export function ifThenElse(condition: Expr, yes: Expr, no: Expr): Expr {
  const parts = [
    ['if', condition],
    ['then', yes],
    ['else', no],
  ] as const
  return { 'if-then-else': object(parts) }
}

/** `left && right` of several. */
export function conjunction(parts: readonly Expr[]): Expr {
  const [first = { Value: true }, ...more] = parts
  return more.reduce((left, right) => binary('&&', left, right), first)
}
