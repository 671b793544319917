import * as openid from 'openid-client'
import { sameBytes, sha256url } from '../../platform/lib/bytes.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { entriesOf, mappedGroups, type PeopleParts, type Person } from '../people/index.ts'
import { type SignInProof, tokenDigest } from '../sessions/index.ts'
import { callbackAddress, FRESH_LEEWAY_MS, type SealedSignIn } from './begin.ts'
import { withMissingAsNull } from './change-attributes.ts'
import type { Discovery } from './discovery.ts'
import { idTokenMistake } from './id-token-mistake.ts'
import type { ProviderWithSecret } from './identity-provider.ts'
import { requireMillis } from './numeric-date.ts'
import { type Profile, readProfile } from './profile.ts'
import { claimAt } from './read-attributes.ts'
import { openProvider } from './register-provider.ts'
import { signInPerson } from './sign-in-person.ts'
import { type SignIn, signInAssociatedData, takeSignIn } from './sign-in-store.ts'
import { provedBy } from './subject-token.ts'

/** A person who has just shown at the provider who they are. `authTime`: epoch milliseconds. */
export interface CompletedSignIn {
  readonly person: Person
  readonly authTime: number
  /** Proof of the sign-in, only what the provider said of it. */
  readonly proved: SignInProof
  /** A path on our own origin. */
  readonly returnTo: string
  /** Id that the provider gave its session (OpenID Connect Back-Channel Logout 1.0 section 2.1). */
  readonly sid: string | null
}

/**
 * Result of an administrator's test of a provider: the claims word for word, and what would be made
 * of them. Nothing of it is kept.
 */
export interface TriedSignIn {
  readonly triedBy: string
  readonly issuer: string
  readonly returnTo: string
  readonly claims: Readonly<Record<string, unknown>>
  /** Mistake in the claims, if no person can be signed in by them. */
  readonly mistake: string | undefined
  readonly profile: Profile | undefined
  /** Groups here that its values are mapped to, and values that are mapped to none. */
  readonly groups: readonly string[]
  readonly unmapped: readonly string[]
}

/**
 * Ends a sign-in with what the browser brought back from the provider. `callbackUrl` is the requested URL (only its
 * query counts), `cookie` the value `beginSignIn` gave. The sign-in is used up whatever comes of it.
 * Throws `sign_in.unknown`, `sign_in.wrong_browser`, `sign_in.refused` (the provider said no), `sign_in.failed`
 * (its answer does not hold), `sign_in.not_fresh`, `sign_in.too_weak`, `person.bad_claims`, `person.suspended`.
 */
export async function completeSignIn(
  parts: PeopleParts,
  discovery: Discovery,
  callbackUrl: string,
  cookie: string | undefined,
): Promise<CompletedSignIn | TriedSignIn> {
  const address = new URL(callbackAddress(parts.issuer))
  address.search = URL.parse(callbackUrl, parts.issuer)?.search ?? ''
  const [state, ...more] = address.searchParams.getAll('state')
  if (state === undefined || more.length > 0)
    throw new Problem('sign_in.unknown', 'the address does not name exactly one sign-in')
  const signIn = await parts.storage.transaction((tx) => takeSignIn(tx, sha256url(state)))
  if (!signIn || signIn.expiresAt <= parts.clock.now())
    throw new Problem('sign_in.unknown', 'this sign-in has expired or was already used')
  const sealed = openSealed(parts, signIn)
  requireSameBrowser(sealed, cookie)
  const provider = await openProvider(parts, parts.storage.read, signIn.issuer)
  if (!provider) throw new Problem('sign_in.unknown', 'the identity provider was removed')
  const { claims, authTime, ...said } = await redeem(discovery, provider, address, {
    state,
    ...sealed,
  })
  if (sealed.triedBy !== undefined)
    return { ...(await tried(parts, provider, claims)), ...signIn, triedBy: sealed.triedBy }
  const proved = freshly(sealed, said.proved)
  requireStrongEnough(provider, claims)
  const { attributes, email = null, groupValues = [], ...profile } = readProfile(claims, provider)
  // We asked for everything here, so silence means there is none.
  const all = attributes && withMissingAsNull(attributes, provider.attributes)
  const person = await signInPerson(parts, { ...profile, attributes: all, email, groupValues })
  if (person.status !== 'active') throw new Problem('person.suspended', 'this person is suspended')
  return {
    person,
    authTime: Math.min(authTime, parts.clock.now()),
    proved,
    returnTo: signIn.returnTo,
    sid: typeof claims.sid === 'string' && claims.sid.length <= 255 ? claims.sid : null,
  }
}

async function tried(
  parts: PeopleParts,
  provider: ProviderWithSecret,
  claims: Readonly<Record<string, unknown>>,
): Promise<Omit<TriedSignIn, 'issuer' | 'returnTo' | 'triedBy'>> {
  try {
    requireStrongEnough(provider, claims)
    const profile = readProfile(claims, provider)
    const { read } = parts.storage
    const groups = await mappedGroups(read, provider.issuer, profile.groupValues ?? [])
    const unmapped: string[] = []
    for (const value of profile.groupValues ?? [])
      if ((await mappedGroups(read, provider.issuer, [value])).length === 0) unmapped.push(value)
    return { claims, mistake: undefined, profile, groups, unmapped }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return { claims, mistake: error.detail, profile: undefined, groups: [], unmapped: [] }
  }
}

function openSealed(parts: PeopleParts, signIn: SignIn): SealedSignIn {
  const plain = parts.master.open(signIn.sealed, signInAssociatedData(signIn.stateDigest))
  return JSON.parse(Buffer.from(plain).toString('utf8')) // sealed by beginSignIn, so it is as written there
}

/**
 * INVARIANT: a sign-in ends in the browser that began it. Otherwise an attacker could sign a victim in as the attacker,
 * or finish a stolen callback address elsewhere (RFC 9700 4.7).
 */
function requireSameBrowser(sealed: SealedSignIn, cookie: string | undefined): void {
  const digest = cookie === undefined ? undefined : tokenDigest(cookie)
  if (digest === undefined || !sameBytes(Buffer.from(digest), Buffer.from(sealed.browser)))
    throw new Problem('sign_in.wrong_browser', 'this sign-in was begun in another browser')
}

/**
 * INVARIANT: `prompt` and `max_age` only ask (OpenID Connect Core 3.1.2.1); what counts is the `auth_time` in the ID token. One that
 * does not say it, which the standard forbids here, proved nothing. Then it was not before we asked, whatever their clock says.
 */
function freshly({ freshSince }: SealedSignIn, { acr, authTime }: SignInProof): SignInProof {
  if (freshSince === undefined) return { acr, authTime }
  if (authTime === null)
    throw notFresh(
      'does not say when you signed in (`auth_time`); without that no sign-in is fresh',
    )
  if (authTime < freshSince - FRESH_LEEWAY_MS) {
    const seconds = Math.round((freshSince - authTime) / 1000)
    throw notFresh(
      `remembered you and did not ask again: it says that you signed in ${seconds} seconds before; sign out there first`,
    )
  }
  return { acr, authTime: Math.max(authTime, freshSince) }
}

function notFresh(what: string): Problem {
  return new Problem('sign_in.not_fresh', `the identity provider ${what}`)
}

/**
 * INVARIANT: `acr_values` only asks (OpenID Connect Core 3.1.2.1); what counts is what the ID token says. The userinfo endpoint
 * does not describe this sign-in.
 */
function requireStrongEnough(
  { acrValues }: ProviderWithSecret,
  { acr }: Readonly<Record<string, unknown>>,
): void {
  if (acrValues.length > 0 && !(typeof acr === 'string' && acrValues.includes(acr)))
    throw new Problem(
      'sign_in.too_weak',
      `the identity provider does not say that you signed in as ${acrValues.join(' or ')}`,
    )
}

/** Code for tokens; everything of OpenID Connect Core 3.1.3.7, RFC 9207 and the signature is checked by the library. */
async function redeem(
  discovery: Discovery,
  provider: ProviderWithSecret,
  address: URL,
  expected: SealedSignIn & { readonly state: string },
): Promise<{ claims: Record<string, unknown>; authTime: number; proved: SignInProof }> {
  try {
    const config = await discovery.configuration(provider)
    const tokens = await openid.authorizationCodeGrant(config, address, {
      expectedState: expected.state,
      expectedNonce: expected.nonce,
      pkceCodeVerifier: expected.verifier,
      idTokenExpected: true,
      ...(expected.maxAge === undefined ? {} : { maxAge: expected.maxAge }),
    })
    const claims = tokens.claims()
    if (!claims) throw new Problem('sign_in.failed', 'the identity provider sent no ID token')
    const more = await moreClaims(config, provider, tokens.access_token, claims)
    // Without `auth_time` the ID token itself is the only moment we know of.
    return {
      claims: { ...more, acr: undefined, ...claims },
      authTime: requireMillis(claims.auth_time ?? claims.iat, 'auth_time'),
      proved: provedBy(claims),
    }
  } catch (cause) {
    if (cause instanceof Problem) throw cause
    if (cause instanceof openid.AuthorizationResponseError) {
      // Out of the address, so anyone's words: only what looks like a code of RFC 6749 is repeated.
      const code = /^[a-z_]{1,40}$/.test(cause.error) ? cause.error : 'an error'
      throw new Problem('sign_in.refused', `the identity provider answered ${code}`, { cause })
    }
    const mistake = idTokenMistake(cause)
    const why = mistake === undefined ? '' : `: ${mistake}`
    throw new Problem(
      'sign_in.failed',
      `the response of the identity provider is not valid${why}`,
      {
        cause,
      },
    )
  }
}

/** Many providers tell name and groups only at the userinfo endpoint (OpenID Connect Core 5.4); asked when needed. */
async function moreClaims(
  config: openid.Configuration,
  provider: ProviderWithSecret,
  accessToken: string,
  claims: openid.IDToken,
): Promise<Record<string, unknown>> {
  const wanted = ['name', provider.groupsClaim]
  const mapped = entriesOf(provider.attributes).map(([, claim]) => claim)
  const isThere = (claim: string) => claimAt(claims, claim) !== undefined
  if (wanted.every((name) => claims[name] !== undefined) && mapped.every(isThere)) return {}
  if (!config.serverMetadata().userinfo_endpoint) return {}
  return openid.fetchUserInfo(config, accessToken, claims.sub)
}
