import type { KindOf } from '@remit/engine'
import { MIN_CALLS, withRoom } from './suggest-details.ts'
import type { UsedAction, UsedArgument } from './used.ts'

/** Limit that a rule could put on one argument. */
export interface SuggestedLimit {
  /** JSON Pointer. */
  readonly path: string
  readonly op: 'in' | 'most'
  readonly values: readonly string[]
  /** `always`: the same in every call. `few`: one of these, each several times. `most`: the largest that was seen, and room above it. */
  readonly why: 'always' | 'few' | 'most'
  readonly seen: number
}

/** More values say that there will be others. */
const MAX_VALUES = 4

/**
 * Suggests limits for one action. None where fewer than five calls were made, and none for an
 * argument that one of the calls did not have.
 */
export function limitsOf(used: UsedAction, kindOf: KindOf): readonly SuggestedLimit[] {
  if (used.calls < MIN_CALLS) return []
  return used.arguments.flatMap((each) => suggestedLimit(used, each, kindOf))
}

function suggestedLimit(
  { action, calls, location }: UsedAction,
  { most, path, seen, values }: UsedArgument,
  kindOf: KindOf,
): readonly SuggestedLimit[] {
  const kind = kindOf(location, action, path)
  if (!kind || seen < calls) return []
  const known = [...(values?.entries() ?? [])]
  const isFew =
    known.length > 0 && known.length <= MAX_VALUES && known.every(([, count]) => count >= MIN_CALLS)
  const words = known.map(([value]) => value)
  if (known.length === 1 || (isFew && kind === 'string'))
    return [{ path, op: 'in', values: words, why: known.length === 1 ? 'always' : 'few', seen }]
  if (most === undefined || (kind !== 'integer' && kind !== 'decimal')) return []
  const value = withRoom(most, kind)
  return value === undefined ? [] : [{ path, op: 'most', values: [value], why: 'most', seen }]
}
