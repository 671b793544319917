import type { ArgumentKind } from './arguments.ts'
import { admits, constraintOf } from './constraint.ts'
import type { Bound } from './detail.ts'
import { exact } from './exact.ts'

/**
 * Tells whether a value of a kind, as text, is inside a bound; the same algebra as `covers`. False
 * too when the bound or the text is nothing of that kind.
 */
export function fits(
  kind: ArgumentKind,
  bound: Pick<Bound, 'op' | 'value'>,
  text: string,
): boolean {
  const constraint = constraintOf(kind, { path: '', ...bound })
  const value = exact(kind, text)
  return constraint !== undefined && value !== undefined && admits(constraint, value)
}
