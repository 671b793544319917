/** The gates of a decision, asked about calls whose arguments are not chosen yet. */
import { budgetGates, externalGates } from './conditions.ts'
import type { Detail } from './detail.ts'
import type { CallFacts } from './gates.ts'
import { obligationGates } from './obligations.ts'
import type { PolicyQuery, PolicyRecord, PolicySet } from './policy.ts'
import { contextAround, principalsOf } from './principals.ts'

/** Facts of `CallFacts` apart from one call. */
export type ReachFacts = Omit<CallFacts, 'call' | 'context' | 'kindOf' | 'lifted' | 'liftedBy'>

/** An action that may be called, and what policies see of a call of it beside its arguments. */
export interface CallableAction extends Omit<CallFacts['call'], 'arguments'> {
  readonly context: PolicyRecord
}

/**
 * Tells for each action whether some arguments could be permitted, or people could be asked about them. Where `decide` permits
 * or asks with these facts, this says yes; where policies do not look at arguments, only there. Bounds of details count as
 * ones that can be kept, and requestable forbids as ones that can be lifted. Pure, and never throws: what cannot be evaluated
 * cannot be reached.
 */
export function couldPermit(
  facts: ReachFacts,
  policies: PolicySet,
): (call: CallableAction) => boolean {
  const { details, narrowed = details } = facts
  const gates = [
    facts.credential,
    facts.liveness,
    ...externalGates(facts),
    ...budgetGates(facts),
    ...obligationGates(facts.obligations, facts),
  ]
  const { agents, entities, persons } = principalsOf(facts)
  if (agents.length === 0 || gates.some(({ passed }) => !passed)) return () => false
  const principals = [...persons, ...agents].map(({ uid }) => uid)
  const lists = [namedBy(details), namedBy(narrowed)]
  // Many actions come with one context, which a set of policies knows again.
  const contexts = new Map<PolicyRecord, PolicyRecord>()
  return (call) => {
    const { action, context: given, location, resource } = call
    if (!lists.every((named) => named.get(location)?.has(action))) return false
    const context = contexts.get(given) ?? contextAround({ ...facts, context: given })
    contexts.set(given, context)
    return principals.every((principal) =>
      isPermitted({ principal, action, resource, context, entities }, policies),
    )
  }
}

/** Maps a location to the actions that one of the details names there, whatever its bounds. */
function namedBy(details: readonly Detail[]): ReadonlyMap<string, ReadonlySet<string>> {
  const named = new Map<string, Set<string>>()
  for (const { actions, locations, type } of details) {
    if (type !== 'remit_call') continue
    for (const location of locations) {
      const there = named.get(location) ?? new Set()
      for (const action of actions) there.add(action)
      named.set(location, there)
    }
  }
  return named
}

function isPermitted(query: PolicyQuery, policies: PolicySet): boolean {
  try {
    const { errors, permitted } = policies.evaluate(query, 'arguments')
    return permitted && errors.length === 0
  } catch {
    return false
  }
}
