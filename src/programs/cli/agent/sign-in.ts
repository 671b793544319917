import * as openid from 'openid-client'
import { isLoopback } from '../../../platform/lib/setting.ts'

/** The agent's client at an identity provider: public, with PKCE and a loopback redirect (RFC 8252). */
export interface ProviderClient {
  readonly issuer: string
  readonly clientId: string
}

/**
 * A person signs in at the agent's client. `visit` is given the address to go to, and answers the address that the provider
 * sent the browser back to. Answers the ID token: the subject token that a task is opened with.
 */
export async function signIn(
  client: ProviderClient,
  redirectUri: string,
  state: string,
  visit: (url: string) => Promise<string>,
): Promise<string> {
  const insecure = isLoopback(new URL(client.issuer).hostname)
  const server = await openid.discovery(
    new URL(client.issuer),
    client.clientId,
    undefined,
    openid.None(),
    insecure ? { execute: [openid.allowInsecureRequests] } : {},
  )
  const verifier = openid.randomPKCECodeVerifier()
  const nonce = openid.randomNonce()
  const url = openid.buildAuthorizationUrl(server, {
    redirect_uri: redirectUri,
    scope: scopeOf(server.serverMetadata()),
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  })
  const back = new URL(await visit(url.href))
  const tokens = await openid.authorizationCodeGrant(server, back, {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
  })
  if (tokens.id_token === undefined) throw new Error('the identity provider gave no ID token')
  return tokens.id_token
}

/** Groups have no scope in the standard; a provider that has one usually calls it that. Asking for an unknown one is refused. */
function scopeOf({ scopes_supported: offered = [] }: openid.ServerMetadata): string {
  const wanted = ['profile', 'email', 'groups'].filter((scope) => offered.includes(scope))
  return ['openid', ...wanted].join(' ')
}
