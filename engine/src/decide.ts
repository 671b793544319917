import { askFor, uniqueForbids } from './ask.ts'
import { approvalGate, budgetGates, coverageGate, externalGates } from './conditions.ts'
import type { CallFacts, Decision, Deny, GateResult } from './gates.ts'
import { obligationGates, obligationsOf } from './obligations.ts'
import type { PolicySet } from './policy.ts'
import { judgePrincipals } from './principals.ts'

/**
 * The answer to one call. Pure: the same facts and policies give the same decision, which is what makes explaining,
 * shadowing and replaying possible. Whatever an evaluator does wrong is a denial, never an exception.
 *
 * All gates are evaluated, so that every answer can be explained; only a credential or a task that no longer counts
 * stops early, because then there is no caller to explain to.
 */
export function decide(facts: CallFacts, policies: PolicySet): Decision {
  const stopped = stopEarly(facts.credential, facts.liveness)
  if (stopped) return stopped

  const principals = judgePrincipals(facts, policies)
  const forbids = uniqueForbids(principals.forbids)
  const approval = approvalGate(forbids, facts)
  const obligations = obligationsOf(facts, principals.permits, policies)
  const gates: readonly GateResult[] = [
    facts.credential,
    facts.liveness,
    coverageGate(facts),
    ...principals.results,
    ...externalGates(facts),
    approval,
    ...budgetGates(facts),
    ...obligationGates(obligations, facts),
  ]

  const standing = gates.filter((gate) => !gate.passed)
  const [first] = standing
  if (!first) {
    const lifted = forbids.map(({ id, digest }) => ({ id, digest }))
    return { outcome: 'permit', gates, obligations, lifted }
  }
  // INVARIANT: people are asked only when their answer is all that is missing.
  if (first === approval && standing.length === 1) {
    const { detail, enough = '' } = approval
    const ask = askFor(forbids, facts.call.risk)
    return { outcome: 'requestable', gates, reason: 'approval.required', detail, enough, ask }
  }
  return deny(gates, standing.find((gate) => gate !== approval) ?? first)
}

/** The denial of a call whose token or task does not count, `undefined` when both do. */
export function stopEarly(credential: GateResult, liveness?: GateResult): Deny | undefined {
  if (!credential.passed) return deny([credential], credential)
  return liveness && !liveness.passed ? deny([credential, liveness], liveness) : undefined
}

function deny(gates: readonly GateResult[], because: GateResult): Deny {
  const { gate, reason = `${gate}.failed`, detail, enough = '' } = because
  return { outcome: 'deny', gates, reason, detail, enough }
}
