import { type GateResult, unmetStepUp } from '@remit/engine'
import { countedRisk, type Resource } from '../../catalog/catalog/index.ts'
import { stepUpInWords } from '../../identity/sessions/index.ts'
import {
  authenticationOf,
  callable,
  contextsOf,
  type FactParts,
  factsAround,
  type Setting,
} from '../../tasks/facts/index.ts'
import type { TaskLineage } from '../../tasks/tasks/index.ts'
import { stepUpOf } from './advise-step-up.ts'
import { type GrantRefusal, refused } from './refusal.ts'

/**
 * Asks for a stronger or fresher sign-in (RFC 9470) where nothing that a token would be for is
 * permitted without one, instead of a token that opens nothing. What some arguments of one action
 * are permitted without is left to the call.
 */
export async function stepUpAt(
  parts: Pick<FactParts, 'catalog' | 'clock' | 'policies'>,
  given: {
    readonly held: TaskLineage
    readonly setting: Setting
    readonly resource: Resource
    readonly details: Setting['details']
    readonly origin: { readonly ip: string }
  },
): Promise<GrantRefusal | undefined> {
  const { details, held, origin, resource, setting } = given
  const policies = await parts.policies.active()
  const { actions, resources } = await parts.catalog.current()
  const at = parts.clock.now()
  const facts = {
    ...factsAround(setting, held.task),
    authentication: authenticationOf(held.task, at),
  }
  const unmet = unmetStepUp(facts, policies, 'surely')
  const contexts = contextsOf({ at, origin }, held, setting)
  const named = new Set(details.flatMap((detail) => detail.actions))
  let first: GateResult['stepUp']
  for (const name of named) {
    const action = actions.get(name)
    const called = (action && resources.get(action.resource)) ?? resource
    const needed =
      action && unmet(callable({ action, resource: called }, contexts[countedRisk(action)]))
    if (!needed) return undefined
    first ??= needed
  }
  if (!first) return undefined
  const words = `the person has to sign in again${stepUpInWords(stepUpOf(first))}`
  return { ...refused('step_up.required', words), stepUp: first }
}
