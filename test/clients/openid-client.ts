import type { CryptoKeyPair } from 'oauth4webapi'
import * as openid from 'openid-client'
import type { ConfiguredClient, EndpointAnswer, Library, LibraryClient } from './library.ts'

const JSON_BODY = { 'content-type': 'application/json' }

/** `openid-client`: nonces it gets by itself, and waits between two questions as it is told. */
export const OPENID_CLIENT: Library = {
  name: 'openid-client',
  connect: async (issuer, client) =>
    connect(issuer, client, await openid.randomDPoPKeyPair('ES256')),
}

async function connect(
  issuer: string,
  client: ConfiguredClient,
  pair: CryptoKeyPair,
): Promise<LibraryClient> {
  const metadata = client.signedAnswers ? { introspection_signed_response_alg: 'ES256' } : {}
  const config = await openid.discovery(new URL(issuer), client.id, metadata, authOf(client), {
    execute: [openid.allowInsecureRequests],
  })
  if (client.signedAnswers) openid.enableNonRepudiationChecks(config)
  const DPoP = openid.getDPoPHandle(config, pair)
  return {
    task: (id) => connect(issuer, { id }, pair),
    grant: (type, fields) => openid.genericGrantRequest(config, type, { ...fields }, { DPoP }),
    alone: (fields) => openid.clientCredentialsGrant(config, { ...fields }, { DPoP }),
    push: async (verifier, fields) =>
      openid.buildAuthorizationUrlWithPAR(
        config,
        {
          ...fields,
          code_challenge: await openid.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
        },
        { DPoP },
      ),
    redeem: (back, pkceCodeVerifier, { state: expectedState, ...fields }) =>
      openid.authorizationCodeGrant(
        config,
        back,
        { pkceCodeVerifier, ...(expectedState === undefined ? {} : { expectedState }) },
        fields,
        { DPoP },
      ),
    refresh: (token, fields) => openid.refreshTokenGrant(config, token, { ...fields }, { DPoP }),
    askPerson: async (fields) => ({
      ...(await openid.initiateBackchannelAuthentication(config, { ...fields })),
    }),
    fetchAnswer: (asked) =>
      openid.pollBackchannelAuthenticationGrant(config, atOnce(asked), undefined, { DPoP }),
    askDevice: async (fields) => ({
      ...(await openid.initiateDeviceAuthorization(config, { ...fields })),
    }),
    fetchDevice: (asked) =>
      openid.pollDeviceAuthorizationGrant(config, atOnce(asked), undefined, { DPoP }),
    introspect: (token) => openid.tokenIntrospection(config, token),
    revoke: (token) => openid.tokenRevocation(config, token),
    call: (token, method, url, body) =>
      openid.fetchProtectedResource(
        config,
        token,
        new URL(url),
        method,
        body === undefined ? undefined : JSON.stringify(body),
        new Headers(body === undefined ? {} : JSON_BODY),
        { DPoP },
      ),
  }
}

function authOf({ key, secret }: ConfiguredClient): openid.ClientAuth {
  if (key) return openid.PrivateKeyJwt(key)
  return secret === undefined ? openid.None() : openid.ClientSecretBasic(secret)
}

/** Sets the interval to 0: nobody waits in a test, and what it asked about is answered by then. */
function atOnce<T>(asked: EndpointAnswer): T {
  return { ...asked, interval: 0 } as T // as: it is what the library answered
}
