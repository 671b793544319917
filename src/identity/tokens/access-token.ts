import { DETAIL_LIMITS, type Detail, parseDetails } from '@remit/engine'
import {
  type Claims,
  checkJwt,
  MAX_TOKEN_BYTES,
  type PlainObject,
} from '../../platform/jose/index.ts'
import { type SigningKey, type SigningKeys, signJwt } from '../../platform/keys/index.ts'
import { base64url } from '../../platform/lib/bytes.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import { type Id, isId } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Random } from '../../platform/lib/random.ts'
import { confirmationOf, type KeyConfirmation } from '../possession/index.ts'
import {
  malformedParties,
  objectMember,
  type PartyClaims,
  partyClaims,
  readParties,
  type TokenParties,
  textMember,
} from './parties.ts'

/** Parts that minting takes. `key` is `SigningKeys.tokens`, asked for each time. */
export interface MintParts {
  readonly key: SigningKey
  readonly issuer: string
  readonly clock: Clock
  readonly random: Random
}

/** Parts that checking a token of our own takes. */
export interface OwnTokens {
  readonly issuer: string
  readonly keys: Pick<SigningKeys, 'find'>
  readonly clock: Clock
  /**
   * Memory of tokens that were good before; without it, an access token is checked from the
   * beginning each time.
   */
  readonly verified?: AccessTokenCache
}

/** Access tokens that were good before: `VerifiedTokens`. */
export interface AccessTokenCache {
  /**
   * Finds a token, only if it is good now, for this audience. `undefined`: it has to be checked.
   */
  find(token: string, audience: string, own: OwnTokens): AccessTokenContent | undefined
  /** Keeps a token that has just passed every check. `notBefore` in seconds. */
  keep(
    token: string,
    own: OwnTokens,
    good: AccessTokenContent & { readonly notBefore: number },
  ): void
}

/** Content of an access token of ours, read strictly. */
export interface AccessTokenContent {
  readonly access: AccessClaims
  readonly task: { readonly [name: string]: unknown }
}

export interface MintedToken {
  readonly token: string
  /** `jti`, and for a transaction token `txn`: what the ledger calls the token by. */
  readonly id: string
  /** Seconds from now. */
  readonly expiresIn: number
}

/**
 * Claims that task tokens and resource tokens share (contract 4; RFC 9068, RFC 9396, RFC 9449).
 * Times in seconds.
 */
export interface AccessClaims extends PartyClaims {
  readonly iss: string
  readonly aud: string
  readonly iat: number
  readonly exp: number
  readonly jti: string
  /** The task is the client. */
  readonly client_id: Id<'task'>
  readonly authorization_details: readonly Detail[]
  readonly scope?: string
  readonly cnf: KeyConfirmation
  /**
   * Time and way in which the person proved who they are, as what the task began with says (RFC
   * 9470 section 6.1).
   */
  readonly auth_time?: number
  readonly acr?: string
}

/** Authentication of the person, as far as it is known. */
export interface Authentication {
  /** Epoch milliseconds. */
  readonly authTime: number | null
  readonly acr: string | null
}

export interface AccessGrant {
  readonly audience: string
  readonly parties: TokenParties
  readonly details: readonly Detail[]
  readonly scope?: string
  readonly authentication?: Authentication
  /** Thumbprint of the task's key. */
  readonly thumbprint: string
  readonly task: { readonly id: Id<'task'> } & Readonly<Record<string, string | undefined>>
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/** RFC 9068 section 2.1 */
const TYPE = 'at+jwt'
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/

/** @throws Problem `token.expired`, `token.too_large`, `token.chain_too_deep` */
export async function mintAccessToken(
  minting: MintParts,
  grant: AccessGrant,
): Promise<MintedToken> {
  const { issuer, random } = minting
  const { audience, details, scope, task, thumbprint } = grant
  const times = lifeUntil(grant.expiresAt, minting.clock)
  const jti = base64url(random.bytes(16))
  const claims = {
    iss: issuer,
    aud: audience,
    ...partyClaims(issuer, grant.parties),
    client_id: task.id,
    authorization_details: details,
    ...(scope !== undefined && { scope }),
    cnf: confirmationOf(thumbprint),
    ...authenticationClaims(grant.authentication),
    task,
    ...times,
    jti,
  } satisfies AccessClaims & { task: object }
  const token = await signOwn(minting.key, TYPE, claims)
  return { token, id: jti, expiresIn: times.exp - times.iat }
}

/** Answers the claims in whole seconds, rounded towards longer ago. */
export function authenticationClaims(
  given: Authentication | undefined,
): Pick<AccessClaims, 'acr' | 'auth_time'> {
  const { acr = null, authTime = null } = given ?? {}
  return {
    ...(authTime === null ? {} : { auth_time: Math.floor(authTime / 1000) }),
    ...(acr === null ? {} : { acr }),
  }
}

/**
 * Answers the times in whole seconds, rounded towards a shorter life. @throws Problem
 * `token.expired` when nothing would be left of it
 */
export function lifeUntil(expiresAt: number, clock: Clock): { iat: number; exp: number } {
  const iat = Math.floor(clock.now() / 1000)
  const exp = Math.floor(expiresAt / 1000)
  if (exp <= iat) throw new Problem('token.expired', 'what the token depends on has ended')
  return { iat, exp }
}

/** INVARIANT: nothing is minted that `checkJwt` would refuse for its size. @throws Problem `token.too_large` */
export async function signOwn(key: SigningKey, typ: string, claims: object): Promise<string> {
  const token = await signJwt(key, { typ, claims })
  if (token.length > MAX_TOKEN_BYTES) {
    throw new Problem('token.too_large', `${token.length} bytes, ${MAX_TOKEN_BYTES} at most`)
  }
  return token
}

/** The one way to check a token that we signed. @throws Problem as `checkJwt` */
export function checkOwn(
  token: string,
  typ: string,
  audience: string,
  { issuer, keys, clock }: OwnTokens,
): Promise<Claims> {
  const keyFor = ({ kid }: { kid: string | undefined }) => keys.find(kid)
  return checkJwt(token, { typ: [typ], issuer, audience, algorithms: ['ES256'], keyFor, clock })
}

/** @throws Problem as `checkJwt`; `token.malformed` also when a claim is missing or not what we would have written */
export async function checkAccessToken(
  token: string,
  audience: string,
  own: OwnTokens,
): Promise<AccessTokenContent> {
  const known = own.verified?.find(token, audience, own)
  if (known) return known
  const claims = await checkOwn(token, TYPE, audience, own)
  const { acr, auth_time, client_id, iat, exp, nbf, scope } = claims
  const task = objectMember(claims, 'task')
  const cnf = objectMember(claims, 'cnf')
  if (!isId('task', client_id) || task.id !== client_id) throw malformedParties('it names no task')
  if (scope !== undefined && typeof scope !== 'string')
    throw malformedParties('`scope` is not a text')
  if (acr !== undefined && typeof acr !== 'string') throw malformedParties('`acr` is not a text')
  if (auth_time !== undefined && !isSeconds(auth_time))
    throw malformedParties('`auth_time` is not a time')
  const access: AccessClaims = {
    iss: own.issuer,
    aud: audience,
    ...readParties(own.issuer, claims),
    client_id,
    authorization_details: readDetails(claims),
    ...(scope !== undefined && { scope }),
    cnf: readConfirmation(cnf),
    ...(auth_time === undefined ? {} : { auth_time }),
    ...(acr === undefined ? {} : { acr }),
    iat,
    exp,
    jti: textMember(claims, 'jti'),
  }
  const notBefore = typeof nbf === 'number' ? Math.max(iat, nbf) : iat
  own.verified?.keep(token, own, { access, task, notBefore })
  return { access, task }
}

/** Exactly one of the two: a token that two keys open has two owners. */
function readConfirmation(cnf: PlainObject): KeyConfirmation {
  const [name = '', ...more] = Object.keys(cnf)
  const thumbprint = textMember(cnf, name)
  if (more.length > 0 || !THUMBPRINT.test(thumbprint)) throw malformedParties('`cnf` names no key')
  if (name === 'jkt') return { jkt: thumbprint }
  if (name === 'x5t#S256') return { 'x5t#S256': thumbprint }
  throw malformedParties('`cnf` names a key in an unknown way')
}

function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function readDetails(claims: Claims): readonly Detail[] {
  const parsed = parseDetails(claims.authorization_details, 'remit_call', DETAIL_LIMITS.detailsOut)
  if (!parsed.ok) throw malformedParties(parsed.reason)
  return parsed.details
}
