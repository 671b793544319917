import * as oauth from 'oauth4webapi'
import type { ConfiguredClient, Fields, Library, LibraryClient } from './library.ts'

/** Loopback without TLS. */
const HTTP = { [oauth.allowInsecureRequests]: true }
const NO_TOKEN = { recognizedTokenTypes: { n_a: () => {} } }
const JSON_BODY = { 'content-type': 'application/json' }

/** `oauth4webapi`: asks and reads are two calls, and a nonce that is demanded is for the program to answer. */
export const OAUTH4WEBAPI: Library = {
  name: 'oauth4webapi',
  connect: async (issuer, client) => connect(issuer, client, await oauth.generateKeyPair('ES256')),
}

async function connect(
  issuer: string,
  configured: ConfiguredClient,
  pair: oauth.CryptoKeyPair,
): Promise<LibraryClient> {
  const url = new URL(issuer)
  const found = await oauth.discoveryRequest(url, { ...HTTP, algorithm: 'oauth2' })
  const server = await oauth.processDiscoveryResponse(url, found)
  const client: oauth.Client = {
    client_id: configured.id,
    ...(configured.signedAnswers ? { introspection_signed_response_alg: 'ES256' } : {}),
  }
  const auth = authOf(configured)
  const DPoP = oauth.DPoP(client, pair)
  const bound = { ...HTTP, DPoP }
  const given = (fields: Fields) => ({ ...bound, additionalParameters: { ...fields } })
  return {
    task: (id) => connect(issuer, { id }, pair),
    grant: (type, fields) =>
      withNonce(async () => {
        const sent = { ...fields }
        const answer = await oauth.genericTokenEndpointRequest(
          server,
          client,
          auth,
          type,
          sent,
          bound,
        )
        return oauth.processGenericTokenEndpointResponse(server, client, answer, NO_TOKEN)
      }),
    alone: (fields) =>
      withNonce(async () => {
        const sent = { ...fields }
        const answer = await oauth.clientCredentialsGrantRequest(server, client, auth, sent, bound)
        return oauth.processClientCredentialsResponse(server, client, answer)
      }),
    push: (verifier, fields) =>
      withNonce(async () => {
        const challenge = await oauth.calculatePKCECodeChallenge(verifier)
        const pkce = { code_challenge: challenge, code_challenge_method: 'S256' }
        const sent = { ...fields, ...pkce, response_type: 'code' }
        const answer = await oauth.pushedAuthorizationRequest(server, client, auth, sent, bound)
        const pushed = await oauth.processPushedAuthorizationResponse(server, client, answer)
        const page = new URL(server.authorization_endpoint ?? '')
        page.searchParams.set('client_id', client.client_id)
        page.searchParams.set('request_uri', pushed.request_uri)
        return page
      }),
    redeem: (back, verifier, { redirect_uri = '', state, ...fields }) =>
      withNonce(async () => {
        const parameters = oauth.validateAuthResponse(server, client, back, state)
        const answer = await oauth.authorizationCodeGrantRequest(
          ...([server, client, auth, parameters, redirect_uri, verifier, given(fields)] as const),
        )
        return oauth.processAuthorizationCodeResponse(server, client, answer)
      }),
    refresh: (token, fields) =>
      withNonce(async () => {
        const answer = await oauth.refreshTokenGrantRequest(
          server,
          client,
          auth,
          token,
          given(fields),
        )
        return oauth.processRefreshTokenResponse(server, client, answer)
      }),
    async askPerson(fields) {
      const sent = { ...fields }
      const answer = await oauth.backchannelAuthenticationRequest(server, client, auth, sent, HTTP)
      return { ...(await oauth.processBackchannelAuthenticationResponse(server, client, answer)) }
    },
    fetchAnswer: ({ auth_req_id: id }) =>
      withNonce(async () => {
        const answer = await oauth.backchannelAuthenticationGrantRequest(
          ...([server, client, auth, String(id), bound] as const),
        )
        return oauth.processBackchannelAuthenticationGrantResponse(server, client, answer)
      }),
    async askDevice(fields) {
      const sent = { ...fields }
      const answer = await oauth.deviceAuthorizationRequest(server, client, auth, sent, HTTP)
      return { ...(await oauth.processDeviceAuthorizationResponse(server, client, answer)) }
    },
    fetchDevice: ({ device_code: code }) =>
      withNonce(async () => {
        const answer = await oauth.deviceCodeGrantRequest(
          ...([server, client, auth, String(code), bound] as const),
        )
        return oauth.processDeviceCodeResponse(server, client, answer)
      }),
    async introspect(token) {
      const answer = await oauth.introspectionRequest(server, client, auth, token, HTTP)
      const told = await oauth.processIntrospectionResponse(server, client, answer)
      if (configured.signedAnswers)
        await oauth.validateApplicationLevelSignature(server, answer, HTTP)
      return told
    },
    async revoke(token) {
      const answer = await oauth.revocationRequest(server, client, auth, token, HTTP)
      return oauth.processRevocationResponse(answer)
    },
    call: (token, method, to, body) =>
      withNonce(() =>
        oauth.protectedResourceRequest(
          token,
          method,
          new URL(to),
          new Headers(body === undefined ? {} : JSON_BODY),
          body === undefined ? undefined : JSON.stringify(body),
          bound,
        ),
      ),
  }
}

function authOf({ key, secret }: ConfiguredClient): oauth.ClientAuth {
  if (key) return oauth.PrivateKeyJwt(key)
  return secret === undefined ? oauth.None() : oauth.ClientSecretBasic(secret)
}

/** Asks once more with the nonce that was answered, which the handle has kept. */
async function withNonce<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    return ask()
  }
}
