import type { Resource } from '../../catalog/catalog/index.ts'
import { type BearerToken, opaqueDigest } from '../../identity/opaque-tokens/index.ts'
import { boundKeyOf, confirmationOf, tokenTypeOf } from '../../identity/possession/index.ts'
import {
  type AccessClaims,
  authenticationClaims,
  checkResourceToken,
  checkTaskToken,
  mintIntrospection,
  partyClaims,
} from '../../identity/tokens/index.ts'
import { onProblem, Problem } from '../../platform/lib/problem.ts'
import type { LiveView } from '../../platform/revocation/index.ts'
import {
  callKeys,
  isKeyOf,
  isSubject,
  livenessNow,
  livenessOf,
  minting,
  ownTokens,
  type Setting,
  settingLiveness,
  tokenParties,
} from '../../tasks/facts/index.ts'
import type { TaskLineage } from '../../tasks/tasks/index.ts'
import type { GrantParts } from '../grants/index.ts'
import type { Introspector } from './introspection-caller.ts'
import { audienceOf } from './revoke-token.ts'

/**
 * Claims of an active token (RFC 7662 section 2.2, RFC 8693 section 4, RFC 9396 section 9.2, RFC
 * 9449 section 6.2).
 */
export type TokenClaims = Omit<AccessClaims, 'cnf'> & {
  readonly cnf?: AccessClaims['cnf']
  readonly token_type: 'DPoP' | 'Bearer'
  readonly task: Readonly<Record<string, string | undefined>>
}

export type Introspection = ({ readonly active: true } & TokenClaims) | { readonly active: false }

/**
 * Answer about a token that is unknown, over, stopped, or none of the caller's business (RFC 7662
 * section 2.2).
 */
const INACTIVE: Introspection = { active: false }

/** Claims that were found, and what they stand on. */
interface ClaimsMatch {
  readonly claims: TokenClaims
  readonly views: readonly LiveView[]
}

/**
 * Tells whether a token works at this moment, and what it says. It is looked at as a call would be:
 * signature, task, everything it depends on. Reads and writes nothing.
 */
export async function introspect(
  parts: GrantParts,
  caller: Introspector,
  token: string,
): Promise<Introspection> {
  return stillSo(parts, caller, await findUnderLease(parts, caller, token))
}

/**
 * An introspection writes nothing that could be conditional on this server's lease, so live state is confirmed by a
 * read of its own: a server that slept never answers that a token works.
 */
async function findUnderLease(
  parts: GrantParts,
  caller: Introspector,
  token: string,
): Promise<ClaimsMatch | undefined> {
  const found = await find(parts, caller, token)
  if (found) await parts.live.confirmLease()
  return found
}

/** Introspects as a JWT for this caller (RFC 9701), which no one takes for an access token. */
export async function introspectSigned(
  parts: GrantParts,
  caller: Introspector,
  token: string,
): Promise<string> {
  const sign = (told: Introspection) => mintIntrospection(minting(parts), caller.name, told)
  const found = await findUnderLease(parts, caller, token)
  const told = await stillSo(parts, caller, found)
  const signed = await sign(told)
  // INVARIANT, second look: signing takes a while, and a token that ended meanwhile is not told as active.
  const isOver = told.active && !(await stillSo(parts, caller, found)).active
  return isOver ? sign(INACTIVE) : signed
}

/**
 * Looks once more. INVARIANT, second look: nothing awaits between the last look and the answer. A lease that ran out is
 * no answer about a token: `live.lease_over`.
 */
async function stillSo(
  { ledger, live }: Pick<GrantParts, 'live' | 'ledger'>,
  caller: Introspector,
  found: ClaimsMatch | undefined,
): Promise<Introspection> {
  if (caller.view && !(await live.stillHold([caller.view])))
    throw new Problem(
      'introspection.unauthenticated',
      'the caller changed in the meantime; ask again',
    )
  if (ledger.broken !== undefined) return INACTIVE
  if (!found || !(await live.stillHold(found.views))) return INACTIVE
  return { active: true, ...found.claims }
}

async function find(
  parts: GrantParts,
  caller: Introspector,
  token: string,
): Promise<ClaimsMatch | undefined> {
  // Revocations may be missing.
  if (parts.ledger.broken !== undefined) return undefined
  const digest = opaqueDigest('remit_at', token)
  if (digest !== undefined) return ofHandle(parts, caller, digest)
  const audience = audienceOf(token)
  if (audience === parts.issuer) return ofTask(parts, caller, token)
  const resource = (await parts.catalog.current()).byIdentifier.get(audience ?? '')
  return resource && ofResource(parts, caller, { token, resource })
}

async function ofTask(
  parts: GrantParts,
  caller: Introspector,
  token: string,
): Promise<ClaimsMatch | undefined> {
  const claims = await checkTaskToken(token, ownTokens(parts)).catch(onProblem(() => undefined))
  if (!claims) return undefined
  const held = await holderOf(parts, claims, undefined)
  if (!held || !caller.mayKnow({ resource: undefined, agentId: held.task.agentId }))
    return undefined
  const { chain, spaces, task } = held
  const { issuers, personId: person } = task
  const keys = callKeys({ task: task.id, person, chain, spaces, issuers, token })
  const view = await parts.live.view(keys)
  if (!livenessOf(view).passed || task.deadline <= parts.clock.now()) return undefined
  return { claims: { ...claims, token_type: tokenTypeOf(boundKeyOf(claims.cnf)) }, views: [view] }
}

async function ofResource(
  parts: GrantParts,
  caller: Introspector,
  { token, resource }: { readonly token: string; readonly resource: Resource },
): Promise<ClaimsMatch | undefined> {
  const checking = checkResourceToken(token, resource.identifier, ownTokens(parts))
  const claims = await checking.catch(onProblem(() => undefined))
  if (!claims) return undefined
  const held = await holderOf(parts, claims, resource)
  if (!held || !caller.mayKnow({ resource: resource.name, agentId: held.task.agentId }))
    return undefined
  const alive = await aliveAt(parts, held, { resource, token, claims })
  return (
    alive && {
      claims: { ...claims, token_type: tokenTypeOf(boundKeyOf(claims.cnf)) },
      views: alive.views,
    }
  )
}

async function ofHandle(
  parts: GrantParts,
  caller: Introspector,
  digest: string,
): Promise<ClaimsMatch | undefined> {
  const row = await parts.facts.bearer(digest)
  if (!row || row.expiresAt <= parts.clock.now()) return undefined
  const resource = (await parts.catalog.current()).byIdentifier.get(row.resource)
  const held = await parts.facts.task(row.taskId)
  if (!resource || !held || !isKeyOf(held.task, row.thumbprint)) return undefined
  if (!caller.mayKnow({ resource: resource.name, agentId: held.task.agentId })) return undefined
  const claims = { exp: Math.floor(row.expiresAt / 1000), task: { id: row.taskId, ep: row.epochs } }
  const alive = await aliveAt(parts, held, { resource, token: undefined, claims })
  return (
    alive && {
      claims: claimsOf(parts, row, { held, resource, setting: alive.setting }),
      views: alive.views,
    }
  )
}

/** Claims that a token would make if it were a JWT. */
function claimsOf(
  parts: Pick<GrantParts, 'issuer' | 'master'>,
  row: BearerToken,
  at: { readonly held: TaskLineage; readonly resource: Resource; readonly setting: Setting },
): TokenClaims {
  const { issuer } = parts
  const { held, resource, setting } = at
  const { id, purpose } = held.task
  return {
    iss: issuer,
    aud: row.resource,
    ...partyClaims(issuer, tokenParties(parts, held, setting, resource)),
    client_id: row.taskId,
    token_type: tokenTypeOf(row.thumbprint),
    authorization_details: row.details,
    ...(row.scope === null ? {} : { scope: row.scope }),
    ...(row.thumbprint === null ? {} : { cnf: confirmationOf(row.thumbprint) }),
    ...authenticationClaims(held.task),
    task: { id, purpose, ep: row.epochs },
    iat: Math.floor(row.issuedAt / 1000),
    exp: Math.floor(row.expiresAt / 1000),
    jti: row.id,
  }
}

/** The task of a token that is bound to a key: it has to be that of the task. */
async function holderOf(
  parts: Pick<GrantParts, 'facts' | 'master'>,
  claims: AccessClaims,
  at: Resource | undefined,
): Promise<TaskLineage | undefined> {
  const held = await parts.facts.task(claims.client_id)
  if (!held || !isKeyOf(held.task, boundKeyOf(claims.cnf))) return undefined
  return isSubject(parts, held, claims, at) ? held : undefined
}

/** Gate 2 for a token at a resource, as a call there would be looked at. */
async function aliveAt(
  parts: Pick<GrantParts, 'clock' | 'facts' | 'ledger' | 'live'>,
  held: TaskLineage,
  at: {
    readonly resource: Resource
    /** Token that is signed. */
    readonly token: string | undefined
    readonly claims: Parameters<typeof livenessNow>[3]
  },
): Promise<{ readonly setting: Setting; readonly views: readonly LiveView[] } | undefined> {
  const { name: resource } = at.resource
  const { chain, spaces, task } = held
  const { id, issuers, personId: person } = task
  const { token } = at
  const keys = callKeys({ task: id, person, chain, spaces, issuers, resource, token })
  const view = await parts.live.view(keys)
  if (!livenessNow(parts, held, view, at.claims).passed) return undefined
  const setting = await parts.facts.setting(held, resource, view, parts.clock.now())
  if (!settingLiveness(setting, task).passed) return undefined
  return { setting, views: [view, setting.also] }
}
