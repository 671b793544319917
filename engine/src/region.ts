/**
 * A detail, taken apart for computing: one location, the actions there that read the bounded arguments alike, and one
 * constraint per argument. The same path may be a decimal in one action and a string in another; inside a region it has
 * one kind, so regions of the same (location, action) can always be compared.
 */

import type { ArgumentKind, KindOf } from './arguments.ts'
import { boundsOf, type Constraint, constraintOf, implies, meet } from './constraint.ts'
import { type Bound, DETAIL_LIMITS, type Detail, type DetailType } from './detail.ts'
import { groupBy } from './group-by.ts'

export interface Region {
  readonly type: DetailType
  readonly location: string
  readonly actions: ReadonlySet<string>
  /** Constraints by JSON Pointer. */
  readonly constraints: ReadonlyMap<string, Constraint>
}

type Constraints = ReadonlyMap<string, Constraint>

/** The regions of a detail. (location, action) pairs in which its bounds can never hold are not in any. */
export function regionsOf(detail: Detail, kindOf: KindOf): Region[] {
  const { type, bounds } = detail
  const actions = unique(detail.actions)
  const paths = unique(bounds.map((bound) => bound.path))
  return unique(detail.locations).flatMap((location) => {
    const kindsOf = (action: string) => paths.map((path) => kindOf(location, action, path))
    const alike = groupBy(actions, (action) => kindsOf(action).join())
    return [...alike.values()].flatMap((group) => {
      const kinds = new Map(kindsOf(group[0] ?? '').map((kind, i) => [paths[i] ?? '', kind]))
      const constraints = constraintsOf(bounds, kinds)
      return constraints ? [{ type, location, actions: new Set(group), constraints }] : []
    })
  })
}

function constraintsOf(
  bounds: readonly Bound[],
  kinds: ReadonlyMap<string, ArgumentKind | undefined>,
): Constraints | undefined {
  const constraints = new Map<string, Constraint>()
  for (const bound of bounds) {
    const kind = kinds.get(bound.path)
    const constraint = kind && constraintOf(kind, bound)
    if (!constraint || !narrow(constraints, bound.path, constraint)) return undefined
  }
  return constraints
}

/** Adds one constraint to those on a path; `false` when nothing is left. */
function narrow(to: Map<string, Constraint>, path: string, constraint: Constraint): boolean {
  const present = to.get(path)
  const both = present ? meet(present, constraint) : constraint
  if (!both) return false
  to.set(path, both)
  return true
}

/** Region that both admit, as the first one's type; `undefined` when there is none. */
export function meetRegions(a: Region, b: Region): Region | undefined {
  if (a.location !== b.location) return undefined
  const actions = new Set<string>()
  for (const action of a.actions) if (b.actions.has(action)) actions.add(action)
  if (actions.size === 0) return undefined
  const constraints = new Map(a.constraints)
  for (const [path, constraint] of b.constraints) {
    if (!narrow(constraints, path, constraint)) return undefined
  }
  return { type: a.type, location: a.location, actions, constraints }
}

/**
 * Tells whether every call in `a` is in `b`: location and actions are there, and a's bounds imply
 * each of b's.
 */
export function isInside(a: Region, b: Region): boolean {
  if (a.location !== b.location || a.actions.size > b.actions.size) return false
  for (const [path, outer] of b.constraints) {
    const inner = a.constraints.get(path)
    if (!inner || !implies(inner, outer)) return false
  }
  for (const action of a.actions) if (!b.actions.has(action)) return false
  return true
}

/** Regions as details again: normalised bounds, and locations that say the same side by side. */
export function detailsOf(regions: readonly Region[]): Detail[] {
  const details: Detail[] = []
  const open = new Map<string, string[]>()
  for (const { type, location, constraints, ...region } of regions) {
    const actions = [...region.actions]
    const bounds = Array.from(constraints, ([path, constraint]) =>
      boundsOf(path, constraint),
    ).flat()
    // More bounds than a detail may have: left out whole, because leaving out a bound would widen.
    if (bounds.length > DETAIL_LIMITS.bounds) continue
    const key = JSON.stringify([type, actions, bounds])
    const alike = open.get(key)
    if (alike && alike.length < DETAIL_LIMITS.locations) {
      alike.push(location)
      continue
    }
    const locations = [location]
    open.set(key, locations)
    details.push({ type, locations, actions, bounds })
  }
  return details.slice(0, DETAIL_LIMITS.detailsOut)
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}
