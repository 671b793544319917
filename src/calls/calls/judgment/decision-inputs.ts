import type {
  CallFacts,
  ExternalAnswer,
  ForbidRef,
  GateResult,
  KindOf,
  PolicySet,
} from '@remit/engine'
import type { Action } from '../../../catalog/catalog/index.ts'
import type { LimitStatus } from '../../../tasks/budgets/index.ts'
import {
  type ApplicableLimits,
  authenticationOf,
  callable,
  contextOf,
  factsAround,
  type Setting,
} from '../../../tasks/facts/index.ts'
import { type RiskObservation, riskRecord } from '../../../tasks/risk/index.ts'
import type { KnownCase } from '../case.ts'

/** Inputs that a call is judged by. */
export interface DecisionInputs {
  readonly setting: Setting
  readonly policies: PolicySet
  readonly kindOf: KindOf
  readonly risk: RiskObservation
}

/** Inputs of a decision, with the state of the limits the moment before. */
export interface DecisionInputsWithLimits extends DecisionInputs {
  readonly budget: LimitStatus
  readonly standing: ApplicableLimits
  /** Answers of the decision points of others, where they were asked. */
  readonly external: readonly ExternalAnswer[]
}

/** Forbids that people have lifted, and by what. */
export interface Override {
  readonly forbids: readonly ForbidRef[]
  /** Words for what lifted it, where it was not an approval of this very call. */
  readonly by?: string
}

/** Gathers the facts that the gates look at. */
export function gatherCallFacts(
  each: KnownCase,
  looked: DecisionInputsWithLimits,
  lifting?: Override,
): CallFacts {
  const { at, call, who } = each
  const { budget, kindOf, setting } = looked
  const { origin } = call
  const risk = riskRecord(looked.risk.assessment)
  const { context, ...subject } = callable(call, contextOf({ at, origin, risk }, who.held, setting))
  const around = factsAround(setting, who.held.task)
  return {
    ...around,
    // INVARIANT: the present meaning of a call is the reviewed one.
    liveness: around.liveness.passed
      ? (definitionGate(call.action) ?? around.liveness)
      : around.liveness,
    credential: who.credential,
    // INVARIANT: the holder of a narrowed token has no more than that.
    narrowed: who.claims.authorization_details,
    call: { ...subject, arguments: call.arguments },
    kindOf,
    context,
    doable: doableOf(call.doable),
    authentication: authenticationOf(who.held.task, at),
    lifted: lifting?.forbids ?? [],
    ...(lifting?.by === undefined ? {} : { liftedBy: lifting.by }),
    budgets: budget.peeks,
    external: looked.external,
  }
}

const OURS = ['notify']

function doableOf(theirs: readonly string[]): readonly string[] {
  return [...OURS, ...theirs]
}

/** Gate 2 of an action whose definition changed since it was reviewed; nothing when it did not. */
function definitionGate({
  name,
  quarantined,
  resource,
}: Pick<Action, 'name' | 'quarantined' | 'resource'>): GateResult | undefined {
  if (!quarantined) return undefined
  return {
    gate: 'liveness',
    passed: false,
    reason: 'definition.changed',
    detail: `the definition of \`${name}\` changed after its review`,
    enough: `an administrator looks at the change and accepts it: remit resources review ${resource}`,
  }
}
