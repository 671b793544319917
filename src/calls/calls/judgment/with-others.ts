import { type CallFacts, type Decision, decide, type ExternalAnswer } from '@remit/engine'
import type { Awaitable } from '../../../platform/lib/pipeline.ts'
import { tokenParties } from '../../../tasks/facts/index.ts'
import type { KnownCase } from '../case.ts'
import type { CallParts } from '../parts.ts'
import type { DecisionInputs, DecisionInputsWithLimits } from './decision-inputs.ts'

const NONE: readonly ExternalAnswer[] = []

/** The answers of decision points of others to one call. */
export type ExternalAnswers = () => Awaitable<readonly ExternalAnswer[]>

/** Asks them when it is called for the first time, and never again: however often the call is looked at, it is one call. */
export function askedOnce(
  parts: Pick<CallParts, 'issuer' | 'master' | 'points'>,
  each: KnownCase,
  { risk, setting }: DecisionInputs,
): ExternalAnswers {
  const { issuer, points } = parts
  let answers: Awaitable<readonly ExternalAnswer[]> | undefined
  return () => {
    answers ??= points.answers({
      decisionId: each.id,
      at: each.at,
      call: each.call,
      held: each.who.held,
      setting,
      risk: risk.assessment,
      says: {
        issuer,
        parties: tokenParties(parts, each.who.held, setting, {
          ...each.call.resource,
          // These are for the API only.
          claims: [],
        }),
        claims: each.who.claims,
      },
    })
    return answers
  }
}

/**
 * Decides by all gates. Decision points of others are asked when nothing here denies: they can only
 * reduce, so there would be nothing that they could add, and they learn of no call that is denied
 * anyway.
 */
export async function decideWithOthers(
  own: Omit<DecisionInputsWithLimits, 'external'>,
  others: ExternalAnswers,
  factsOf: (looked: DecisionInputsWithLimits) => CallFacts,
): Promise<{
  readonly decision: Decision
  readonly facts: CallFacts
  readonly looked: DecisionInputsWithLimits
}> {
  const alone: DecisionInputsWithLimits = { ...own, external: NONE }
  const facts = factsOf(alone)
  const decision = decide(facts, own.policies)
  const asked = decision.outcome === 'deny' ? NONE : others()
  const external = asked instanceof Promise ? await asked : asked
  if (external.length === 0) return { decision, facts, looked: alone }
  const looked: DecisionInputsWithLimits = { ...own, external }
  const all = factsOf(looked)
  return { decision: decide(all, own.policies), facts: all, looked }
}
