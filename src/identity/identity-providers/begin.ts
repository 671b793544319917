import * as openid from 'openid-client'
import { base64url, sha256url } from '../../platform/lib/bytes.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Secret } from '../../platform/lib/secret.ts'
import type { PeopleParts } from '../people/index.ts'
import { newToken } from '../sessions/index.ts'
import type { Discovery } from './discovery.ts'
import { openProvider } from './register-provider.ts'
import { insertSignInStep, SIGN_IN_LIFE_MS, signInAssociatedData } from './sign-in-store.ts'

/**
 * A sign-in that has to be fresh may have been proved this long before we asked, in milliseconds: so far may the clocks of providers
 * be behind ours. It is asked for (`max_age`) as it is accepted. Less would be no stricter, and a provider that counts until its own answer
 * never meets 0.
 */
export const FRESH_LEEWAY_MS = 30_000

/** Secrets that only `complete` may know. */
export interface SealedSignIn {
  readonly nonce: string
  readonly verifier: string
  /** Digest of the value that only the browser which began has, in a cookie. */
  readonly browser: string
  readonly maxAge?: number
  /** Epoch ms: the person has to have signed in since then. */
  readonly freshSince?: number
  /** Id of the administrator who tries the provider; no one is signed in by it. */
  readonly triedBy?: string
}

export interface SignInRequest {
  readonly issuer: string
  readonly returnTo: string
  /** Seconds. */
  readonly maxAge?: number
  /**
   * Demand to sign in again, also for a person whom the provider remembers, in one of these ways
   * (`acr`) if they can.
   */
  readonly fresh?: { readonly acrValues: readonly string[] }
  /** See `SealedSignIn`. */
  readonly triedBy?: string
  /**
   * Name of the person, as they give it (OpenID Connect Core 3.1.2.1); the provider may ask for
   * another.
   */
  readonly loginHint?: string
}

export function callbackAddress(issuer: string): string {
  return `${issuer}/sign-in/callback`
}

/**
 * Begins a sign-in: authorization code with PKCE S256, state and nonce (OpenID Connect Core 3.1.2, RFC 9700 2.1.1).
 * `cookie` goes to the browser, HttpOnly, and comes back with the callback. `maxAge` (seconds) asks the provider to let
 * the person prove again who they are when that is longer ago, `fresh` in any case. Throws `provider.unknown`, `provider.unreachable`.
 */
export async function beginSignIn(
  parts: PeopleParts,
  discovery: Discovery,
  { issuer, returnTo, maxAge, fresh, triedBy, loginHint }: SignInRequest,
): Promise<{ url: string; cookie: Secret; expiresAt: number }> {
  const provider = await openProvider(parts, parts.storage.read, issuer)
  if (!provider)
    throw new Problem('provider.unknown', `\`${issuer}\` is not a configured identity provider`)
  const config = await discovery.configuration(provider)
  const state = base64url(parts.random.bytes(32))
  const nonce = base64url(parts.random.bytes(32))
  const verifier = base64url(parts.random.bytes(32))
  const browser = newToken(parts.random)
  const stateDigest = sha256url(state)
  const sealed: SealedSignIn = {
    nonce,
    verifier,
    browser: browser.digest,
    ...(maxAge === undefined ? {} : { maxAge }),
    ...(fresh ? { freshSince: parts.clock.now() } : {}),
    ...(triedBy === undefined ? {} : { triedBy }),
  }
  const expiresAt = parts.clock.now() + SIGN_IN_LIFE_MS
  // Anyone may begin one: it shares its commit with others, so that many of them do not keep calls from being written.
  await parts.storage.commit([
    insertSignInStep(parts.storage.read, {
      stateDigest,
      issuer,
      sealed: parts.master.seal(JSON.stringify(sealed), signInAssociatedData(stateDigest)),
      returnTo: localPath(returnTo, parts.issuer),
      expiresAt,
    }),
  ])
  const acrValues = new Set([...(fresh?.acrValues ?? []), ...provider.acrValues])
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: callbackAddress(parts.issuer),
    scope: scopes(config.serverMetadata(), provider.groupsClaim),
    state,
    nonce,
    code_challenge: sha256url(verifier),
    code_challenge_method: 'S256',
    ...(maxAge === undefined ? {} : { max_age: String(maxAge) }),
    ...(fresh ? { prompt: 'login', max_age: String(FRESH_LEEWAY_MS / 1000) } : {}),
    ...(loginHint === undefined ? {} : { login_hint: loginHint }),
    ...(acrValues.size === 0 ? {} : { acr_values: [...acrValues].join(' ') }),
  })
  return { url: url.href, cookie: browser.token, expiresAt }
}

/** Groups have no scope in the standard. A provider that has one names it like the claim. */
function scopes(metadata: openid.ServerMetadata, groupsClaim: string): string {
  const known = ['openid', 'profile', 'email']
  return [
    ...known,
    ...(metadata.scopes_supported?.includes(groupsClaim) ? [groupsClaim] : []),
  ].join(' ')
}

/**
 * Answers where to go after a sign-in: a path on our own origin, or `/` for anything else. The text
 * is read as a browser reads it, so that `//host`, `/\host` and control characters lead nowhere
 * else (open redirector).
 */
export function localPath(text: string, issuer: string): string {
  const url = text.startsWith('/') ? URL.parse(text, issuer) : null
  if (!url || url.origin !== new URL(issuer).origin) return '/'
  const path = url.pathname + url.search
  return path.startsWith('//') ? '/' : path
}
