import { isDeepStrictEqual } from 'node:util'
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose'
import { MINUTE } from '../../../platform/lib/time-units.ts'
import { OrdersProblem } from './orders-problem.ts'

/** Caller as a transaction token tells: who, through whom, and by which decision. */
export interface OrdersCaller {
  /** Name of the person; absent when the agent works alone. */
  readonly person?: string
  readonly agent: string
  readonly txn: string
}

/** Request in the words of the catalog. Numbers are the text that came. */
export interface OrdersRequest {
  readonly action: string
  readonly arguments: Readonly<Record<string, string>>
}

export interface Trust {
  /** Remit's issuer; its keys are fetched from there. */
  readonly issuer: string
  readonly trustDomain: string
  /** Our own resource identifier at the gateway. */
  readonly location: string
}

export type CheckCaller = (token: string | undefined, asked: OrdersRequest) => Promise<OrdersCaller>

/** Time that Remit says its keys may be kept: one that it withdraws is believed no longer. */
const KEEP_KEYS_MS = 5 * MINUTE

/**
 * The whole integration of an API behind Remit's gateway: check the transaction token, offline, and that it is about us
 * and about exactly this request (draft-ietf-oauth-transaction-tokens). Nothing is looked up but the keys.
 * Throws `OrdersProblem`: 401 for no or no good token, 403 for one that was given for another call.
 */
export function callerCheck(trust: Trust): CheckCaller {
  const keys = createRemoteJWKSet(new URL(`${trust.issuer}/oauth/jwks`), {
    cacheMaxAge: KEEP_KEYS_MS,
  })
  return async (token, asked) => {
    if (token === undefined)
      throw new OrdersProblem(401, 'a transaction token is required in `Txn-Token`')
    const claims = await verified(token, trust, keys)
    const { sub, sub_profile: profile, act, txn, scope, tctx } = claims
    if (typeof sub !== 'string' || typeof txn !== 'string' || !isClaimObject(tctx))
      throw new OrdersProblem(401, 'the transaction token does not name subject, decision and call')
    if (profile !== 'user' && profile !== 'ai_agent')
      throw new OrdersProblem(401, 'the transaction token does not say what its subject is')
    // The outermost `act` is the one that acts now (RFC 8693 4.1). An agent that works alone is the subject itself.
    const alone = profile === 'ai_agent' && act === undefined
    const agent = alone ? sub : isClaimObject(act) ? act.sub : undefined
    if (typeof agent !== 'string')
      throw new OrdersProblem(401, 'the transaction token names no agent')
    if (tctx.location !== trust.location)
      throw new OrdersProblem(403, 'the transaction token was given for another API')
    if (tctx.action !== asked.action || scope !== asked.action)
      throw new OrdersProblem(403, 'the transaction token was given for another operation')
    if (!isDeepStrictEqual({ ...tctx.arguments }, { ...asked.arguments }))
      throw new OrdersProblem(403, 'the transaction token was given for other arguments')
    return { ...(profile === 'user' ? { person: sub } : {}), agent, txn }
  }
}

type VerifiedClaims = JWTPayload & {
  readonly sub_profile?: unknown
  readonly act?: unknown
  readonly txn?: unknown
  readonly scope?: unknown
  readonly tctx?: unknown
}

async function verified(
  token: string,
  trust: Trust,
  keys: ReturnType<typeof createRemoteJWKSet>,
): Promise<VerifiedClaims> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: trust.issuer,
      audience: trust.trustDomain,
      typ: 'txntoken+jwt',
      algorithms: ['ES256'],
      requiredClaims: ['iat', 'exp', 'sub', 'txn', 'tctx'],
      maxTokenAge: 60,
      clockTolerance: 5,
    })
    return payload
  } catch (cause) {
    throw new OrdersProblem(401, 'the transaction token does not hold', { cause })
  }
}

type ObjectClaims = {
  readonly sub?: unknown
  readonly location?: unknown
  readonly action?: unknown
  readonly arguments?: object
}

function isClaimObject(value: unknown): value is ObjectClaims {
  return typeof value === 'object' && value !== null
}
