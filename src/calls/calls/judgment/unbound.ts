import { type Deny, decide } from '@remit/engine'
import type { KnownCase } from '../case.ts'
import { type DecisionInputsWithLimits, gatherCallFacts } from './decision-inputs.ts'

/**
 * A denial that comes from nothing but the bearer token says so: the agent that reads it cannot find out otherwise, and no
 * other arguments would help. Found by asking the same gates about the same call with a bound token.
 */
export function explainBearerDenial(
  each: KnownCase,
  looked: DecisionInputsWithLimits,
  denial: Deny,
): Deny {
  if (each.who.held.task.keyThumbprint !== null) return denial
  const facts = gatherCallFacts(each, looked)
  const context = { ...facts.context, token: { record: { bound: true } } }
  const bound = decide({ ...facts, context }, looked.policies)
  if (bound.outcome === 'deny') return denial
  return {
    ...denial,
    detail: 'clients without a key may not make calls of this risk class',
    enough:
      'another way to the goal; or a client that sends DPoP proofs, or an administrator who allows it by policy',
  }
}
