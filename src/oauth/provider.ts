import type { IncomingMessage, ServerResponse } from 'node:http'
import Provider, { type Adapter, type AdapterPayload } from 'oidc-provider'
import type { SigningKeys } from '../keys/index.ts'
import type { Artefacts } from '../tokens/index.ts'
import { CLIENT_CREDENTIALS, JWT_BEARER, TOKEN_EXCHANGE } from './grant-types.ts'

/**
 * The standard side of the authorization server: metadata (RFC 8414, OpenID Connect Discovery), keys, and the grants that
 * `oidc-provider` is certified for. Remit's own grants are handled before it sees them (`token.ts`); they are registered
 * here only so that the metadata names them.
 */
export function createProvider(ports: {
  issuer: string
  keys: SigningKeys
  artefacts: Artefacts
}): (request: IncomingMessage, reply: ServerResponse) => void {
  const provider = new Provider(ports.issuer, {
    adapter: (model) => adapterFor(model, ports.artefacts),
    jwks: ports.keys.providerJwks(),
    clientAuthMethods: ['private_key_jwt', 'none'],
    enabledJWA: {
      clientAuthSigningAlgValues: ['ES256', 'EdDSA'],
      idTokenSigningAlgValues: ['ES256'],
      dPoPSigningAlgValues: ['ES256', 'Ed25519', 'EdDSA'],
    },
    responseTypes: ['code'],
    scopes: ['openid'],
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      claimsParameter: { enabled: false },
      dPoP: { enabled: true },
      resourceIndicators: { enabled: true },
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
    },
    // RFC 7523bis section 3: the issuer is the only audience, as a single string.
    assertJwtClientAuthClaimsAndHeader: async (_ctx, claims) => {
      if (claims.aud !== ports.issuer) throw new Error('the audience has to be the issuer')
    },
    routes: {
      authorization: '/oauth/authorize',
      jwks: '/oauth/jwks',
      pushed_authorization_request: '/oauth/par',
      token: '/oauth/token',
    },
    discovery: {
      authorization_details_types_supported: ['remit_call', 'remit_delegate'],
      revocation_endpoint: `${ports.issuer}/oauth/revoke`,
      revocation_endpoint_auth_methods_supported: ['none'],
      entity_profiles_supported: { subject: ['user'], actor: ['ai_agent'] },
      actor_profile_token_types_supported: ['urn:ietf:params:oauth:token-type:access_token'],
    },
  })
  for (const grant of [TOKEN_EXCHANGE, JWT_BEARER, CLIENT_CREDENTIALS])
    provider.registerGrantType(grant, handledBefore, [], [])
  // Its answers name the scheme and host it was asked at. The host was checked against ours before; the scheme is configuration.
  provider.proxy = true
  const scheme = new URL(ports.issuer).protocol.slice(0, -1)
  const callback = provider.callback()
  return (request, reply) => {
    request.headers['x-forwarded-proto'] = scheme
    delete request.headers['x-forwarded-host']
    delete request.headers['x-forwarded-for']
    callback(request, reply)
  }
}

/** Longer than any proof or assertion is accepted. */
const REPLAY_SECONDS = 3600

function handledBefore(): never {
  throw new Error('this grant is answered before the provider sees it')
}

/** Replay identifiers of both paths live in one table in one form: an assertion cannot be used once on each. */
function adapterFor(model: string, artefacts: Artefacts): Adapter {
  return {
    async upsert(id, payload, expiresIn) {
      if (model === 'ReplayDetection') await artefacts.once(id, expiresIn ?? REPLAY_SECONDS)
      else await artefacts.put(model, id, payload, expiresIn)
    },
    find: (id) => artefacts.find<AdapterPayload>(model, { id }),
    findByUid: (uid) => artefacts.find<AdapterPayload>(model, { uid }),
    findByUserCode: (userCode) => artefacts.find<AdapterPayload>(model, { userCode }),
    consume: (id) => artefacts.consume(model, id),
    destroy: (id) => artefacts.destroy(model, id),
    revokeByGrantId: (grantId) => artefacts.destroyGrant(grantId),
  }
}
