import { type Bound, type Detail, intersect, type KindOf } from '@remit/engine'
import type { UsedAction, UsedArgument } from './used.ts'

/** Fewer calls do not show that an argument is always the same. */
export const MIN_CALLS = 5

export interface SuggestedBound {
  readonly bound: Bound & { readonly op: 'eq' | 'lte'; readonly value: string }
  /** `always`: the same value in every call. `most`: the largest that was seen, and some room above it. */
  readonly why: 'always' | 'most'
  /** The value that was seen. */
  readonly seen: string
  /** Number of calls. */
  readonly calls: number
}

export interface SuggestedAction extends Pick<UsedAction, 'location' | 'action' | 'calls'> {
  readonly bounds: readonly SuggestedBound[]
}

export interface Suggestion {
  readonly actions: readonly SuggestedAction[]
  /** Details as a ceiling, within the one of now. */
  readonly details: readonly Detail[]
}

/**
 * Finds the least authority that covers the actual use. An argument is bounded only where every call had it, and there were enough of them.
 * INVARIANT: whatever was counted is covered, as far as `within` covers it; no action that was not used is.
 */
export function suggestDetails(
  used: readonly UsedAction[],
  within: readonly Detail[],
  kindOf: KindOf,
): Suggestion {
  const actions = used.map((each) => ({
    location: each.location,
    action: each.action,
    calls: each.calls,
    bounds:
      each.calls < MIN_CALLS ? [] : each.arguments.flatMap((one) => boundOf(each, one, kindOf)),
  }))
  return { actions, details: intersect(together(actions), within, kindOf) }
}

function boundOf(
  { action, calls, location }: UsedAction,
  { most, path, seen, values }: UsedArgument,
  kindOf: KindOf,
): readonly SuggestedBound[] {
  const kind = kindOf(location, action, path)
  if (!kind || seen < calls) return []
  const [only, ...others] = values?.keys() ?? []
  if (only !== undefined && others.length === 0) {
    return [{ bound: { path, op: 'eq', value: only }, why: 'always', seen: only, calls }]
  }
  if (most === undefined || (kind !== 'integer' && kind !== 'decimal')) return []
  const value = withRoom(most, kind)
  return value === undefined
    ? []
    : [{ bound: { path, op: 'lte', value }, why: 'most', seen: most, calls }]
}

const DIGITS = 15

/** A quarter more, rounded up to two digits: 40.00 → 50, 1,234 → 1,600. `undefined` where that is no number. */
export function withRoom(most: string, kind: 'integer' | 'decimal'): string | undefined {
  const value = Number(most)
  if (!(value > 0) || most.replace(/\D/g, '').length > DIGITS) return undefined
  const wanted = value * 1.25
  const unit = 10 ** (Math.floor(Math.log10(wanted)) - 1)
  const step = kind === 'integer' ? Math.max(1, unit) : Math.max(0.0001, unit)
  const rounded = Math.ceil(wanted / step) * step
  const text = kind === 'integer' ? String(Math.ceil(rounded)) : rounded.toFixed(step < 1 ? 4 : 2)
  return Number(text) >= value && /^\d{1,15}(\.\d{1,4})?$/.test(text) ? text : undefined
}

/** Actions at one place with the same bounds in one detail. */
function together(actions: readonly SuggestedAction[]): readonly Detail[] {
  const alike = Map.groupBy(actions, ({ bounds, location }) =>
    JSON.stringify([location, bounds.map(({ bound }) => bound)]),
  )
  return Array.from(alike.values(), (same) => ({
    type: 'remit_call' as const,
    locations: [...new Set(same.map(({ location }) => location))],
    actions: same.map(({ action }) => action),
    bounds: same[0]?.bounds.map(({ bound }) => bound) ?? [],
  }))
}
