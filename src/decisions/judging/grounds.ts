import type { CallFacts, ForbidRef, KindOf, PolicySet } from '@remit/engine'
import { countedRisk } from '../../catalog/index.ts'
import type { Peeked } from '../../tasks/index.ts'
import type { Case } from '../case.ts'
import { contextOf } from '../context.ts'
import type { Setting } from '../facts.ts'
import type { Identified } from '../identify.ts'
import { alsoLiveness } from '../liveness.ts'

/** A case in which it is known who calls. */
export type KnownCase = Case & { readonly who: Extract<Identified, { known: true }> }

/** What a call is judged by. */
export interface Grounds {
  readonly setting: Setting
  readonly policies: PolicySet
  readonly kindOf: KindOf
}

/** The same, with what the budgets said the moment before. */
export interface Looked extends Grounds {
  readonly budget: Peeked
}

/** What people have lifted, and by what. */
export interface Lifting {
  readonly forbids: readonly ForbidRef[]
  /** In words, where it was not an approval of this very call. */
  readonly by?: string
}

/** What the gates look at. Risk signals and external decision points are not configured yet. */
export function factsOf(each: KnownCase, looked: Looked, lifting?: Lifting): CallFacts {
  const { call, who } = each
  const { budget, kindOf, setting } = looked
  return {
    credential: who.credential,
    liveness: alsoLiveness(setting.also),
    details: setting.details,
    // INVARIANT: whoever was handed a narrowed token has no more than that.
    narrowed: who.claims.authorization_details,
    call: {
      location: call.resource.identifier,
      resource: call.resource.name,
      action: call.action.name,
      risk: countedRisk(call.action),
      arguments: call.arguments,
    },
    kindOf,
    person: setting.personEntity,
    sponsored: who.held.task.sponsored,
    intersectWith: [],
    agents: setting.agentEntities,
    entities: setting.entities,
    context: contextOf(each, who.held),
    external: [],
    lifted: lifting?.forbids ?? [],
    ...(lifting?.by === undefined ? {} : { liftedBy: lifting.by }),
    budgets: budget.peeks,
    obligations: [],
    doable: [],
  }
}
