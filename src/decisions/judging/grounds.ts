import type {
  Callable,
  CallFacts,
  ExternalAnswer,
  ForbidRef,
  KindOf,
  PolicyRecord,
  PolicySet,
  ReachFacts,
} from '@remit/engine'
import { countedRisk } from '../../catalog/index.ts'
import type { Peeked } from '../../tasks/index.ts'
import type { Call } from '../call.ts'
import type { Case } from '../case.ts'
import { contextOf } from '../context.ts'
import type { HeldTask, Setting, Standing } from '../facts.ts'
import type { Identified } from '../identify.ts'
import { definitionGate, settingLiveness } from '../liveness.ts'
import { riskRecord } from '../risk/assess.ts'
import type { Observed } from '../risk/risk-books.ts'

/** A case in which it is known who calls. */
export type KnownCase = Case & { readonly who: Extract<Identified, { known: true }> }

/** What a call is judged by. */
export interface Grounds {
  readonly setting: Setting
  readonly policies: PolicySet
  readonly kindOf: KindOf
  readonly risk: Observed
}

/** The same, with what the limits said the moment before. */
export interface Looked extends Grounds {
  readonly budget: Peeked
  readonly standing: Standing
  /** What decision points of others said, where they were asked. */
  readonly external: readonly ExternalAnswer[]
}

/** What people have lifted, and by what. */
export interface Lifting {
  readonly forbids: readonly ForbidRef[]
  /** In words, where it was not an approval of this very call. */
  readonly by?: string
}

/** What the gates look at. */
export function factsOf(each: KnownCase, looked: Looked, lifting?: Lifting): CallFacts {
  const { at, call, who } = each
  const { budget, kindOf, setting } = looked
  const { origin } = call
  const risk = riskRecord(looked.risk.assessment)
  const { context, ...subject } = callable(call, contextOf({ at, origin, risk }, who.held, setting))
  const around = factsAround(setting, who.held.task)
  return {
    ...around,
    // INVARIANT: what a call would be understood as now is what somebody reviewed.
    liveness: around.liveness.passed
      ? (definitionGate(call.action) ?? around.liveness)
      : around.liveness,
    credential: who.credential,
    // INVARIANT: whoever was handed a narrowed token has no more than that.
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

/** What is the same for every call of a task at one resource, whether it is decided or listed as one that could be made. */
export function factsAround(
  setting: Setting,
  task: HeldTask['task'],
): Omit<ReachFacts, 'credential' | 'budgets'> {
  return {
    liveness: settingLiveness(setting, task),
    details: setting.details,
    person: setting.personEntity,
    sponsored: task.sponsored,
    intersectWith: setting.intersectWith,
    agents: setting.agentEntities,
    entities: setting.entities,
    external: [],
    obligations: [],
    doable: [],
  }
}

/** An action as gates and policies see a call of it, but for its arguments. */
export function callable(
  { action, resource }: Pick<Call, 'action' | 'resource'>,
  context: PolicyRecord,
): Callable {
  return {
    location: resource.identifier,
    resource: resource.name,
    action: action.name,
    risk: countedRisk(action),
    context,
  }
}

const OURS = ['notify']

function doableOf(theirs: readonly string[]): readonly string[] {
  return [...OURS, ...theirs]
}

/** As the token or the session said that the task began with: nothing later speaks for the person. */
export function authenticationOf(
  { acr, authTime }: Pick<HeldTask['task'], 'acr' | 'authTime'>,
  at: number,
): NonNullable<CallFacts['authentication']> {
  return {
    ...(acr === null ? {} : { acr }),
    ...(authTime === null ? {} : { ageSeconds: Math.max(0, Math.ceil((at - authTime) / 1000)) }),
  }
}
