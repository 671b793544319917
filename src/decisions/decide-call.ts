import {
  type CallFacts,
  type Deny,
  decide,
  type ForbidRef,
  type KindOf,
  type PolicySet,
  type RequestableDeny,
  stopEarly,
} from '@remit/engine'
import { type UsableOrNot, usableApproval } from '../approvals/index.ts'
import type { CatalogView } from '../catalog/index.ts'
import { type Id, newId } from '../lib/id.ts'
import { ask } from './ask.ts'
import type { Call } from './call.ts'
import { type Case, openCase } from './case.ts'
import { contextOf } from './context.ts'
import type { Setting } from './facts.ts'
import { type Identified, identify } from './identify.ts'
import { alsoLiveness } from './liveness.ts'
import type { DecisionParts } from './parts.ts'
import { refuse, refuseExecuted } from './refuse.ts'
import { reserve } from './reserve.ts'
import type { Verdict } from './verdict.ts'
import { holding } from './waiting/held-call.ts'

type Known = Extract<Identified, { known: true }>
type KnownCase = Case & { readonly who: Known }

/** How often an approval may be gone between looking and using before we stop trying. */
const MOST_TRIES = 3

/** identify → facts → decide → reserve. The only way from a call to an answer (contract 7). */
export async function decideCall(parts: DecisionParts, call: Call): Promise<Verdict> {
  const who = await identify(parts, call)
  return holding(call, who, await decideFor(parts, call, who, false))
}

/** facts → decide → reserve, for whoever makes the call. `proofUsed`: by an earlier answer to the same request. */
export async function decideFor(
  parts: DecisionParts,
  call: Call,
  who: Identified,
  proofUsed: boolean,
): Promise<Verdict> {
  const each = openCase(call, who, {
    id: newId('decision', parts.random),
    at: parts.clock.now(),
    replicaId: parts.live.replicaId,
    policyVersion: undefined,
    proofUsed,
  })
  if (!isKnown(each)) return refuse(parts, each, stopped(each))
  const stop = stopEarly(each.who.credential, each.who.liveness)
  if (stop) return refuse(parts, each, stop)
  const { held, view } = each.who
  const setting = await parts.facts.setting(held, call.resource.name, view)
  // INVARIANT: policies and catalog are taken after the view that watches over them was read.
  const policies = await parts.policies.active()
  const catalog = await parts.catalog.current()
  const current = asDefinedNow(call, catalog)
  if (!current) return refuse(parts, each, { ...OVERTAKEN, gates: [each.who.credential] })
  return judge(
    parts,
    { ...each, call: current, policyVersion: policies.version },
    {
      setting,
      policies,
      kindOf: catalog.kindOf,
    },
  )
}

/**
 * The call with risk class and sentence as they are now. `undefined`: it was read under a definition, or meant for an
 * address, that is not the resource's any more.
 */
function asDefinedNow(call: Call, catalog: CatalogView): Call | undefined {
  const action = catalog.actions.get(call.action.name)
  const resource = catalog.resources.get(call.resource.name)
  const same =
    action?.digest === call.action.digest &&
    resource?.identifier === call.resource.identifier &&
    resource.upstream === call.resource.upstream
  return same ? { ...call, action, resource } : undefined
}

const OVERTAKEN = {
  reason: 'catalog.changed',
  detail: 'the API was described anew while the call was on its way',
  enough: 'the same call again',
} as const

/** What a call is judged by. */
interface Grounds {
  readonly setting: Setting
  readonly policies: PolicySet
  readonly kindOf: KindOf
}

function isKnown(each: Case): each is KnownCase {
  return each.who.known
}

function stopped({ who }: Case): Deny {
  const stop = stopEarly(who.credential)
  if (!stop) throw new Error('nobody has a credential that holds')
  return stop
}

async function judge(parts: DecisionParts, each: KnownCase, grounds: Grounds): Promise<Verdict> {
  const { policies, setting } = grounds
  const decision = decide(factsOf(each, grounds, []), policies)
  if (decision.outcome === 'deny') return refuse(parts, each, decision)
  if (decision.outcome === 'requestable') return judgeWithPeople(parts, each, grounds, decision)
  const done = await reserve(parts, each, { permit: decision, setting, approval: undefined })
  if (done === 'approval_gone') throw new Error('an approval is gone that nobody used')
  return done
}

/** The call needs people. What they said so far decides what happens now. */
async function judgeWithPeople(
  parts: DecisionParts,
  each: KnownCase,
  grounds: Grounds,
  decision: RequestableDeny,
): Promise<Verdict> {
  const { policies, setting } = grounds
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const said = await usableApproval(parts, each.who.held.task.id, each.callHash ?? '', each.at)
    if (said.state === 'executed') return refuseExecuted(parts, each, said.request, decision.gates)
    if (said.state === 'denied')
      return refuse(parts, each, { ...deniedByPeople(said), gates: decision.gates })
    if (said.state !== 'usable') return ask(parts, each, decision, insufficient(said))
    const { approval } = said
    // An approval lifts the forbids it names, in a new evaluation; it is never a way around one.
    const again = decide(factsOf(each, grounds, approval.request.ask.forbids), policies)
    if (again.outcome === 'deny') return refuse(parts, each, again)
    if (again.outcome === 'requestable') return ask(parts, each, again, [approval.request.id])
    const done = await reserve(parts, each, { permit: again, setting, approval })
    if (done !== 'approval_gone') return done
  }
  return ask(parts, each, decision, [])
}

function insufficient(said: Exclude<UsableOrNot, { state: 'usable' }>): Id<'request'>[] {
  return said.state === 'lapsed' ? [said.request.id] : []
}

function deniedByPeople(said: Extract<UsableOrNot, { state: 'denied' }>) {
  const words = said.request.reason
  return {
    reason: 'approval.denied',
    detail: words === null ? 'a person denied this call' : `a person denied this call: ${words}`,
    enough: `another way to the goal; the same call asks nobody before ${new Date(said.until).toISOString()}`,
  }
}

/** What the gates look at. Risk signals, budgets and external decision points are not configured yet. */
function factsOf(
  each: KnownCase,
  { setting, kindOf }: Grounds,
  lifted: readonly ForbidRef[],
): CallFacts {
  const { call, who } = each
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
      risk: call.action.risk,
      arguments: call.arguments,
    },
    kindOf,
    person: setting.personEntity,
    sponsored: false,
    intersectWith: [],
    agents: setting.agentEntities,
    entities: setting.entities,
    context: contextOf(each, who.held),
    external: [],
    lifted,
    budgets: [],
    obligations: [],
    doable: [],
  }
}
