import type { GateResult } from '@remit/engine'
import { Problem } from '../lib/problem.ts'
import type { LiveView } from '../live/index.ts'
import {
  checkProof,
  checkResourceToken,
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

/** Who makes a call: gates 1 and 2. */
export type Identified =
  | {
      readonly known: true
      readonly claims: ResourceTokenClaims
      readonly proof: Proof
      readonly held: HeldTask
      readonly view: LiveView
      readonly credential: GateResult
      readonly liveness: GateResult
    }
  | {
      readonly known: false
      /** Verified as far as it got; a proof that holds is used up whatever else is wrong. */
      readonly claims: ResourceTokenClaims | undefined
      readonly proof: Proof | undefined
      readonly credential: GateResult
    }

const HOLDS: GateResult = {
  gate: 'credential',
  passed: true,
  detail: 'token and proof hold',
}

/** Token, proof, task and what it depends on. Never throws for anything a caller sent. */
export async function identify(parts: DecisionParts, call: Knock): Promise<Identified> {
  const { token, scheme } = call
  if (token === undefined || scheme === undefined)
    return nobody(new Problem('token.missing', 'the request carries no access token'))
  // RFC 9449 section 7.1: a bound token is not accepted as a bearer token, with or without a proof.
  if (scheme !== 'DPoP')
    return nobody(new Problem('token.wrong_scheme', 'the token is bound to a key: use DPoP'))
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
  if (token === undefined || scheme !== 'DPoP') return identify(parts, call)
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
  const { task, chain } = held
  const resource = call.resource.name
  const view = await parts.live.view(
    callKeys({ task: task.id, person: task.personId, chain, resource }),
  )
  const liveness = livenessNow(parts, held, view, claims)
  return { known: true, claims, proof, held, view, credential: HOLDS, liveness }
}

function livenessNow(
  parts: DecisionParts,
  { task }: HeldTask,
  view: LiveView,
  claims: ResourceTokenClaims,
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
}: Pick<DecisionParts, 'issuer' | 'keys' | 'clock'>) {
  return { issuer, keys, clock }
}

function nobody(problem: Problem, proof?: Proof, claims?: ResourceTokenClaims): Identified {
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
