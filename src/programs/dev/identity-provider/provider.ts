import { generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import {
  type Adapter,
  type ClientMetadata,
  type Configuration,
  interactionPolicy,
  Provider,
} from 'oidc-provider'
import { base64url } from '../../../platform/lib/bytes.ts'
import { isName } from '../../../platform/lib/id.ts'
import type { Random } from '../../../platform/lib/random.ts'
import { HOUR_SECONDS, MINUTE_SECONDS } from '../../../platform/lib/time-units.ts'
import type { DevClient, DevPerson } from './dev-person.ts'
import { memoryAdapter } from './memory-adapter.ts'
import { pageHeaders, troublePage } from './page.ts'

/** Cookies are not separated by port, so ours must not be called like anyone else's on 127.0.0.1. */
export const DEV_IDP_COOKIES = {
  session: 'remit_dev_idp_session',
  interaction: 'remit_dev_idp_interaction',
  resume: 'remit_dev_idp_resume',
} as const

function clientMetadata(client: DevClient): ClientMetadata {
  return {
    client_id: client.id,
    redirect_uris: [...client.redirectUris],
    response_types: ['code'],
    ...(client.secret === undefined
      ? {
          application_type: 'native',
          grant_types: ['authorization_code', 'refresh_token'],
          token_endpoint_auth_method: 'none',
        }
      : {
          application_type: 'web',
          grant_types: ['authorization_code'],
          token_endpoint_auth_method: 'client_secret_basic',
          client_secret: client.secret,
        }),
  }
}

/** Addresses that the form of the page may lead to; see its policy. */
const LOOPBACK_REDIRECTS = ['http://127.0.0.1/callback']

/**
 * A client without a configuration is taken for an agent's application on this machine: public, with PKCE and a loopback redirect
 * on any port (RFC 8252 section 7.3). So an agent of one's own needs no registration here, only at Remit.
 */
function anyAgent(adapters: (model: string) => Adapter): (model: string) => Adapter {
  return (model) => {
    const adapter = adapters(model)
    if (model !== 'Client') return adapter
    const find = async (id: string) =>
      isName(id) ? { ...clientMetadata({ id, redirectUris: LOOPBACK_REDIRECTS }) } : undefined
    return { ...adapter, find }
  }
}

/** One prompt: who are you. Consent to the sample clients is taken as given. */
function whoAreYou(): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base()
  policy.remove('consent')
  return policy
}

function newSigningKey(): JsonWebKey {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
}

/**
 * The OpenID provider behind `remit dev`: authorization code with PKCE, groups in the ID token, refresh tokens for applications of
 * agents, nothing else.
 * Anyone can be anyone here, so it must never be reachable from another machine.
 */
export function developmentProvider(options: {
  issuer: string
  people: readonly DevPerson[]
  clients: readonly DevClient[]
  random: Random
  /** P-256, of its ID tokens. Default: a new one. */
  key?: JsonWebKey | undefined
}): Provider {
  const key = options.key ?? newSigningKey()
  const people = new Map(options.people.map((person) => [person.id, person]))
  const configuration: Configuration = {
    adapter: anyAgent(memoryAdapter()),
    clients: options.clients.map(clientMetadata),
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    jwks: { keys: [{ ...key, alg: 'ES256', use: 'sig' }] },
    cookies: { names: DEV_IDP_COOKIES, keys: [base64url(options.random.bytes(32))] },
    responseTypes: ['code'],
    acrValues: ['anyone'],
    pkce: { required: () => true },
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    scopes: ['openid', 'profile', 'email', 'groups'],
    claims: {
      openid: ['sub', 'auth_time', 'jti', 'acr'],
      profile: ['name'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    // OpenID Connect Core 5.4 would leave these to the userinfo endpoint; Remit decides from the ID token.
    conformIdTokenClaims: false,
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: true },
    },
    interactions: {
      policy: whoAreYou(),
      url: (_ctx, interaction) => `/choose/${interaction.uid}`,
    },
    ttl: {
      AuthorizationCode: MINUTE_SECONDS,
      AccessToken: 5 * MINUTE_SECONDS,
      IdToken: 5 * MINUTE_SECONDS,
      Interaction: 30 * MINUTE_SECONDS,
      Session: HOUR_SECONDS,
      Grant: HOUR_SECONDS,
    },
    renderError(ctx, out) {
      ctx.set(pageHeaders([]))
      ctx.body = troublePage('This sign-in cannot go on', out.error_description ?? out.error)
    },
    findAccount: (_ctx, id) => {
      const person = people.get(id)
      return (
        person && {
          accountId: person.id,
          // Two ID tokens of one second would be the same token, and Remit takes each once.
          claims: async (use) => ({
            sub: person.id,
            ...(use === 'id_token' ? { jti: base64url(options.random.bytes(16)) } : {}),
            name: person.name,
            email: person.email,
            email_verified: true,
            groups: [...person.groups],
          }),
        }
      )
    },
    async loadExistingGrant(ctx) {
      const { client, session, provider } = ctx.oidc
      if (!client || !session?.accountId) return undefined
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid profile email groups')
      await grant.save()
      return grant
    },
  }
  return new Provider(options.issuer, configuration)
}
