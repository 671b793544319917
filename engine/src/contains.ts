import type { KindOf } from './arguments.ts'
import { callsIn, type Detail, delegatesIn } from './detail.ts'
import { groupBy } from './group-by.ts'
import { isInside, regionsOf } from './region.ts'

/**
 * `child ⊆ parent`: each (location, action) of the child lies inside one parent detail whose bounds the child's bounds
 * imply. Types are not compared: a child's calls must fit in its parent's may-delegate list (contract 2).
 *
 * Answers `false` rather than guess: for a child detail whose bounds can never hold as the catalog stands, and for one
 * that only several parent details cover together.
 */
export function contains(
  parent: readonly Detail[],
  child: readonly Detail[],
  kindOf: KindOf,
): boolean {
  const outer = groupBy(
    parent.flatMap((detail) => regionsOf(detail, kindOf)),
    (region) => region.location,
  )
  return child.every((detail) => {
    const regions = regionsOf(detail, kindOf)
    const pairs = regions.reduce((sum, region) => sum + region.actions.size, 0)
    if (pairs < new Set(detail.locations).size * new Set(detail.actions).size) return false
    return regions.every((region) =>
      [...region.actions].every((action) => {
        const single = { ...region, actions: new Set([action]) }
        return outer.get(region.location)?.some((other) => isInside(single, other)) ?? false
      }),
    )
  })
}

/**
 * Compares lists that hold what may be done and what may be handed on: each of the child's details
 * lies inside the parent's of the same type. A detail to hand on is no reason to do it, and the
 * other way round (contract 12.8).
 */
export function containsByType(
  parent: readonly Detail[],
  child: readonly Detail[],
  kindOf: KindOf,
): boolean {
  return (
    contains(callsIn(parent), callsIn(child), kindOf) &&
    contains(delegatesIn(parent), delegatesIn(child), kindOf)
  )
}
