import * as oauth from 'oauth4webapi'
import { clickThrough } from '../../src/programs/dev/identity-provider/click.ts'
import { Browser } from './browser.ts'

/** A person with a browser, signed in at Remit's pages. */
export async function signIn(issuer: string, person: string): Promise<Browser> {
  const browser = new Browser()
  const choose = await browser.get(`${issuer}/`)
  const home = await browser.submit(choose, new RegExp(`^${person}\\b`, 'i'))
  if (home.status !== 200 || new URL(home.url).origin !== issuer) {
    throw new Error(
      `${person} could not sign in: ${home.status} ${home.url} ${home.text.slice(0, 200)}`,
    )
  }
  return browser
}

/**
 * The person signs in at the agent's own application, which is a client of the identity provider (authorization code with
 * PKCE). Answers the ID token that the agent may exchange for a task.
 */
export async function idTokenFor(
  provider: string,
  client: string,
  person: string,
): Promise<string> {
  const http = { [oauth.allowInsecureRequests]: true }
  const url = new URL(provider)
  const server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, http))
  const app: oauth.Client = { client_id: client }
  const redirect = 'http://127.0.0.1/callback'
  const verifier = oauth.generateRandomCodeVerifier()
  // Also makes two ID tokens of the same second differ: each is good for one task.
  const nonce = oauth.generateRandomNonce()
  const start = new URL(server.authorization_endpoint ?? '')
  start.search = new URLSearchParams({
    client_id: client,
    redirect_uri: redirect,
    response_type: 'code',
    scope: 'openid profile email groups',
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }).toString()
  const back = new URL(await clickThrough(start.href, person))
  const parameters = oauth.validateAuthResponse(server, app, back)
  const answer = await oauth.authorizationCodeGrantRequest(
    server,
    app,
    oauth.None(),
    parameters,
    redirect,
    verifier,
    http,
  )
  const { id_token } = await oauth.processAuthorizationCodeResponse(server, app, answer, {
    expectedNonce: nonce,
  })
  if (!id_token) throw new Error('the provider gave no ID token')
  return id_token
}
