import { type Detail, stopEarly } from '@remit/engine'
import type { Resource } from '../../../catalog/catalog/index.ts'
import { aboutTask } from '../../../grants/issuance/index.ts'
import { newTimedId } from '../../../platform/lib/id.ts'
import { type Call, type Setting, settingLiveness } from '../../../tasks/facts/index.ts'
import type { Task } from '../../../tasks/tasks/index.ts'
import { type RecordedRequest, stopped } from '../case.ts'
import { identify, type KnownIdentity, type PresentedCredentials } from '../identify.ts'
import type { CallParts } from '../parts.ts'
import { consumeProof, refuse, refuseReplay, usedProofSteps } from '../refuse.ts'
import { ticketOf } from '../still-live.ts'
import type { DenyVerdict, PermitVerdict } from '../verdict.ts'

/** A request at a resource that is no call of an action: what MCP's `initialize`, `ping` and lists are. */
export type AdmissionRequest = PresentedCredentials &
  Pick<Call, 'origin'> & {
    /** Mark of an admission that begins a session, which the ledger shall tell. */
    readonly record?: 'session'
  }

/** Gates 1 and 2 hold. It permits no call; ask `stillLive` in the tick that answers, and `readmit` where it says no. */
export interface AdmittedRequest
  extends Pick<PermitVerdict, 'person' | 'agent' | 'chain' | 'view' | 'ticket'> {
  readonly outcome: 'admitted'
  /** Task of the token. Only what never changes about it may be used: not its state. */
  readonly task: Task
  /** Resource as the catalog describes it now. */
  readonly resource: Resource
  /** Details of the task that the token holds. */
  readonly narrowed: readonly Detail[]
  readonly origin: Call['origin']
}

/**
 * Gates 1 and 2 for a request that is no call of an action. Its proof is used up, whatever the answer; a refusal is recorded
 * as decisions are. An admission itself writes nothing but the used proof and, for a session, `mcp.session_opened`:
 * lists and pings have no effect that the books would have to prove.
 */
export async function admit(
  parts: CallParts,
  asked: AdmissionRequest,
): Promise<AdmittedRequest | DenyVerdict> {
  parts.disk?.requireRoom()
  const who = await identify(parts, asked)
  const each: RecordedRequest = {
    id: newTimedId('decision', parts.clock.now(), parts.random),
    call: { resource: asked.resource, origin: asked.origin },
    who,
    callHash: undefined,
    at: parts.clock.now(),
    replicaId: parts.live.replicaId,
    policyVersion: undefined,
    proofUsed: false,
  }
  if (!who.known) return refuse(parts, each, stopped({ who }))
  const stop = stopEarly(who.credential, who.liveness)
  if (stop) return refuse(parts, each, stop)
  const setting = await parts.facts.setting(who.held, asked.resource.name, who.view, each.at)
  const dead = stopEarly(who.credential, settingLiveness(setting, who.held.task))
  if (dead) return refuse(parts, each, dead)
  // INVARIANT: the catalog is taken after the view that watches over it was read.
  const { resources } = await parts.catalog.current()
  const resource = resources.get(asked.resource.name)
  if (!resource || !isSamePlace(resource, asked.resource))
    return refuse(parts, each, { ...OVERTAKEN, gates: [who.credential] })
  const session = asked.record === 'session' ? [sessionStep(parts, each, who)] : []
  const isFresh = await consumeProof(parts, [...usedProofSteps(parts, each), ...session])
  return isFresh ? admitted(each, who, setting, resource) : refuseReplay(parts, each)
}

/** Checks that two descriptions of a resource lead to the same place. */
export function isSamePlace(a: Resource, b: Resource): boolean {
  return a.identifier === b.identifier && a.upstream === b.upstream
}

const OVERTAKEN = {
  reason: 'catalog.changed',
  detail: "the API's description changed during the request",
  enough: 'the same request again',
} as const

function sessionStep(parts: Pick<CallParts, 'ledger'>, each: RecordedRequest, who: KnownIdentity) {
  return parts.ledger.appendStep({
    ...aboutTask(who.held),
    type: 'mcp.session_opened',
    resource: each.call.resource.name,
    tokenId: who.claims.jti,
    thumbprint: who.proof?.thumbprint,
    origin: each.call.origin,
  })
}

function admitted(
  each: RecordedRequest,
  who: KnownIdentity,
  setting: Setting,
  resource: Resource,
): AdmittedRequest {
  const { person } = setting
  const { task, chain } = who.held
  return {
    outcome: 'admitted',
    task,
    person: { id: person.id, issuer: person.issuer, subject: person.subject },
    agent: task.agentId,
    chain,
    resource,
    narrowed: who.claims.authorization_details,
    view: who.view,
    ticket: ticketOf(who, setting),
    origin: each.call.origin,
  }
}
