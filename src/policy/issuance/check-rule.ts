import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import { namesOf } from '../portions.ts'
import { ISSUE, isIssuance } from './actions.ts'

/**
 * What a rule about issuing tokens cannot mean; `undefined`: nothing is wrong.
 * INVARIANT: nobody believes that such a rule does something, or waits for people, when it does not.
 */
export function issuanceMistake(shape: PolicyJson): string | undefined {
  const names = namesOf(shape.action)
  const about = names.filter(isIssuance)
  const { annotations = {}, effect } = shape
  if (effect === 'forbid') {
    if (!('requestable' in annotations)) return undefined
    if (about.length === 0 && !asksForIssuance(shape)) return undefined
    return '`@requestable` belongs to rules about calls: an issuance does not wait for people'
  }
  if (about.length === 0 || about.length < names.length) return undefined
  return 'no issuance needs a permit: forbid those that are not to be'
}

/** A text that only looks like it counts, too. */
function asksForIssuance({ conditions }: PolicyJson): boolean {
  const text = JSON.stringify(conditions)
  return text.includes(`"${ISSUE}"`) || text.includes(`"${ISSUE}:`)
}
