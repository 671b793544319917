import { argumentAt, type Call, type KindOf } from './arguments.ts'
import { admits, constraintOf } from './constraint.ts'
import type { Bound, Detail } from './detail.ts'
import { exactOf } from './exact.ts'
import { argumentText, detailInWords, pathName, several, shown } from './words.ts'

export type Coverage =
  | { readonly covered: true /** Index of the first detail that covers. */; readonly by: number }
  | {
      readonly covered: false
      /** Authority that is missing, and what the nearest details do cover. */
      readonly nearest: string
      readonly enough: string
    }

/**
 * Tells whether a list covers a call: one detail of type `remit_call` matches location, action and
 * every bound. What may be handed on (`remit_delegate`) may not therefore be done.
 */
export function covers(details: readonly Detail[], call: Call, kindOf: KindOf): Coverage {
  const by = details.findIndex(
    (detail) => matches(detail, call) && detail.bounds.every((bound) => holds(bound, call, kindOf)),
  )
  return by >= 0 ? { covered: true, by } : { covered: false, ...missing(details, call, kindOf) }
}

function matches({ type, locations, actions }: Detail, call: Call): boolean {
  return type === 'remit_call' && locations.includes(call.location) && actions.includes(call.action)
}

function unmet({ bounds }: Detail, call: Call, kindOf: KindOf): Bound[] {
  return bounds.filter((bound) => !holds(bound, call, kindOf))
}

/** A bound on a missing argument, on one the catalog has not typed, or with a value of another kind does not hold. */
function holds(bound: Bound, call: Call, kindOf: KindOf): boolean {
  const kind = kindOf(call.location, call.action, bound.path)
  const argument = argumentAt(call.arguments, bound.path)
  if (!kind || !argument) return false
  const constraint = constraintOf(kind, bound)
  const value = exactOf(kind, argument)
  return constraint !== undefined && value !== undefined && admits(constraint, value)
}

type Shortfall = { readonly nearest: string; readonly enough: string }

function missing(details: readonly Detail[], call: Call, kindOf: KindOf): Shortfall {
  const matching = details.filter((detail) => matches(detail, call))
  if (matching.length > 0) return outOfBounds(matching, call, kindOf)
  const calls = details.filter((detail) => detail.type === 'remit_call')
  const here = calls.filter((detail) => detail.locations.includes(call.location))
  const enough = `a task that covers ${shown(call.action)} at ${shown(call.location)}`
  if (here.length > 0) {
    const nearest = `task does not cover ${shown(call.action)}; here it covers ${alternatives(here)}`
    return { nearest, enough }
  }
  const elsewhere = [...new Set(calls.flatMap((detail) => detail.locations))].map(shown)
  const instead = elsewhere.length > 0 ? `; it covers actions at ${several(elsewhere, ', ')}` : ''
  return { nearest: `task covers nothing at ${shown(call.location)}${instead}`, enough }
}

/** The action is covered, though not with these arguments: names the ones that stand in the way of the nearest detail. */
function outOfBounds(matching: readonly Detail[], call: Call, kindOf: KindOf): Shortfall {
  const nearest = matching
    .map((detail) => ({ detail, failing: unmet(detail, call, kindOf) }))
    .reduce((best, next) => (next.failing.length < best.failing.length ? next : best))
  const paths = [...new Set(nearest.failing.map((bound) => bound.path))]
  const values = paths.map((path) => ({ path, value: argumentText(call.arguments, path) }))
  const wrong = values.map(({ path, value }) =>
    value === undefined ? `a call without ${pathName(path)}` : `${pathName(path)} ${shown(value)}`,
  )
  const covered = matching.map((detail) => ({ actions: [call.action], bounds: detail.bounds }))
  return {
    nearest: `task does not cover ${wrong.join(' and ')}; it covers ${alternatives(covered)}`,
    enough: enoughFor(call, values, nearest.failing),
  }
}

function enoughFor(
  call: Call,
  values: readonly { path: string; value: string | undefined }[],
  failing: readonly Bound[],
): string {
  const absent = values.some(({ value }) => value === undefined)
  if (absent) return `a call of ${detailInWords({ actions: [call.action], bounds: failing })}`
  const wanted = values.map(({ path, value }) => ({ path, op: 'eq' as const, value: value ?? '' }))
  return `a task that covers ${detailInWords({ actions: [call.action], bounds: wanted })}`
}

function alternatives(details: readonly Pick<Detail, 'actions' | 'bounds'>[]): string {
  return several([...new Set(details.map(detailInWords))], ', or ')
}
