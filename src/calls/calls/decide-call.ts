import { stopEarly } from '@remit/engine'
import type { CatalogView } from '../../catalog/catalog/index.ts'
import { newTimedId } from '../../platform/lib/id.ts'
import type { Call } from '../../tasks/facts/index.ts'
import type { AdmittedRequest } from './admission/admit.ts'
import { attainability } from './admission/attainable.ts'
import { isKnown, type KnownCase, openCase, stopped } from './case.ts'
import { holding } from './held-calls/held-call.ts'
import { type CallerIdentity, identify } from './identify.ts'
import type { DecisionInputs } from './judgment/decision-inputs.ts'
import { judge } from './judgment/judge.ts'
import { refuseUndisplayed } from './judgment/undisplayed-arguments.ts'
import type { CallParts } from './parts.ts'
import { type DenialReason, refuse } from './refuse.ts'
import type { Verdict } from './verdict.ts'

/**
 * identify → facts → decide → reserve. The only way from a call to an answer (contract 7). `before`: permit of another call that the
 * same request makes, or its admission: its proof was used up with that one.
 */
export async function decideCall(
  parts: CallParts,
  call: Call,
  before?: Verdict<'permit'> | AdmittedRequest,
): Promise<Verdict> {
  parts.disk?.requireRoom()
  const who = await identify(parts, call)
  return holding(call, who, await decideFor(parts, call, who, before !== undefined))
}

/** Decides for the caller: facts → decide → reserve. `proofUsed`: by an earlier answer to the same request. */
export async function decideFor(
  parts: CallParts,
  call: Call,
  who: CallerIdentity,
  proofUsed: boolean,
): Promise<Verdict> {
  const each = openCase(call, who, {
    id: newTimedId('decision', parts.clock.now(), parts.random),
    at: parts.clock.now(),
    replicaId: parts.live.replicaId,
    policyVersion: undefined,
    proofUsed,
  })
  if (!isKnown(each)) return refuse(parts, each, stopped(each))
  const found = await decisionInputsFor(parts, each)
  if (!('grounds' in found)) return refuse(parts, each, found.because)
  const unseen = call.incomplete && (await refuseUndisplayed(parts, found.each, found.grounds))
  if (unseen) return refuse(parts, found.each, unseen)
  const verdict = await judge(parts, found.each, found.grounds)
  if (verdict.outcome !== 'deny' || verdict.reason !== 'task.not_covered') return verdict
  const { origin, resource } = call
  const of = { held: found.each.who.held, setting: found.grounds.setting, resource, origin }
  const policies = await parts.policies.active()
  const catalog = await parts.catalog.current()
  const isAttainable = attainability({ ...of, policies, catalog, at: parts.clock.now() })
  return isAttainable(call.action) ? { ...verdict, attainable: true } : verdict
}

/**
 * Gathers the inputs that a call is judged by, as everything is now; or the reason why nothing is
 * judged.
 */
export async function decisionInputsFor(
  parts: Pick<CallParts, 'catalog' | 'facts' | 'policies' | 'risk'>,
  each: KnownCase,
): Promise<
  | { readonly each: KnownCase; readonly grounds: DecisionInputs }
  | { readonly because: DenialReason }
> {
  const { call } = each
  const { credential, held, liveness, view } = each.who
  const stop = stopEarly(credential, liveness)
  if (stop) return { because: stop }
  const setting = await parts.facts.setting(held, call.resource.name, view, each.at)
  // INVARIANT: policies and catalog are taken after the view that watches over them was read.
  const active = parts.policies.active()
  const policies = active instanceof Promise ? await active : active
  const reading = parts.catalog.current()
  const catalog = reading instanceof Promise ? await reading : reading
  const current = asDefinedNow(call, catalog)
  if (!current) return { because: { ...OVERTAKEN, gates: [credential] } }
  const { action } = current
  const { at } = each
  const risk = await parts.risk.observe({ action, arguments: call.arguments, at, held, view })
  return {
    each: { ...each, call: current, policyVersion: policies.version, risk: risk.assessment },
    grounds: { setting, policies, kindOf: catalog.kindOf, risk },
  }
}

/**
 * The call with risk class and sentence as they are now. `undefined`: it was read under a definition, or meant for an
 * address, that is not the resource's any more.
 */
export function asDefinedNow(call: Call, catalog: CatalogView): Call | undefined {
  const action = catalog.actions.get(call.action.name)
  const resource = catalog.resources.get(call.resource.name)
  const same =
    action?.digest === call.action.digest &&
    resource?.identifier === call.resource.identifier &&
    resource.upstream === call.resource.upstream &&
    isThrough(call, catalog)
  if (!same) return undefined
  return call.action === action && call.resource === resource ? call : { ...call, action, resource }
}

/** INVARIANT: a caller that came to a group calls a present member of it. */
function isThrough({ audience, resource }: Call, { resources }: CatalogView): boolean {
  return !audience || resources.get(audience.name)?.members?.includes(resource.name) === true
}

const OVERTAKEN = {
  reason: 'catalog.changed',
  detail: "the API's description changed during the call",
  enough: 'the same call again',
} as const
