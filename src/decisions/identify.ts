import type { GateResult } from '@remit/engine'
import { Problem } from '../lib/problem.ts'
import type { LiveView } from '../live/index.ts'
import {
  type BearerToken,
  checkProof,
  checkResourceToken,
  opaqueDigest,
  type Proof,
  type ResourceTokenClaims,
} from '../tokens/index.ts'
import type { Call } from './call.ts'
import type { HeldTask } from './facts.ts'
import { callKeys, livenessOf, PAST_DEADLINE, STALE } from './liveness.ts'
import { isSubject } from './minting.ts'
import type { DecisionParts } from './parts.ts'
import { enoughFor, problemOr } from './reasons.ts'

/** What a request says about who makes it, and where it wants to. */
export type Knock = Pick<Call, 'token' | 'scheme' | 'proof' | 'method' | 'url' | 'resource'>

/** What a resource token says, bound or not, as far as calls ask. */
export interface Credential extends Pick<ResourceTokenClaims, 'exp' | 'authorization_details'> {
  /** None where somebody was believed about who calls. */
  readonly jti?: string
  readonly task: Pick<ResourceTokenClaims['task'], 'id' | 'ep'>
}

/** Who makes a call: gates 1 and 2. */
export type Identified =
  | {
      readonly known: true
      readonly claims: Credential
      /** None with a bearer token, which nothing is proved of. */
      readonly proof: Proof | undefined
      readonly held: HeldTask
      readonly view: LiveView
      readonly credential: GateResult
      readonly liveness: GateResult
    }
  | {
      readonly known: false
      /** Verified as far as it got; a proof that holds is used up whatever else is wrong. */
      readonly claims: Credential | undefined
      readonly proof: Proof | undefined
      readonly credential: GateResult
    }

const HOLDS: GateResult = {
  gate: 'credential',
  passed: true,
  detail: 'token and proof hold',
}

const BEARER_HOLDS: GateResult = {
  gate: 'credential',
  passed: true,
  detail: 'the token holds; nothing proves who shows it',
}

/** Token, proof, task and what it depends on. Never throws for anything a caller sent. */
export async function identify(parts: DecisionParts, call: Knock): Promise<Identified> {
  const { token, scheme } = call
  if (token === undefined || scheme === undefined)
    return nobody(new Problem('token.missing', 'the request carries no access token'))
  if (scheme !== 'DPoP') return identifyBearer(parts, call, token)
  const [claims, proof] = await Promise.all([
    problemOr(checkResourceToken(token, call.resource.identifier, ownTokens(parts))),
    problemOr(
      checkProof(call.proof, {
        method: call.method,
        url: call.url,
        accessToken: token,
        clock: parts.clock,
      }),
    ),
  ])
  if (claims instanceof Problem) return nobody(claims, proof instanceof Problem ? undefined : proof)
  if (proof instanceof Problem) return nobody(proof, undefined, claims)
  if (proof.thumbprint !== claims.cnf.jkt)
    return nobody(
      new Problem('proof.wrong_key', 'the token is bound to another key'),
      proof,
      claims,
    )
  return identifyTask(parts, call, claims, proof)
}

/**
 * The same request, a while later: the token and all it depends on, as they are now. Its proof was checked and used up when
 * the request came; a proof counts for minutes and could not be checked again.
 */
export async function identifyAgain(
  parts: DecisionParts,
  call: Knock,
  before: Extract<Identified, { known: true }>,
): Promise<Identified> {
  const { token, scheme } = call
  // A bearer token is looked at anew as it was the first time: there is no proof.
  if (token === undefined || scheme !== 'DPoP' || !before.proof) return identify(parts, call)
  const claims = await problemOr(
    checkResourceToken(token, call.resource.identifier, ownTokens(parts)),
  )
  if (claims instanceof Problem) return nobody(claims, before.proof, before.claims)
  return identifyTask(parts, call, claims, before.proof)
}

async function identifyTask(
  parts: DecisionParts,
  call: Knock,
  claims: ResourceTokenClaims,
  proof: Proof,
): Promise<Identified> {
  const held = await parts.facts.task(claims.task.id)
  if (!held || held.task.keyThumbprint !== proof.thumbprint || !isSubject(held, claims))
    return nobody(new Problem('token.unknown_task', 'the token is of no task here'), proof, claims)
  return lookedAt(parts, call, { claims, proof, held, credential: HOLDS })
}

/**
 * A token of a client that cannot prove possession: what it says is in our own books. RFC 9449 section 7.1: a bound token is
 * not accepted as a bearer token, with or without a proof.
 */
async function identifyBearer(
  parts: DecisionParts,
  call: Knock,
  token: string,
): Promise<Identified> {
  const digest = opaqueDigest('remit_at', token)
  if (digest === undefined)
    return nobody(new Problem('token.wrong_scheme', 'the token is bound to a key: use DPoP'))
  const bearer = await parts.facts.bearer(digest)
  if (!bearer) return nobody(new Problem('token.expired', 'the token is unknown or over'))
  const claims = credentialOf(bearer)
  if (bearer.expiresAt <= parts.clock.now())
    return nobody(new Problem('token.expired', 'the token has expired'), undefined, claims)
  // INVARIANT: good at exactly one resource, as tokens that say so themselves.
  if (bearer.resource !== call.resource.identifier)
    return nobody(
      new Problem('token.wrong_audience', 'the token is for another resource'),
      undefined,
      claims,
    )
  const held = await parts.facts.task(bearer.taskId)
  // INVARIANT: what has a key is used with it.
  if (!held || held.task.keyThumbprint !== null)
    return nobody(
      new Problem('token.unknown_task', 'the token is of no task here'),
      undefined,
      claims,
    )
  return lookedAt(parts, call, { claims, proof: undefined, held, credential: BEARER_HOLDS })
}

function credentialOf({ id, taskId, epochs, details, expiresAt }: BearerToken): Credential {
  return {
    jti: id,
    exp: Math.floor(expiresAt / 1000),
    authorization_details: details,
    task: { id: taskId, ep: epochs },
  }
}

async function lookedAt(
  parts: DecisionParts,
  call: Knock,
  who: Pick<Extract<Identified, { known: true }>, 'claims' | 'proof' | 'held' | 'credential'>,
): Promise<Identified> {
  // A token without a proof is in our books, and signed by nobody.
  const view = await viewOf(parts, who.held, call, who.proof && call.token)
  return { known: true, ...who, view, liveness: livenessNow(parts, who.held, view, who.claims) }
}

function viewOf(
  parts: DecisionParts,
  { chain, spaces, task }: HeldTask,
  { resource }: Pick<Knock, 'resource'>,
  token: string | undefined,
): Promise<LiveView> {
  const { id, personId: person } = task
  return parts.live.view(
    callKeys({ task: id, person, chain, spaces, resource: resource.name, token }),
  )
}

/**
 * The task that an enforcement point names, where it is believed to have authenticated the agent: as if the agent had shown a
 * token of just now for all that the task holds. For questions; no call is made on the strength of it.
 */
export async function identifyTold(
  parts: DecisionParts,
  told: { readonly task: string; readonly resource: Knock['resource'] },
): Promise<Identified> {
  const held = await parts.facts.task(told.task)
  if (!held) return nobody(new Problem('task.unknown', 'there is no such task'))
  const { deadline, details, id } = held.task
  const view = await viewOf(parts, held, told, undefined)
  const claims: Credential = {
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
  detail: 'the enforcement point is believed about who calls',
}

/** Gate 2 for what the token itself depends on. */
export function livenessNow(
  parts: Pick<DecisionParts, 'clock'>,
  { task }: HeldTask,
  view: LiveView,
  claims: { readonly task: { readonly ep: string } },
): GateResult {
  const alive = livenessOf(view)
  if (!alive.passed) return alive
  if (task.deadline <= parts.clock.now()) return PAST_DEADLINE
  // INVARIANT: equal, not newer: a token from before a suspension stays dead after it.
  return view.hash === claims.task.ep ? alive : STALE
}

export function ownTokens({
  issuer,
  keys,
  clock,
  verified,
}: Pick<DecisionParts, 'issuer' | 'keys' | 'clock' | 'verified'>) {
  return { issuer, keys, clock, verified }
}

export function nobody(problem: Problem, proof?: Proof, claims?: Credential): Identified {
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
