import { SAMPLE_AGENT, SAMPLE_PEOPLE } from '../../../src/programs/dev/sample.ts'

export const REALM = 'enterprise'
export const CLIENT_SECRET = 'secret-of-remit-at-keycloak'
export const AGENT_WITH_ACCESS = 'refund-bot-with-access'
export const APP = 'orders-app'
export const OLD_APP = 'old-orders-app'
export const PEER_CLIENT = 'refund-bot-of-remit'
export const OTHER_PEER_CLIENT = 'other-bot-of-remit'
export const PORTAL = 'portal'
export const CHAINING = 'portal-agent'
/** Address where nobody listens: who drives a sign-in reads the address it ends with. */
export const AGENT_REDIRECT = 'http://127.0.0.1/callback'

export function passwordOf(person: string): string {
  return `${person}-knows-this`
}

/** Says the names of the groups that somebody is in; Keycloak says nothing of them by itself. */
const GROUPS = {
  name: 'groups',
  protocol: 'openid-connect',
  protocolMapper: 'oidc-group-membership-mapper',
  config: {
    'claim.name': 'groups',
    'full.path': 'false',
    'id.token.claim': 'true',
    'access.token.claim': 'true',
    'userinfo.token.claim': 'true',
  },
}

/**
 * Attributes, mapped as an organization would: one claim by its name, one inside another, one of
 * each type.
 */
const ATTRIBUTES = [
  ['department', 'department', 'Support', 'String'],
  ['level', 'org.level', '3', 'int'],
  ['external', 'external', 'false', 'boolean'],
].map(([name, claim, value, type]) => ({
  name,
  protocol: 'openid-connect',
  protocolMapper: 'oidc-hardcoded-claim-mapper',
  config: {
    'claim.name': claim,
    'claim.value': value,
    'jsonType.label': type,
    'id.token.claim': 'true',
    'access.token.claim': 'true',
  },
}))

/** Says for whom access tokens of a client are, and nobody else. */
const meantFor = (audience: string) => ({
  name: 'audience',
  protocol: 'openid-connect',
  protocolMapper: 'oidc-audience-mapper',
  config: {
    'included.custom.audience': audience,
    'access.token.claim': 'true',
    'introspection.token.claim': 'true',
  },
})

/**
 * Realm that an administrator of Keycloak would set up for Remit at `remit`, the sample agent, and
 * an application of the organization that calls orders behind `gateway` (`--import-realm`).
 */
export function realm(remit: string, gateway: string): object {
  const client = {
    enabled: true,
    protocol: 'openid-connect',
    standardFlowEnabled: true,
    directAccessGrantsEnabled: false,
    protocolMappers: [GROUPS, ...ATTRIBUTES],
  }
  // Keycloak refuses authorization requests of these clients that come without PKCE.
  const pkce = { 'pkce.code.challenge.method': 'S256' }
  const typed = { 'access.token.header.type.rfc9068': 'true' }
  const orders = meantFor(`${gateway}/orders`)
  const ofApp = { ...client, publicClient: true, redirectUris: [AGENT_REDIRECT] }
  // What an agent is to Keycloak when it comes with an assertion of Remit.
  const ofPeer = (clientId: string) => ({
    ...{ ...client, clientId, secret: CLIENT_SECRET, standardFlowEnabled: false },
    protocolMappers: [orders],
    attributes: {
      ...typed,
      'oauth2.jwt.authorization.grant.enabled': 'true',
      'oauth2.jwt.authorization.grant.idp': 'remit',
    },
  })
  const names = new Set(SAMPLE_PEOPLE.flatMap(({ groups }) => [...groups]))
  return {
    realm: REALM,
    enabled: true,
    sslRequired: 'none',
    groups: [...names].map((name) => ({ name })),
    users: SAMPLE_PEOPLE.map(({ email, groups, id, name }) => ({
      id,
      username: id,
      enabled: true,
      email,
      emailVerified: true,
      firstName: name.split(' ')[0],
      lastName: name.split(' ')[1],
      groups: groups.map((group) => `/${group}`),
      credentials: [{ type: 'password', value: passwordOf(id) }],
    })),
    clients: [
      {
        ...client,
        clientId: 'remit',
        secret: CLIENT_SECRET,
        redirectUris: [`${remit}/sign-in/callback`],
        attributes: {
          ...pkce,
          'backchannel.logout.url': `${remit}/oauth/backchannel-logout`,
          'backchannel.logout.session.required': 'true',
        },
      },
      {
        ...client,
        clientId: SAMPLE_AGENT.id,
        publicClient: true,
        redirectUris: [AGENT_REDIRECT],
        attributes: pkce,
      },
      // The agent again, with access tokens of RFC 9068 for Remit.
      {
        ...ofApp,
        clientId: AGENT_WITH_ACCESS,
        protocolMappers: [meantFor(remit)],
        attributes: { ...pkce, ...typed },
      },
      // Applications that call orders with Keycloak's own tokens; of the second they look as Keycloak makes them by itself.
      {
        ...ofApp,
        clientId: APP,
        protocolMappers: [orders],
        attributes: { ...pkce, ...typed },
      },
      { ...ofApp, clientId: OLD_APP, protocolMappers: [orders], attributes: pkce },
      // A page of the organization, and the agent behind it, which exchanges its tokens for grants that count at Remit.
      { ...ofApp, clientId: PORTAL, protocolMappers: [meantFor(CHAINING)], attributes: pkce },
      {
        ...{ ...client, clientId: CHAINING, secret: CLIENT_SECRET, standardFlowEnabled: false },
        protocolMappers: [meantFor(remit)],
        attributes: { 'standard.token.exchange.enabled': 'true' },
      },
      ofPeer(PEER_CLIENT),
      ofPeer(OTHER_PEER_CLIENT),
    ],
    identityProviders: [
      {
        alias: 'remit',
        providerId: 'jwt-authorization-grant',
        enabled: true,
        config: {
          issuer: remit,
          useJwksUrl: 'true',
          jwksUrl: `${remit}/oauth/jwks`,
          jwtAuthorizationGrantEnabled: 'true',
          jwtAuthorizationGrantAssertionSignatureAlg: 'ES256',
        },
      },
    ],
  }
}
