import type { KindOf } from './arguments.ts'
import { constraintOf } from './constraint.ts'
import type { Detail } from './detail.ts'
import { boundInWords, pathName, shown } from './words.ts'

/**
 * The first bound that cannot hold for one of its (location, action) pairs as the catalog stands, in words; `undefined`
 * when all fit. Such a bound is safe (it grants nothing there), yet its author did not mean that: tell them.
 */
export function misfit(details: readonly Detail[], kindOf: KindOf): string | undefined {
  for (const { locations, actions, bounds } of details) {
    for (const bound of bounds) {
      for (const location of locations) {
        for (const action of actions) {
          const kind = kindOf(location, action, bound.path)
          if (!kind) return `${shown(action)} has no typed argument ${pathName(bound.path)}`
          if (!constraintOf(kind, bound))
            return `${boundInWords(bound)} does not fit ${shown(action)}, where ${pathName(bound.path)} is a ${kind}`
        }
      }
    }
  }
  return undefined
}
