import { type Detail, type StepUp, unmetStepUp } from '@remit/engine'
import { countedRisk, type Resource } from '../../catalog/catalog/index.ts'
import type { Agent } from '../../identity/agents/index.ts'
import type { Person } from '../../identity/people/index.ts'
import type { SignInProof } from '../../identity/sessions/index.ts'
import {
  agentEntity,
  authenticationOf,
  callable,
  contextsOf,
  type FactParts,
  groupEntities,
  personEntity,
} from '../../tasks/facts/index.ts'

/**
 * Finds a sign-in that some of the offer will want when it is called, and that this session is not:
 * clients that do not know RFC 9470 would be refused there and never ask for it. Advice for the
 * person; every call is decided when it is made.
 */
export async function adviseStepUp(
  parts: Pick<FactParts, 'catalog' | 'clock' | 'policies'>,
  given: {
    readonly person: Person
    readonly agent: Agent
    readonly resource: Resource
    readonly offered: readonly Detail[]
    readonly proved: SignInProof
  },
): Promise<StepUp | undefined> {
  const { agent, offered, person, proved, resource } = given
  const policies = await parts.policies.active()
  const { actions } = await parts.catalog.current()
  const at = parts.clock.now()
  const facts = {
    person: personEntity(person),
    agents: [agentEntity(agent)],
    entities: groupEntities([person]),
    ...{ sponsored: false, intersectWith: [], doable: [] },
    authentication: authenticationOf(proved, at),
  }
  const nothing = { id: '', purpose: '', sponsored: false, keyThumbprint: null, actors: [] }
  const task = { ...nothing, personId: person.id }
  const contexts = contextsOf({ at, origin: { ip: '' } }, { task }, { where: undefined })
  const unmet = unmetStepUp(facts, policies, 'perhaps')
  for (const name of new Set(offered.flatMap((detail) => detail.actions))) {
    const action = actions.get(name)
    const needed = action && unmet(callable({ action, resource }, contexts[countedRisk(action)]))
    if (needed) return stepUpOf(needed)
  }
  return undefined
}

export function stepUpOf(needed: { acrValues?: string; maxAge?: string }): StepUp {
  const { acrValues, maxAge } = needed
  return {
    acrValues: acrValues?.split(' ') ?? [],
    maxAgeSeconds: maxAge === undefined ? null : Number(maxAge),
  }
}
