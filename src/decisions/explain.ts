import type { Ask, GateName } from '@remit/engine'
import { Problem } from '../lib/problem.ts'
import type { PolicyText } from '../policy/index.ts'
import {
  type DecisionState,
  findDecision,
  type StoredDecision,
  type StoredGate,
} from './decision-store.ts'
import { permitsFor } from './nearest.ts'
import type { DecisionParts } from './parts.ts'
import { type ToldRisk, tellable, whole } from './risk/stored-risk.ts'

/** Why a call was answered as it was: fit for the agent and for the person it acts for. No policy text, nobody else. */
export interface Explanation {
  readonly id: string
  readonly at: number
  readonly outcome: 'permit' | 'deny' | 'requestable'
  readonly reason: string
  readonly detail: string | undefined
  /** What would have been enough. */
  readonly enough: string | undefined
  /** Whether people could have permitted it. */
  readonly approvalWouldHelp: boolean
  readonly taskId: string | null
  readonly agentId: string | null
  readonly resource: string | null
  readonly action: string | null
  readonly requestId: string | null
  /** The standing answer that lifted what stood in the way. */
  readonly allowanceId: string | null
  readonly state: DecisionState
  /** What the API answered. */
  readonly status: number | null
  readonly endedAt: number | null
  readonly gates: readonly ExplainedGate[]
  /** How the call was weighed; `undefined` when it did not come that far. */
  readonly risk: ToldRisk | undefined
}

export interface ExplainedGate {
  readonly gate: GateName
  readonly passed: boolean
  readonly reason?: string
}

/** All that is known, for those who answer for the policies. */
export interface OperatorExplanation extends Explanation {
  readonly personId: string | null
  readonly callHash: string | null
  readonly policyVersion: number | null
  readonly replicaId: string
  readonly ask: Ask | undefined
  readonly gates: readonly OperatorGate[]
}

export interface OperatorGate extends ExplainedGate {
  readonly detail?: string
  readonly enough?: string
  readonly subject?: string
  readonly note?: string
  /** The policies that determined it, as they were written. */
  readonly policies: readonly PolicyText[]
  /** Where nothing permitted it: permits that speak of this action, and did not hold. */
  readonly nearest: readonly PolicyText[]
}

/** @throws Problem `decision.unknown` */
export function explain(
  parts: DecisionParts,
  decisionId: string,
  view: 'operator',
): Promise<OperatorExplanation>
export function explain(
  parts: DecisionParts,
  decisionId: string,
  view: 'operator' | 'person',
): Promise<Explanation>
export async function explain(
  parts: DecisionParts,
  decisionId: string,
  view: 'operator' | 'person',
): Promise<Explanation | OperatorExplanation> {
  const decision = await findDecision(parts.storage.read, decisionId)
  if (!decision)
    throw new Problem('decision.unknown', `there is no decision \`${decisionId.slice(0, 64)}\``)
  return view === 'person' ? forPerson(decision) : forOperator(parts, decision)
}

function forPerson(decision: StoredDecision): Explanation {
  const {
    explanation,
    callHash: _,
    personId: __,
    policyVersion: ___,
    replicaId: ____,
    ...rest
  } = decision
  const { detail, enough, gates, risk } = explanation
  return {
    ...rest,
    detail,
    enough,
    approvalWouldHelp: decision.outcome === 'requestable',
    gates: gates.map(({ gate, passed, reason }) => ({
      gate,
      passed,
      ...(reason === undefined ? {} : { reason }),
    })),
    risk: risk && tellable(risk),
  }
}

async function forOperator(
  parts: DecisionParts,
  decision: StoredDecision,
): Promise<OperatorExplanation> {
  const { callHash, explanation, personId, policyVersion, replicaId } = decision
  const gates: OperatorGate[] = []
  for (const gate of explanation.gates) gates.push(await operatorGate(parts, decision, gate))
  const { ask, risk } = explanation
  const more = { personId, callHash, policyVersion, replicaId, ask, risk: risk && whole(risk) }
  return { ...forPerson(decision), ...more, gates }
}

async function operatorGate(
  parts: DecisionParts,
  { action, policyVersion }: StoredDecision,
  gate: StoredGate,
): Promise<OperatorGate> {
  const { policies: ids = [], ...rest } = gate
  const text = policyVersion ? (await parts.policies.version(policyVersion)).text : ''
  const asked = gate.gate === 'person' || gate.gate === 'agent'
  const silent = asked && !gate.passed && ids.length === 0 && gate.note === undefined
  const policies: PolicyText[] = []
  for (const id of policyVersion ? ids : []) {
    const found = await parts.policies.text(policyVersion ?? 0, id)
    if (found) policies.push(found)
  }
  return { ...rest, policies, nearest: silent && action !== null ? permitsFor(text, action) : [] }
}
