import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import type { Requestable } from '@remit/engine'
import { actionsInScope } from '../portions.ts'
import { canBeAskedAbout, ISSUE, isIssuance } from './actions.ts'

/**
 * Finds the mistake in a rule about issuing tokens that cannot mean what it says; `undefined`:
 * there is none.
 * INVARIANT: no author believes that such a rule has an effect, or waits for people, when it does
 * not.
 */
export function issuanceMistake(shape: PolicyJson): string | undefined {
  const names = actionsInScope(shape.action)
  const about = names.filter(isIssuance)
  const { annotations = {}, effect } = shape
  if (effect === 'forbid') {
    if (!('requestable' in annotations)) return undefined
    if (about.length === 0 && !asksForIssuance(shape)) return undefined
    if (names.length === 0 || about.length < names.length)
      return '`@requestable` belongs to rules about calls, or to rules that name issuances and nothing else'
    if (!names.some(canBeAskedAbout))
      return `people are asked about no ${names.map((name) => `\`${name}\``).join(', ')} by itself: it comes with the access token`
    return readsRisk(shape)
      ? '`context.risk` is about calls: of a token nothing is unusual'
      : undefined
  }
  if (about.length === 0 || about.length < names.length) return undefined
  return 'no issuance needs a permit: forbid those that are not to be'
}

/** Says of a requestable forbid whether it is about issuing: that is what its scope names. */
export function markedByWhat(requestable: Requestable, action: object): Requestable {
  const names = actionsInScope(action as PolicyJson['action']) // as: Cedar's own JSON form, by whichever type
  return names.length > 0 && names.every(isIssuance)
    ? { ...requestable, issuance: true }
    : requestable
}

/**
 * Tells whether a rule reads the risk, by `context.risk` or `context has risk`; a text that only
 * looks like it counts, too.
 */
function readsRisk({ conditions }: PolicyJson): boolean {
  return JSON.stringify(conditions).includes('"risk"')
}

/** A text that only looks like it counts, too. */
function asksForIssuance({ conditions }: PolicyJson): boolean {
  const text = JSON.stringify(conditions)
  return text.includes(`"${ISSUE}"`) || text.includes(`"${ISSUE}:`)
}
