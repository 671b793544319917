import type { GateResult } from '@remit/engine'
import { countedAccess, countedRisk } from '../../catalog/catalog/index.ts'
import { foreignIssuer, holdForeign } from '../../grants/grants/index.ts'
import { asRefused, type GrantRefusal, isRefused, refused } from '../../grants/issuance/index.ts'
import type { StoredIssuer } from '../../identity/issuers/index.ts'
import { type BearerToken, opaqueDigest } from '../../identity/opaque-tokens/index.ts'
import {
  boundKeyOf,
  certificateProof,
  checkProof,
  type Proof,
  tokenTypeOf,
} from '../../identity/possession/index.ts'
import {
  checkResourceToken,
  knownResourceToken,
  type ResourceTokenClaims,
} from '../../identity/tokens/index.ts'
import type { Awaitable } from '../../platform/lib/pipeline.ts'
import type { LiveView } from '../../platform/revocation/index.ts'
import { enoughFor } from '../../tasks/decision-log/index.ts'
import {
  IDLE,
  isKeyOf,
  isSubject,
  livenessNow,
  ownTokens,
  unusableBearer,
} from '../../tasks/facts/index.ts'
import type { TaskLineage } from '../../tasks/tasks/index.ts'
import type {
  CallerIdentity,
  KnownIdentity,
  PresentedCredentials,
  TokenStatement,
} from './identified.ts'
import type { CallParts } from './parts.ts'

export type {
  CallerIdentity,
  KnownIdentity,
  PresentedCredentials,
  TokenStatement,
} from './identified.ts'

const HOLDS: GateResult = {
  gate: 'credential',
  passed: true,
  detail: 'token and proof are valid',
}

const BEARER_HOLDS: GateResult = {
  gate: 'credential',
  passed: true,
  detail: 'the token is valid and not bound to a key',
}

/** INVARIANT: a token is good at the address that it was issued for, whatever is called there. */
function addressed({ audience, ...call }: PresentedCredentials): PresentedCredentials {
  return audience ? { ...call, resource: audience } : call
}

/** Token, proof, task and what it depends on. Never throws for anything a caller sent. */
export async function identify(
  parts: CallParts,
  asked: PresentedCredentials,
): Promise<CallerIdentity> {
  const call = addressed(asked)
  const { token, scheme } = call
  if (token === undefined || scheme === undefined)
    return unidentified(refused('token.missing', 'the request has no access token'))
  const foreign = foreignIssuer(parts, token)
  const from = foreign instanceof Promise ? await foreign : foreign
  if (from) return identifyForeign(parts, { ...call, token }, from)
  if (scheme !== 'DPoP') return identifyUnproved(parts, call, token)
  // Both at once: each waits for a signature, where the token was not verified before.
  const binding = boundTo(parts, call, token)
  const proving = proofOf(parts, call, token)
  const [bound, proof] =
    binding instanceof Promise
      ? await Promise.all([binding, proving])
      : ([binding, await proving] as const)
  if (isRefused(bound)) return unidentified(bound, isRefused(proof) ? undefined : proof)
  if (isRefused(proof)) return unidentified(proof, undefined, bound.claims)
  return identifyTask(parts, call, bound, proof)
}

async function proofOf(
  parts: Pick<CallParts, 'clock' | 'nonces'>,
  call: PresentedCredentials,
  accessToken: string,
): Promise<Proof | GrantRefusal> {
  const { method, url } = call
  const nonce = nonceCheck(parts, call)
  try {
    return await checkProof(call.proof, { method, url, accessToken, clock: parts.clock, nonce })
  } catch (error) {
    return asRefused(error)
  }
}

/**
 * A token that came as `Bearer`: of a client that cannot prove possession, or bound to the certificate of the connection (RFC 8705
 * section 3). INVARIANT: a token bound to a DPoP key is never good here, whatever certificate comes with it.
 */
async function identifyUnproved(
  parts: CallParts,
  call: PresentedCredentials,
  token: string,
): Promise<CallerIdentity> {
  const { certificate } = call
  const bound = certificate && (await boundTo(parts, call, token))
  if (!bound || isRefused(bound) || tokenTypeOf(bound.thumbprint) === 'DPoP')
    return identifyBearer(parts, call, token)
  return identifyTask(parts, call, bound, certificateProof(certificate, parts))
}

/**
 * A token of another server, and the task that it opened (contract 5.6). It has no epochs: its live state is read as it
 * is now, so after a suspension it counts again.
 */
async function identifyForeign(
  parts: CallParts,
  call: PresentedCredentials & { readonly token: string },
  from: StoredIssuer,
  proven?: Proof,
): Promise<CallerIdentity> {
  const shown = await holdForeign(parts, call, from, { nonce: nonceCheck(parts, call), proven })
  if (!shown.holds) return unidentified(shown.refusal, shown.proof)
  const { held, proof, vouched } = shown
  const { exp, jti } = vouched.claims
  const said = { exp, ...(typeof jti === 'string' ? { jti } : {}) }
  return taskAsItIs(parts, call, { held, proof, said, credential: proof ? HOLDS : BEARER_HOLDS })
}

/** Answers the nonce check, only where the refusing edge can also tell the nonce. */
function nonceCheck(
  { nonces }: Pick<CallParts, 'nonces'>,
  { action, nonces: told, url }: PresentedCredentials,
) {
  if (!told) return undefined
  const counted = action && { access: countedAccess(action), risk: countedRisk(action) }
  return nonces?.checkFor(url, { at: 'call', ...counted })
}

/** A token that is bound to a key, whichever form it has. */
interface Bound {
  readonly claims: TokenStatement
  readonly thumbprint: string
  /** Tells whether it names the person of the task; a handle names no one. */
  isOf(held: TaskLineage): boolean
}

function boundTo(
  parts: CallParts,
  call: PresentedCredentials,
  token: string,
): Awaitable<Bound | GrantRefusal> {
  const digest = opaqueDigest('remit_at', token)
  if (digest !== undefined) return handleBoundTo(parts, call, digest)
  const { identifier } = call.resource
  const own = ownTokens(parts)
  const bound = (claims: ResourceTokenClaims): Bound => ({
    claims,
    thumbprint: boundKeyOf(claims.cnf),
    isOf: (held) => isSubject(parts, held, claims, call.resource),
  })
  const known = knownResourceToken(token, identifier, own)
  return known
    ? bound(known)
    : checkResourceToken(token, identifier, own).then(bound).catch(asRefused)
}

async function handleBoundTo(
  parts: Pick<CallParts, 'clock' | 'facts'>,
  call: PresentedCredentials,
  digest: string,
): Promise<Bound | GrantRefusal> {
  const row = await handleAt(parts, call, digest)
  if (isRefused(row)) return row
  return row.thumbprint === null
    ? refused('token.wrong_scheme', 'the token is not bound to a key: use Bearer')
    : { claims: credentialOf(row), thumbprint: row.thumbprint, isOf: () => true }
}

/** Finds the row of an opaque token. */
async function handleAt(
  parts: Pick<CallParts, 'clock' | 'facts'>,
  call: PresentedCredentials,
  digest: string,
): Promise<BearerToken | GrantRefusal> {
  const row = await parts.facts.bearer(digest)
  if (!row) return refused('token.expired', 'the token is unknown or has expired')
  if (row.expiresAt <= parts.clock.now()) return refused('token.expired', 'the token has expired')
  // INVARIANT: good at exactly one resource, as tokens that say so themselves.
  if (row.resource !== call.resource.identifier)
    return refused('token.wrong_audience', 'the token is for another resource')
  return row
}

/**
 * Identifies the same request a while later: the token and all it depends on, as they are now. Its
 * proof was checked and used up when the request came; a proof counts for minutes and could not be
 * checked again.
 */
export async function identifyAgain(
  parts: CallParts,
  asked: PresentedCredentials,
  before: KnownIdentity,
): Promise<CallerIdentity> {
  const call = addressed(asked)
  const { token } = call
  // A bearer token is checked again as it was the first time: there is no proof.
  if (token === undefined || !before.proof) return identify(parts, call)
  const from = await foreignIssuer(parts, token)
  if (from) return identifyForeign(parts, { ...call, token }, from, before.proof)
  const bound = await boundTo(parts, call, token)
  if (isRefused(bound)) return unidentified(bound, before.proof, before.claims)
  return identifyTask(parts, call, bound, before.proof)
}

const OTHER_CERTIFICATE = refused('certificate.wrong', 'the token is bound to another certificate')
const UNKNOWN_TASK = refused('token.unknown_task', 'the token belongs to no task here')

async function identifyTask(
  parts: Pick<CallParts, 'clock' | 'facts' | 'ledger' | 'live'>,
  call: PresentedCredentials,
  { claims, isOf, thumbprint }: Bound,
  proof: Proof,
): Promise<CallerIdentity> {
  if (thumbprint !== proof.thumbprint)
    return tokenTypeOf(proof.thumbprint) === 'DPoP'
      ? unidentified(refused('proof.wrong_key', 'the token is bound to another key'), proof, claims)
      : unidentified(OTHER_CERTIFICATE, undefined, claims)
  const found = parts.facts.task(claims.task.id)
  const held = found instanceof Promise ? await found : found
  if (!held || !isKeyOf(held.task, proof.thumbprint) || !isOf(held))
    return unidentified(UNKNOWN_TASK, proof, claims)
  return lookedAt(parts, call, { claims, proof, held, credential: HOLDS })
}

/**
 * A token of a client that cannot prove possession: what it says is in our own books. RFC 9449 section 7.1: a bound token is
 * not accepted as a bearer token, with or without a proof.
 */
async function identifyBearer(
  parts: CallParts,
  call: PresentedCredentials,
  token: string,
): Promise<CallerIdentity> {
  const digest = opaqueDigest('remit_at', token)
  if (digest === undefined) return unidentified(await refusalOfUnproved(parts, call, token))
  const bearer = await handleAt(parts, call, digest)
  if (isRefused(bearer)) return unidentified(bearer)
  if (bearer.thumbprint !== null) return unidentified(unproved(bearer.thumbprint))
  const claims = credentialOf(bearer)
  const held = await parts.facts.task(bearer.taskId)
  // INVARIANT: what has a key is used with it. A second lock: no bearer token is stored for a task with a key.
  if (!held || held.task.keyThumbprint !== null)
    return unidentified(UNKNOWN_TASK, undefined, claims)
  return lookedAt(parts, call, { claims, proof: undefined, held, credential: BEARER_HOLDS })
}

/** Refuses a token that is bound to a key, and came without any proof of it. */
function unproved(thumbprint: string): GrantRefusal {
  return tokenTypeOf(thumbprint) === 'Bearer'
    ? refused(
        'certificate.missing',
        'the token is bound to a certificate, and the connection has none',
      )
    : refused('token.wrong_scheme', 'the token is bound to a key: use DPoP')
}

async function refusalOfUnproved(
  parts: CallParts,
  call: PresentedCredentials,
  token: string,
): Promise<GrantRefusal> {
  const bound = await boundTo(parts, call, token)
  return isRefused(bound) ? asRefused(unusableBearer(token)) : unproved(bound.thumbprint)
}

function credentialOf({ id, taskId, epochs, details, expiresAt }: BearerToken): TokenStatement {
  return {
    jti: id,
    exp: Math.floor(expiresAt / 1000),
    authorization_details: details,
    task: { id: taskId, ep: epochs },
  }
}

async function lookedAt(
  parts: Pick<CallParts, 'clock' | 'facts' | 'ledger' | 'live'>,
  call: PresentedCredentials,
  who: Pick<KnownIdentity, 'claims' | 'proof' | 'held' | 'credential'>,
): Promise<CallerIdentity> {
  // A handle is in our books, and not signed.
  const signed = opaqueDigest('remit_at', call.token ?? '') === undefined
  const { claims, credential, held, proof } = who
  const viewing = liveViewOf(parts, held, call, signed ? call.token : undefined)
  const view = viewing instanceof Promise ? await viewing : viewing
  const alive = livenessNow(parts, held, view, claims)
  const used = !alive.passed || parts.facts.uses.note(held.task, parts.clock.now())
  const liveness = (used instanceof Promise ? await used : used) ? alive : IDLE
  return { known: true, claims, proof, held, view, credential, liveness }
}

function liveViewOf(
  parts: Pick<CallParts, 'facts' | 'live'>,
  held: TaskLineage,
  { resource }: Pick<PresentedCredentials, 'resource'>,
  token: string | undefined,
): Awaitable<LiveView> {
  return parts.live.view(parts.facts.keysOf(held, resource.name, token))
}

/**
 * The task that an enforcement point names, where it is believed to have authenticated the agent: as if the agent had shown a
 * token of just now for all that the task holds. For questions, and for what Remit reads itself (`decidePreview`); no call of others
 * is made on the strength of it.
 */
export async function identifyTold(
  parts: Pick<CallParts, 'clock' | 'facts' | 'ledger' | 'live'>,
  told: { readonly task: string; readonly resource: PresentedCredentials['resource'] },
  credential: GateResult = TOLD,
): Promise<CallerIdentity> {
  const held = await parts.facts.task(told.task)
  if (!held) return unidentified(refused('task.unknown', 'there is no such task'))
  const said = { exp: Math.floor(held.task.deadline / 1000) }
  return taskAsItIs(parts, told, { held, proof: undefined, said, credential })
}

/** Identifies by a task whose token has no epochs: by all that it holds, as it is now. */
async function taskAsItIs(
  parts: Pick<CallParts, 'clock' | 'facts' | 'ledger' | 'live'>,
  call: Pick<PresentedCredentials, 'resource'>,
  who: Pick<KnownIdentity, 'proof' | 'held' | 'credential'> & {
    readonly said: Pick<TokenStatement, 'exp' | 'jti'>
  },
): Promise<CallerIdentity> {
  const { said, ...by } = who
  const { details, id } = by.held.task
  const view = await liveViewOf(parts, by.held, call, undefined)
  const claims = { ...said, authorization_details: details, task: { id, ep: view.hash } }
  return { known: true, ...by, claims, view, liveness: livenessNow(parts, by.held, view, claims) }
}

const TOLD: GateResult = {
  gate: 'credential',
  passed: true,
  detail: 'the enforcement point has authenticated the caller',
}

export function unidentified(
  { detail, reason }: GrantRefusal,
  proof?: Proof,
  claims?: TokenStatement,
): CallerIdentity {
  return {
    known: false,
    claims,
    proof,
    credential: {
      gate: 'credential',
      passed: false,
      reason,
      detail,
      enough: enoughFor(reason),
    },
  }
}
