/** Gate 9 before there is a call: the fresh sign-in that a call would need, whatever its arguments. */
import type { CallableAction, ReachFacts } from './could-permit.ts'
import type { CallFacts, GateResult } from './gates.ts'
import { obligationGates, STEP_UP } from './obligations.ts'
import type { Obligation, PolicyQuery, PolicyRecord, PolicySet } from './policy.ts'
import { contextAround, principalsOf } from './principals.ts'

type Facts = Pick<
  ReachFacts,
  'agents' | 'doable' | 'entities' | 'intersectWith' | 'person' | 'sponsored'
> &
  Pick<CallFacts, 'authentication'>

/**
 * Tells for each action what would be well enough (RFC 9470). `surely`: where every permit that some arguments could bring about wants more
 * than there is, so that no call goes through. `perhaps`: where one does, so that some may not. Nothing where nothing is permitted, and
 * where something cannot be evaluated: others say so. Pure.
 */
export function unmetStepUp(
  facts: Facts,
  policies: PolicySet,
  how: 'surely' | 'perhaps',
): (call: CallableAction) => GateResult['stepUp'] {
  const demands = demandsOf(policies)
  if (demands.size === 0 || facts.sponsored) return () => undefined
  const { agents, entities, persons } = principalsOf(facts)
  const contexts = new Map<PolicyRecord, PolicyRecord>()
  return ({ action, context: given, resource }) => {
    const context = contexts.get(given) ?? contextAround({ ...facts, context: given })
    contexts.set(given, context)
    for (const { uid } of [...persons, ...agents]) {
      const query = { principal: uid, action, resource, context, entities }
      const unmet = unmetBy(permitsOf(query, policies), { demands, facts, how })
      if (unmet) return unmet
    }
    return undefined
  }
}

function demandsOf({ obligations }: PolicySet): ReadonlyMap<string, readonly Obligation[]> {
  const demands = new Map<string, readonly Obligation[]>()
  for (const [id, all] of obligations) {
    const own = all.filter(({ type }) => type === STEP_UP)
    if (own.length > 0) demands.set(id, own)
  }
  return demands
}

function permitsOf(query: PolicyQuery, policies: PolicySet): readonly string[] {
  try {
    const { determining, errors, permitted } = policies.evaluate(query, 'arguments')
    return permitted && errors.length === 0 ? determining : []
  } catch {
    return []
  }
}

function unmetBy(
  permits: readonly string[],
  given: {
    readonly demands: ReadonlyMap<string, readonly Obligation[]>
    readonly facts: Facts
    readonly how: 'surely' | 'perhaps'
  },
): GateResult['stepUp'] {
  const unmet = permits.map((id) =>
    obligationGates(given.demands.get(id) ?? [], given.facts).find(({ passed }) => !passed),
  )
  if (given.how === 'surely' && unmet.includes(undefined)) return undefined
  return unmet.find((gate) => gate !== undefined)?.stepUp
}
