import type { KeyObject } from 'node:crypto'
import {
  type Claims,
  checkJwt,
  rememberedUntil,
  unverifiedIssuer,
} from '../../platform/jose/index.ts'
import { sha256url } from '../../platform/lib/bytes.ts'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { RemoteKeys } from '../../platform/net/index.ts'
import type { PeopleParts, Person } from '../people/index.ts'
import { selectProvider } from './identity-provider-store.ts'
import { millisOf } from './numeric-date.ts'
import { readProfile } from './profile.ts'
import { signInPerson } from './sign-in-person.ts'

/** Types of RFC 8693 section 3 that may say for whom a task is opened, and the `typ` each must have in its header. */
const TYP_OF = new Map<string, readonly string[]>([
  ['urn:ietf:params:oauth:token-type:id_token', ['JWT', '']],
  ['urn:ietf:params:oauth:token-type:access_token', ['at+jwt']],
])
export const ALGORITHMS = ['ES256', 'Ed25519', 'EdDSA', 'PS256', 'RS256'] as const
const MAX_AGE_SECONDS = 600

/** The agent that brings a token, and its clients at identity providers. */
export interface TokenPresenter {
  readonly id: string
  readonly clients: readonly { readonly issuer: string; readonly clientId: string }[]
}

/**
 * Subject for whom a token speaks. The caller uses `replayKey` once (`consumeOnce`, kind
 * `subject_token`) in the transaction that opens the task; `expiresAt` (epoch ms) is when
 * forgetting that is safe.
 */
export interface Subject {
  readonly person: Person
  readonly replayKey: string
  readonly expiresAt: number
  /**
   * Time when the person last proved who they are, epoch ms, and the way (RFC 9470 section 6.1);
   * `null`: the token does not say.
   */
  readonly authTime: number | null
  readonly acr: string | null
}

/**
 * The one check of a subject token (contract 5.1): from a configured provider and never from Remit, an ID token or JWT
 * access token, meant for this agent, at most ten minutes old, of a person who is not suspended.
 * Throws `subject_token.unsupported_type`, `subject_token.issued_by_remit`, `subject_token.unknown_issuer`,
 * `subject_token.not_for_agent`, `person.suspended`, `person.bad_claims`, `token.…`, `provider.…`, `outbound.…`.
 */
export async function checkSubjectToken(
  parts: PeopleParts,
  keysOf: (issuer: string) => Promise<RemoteKeys<KeyObject>>,
  token: string,
  tokenType: string,
  agent: TokenPresenter,
): Promise<Subject> {
  const typ = TYP_OF.get(tokenType)
  if (!typ)
    throw new Problem(
      'subject_token.unsupported_type',
      'an ID token or a JWT access token is needed',
    )
  const issuer = unverifiedIssuer(token)
  if (issuer === parts.issuer)
    throw new Problem('subject_token.issued_by_remit', 'a token of Remit cannot be a subject token')
  const provider =
    issuer === undefined ? undefined : await selectProvider(parts.storage.read, issuer)
  if (!provider)
    throw new Problem(
      'subject_token.unknown_issuer',
      'the issuer is not a configured identity provider',
    )
  const keys = await keysOf(provider.issuer)
  const claims = await checkJwt(token, {
    typ,
    issuer: provider.issuer,
    // Who it is meant for is judged below, together with whom it names.
    audience: () => true,
    algorithms: ALGORITHMS,
    keyFor: (header) => keys.find(header),
    clock: parts.clock,
    maxAgeSeconds: MAX_AGE_SECONDS,
    fractions: true,
  })
  requireMeantFor(agent, claims, parts.issuer)
  const person = await signInPerson(parts, readProfile(claims, provider))
  if (person.status !== 'active') throw new Problem('person.suspended', 'this person is suspended')
  return {
    person,
    replayKey: replayKey(token, claims),
    expiresAt: rememberedUntil(Math.min(claims.exp, claims.iat + MAX_AGE_SECONDS) * 1000),
    ...provedBy(claims),
  }
}

/**
 * Reads when and how a person signed in. A value that cannot be read, or a time that lies ahead, is
 * not known.
 */
export function provedBy({ acr, auth_time: at, iat }: Claims): Pick<Subject, 'authTime' | 'acr'> {
  const millis = millisOf(at)
  const known = millis !== undefined && millis <= iat * 1000
  const text = typeof acr === 'string' && /^[\x21-\x7e]{1,255}$/.test(acr)
  return { authTime: known ? millis : null, acr: text ? acr : null }
}

/**
 * INVARIANT: the person gave the token to this agent. Either its only audience is this agent's client at the provider,
 * or its only audience is Remit and it names this agent. With a second audience, someone else holds a copy.
 */
function requireMeantFor(agent: TokenPresenter, claims: Claims, remit: string): void {
  // Logout tokens and other security events look like ID tokens but introduce no person (OpenID Back-Channel Logout 2.4).
  if (claims.events !== undefined)
    throw new Problem(
      'subject_token.not_for_agent',
      'a security event token cannot be a subject token',
    )
  // Who acts for whom is ours to say (RFC 8693 section 4.1): in such a token someone else acts for the person already.
  if (claims.act !== undefined)
    throw new Problem('subject_token.not_for_agent', 'the token names an actor for the person')
  const audiences = typeof claims.aud === 'string' ? [claims.aud] : claims.aud
  const [audience] = audiences
  const own = agent.clients.filter(({ issuer }) => issuer === claims.iss)
  const isOwn = (clientId: unknown) => own.some((client) => client.clientId === clientId)
  if (audiences.length === 1 && isOwn(audience)) return
  if (audiences.length === 1 && audience === remit && names(agent, claims, remit, isOwn)) return
  throw new Problem(
    'subject_token.not_for_agent',
    `it must be issued to a client of \`${agent.id}\` at its issuer, or to Remit and name \`${agent.id}\``,
  )
}

/**
 * `azp`, `client_id` (RFC 9068) and `may_act` (RFC 8693 4.4) name a client of the provider, which an administrator
 * linked to the agent; only a `may_act` that says Remit's issuer speaks of agents by Remit's own names.
 */
function names(
  agent: TokenPresenter,
  claims: Claims,
  remit: string,
  isOwn: (clientId: unknown) => boolean,
): boolean {
  if (isOwn(claims.azp) || isOwn(claims.client_id)) return true
  const { may_act: mayAct } = claims
  if (typeof mayAct !== 'object' || mayAct === null) return false
  const actor: { iss?: unknown; sub?: unknown; client_id?: unknown } = mayAct
  if (actor.iss === remit) return actor.sub === agent.id
  return (actor.iss ?? claims.iss) === claims.iss && (isOwn(actor.sub) || isOwn(actor.client_id))
}

/**
 * `jti`, else the SHA-256 of the signed part; scoped by issuer. Not of the signature: the holder of an ECDSA signature
 * can make a second valid one, and with it a "new" token.
 */
function replayKey(token: string, claims: Claims): string {
  const { iss, jti } = claims
  const signed = token.slice(0, token.lastIndexOf('.'))
  return sha256url(
    canonicalJson(
      typeof jti === 'string' && jti !== '' ? { iss, jti } : { iss, sha256: sha256url(signed) },
    ),
  )
}
