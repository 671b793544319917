import {
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose'
import { UsageError } from '../errors.ts'
import { recordOf, textOr } from '../wire/problem.ts'
import { ApiRefusal } from './answer.ts'
import { argumentTextsOf } from './arguments.ts'
import type { Actor, RemitCall } from './guard.ts'

/** Trust in transaction tokens: whose are believed, and for whom they have to be. */
export interface Trust {
  readonly issuer: string
  readonly trustDomain: string
  /** The API's own resource identifier; of a service that others call, those whose calls it works on. */
  readonly locations: readonly string[]
  readonly keys: JWTVerifyGetKey
  readonly now: () => number
}

/** A transaction token that holds and is about this API. */
export interface Transaction {
  readonly call: RemitCall
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

const SKEW_SECONDS = 5
const LIFE_SECONDS = 60
const MAX_CHAIN = 5

/**
 * Checks the token itself (draft-ietf-oauth-transaction-tokens): signature, type, issuer, trust domain, age, and that its
 * location is this API.
 * @throws {ApiRefusal} `transaction.invalid`, `transaction.other_api`, `api.not_decided`
 */
export async function readTransaction(token: string, trust: Trust): Promise<Transaction> {
  const payload = await verified(token, trust)
  const tctx = recordOf(payload.tctx)
  const { action, location } = tctx
  if (typeof action !== 'string' || payload.scope !== action) throw invalid('it names no action')
  if (typeof location !== 'string' || !trust.locations.includes(location))
    throw new ApiRefusal('transaction.other_api', 'the token was made for another API', {
      cause: differs('location', trust.locations.join(' '), location),
    })
  const task = recordOf(tctx.task)
  const [id, purpose, txn] = [textOr(task.id), textOr(task.purpose), textOr(payload.txn)]
  if (!id || !purpose || !txn) throw invalid('it names no task or no decision')
  const parent = textOr(task.parent)
  const { chain, person, ...others } = parties(payload)
  const [agent] = chain
  if (agent === undefined) throw invalid('it names no agent')
  const via = textOr(payload.req_wl)?.split(' ')
  if (!via) throw invalid('it does not name the service that requested it')
  const texts = argumentTextsOf(tctx.arguments)
  if (!texts) throw invalid('its arguments cannot be read')
  return {
    expiresAt: (payload.exp ?? 0) * 1000 + SKEW_SECONDS * 1000,
    call: {
      decisionId: txn,
      action,
      person,
      agent,
      chain,
      ...others,
      task: { id, purpose, ...(parent === undefined ? {} : { parent }) },
      purpose,
      via,
      ...('ext' in payload ? { ext: recordOf(payload.ext) } : {}),
      arguments: texts,
    },
  }
}

async function verified(token: string, trust: Trust): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, trust.keys, {
      typ: 'txntoken+jwt',
      issuer: trust.issuer,
      audience: trust.trustDomain,
      algorithms: ['ES256'],
      requiredClaims: ['iat', 'exp', 'sub', 'txn', 'tctx'],
      maxTokenAge: LIFE_SECONDS,
      clockTolerance: SKEW_SECONDS,
      currentDate: new Date(trust.now()),
    })
    return payload
  } catch (cause) {
    // Keys that cannot be had prove nothing about the token.
    if (!(cause instanceof errors.JOSEError) || NO_KEYS.has(cause.code))
      throw new ApiRefusal('api.not_decided', 'the keys of Remit could not be had', { cause })
    throw invalid('signature, type, issuer, audience or age', misfit(cause, trust) ?? cause)
  }
}

/**
 * Makes an error, for the people who run the API, of a difference between its settings and a token
 * that Remit signed.
 */
export function differs(name: string, expected: string, came: unknown): UsageError {
  return new UsageError(
    `\`${name}\` here is \`${expected}\`, the transaction token says \`${String(came)}\``,
  )
}

/** Claims are looked at after the signature: what they say is Remit's. */
function misfit(cause: errors.JOSEError, trust: Trust): UsageError | undefined {
  if (!(cause instanceof errors.JWTClaimValidationFailed)) return undefined
  const { iss, aud } = cause.payload
  if (cause.claim === 'aud') return differs('trustDomain', trust.trustDomain, aud)
  return cause.claim === 'iss' ? differs('issuer', trust.issuer, iss) : undefined
}

const NO_KEYS = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC'])

/**
 * Reads whom it is for and who acts; the outermost `act` is the agent that acts now (RFC 8693
 * section 4.1). Those of Remit come first; none of others is ever among the chain, whatever its
 * name.
 */
export function parties(payload: JWTPayload): Pick<RemitCall, 'actors' | 'chain' | 'person'> {
  const chain: string[] = []
  const actors: Actor[] = []
  for (let act = payload.act; act !== undefined; act = recordOf(act).act) {
    const [iss, sub] = [textOr(recordOf(act).iss), textOr(recordOf(act).sub)]
    const ours = iss === payload.iss
    if (!iss || !sub || chain.length + actors.length >= MAX_CHAIN || (ours && actors.length > 0))
      throw invalid('`act` cannot be read')
    if (ours) chain.push(sub)
    else actors.push({ issuer: iss, subject: sub })
  }
  const others = actors.length === 0 ? {} : { actors }
  const sub = payload.sub ?? ''
  if (payload.sub_profile === 'ai_agent')
    return { ...others, chain: [...chain, sub], person: undefined }
  // A name for this API alone: nothing says who that is.
  if (payload.sub_profile === 'user' && sub.startsWith('pairwise_') && !('sub_id' in payload))
    return { ...others, chain, person: { id: sub } }
  const { iss, sub: subject } = recordOf(payload.sub_id)
  if (payload.sub_profile !== 'user' || typeof iss !== 'string' || typeof subject !== 'string')
    throw invalid('it has no subject')
  return { ...others, chain, person: { id: sub, issuer: iss, subject } }
}

/**
 * Tells whether a credential is one of Remit's for agents. Behind the gateway none arrives: the
 * gateway keeps it. A caller that brings one has gone past it.
 */
export function isAgentCredential(authorization: string | undefined, issuer: string): boolean {
  const [, scheme = '', token = ''] = /^(\S+) +(\S+)$/.exec(authorization ?? '') ?? []
  if (scheme.toLowerCase() === 'dpop' || token.startsWith('remit_at_')) return true
  try {
    return decodeProtectedHeader(token).typ === 'at+jwt' && decodeJwt(token).iss === issuer
  } catch {
    return false
  }
}

function invalid(detail: string, cause?: unknown): ApiRefusal {
  return new ApiRefusal('transaction.invalid', `the transaction token does not hold: ${detail}`, {
    cause,
  })
}
