import { type Ask, type GateName, issuanceQueries, queriesOf } from '@remit/engine'
import { isId } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Storage } from '../../platform/storage/index.ts'
import type { Policies } from '../../policy/policy/index.ts'
import { type Settlement, settlementsOf } from '../budgets/index.ts'
import {
  type DecisionState,
  type Replayable,
  readRecorded,
  type StoredDecision,
} from '../decision-log/index.ts'
import { type ToldRisk, tellable, whole } from '../risk/index.ts'
import { explainGates, type OperatorGate } from './explain-gates.ts'

export type { OperatorGate }

/** Parts that decisions are explained with. */
export interface ExplanationParts {
  readonly storage: Storage
  readonly policies: Pick<Policies, 'rules'>
}

/**
 * Explanation of why a call was answered as it was: fit for the agent and for the person it acts
 * for. No policy text, nothing about other people.
 */
export interface Explanation {
  readonly id: string
  readonly at: number
  readonly outcome: StoredDecision['outcome']
  readonly reason: string
  readonly detail: string | undefined
  /** Condition that would have been enough. */
  readonly enough: string | undefined
  /**
   * Sentences about what in the call itself stood in the way, where that is fit to be told: `amount
   * is 950.00; at most 100.00 may be permitted`.
   */
  readonly hints: readonly string[]
  /** True when people could have permitted it. */
  readonly approvalWouldHelp: boolean
  readonly taskId: string | null
  readonly agentId: string | null
  readonly resource: string | null
  readonly action: string | null
  readonly requestId: string | null
  /** The allowance that lifted what stood in the way. */
  readonly allowanceId: string | null
  readonly state: DecisionState
  /** HTTP status that the API answered. */
  readonly status: number | null
  readonly endedAt: number | null
  /** Time when it was presumed to be indeterminate, where a true outcome corrected that. */
  readonly presumedAt: number | null
  /**
   * Amounts that the call turned out to take of limits on answers, once it ended; the person is
   * told those of the task.
   */
  readonly settlements: readonly Settlement[]
  readonly gates: readonly ExplainedGate[]
  /** Risk of the call; `undefined` when it did not come far enough to be weighed. */
  readonly risk: ToldRisk | undefined
}

export interface ExplainedGate {
  readonly gate: GateName
  readonly passed: boolean
  readonly reason?: string
}

/** Explanation with all that is known, for those who answer for the policies. */
export interface OperatorExplanation extends Explanation {
  readonly personId: string | null
  readonly callHash: string | null
  readonly policyVersion: number | null
  readonly replicaId: string
  readonly ask: Ask | undefined
  readonly gates: readonly OperatorGate[]
  /** State of what it was decided from: still there or not. */
  readonly facts: 'facts' | 'stopped' | 'erased'
}

/** @throws Problem `decision.unknown` */
export function explain(
  parts: ExplanationParts,
  decisionId: string,
  view: 'operator',
): Promise<OperatorExplanation>
export function explain(
  parts: ExplanationParts,
  decisionId: string,
  view: 'operator' | 'person',
): Promise<Explanation>
export async function explain(
  parts: ExplanationParts,
  decisionId: string,
  view: 'operator' | 'person',
): Promise<Explanation | OperatorExplanation> {
  const found = await readRecorded(parts.storage.read, decisionId)
  if (!found)
    throw new Problem('decision.unknown', `there is no decision \`${decisionId.slice(0, 64)}\``)
  const { decision, made } = found
  const gates = await gatesOf(parts, decision, made)
  const settlements = await settlementsOf(parts, decision.id)
  return view === 'operator'
    ? { ...forOperator(decision, gates, made), settlements }
    : {
        ...forPerson(decision, gates),
        // INVARIANT: limits of others, and their use, are not theirs to see.
        settlements: settlements.filter(({ owner }) => isId('task', owner)),
      }
}

async function gatesOf(
  parts: ExplanationParts,
  { explanation, policyVersion }: StoredDecision,
  made: Replayable,
): Promise<readonly OperatorGate[]> {
  const rules = policyVersion ? await parts.policies.rules(policyVersion) : undefined
  return explainGates(explanation.gates, queriesFrom(made), rules)
}

function queriesFrom(made: Replayable) {
  if (made.of === 'facts') return () => queriesOf(made.facts)
  if (made.of !== 'issuance') return undefined
  const { facts, ...asked } = made.issuance
  return () => issuanceQueries(facts, asked)
}

function forPerson(
  decision: StoredDecision,
  explained: readonly OperatorGate[],
): Omit<Explanation, 'settlements'> {
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
    hints: hintsOf(explained),
    approvalWouldHelp: decision.outcome === 'requestable',
    gates: gates.map(({ gate, passed, reason }) => ({
      gate,
      passed,
      ...(reason === undefined ? {} : { reason }),
    })),
    risk: risk && tellable(risk),
  }
}

/**
 * Answers the hints of the nearest permit that are fit for the caller. Hints of several
 * permits together would ask for too much.
 */
export function hintsOf(gates: readonly OperatorGate[]): readonly string[] {
  return [...new Set(gates.flatMap(({ nearest: [first] }) => first?.hints ?? []))]
}

function forOperator(
  decision: StoredDecision,
  gates: readonly OperatorGate[],
  made: Replayable,
): Omit<OperatorExplanation, 'settlements'> {
  const { callHash, explanation, personId, policyVersion, replicaId } = decision
  const { ask, risk } = explanation
  const more = { personId, callHash, policyVersion, replicaId, ask, risk: risk && whole(risk) }
  return {
    ...forPerson(decision, gates),
    ...more,
    gates,
    facts: made.of === 'issuance' ? 'facts' : made.of,
  }
}
