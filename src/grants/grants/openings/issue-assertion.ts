import type { Detail } from '@remit/engine'
import { USE_GUARD } from '../../../approvals/approvals/index.ts'
import { findAgent } from '../../../identity/agents/index.ts'
import { issuerKey, type TrustedIssuer } from '../../../identity/issuers/index.ts'
import { type MintedToken, mintPeerAssertion } from '../../../identity/tokens/index.ts'
import { codeOf } from '../../../tasks/decision-log/index.ts'
import { livenessOf, minting, proofStep, tokenParties } from '../../../tasks/facts/index.ts'
import type { TaskLineage } from '../../../tasks/tasks/index.ts'
import {
  aboutTask,
  checkHolder,
  type GrantAt,
  type GrantRefusal,
  grantAt,
  isRefused,
  issuingBy,
  mayIssueAt,
  type PresentedToken,
  refused,
  refusedBy,
  refuseOpening,
} from '../../issuance/index.ts'
import type { GrantParts } from '../parts.ts'

/** A task wants an assertion for the authorization server of another domain. */
export interface AssertionRequest extends Omit<PresentedToken, 'as'> {
  readonly clientId: string
  readonly kind: 'id_jag' | 'jwt'
  /** Issuer of the peer. */
  readonly audience: string
  /** Identifier of a resource that the peer protects; the only one there is, when left out. */
  readonly resource?: string | undefined
  readonly details?: unknown
  readonly scope?: string | undefined
  readonly origin: { readonly ip: string }
}

export interface IssuedAssertion {
  readonly outcome: 'issued'
  readonly token: MintedToken
  /** Said as details, or as scopes. */
  readonly details?: readonly Detail[]
  readonly scope?: string
  /** Details that were asked for and that it does not say; left out: none. */
  readonly missing?: readonly Detail[]
}

export interface Peer {
  readonly issuer: TrustedIssuer
  readonly mapping: NonNullable<TrustedIssuer['peer']>
}

/**
 * Issues an identity assertion (ID-JAG section 4.3), or an authorization grant (OAuth identity chaining), to a task: what it may do
 * at one resource of the peer and no more, for its own key. Only the request is taken from the presented tokens.
 */
export async function issueAssertion(
  parts: GrantParts,
  asked: AssertionRequest,
): Promise<IssuedAssertion | GrantRefusal> {
  const holder = await checkHolder(parts, { ...asked, as: 'parameter' })
  const about = holder.holds ? aboutTask(holder.held) : {}
  const no = (refusal: GrantRefusal) => {
    const { proof } = holder
    const attempt = { type: 'token.refused', proof, about, ip: asked.origin.ip } as const
    return refuseOpening(parts, attempt, refusal)
  }
  if (!holder.holds) return no(holder.refusal)
  const { held, proof } = holder
  if (asked.clientId !== held.task.id)
    return no(refused('token.unknown_task', '`client_id` is not the task of the token'))
  const made = await makeAssertion(parts, asked, held, proof.thumbprint)
  if (isRefused(made)) return no(made)
  const { holds, issued, people, record } = made
  const done = await parts.live.commit(parts.storage, [
    proofStep(parts, proof),
    ...people.steps,
    parts.ledger.appendStep({
      ...about,
      type: 'token.issued',
      tokenId: issued.token.id,
      thumbprint: proof.thumbprint,
      ...record,
    }),
  ])
  if (!done.committed) return no(done.failed === USE_GUARD ? STALE : refusedBy(done.failed))
  return (await holds()) ? issued : STALE
}

export const STALE = refused(
  'token.stale',
  'something changed while the token was issued; ask again',
)

/** Contents of an assertion; `thumbprint`: that of the task's key. */
export type AssertionContent = Pick<AssertionRequest, 'kind' | 'audience' | 'resource' | 'origin'> &
  Partial<Pick<AssertionRequest, 'details' | 'scope'>>

export async function makeAssertion(
  parts: GrantParts,
  asked: AssertionContent,
  held: TaskLineage,
  thumbprint: string,
) {
  const peer = await assertionPeer(parts, asked)
  if (isRefused(peer)) return peer
  const { issuer, mapping } = peer
  const view = await parts.live.view([issuerKey(issuer.name)])
  const alive = livenessOf(view)
  if (!alive.passed) return refused(codeOf(alive.reason ?? ''), alive.detail)
  const resource = resourceOf(mapping, asked)
  if (resource === undefined)
    return refused('resource.unknown', 'send `resource`: one that the server protects')
  if (held.task.sponsored)
    return refused('issuance.forbidden', 'an assertion is about a person, and no person is present')
  const issuing = issuingBy('token_exchange', asked)
  const { details: wanted, kind, scope } = asked
  const grant = await grantAt(parts, held, { resource, details: wanted, scope, issuing, kind })
  if (isRefused(grant)) return grant
  // INVARIANT: two levels are decided: an assertion for the server itself, then access to the APIs that it protects.
  const at = { held, resource: issuer.issuer, setting: grant.setting }
  const { people } = grant
  const not = await mayIssueAt(parts, at, kind, issuing, people.lifted)
  if (not) return not
  const clientId = await clientAt(parts, held, peer)
  if (clientId === undefined)
    return refused('issuance.forbidden', 'the agent has no client id at that server')
  const said = sayable(grant, mapping)
  if (!said)
    return refused(
      'task.resource_not_granted',
      'what is granted there cannot be expressed as a scope',
    )
  const token = await mintPeerAssertion(minting(parts), {
    typ: kind === 'id_jag' ? 'oauth-id-jag+jwt' : 'JWT',
    ...{ audience: issuer.issuer, clientId, resource, ...said },
    parties: tokenParties(parts, held, grant.setting, undefined),
    authentication: held.task,
    thumbprint,
    deadline: Math.min(held.task.deadline, people.until ?? held.task.deadline),
  })
  const missing = [...(grant.missing ?? []), ...unsayable(grant, mapping)]
  const lacks = missing.length > 0 ? { missing } : {}
  return {
    people,
    issued: { outcome: 'issued', token, ...said, ...lacks } satisfies IssuedAssertion,
    record: { resource: grant.resource.name, facts: { kind, peer: issuer.name, ...said } },
    holds: () => parts.live.stillHold([grant.view, grant.setting.also, view]),
  }
}

/** INVARIANT: never for our own domain; there a task has its tokens. */
export async function assertionPeer(
  parts: Pick<GrantParts, 'issuer' | 'issuers'>,
  { audience }: Pick<AssertionRequest, 'audience'>,
): Promise<Peer | GrantRefusal> {
  const issuer = audience === parts.issuer ? undefined : await parts.issuers.peer(audience)
  if (!issuer?.peer) return refused('resource.unknown', '`audience` is not a registered peer')
  return { issuer, mapping: issuer.peer }
}

export function resourceOf(
  { resources }: Peer['mapping'],
  asked: Pick<AssertionRequest, 'resource'>,
): string | undefined {
  const [only, ...more] = resources
  const resource = asked.resource ?? (more.length === 0 ? only : undefined)
  return resources.find((one) => one === resource)
}

/**
 * Finds how the agent is called over there: as it was registered, or the address of its document.
 */
export async function clientAt(
  parts: Pick<GrantParts, 'storage'>,
  { task }: TaskLineage,
  { mapping }: Peer,
): Promise<string | undefined> {
  if (Object.hasOwn(mapping.clients, task.agentId)) return mapping.clients[task.agentId]
  return (await findAgent(parts.storage.read, task.agentId))?.clientUrl ?? undefined
}

/** INVARIANT: a scope says an action without its bounds. What has bounds is said with them, or not at all. */
function sayable(
  { details }: Pick<GrantAt, 'details'>,
  mapping: Peer['mapping'],
): { readonly details: readonly Detail[] } | { readonly scope: string } | undefined {
  if (mapping.details) return { details }
  const free = details.filter((detail) => !isBounded(detail))
  const actions = [...new Set(free.flatMap((detail) => detail.actions))]
  return actions.length > 0 ? { scope: actions.join(' ') } : undefined
}

/** Answers details that a scope cannot say: it has no arguments, so bounded ones are left out. */
function unsayable(
  { details }: Pick<GrantAt, 'details'>,
  mapping: Peer['mapping'],
): readonly Detail[] {
  return mapping.details ? [] : details.filter(isBounded)
}

function isBounded({ bounds }: Detail): boolean {
  return bounds.length > 0
}
