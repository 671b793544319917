import { type Detail, type GateResult, intersect, type KindOf } from '@remit/engine'
import { USE_GUARD } from '../../approvals/approvals/index.ts'
import type { Resource } from '../../catalog/catalog/index.ts'
import { type Proof, tokenTypeOf } from '../../identity/possession/index.ts'
import type { MintedToken } from '../../identity/tokens/index.ts'
import type { LedgerEvent } from '../../platform/ledger/index.ts'
import type { LiveView } from '../../platform/revocation/index.ts'
import type { Guard, Step } from '../../platform/storage/index.ts'
import { codeOf } from '../../tasks/decision-log/index.ts'
import {
  type FactParts,
  livenessOf,
  PAST_DEADLINE,
  proofStep,
  type Setting,
  settingLiveness,
} from '../../tasks/facts/index.ts'
import type { TaskLineage } from '../../tasks/tasks/index.ts'
import { approvedToken, type IssuableToken } from './approved-token.ts'
import { issuableDetails } from './gate.ts'
import { checkHolder, type PresentedToken } from './holder.ts'
import { type IssuanceContext, issuingBy, type Token } from './issuing.ts'
import { incompleteAuthority, missingOf } from './missing.ts'
import { type GrantRefusal, isRefused, refused, refusedBy } from './refusal.ts'
import { refuseOpening } from './refuse.ts'
import { type IssuedAccess, resourceAccess } from './resource-access.ts'
import { stepUpAt } from './step-up-at.ts'
import { detailsAt, grantedScope, readWanted } from './wanted.ts'

/** A task token exchanged for a token of one resource (contract 5.5). */
export interface ResourceTokenRequest extends Omit<PresentedToken, 'as'> {
  /** The task, when the request names it. */
  readonly clientId?: string | undefined
  /** Identifier of a resource. */
  readonly resource: string
  /** Narrows what the token holds; by itself all that the task may do there. */
  readonly details?: unknown
  readonly scope?: string | undefined
  /** Less than all of that is worth nothing. */
  readonly requireAll?: boolean | undefined
  readonly origin: { readonly ip: string }
}

export interface IssuedToken {
  readonly outcome: 'issued'
  readonly token: MintedToken
  readonly tokenType: 'DPoP' | 'Bearer'
  readonly taskId: string
  readonly details: readonly Detail[]
  readonly scope?: string
  /** Details that were asked for at this resource and that the task does not have; left out: none. */
  readonly missing?: readonly Detail[]
}

/**
 * Issues a resource token: proof and record in one commit, liveness once more in the tick that answers. What the task
 * may do at that resource and no more, for 300 seconds at most.
 */
export async function issueResourceToken(
  parts: FactParts,
  asked: ResourceTokenRequest,
): Promise<IssuedToken | GrantRefusal> {
  const holder = await checkHolder(parts, { ...asked, as: 'parameter' })
  const no = (refusal: GrantRefusal) =>
    refuseOpening(
      parts,
      {
        type: 'token.refused',
        proof: holder.proof,
        about: holder.holds ? aboutTask(holder.held) : {},
        ip: asked.origin.ip,
      },
      refusal,
    )
  if (!holder.holds) return no(holder.refusal)
  const { held, proof } = holder
  if (asked.clientId !== undefined && asked.clientId !== held.task.id)
    return no(refused('token.unknown_task', '`client_id` is not the task of the token'))
  const issuing = issuingBy('token_exchange', asked)
  const grant = await grantAt(parts, held, { ...asked, issuing })
  if ('outcome' in grant) return no(grant)
  const tooWeak = await stepUpAt(parts, { ...grant, held, origin: asked.origin })
  if (tooWeak) return no(tooWeak)
  const { people, setting, ...at } = grant
  const issued = await resourceAccess(parts, held, {
    ...at,
    until: people.until,
    setting,
    thumbprint: proof.thumbprint,
  })
  const { token } = issued
  const steps = [...people.steps, ...issued.steps]
  const failed = await book(parts, { held, proof, steps, issued, resource: grant.resource.name })
  if (failed) return no(failed === USE_GUARD ? STALE : refusedBy(failed))
  if (!(await parts.live.stillHold([grant.view, grant.setting.also]))) return STALE
  const { details, missing, scope } = grant
  return {
    outcome: 'issued',
    token,
    tokenType: tokenTypeOf(proof.thumbprint),
    taskId: held.task.id,
    details,
    ...(scope === undefined ? {} : { scope }),
    ...(missing ? { missing } : {}),
  }
}

const STALE = refused('token.stale', 'something changed while the token was issued; ask again')

export interface GrantAt {
  readonly resource: Resource
  readonly view: LiveView
  readonly setting: Setting
  readonly details: readonly Detail[]
  readonly scope: string | undefined
  /** Details that were asked for at this resource and that the task does not have; `undefined`: none. */
  readonly missing: readonly Detail[] | undefined
  /** Approval of people about it, if it was needed. */
  readonly people: IssuableToken
}

/** Finds what a token of this task would hold at this resource, as everything is now. */
export async function grantAt(
  parts: FactParts,
  held: TaskLineage,
  asked: {
    readonly resource: string
    readonly details?: unknown
    readonly scope?: string | undefined
    readonly requireAll?: boolean | undefined
    readonly issuing: IssuanceContext
    /** An access token, when left out. */
    readonly kind?: Token
    /** The task token, where one was shown. */
    readonly token?: string
  },
): Promise<GrantAt | GrantRefusal> {
  const catalog = await parts.catalog.current()
  const resource = catalog.byIdentifier.get(asked.resource)
  if (!resource) return refused('resource.unknown', 'there is no such resource')
  const wanted = readWanted(asked, catalog)
  if (isRefused(wanted)) return wanted
  const { task } = held
  const view = await parts.live.view(parts.facts.keysOf(held, resource.name, asked.token))
  const alive = livenessOf(view)
  if (!alive.passed) return because(alive)
  if (task.deadline <= parts.clock.now()) return because(PAST_DEADLINE)
  const setting = await parts.facts.setting(held, resource.name, view, parts.clock.now())
  const also = settingLiveness(setting, task)
  if (!also.passed) return because(also)
  const there = catalog.at(resource.identifier).locations
  const here = detailsAt(setting.details, there)
  const asking = wanted === undefined ? here : intersect(here, wanted, catalog.kindOf)
  const kind = asked.kind ?? 'access_token'
  const { issuing } = asked
  const details = resource.members
    ? await issuableDetails(parts, { held, setting, details: asking, catalog, kind, issuing })
    : asking
  if (isRefused(details)) return details
  const missing = missingAt(detailsAt(wanted ?? [], there), details, catalog.kindOf)
  if (details.length === 0)
    return {
      ...refused('task.resource_not_granted', 'nothing of the request is granted at this resource'),
      ...(missing ? { members: { missing_authorization_details: missing } } : {}),
    }
  if (missing && asked.requireAll) return incompleteAuthority({ askable: [], never: missing })
  const of = { held, resource: resource.name, setting, details }
  const people = await approvedToken(parts, of, kind, issuing)
  if (isRefused(people)) return people
  return {
    resource,
    view,
    setting,
    details,
    scope: grantedScope(asked.scope, details, catalog),
    missing,
    people,
  }
}

/** Finds what an open task does not have: another task may, if its person allows it. */
function missingAt(
  calls: readonly Detail[],
  details: readonly Detail[],
  kindOf: KindOf,
): readonly Detail[] | undefined {
  const got = { details, mayDelegate: [] }
  return missingOf({ calls, delegates: undefined }, got, got, kindOf)?.never
}

function because(gate: GateResult): GrantRefusal {
  return refused(codeOf(gate.reason ?? ''), gate.detail)
}

/** The guard that failed, if one did: the proof was used before, or another request used the approval. */
async function book(
  parts: Pick<FactParts, 'ledger' | 'live' | 'storage'>,
  given: {
    held: TaskLineage
    proof: Proof
    steps: readonly Step[]
    issued: IssuedAccess
    resource: string
  },
): Promise<Guard | undefined> {
  const { held, issued, proof, resource, steps } = given
  const done = await parts.live.commit(parts.storage, [
    proofStep(parts, proof),
    ...steps,
    parts.ledger.appendStep({
      ...aboutTask(held),
      type: 'token.issued',
      resource,
      tokenId: issued.token.id,
      thumbprint: proof.thumbprint,
    }),
  ])
  return done.committed ? undefined : done.failed
}

export function aboutTask({ task, chain }: TaskLineage): Partial<LedgerEvent> {
  return { task: task.id, person: task.personId, agent: task.agentId, chain }
}
