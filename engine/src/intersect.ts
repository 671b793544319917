import type { KindOf } from './arguments.ts'
import { DETAIL_LIMITS, type Detail } from './detail.ts'
import { groupBy } from './group-by.ts'
import { detailsOf, isInside, meetRegions, type Region, regionsOf } from './region.ts'

/**
 * `a ∩ b`, pairwise: what both lists cover, as details of a's type. Bounds are merged and normalised, contradictory
 * pairs dropped, and what another detail already says is not repeated. At most 256 details (and as many alternatives
 * for one location): authority beyond that is left out, so the result never covers more than both lists do.
 */
export function intersect(a: readonly Detail[], b: readonly Detail[], kindOf: KindOf): Detail[] {
  const others = groupBy(
    b.flatMap((detail) => regionsOf(detail, kindOf)),
    (region) => region.location,
  )
  const kept = new Map<string, Region[]>()
  for (const region of a.flatMap((detail) => regionsOf(detail, kindOf))) {
    for (const other of others.get(region.location) ?? []) {
      const both = meetRegions(region, other)
      if (both) keep(kept, both)
    }
  }
  return detailsOf([...kept.values()].flat())
}

/** Adds a region unless it is covered already, in place of those that it makes superfluous. */
function keep(kept: Map<string, Region[]>, region: Region): void {
  const present = kept.get(region.location) ?? []
  if (present.some((other) => other.type === region.type && isInside(region, other))) return
  const left = present.filter((other) => other.type !== region.type || !isInside(other, region))
  if (left.length < DETAIL_LIMITS.detailsOut) left.push(region)
  kept.set(region.location, left)
}
