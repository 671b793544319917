import type { Static } from 'typebox'
import type { ExplainedRule as Rule } from '../../policy/policy/index.ts'
import type { StoredDecision } from '../../tasks/decision-log/index.ts'
import type {
  OperatorExplanation,
  OperatorGate,
  Explanation as Told,
} from '../../tasks/explanations/index.ts'
import type { Explanation } from '../api-operations/decisions/explanation.ts'
import { Ask, ExplainedRule } from '../api-operations/decisions/gates.ts'
import type { LooseInput } from '../operation-kit/command.ts'
import * as kit from '../operation-kit/schemas.ts'
import { toJson } from './json.ts'
import { decisionShape, time } from './shapes.ts'

type ExplanationAnswer = LooseInput<Static<ReturnType<typeof Explanation>>>
const RULE = ExplainedRule(kit)
const ASK = Ask(kit)

/** Answer for the represented person. INVARIANT: it is put together by hand: more of the decision is for operators only. */
export function explanationShape(decision: StoredDecision, told: Told): ExplanationAnswer {
  const { approvalWouldHelp, detail, enough, gates, hints, risk, settlements } = told
  const { allowanceId, endedAt, presumedAt, requestId, resource } = decision
  return {
    ...decisionShape(decision),
    resource,
    request: requestId,
    allowance: allowanceId,
    ended_at: endedAt === null ? null : time(endedAt),
    ...(presumedAt === null ? {} : { presumed: { state: 'indeterminate', at: time(presumedAt) } }),
    ...(settlements.length === 0 ? {} : { settled: settlements.map(settledShape) }),
    ...{ detail, enough, hints, gates, risk },
    approval_would_help: approvalWouldHelp,
  }
}

function settledShape({ amount, by, name, owner, reserved }: Told['settlements'][number]) {
  return { limit: name, owner, reserved, amount, by }
}

/** Answer for operators: all that is known, with the policies. */
export function operatorShape(
  decision: StoredDecision,
  told: OperatorExplanation,
  personName: string | null,
): ExplanationAnswer {
  const { ask, callHash, facts, gates, policyVersion, replicaId } = told
  return {
    ...explanationShape(decision, told),
    gates: gates.map(gateShape),
    person_name: personName,
    call_hash: callHash,
    policy_version: policyVersion,
    replica: replicaId,
    facts,
    ...(ask ? { ask: askShape(ask) } : {}),
  }
}

/** Gate for operators. */
export function gateShape({ nearest, policies, ...gate }: OperatorGate) {
  return { ...gate, policies: policies.map(ruleShape), nearest: nearest.map(ruleShape) }
}

function ruleShape(rule: Rule) {
  return toJson(RULE, rule)
}

export function askShape(ask: NonNullable<OperatorExplanation['ask']>) {
  return toJson(ASK, ask)
}
