import type { GateResult } from '@remit/engine'
import { countedAccess, countedRisk } from '../catalog/index.ts'
import { enoughFor, problemOr } from '../decision-log/index.ts'
import {
  callKeys,
  isKeyOf,
  isSubject,
  livenessNow,
  ownTokens,
  unusableBearer,
} from '../facts/index.ts'
import { foreignIssuer, holdForeign } from '../grants/index.ts'
import type { StoredIssuer } from '../issuers/index.ts'
import { Problem } from '../lib/problem.ts'
import { type BearerToken, opaqueDigest } from '../opaque-tokens/index.ts'
import {
  boundKeyOf,
  certificateProof,
  checkProof,
  type Proof,
  tokenTypeOf,
} from '../possession/index.ts'
import type { LiveView } from '../revocation/index.ts'
import type { TaskLineage } from '../tasks/index.ts'
import { checkResourceToken } from '../tokens/index.ts'
import type { Identified, PresentedCredentials, TokenStatement } from './identified.ts'
import type { CallParts } from './parts.ts'

export type { Identified, PresentedCredentials, TokenStatement } from './identified.ts'

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

/** Token, proof, task and what it depends on. Never throws for anything a caller sent. */
export async function identify(parts: CallParts, call: PresentedCredentials): Promise<Identified> {
  const { token, scheme } = call
  if (token === undefined || scheme === undefined)
    return nobody(new Problem('token.missing', 'the request has no access token'))
  const from = await foreignIssuer(parts, token)
  if (from) return identifyForeign(parts, { ...call, token }, from)
  if (scheme !== 'DPoP') return identifyUnproved(parts, call, token)
  const [bound, proof] = await Promise.all([
    problemOr(boundTo(parts, call, token)),
    problemOr(
      checkProof(call.proof, {
        method: call.method,
        url: call.url,
        accessToken: token,
        clock: parts.clock,
        nonce: nonceCheck(parts, call),
      }),
    ),
  ])
  if (bound instanceof Problem) return nobody(bound, proof instanceof Problem ? undefined : proof)
  if (proof instanceof Problem) return nobody(proof, undefined, bound.claims)
  if (proof.thumbprint !== bound.thumbprint)
    return nobody(
      new Problem('proof.wrong_key', 'the token is bound to another key'),
      proof,
      bound.claims,
    )
  return identifyTask(parts, call, bound, proof)
}

/**
 * A token that came as `Bearer`: of a client that cannot prove possession, or bound to the certificate of the connection (RFC 8705
 * section 3). INVARIANT: what is bound to a DPoP key is never good here, whatever certificate comes with it.
 */
async function identifyUnproved(
  parts: CallParts,
  call: PresentedCredentials,
  token: string,
): Promise<Identified> {
  const { certificate } = call
  const bound = certificate && (await problemOr(boundTo(parts, call, token)))
  if (!certificate || !bound || bound instanceof Problem) return identifyBearer(parts, call, token)
  if (tokenTypeOf(bound.thumbprint) === 'DPoP') return identifyBearer(parts, call, token)
  const proof = certificateProof(certificate, parts)
  if (proof.thumbprint !== bound.thumbprint)
    return nobody(
      new Problem('certificate.wrong', 'the token is bound to another certificate'),
      undefined,
      bound.claims,
    )
  return identifyTask(parts, call, bound, proof)
}

/**
 * A token of another server, and the task that it opened (contract 5.6). It says nothing about epochs: what it rests on is asked as it
 * is now, so after a suspension it counts again.
 */
async function identifyForeign(
  parts: CallParts,
  call: PresentedCredentials & { readonly token: string },
  from: StoredIssuer,
  proven?: Proof,
): Promise<Identified> {
  const shown = await holdForeign(parts, call, from, { nonce: nonceCheck(parts, call), proven })
  if (!shown.holds) return nobody(shown.problem, shown.proof)
  const { held, proof, vouched } = shown
  const { details, id } = held.task
  const view = await viewOf(parts, held, call, undefined)
  const { exp, jti } = vouched.claims
  const claims: TokenStatement = {
    ...(typeof jti === 'string' ? { jti } : {}),
    ...{ exp, authorization_details: details, task: { id, ep: view.hash } },
  }
  const credential = proof ? HOLDS : BEARER_HOLDS
  const liveness = livenessNow(parts, held, view, claims)
  return { known: true, claims, proof, held, view, credential, liveness }
}

/** Answers the nonce check, only where whoever refuses can also tell the nonce. */
function nonceCheck({ nonces }: CallParts, { action, nonces: told, url }: PresentedCredentials) {
  if (!told) return undefined
  const counted = action && { access: countedAccess(action), risk: countedRisk(action) }
  return nonces?.checkFor(url, { at: 'call', ...counted })
}

/** A token that is bound to a key, whichever form it has. */
interface Bound {
  readonly claims: TokenStatement
  readonly thumbprint: string
  /** Whether it names whom the task is for; a handle names nobody. */
  isOf(held: TaskLineage): boolean
}

/** @throws Problem `token.…` */
async function boundTo(
  parts: CallParts,
  call: PresentedCredentials,
  token: string,
): Promise<Bound> {
  const digest = opaqueDigest('remit_at', token)
  if (digest !== undefined) {
    const row = await handleAt(parts, call, digest)
    if (row.thumbprint === null)
      throw new Problem('token.wrong_scheme', 'the token is not bound to a key: use Bearer')
    return { claims: credentialOf(row), thumbprint: row.thumbprint, isOf: () => true }
  }
  const claims = await checkResourceToken(token, call.resource.identifier, ownTokens(parts))
  const isOf = (held: TaskLineage) => isSubject(parts, held, claims, call.resource)
  return { claims, thumbprint: boundKeyOf(claims.cnf), isOf }
}

/**
 * Finds the row of a token that says nothing. @throws Problem `token.expired`,
 * `token.wrong_audience`
 */
async function handleAt(
  parts: CallParts,
  call: PresentedCredentials,
  digest: string,
): Promise<BearerToken> {
  const row = await parts.facts.bearer(digest)
  if (!row) throw new Problem('token.expired', 'the token is unknown or has expired')
  if (row.expiresAt <= parts.clock.now())
    throw new Problem('token.expired', 'the token has expired')
  // INVARIANT: good at exactly one resource, as tokens that say so themselves.
  if (row.resource !== call.resource.identifier)
    throw new Problem('token.wrong_audience', 'the token is for another resource')
  return row
}

/**
 * Identifies the same request a while later: the token and all it depends on, as they are now. Its
 * proof was checked and used up when the request came; a proof counts for minutes and could not be
 * checked again.
 */
export async function identifyAgain(
  parts: CallParts,
  call: PresentedCredentials,
  before: Extract<Identified, { known: true }>,
): Promise<Identified> {
  const { token } = call
  // A bearer token is looked at anew as it was the first time: there is no proof.
  if (token === undefined || !before.proof) return identify(parts, call)
  const from = await foreignIssuer(parts, token)
  if (from) return identifyForeign(parts, { ...call, token }, from, before.proof)
  const bound = await problemOr(boundTo(parts, call, token))
  if (bound instanceof Problem) return nobody(bound, before.proof, before.claims)
  return identifyTask(parts, call, bound, before.proof)
}

async function identifyTask(
  parts: CallParts,
  call: PresentedCredentials,
  { claims, isOf, thumbprint }: Bound,
  proof: Proof,
): Promise<Identified> {
  const held = await parts.facts.task(claims.task.id)
  const proved = thumbprint === proof.thumbprint
  if (!held || !proved || !isKeyOf(held.task, proof.thumbprint) || !isOf(held))
    return nobody(
      new Problem('token.unknown_task', 'the token belongs to no task here'),
      proof,
      claims,
    )
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
): Promise<Identified> {
  const digest = opaqueDigest('remit_at', token)
  if (digest === undefined) return nobody(await unprovedProblem(parts, call, token))
  const bearer = await problemOr(handleAt(parts, call, digest))
  if (bearer instanceof Problem) return nobody(bearer)
  if (bearer.thumbprint !== null) return nobody(unproved(bearer.thumbprint))
  const claims = credentialOf(bearer)
  const held = await parts.facts.task(bearer.taskId)
  // INVARIANT: what has a key is used with it. A second lock: no bearer token is stored for a task with a key.
  if (!held || held.task.keyThumbprint !== null)
    return nobody(
      new Problem('token.unknown_task', 'the token belongs to no task here'),
      undefined,
      claims,
    )
  return lookedAt(parts, call, { claims, proof: undefined, held, credential: BEARER_HOLDS })
}

/** Answers the problem of a token that is bound to a key, and came without any proof of it. */
function unproved(thumbprint: string | undefined): Problem {
  return thumbprint !== undefined && tokenTypeOf(thumbprint) === 'Bearer'
    ? new Problem(
        'certificate.missing',
        'the token is bound to a certificate, and the connection has none',
      )
    : new Problem('token.wrong_scheme', 'the token is bound to a key: use DPoP')
}

async function unprovedProblem(
  parts: CallParts,
  call: PresentedCredentials,
  token: string,
): Promise<Problem> {
  const bound = await problemOr(boundTo(parts, call, token))
  return bound instanceof Problem ? unusableBearer(token) : unproved(bound.thumbprint)
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
  parts: CallParts,
  call: PresentedCredentials,
  who: Pick<Extract<Identified, { known: true }>, 'claims' | 'proof' | 'held' | 'credential'>,
): Promise<Identified> {
  // A handle is in our books, and signed by nobody.
  const signed = opaqueDigest('remit_at', call.token ?? '') === undefined
  const view = await viewOf(parts, who.held, call, signed ? call.token : undefined)
  return { known: true, ...who, view, liveness: livenessNow(parts, who.held, view, who.claims) }
}

function viewOf(
  parts: CallParts,
  { chain, spaces, task }: TaskLineage,
  { resource }: Pick<PresentedCredentials, 'resource'>,
  token: string | undefined,
): Promise<LiveView> {
  const { id, issuers, personId: person } = task
  return parts.live.view(
    callKeys({ task: id, person, chain, spaces, issuers, resource: resource.name, token }),
  )
}

/**
 * The task that an enforcement point names, where it is believed to have authenticated the agent: as if the agent had shown a
 * token of just now for all that the task holds. For questions; no call is made on the strength of it.
 */
export async function identifyTold(
  parts: CallParts,
  told: { readonly task: string; readonly resource: PresentedCredentials['resource'] },
): Promise<Identified> {
  const held = await parts.facts.task(told.task)
  if (!held) return nobody(new Problem('task.unknown', 'there is no such task'))
  const { deadline, details, id } = held.task
  const view = await viewOf(parts, held, told, undefined)
  const claims: TokenStatement = {
    exp: Math.floor(deadline / 1000),
    authorization_details: details,
    task: { id, ep: view.hash },
  }
  const liveness = livenessNow(parts, held, view, claims)
  return { known: true, claims, proof: undefined, held, view, credential: TOLD, liveness }
}

const TOLD: GateResult = {
  gate: 'credential',
  passed: true,
  detail: 'the enforcement point has authenticated the caller',
}

export function nobody(problem: Problem, proof?: Proof, claims?: TokenStatement): Identified {
  return {
    known: false,
    claims,
    proof,
    credential: {
      gate: 'credential',
      passed: false,
      reason: problem.code,
      detail: problem.detail,
      enough: enoughFor(problem.code),
    },
  }
}
