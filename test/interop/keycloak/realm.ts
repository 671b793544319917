import { SAMPLE_AGENT, SAMPLE_PEOPLE } from '../../../src/dev/sample.ts'

export const REALM = 'enterprise'
export const CLIENT_SECRET = 'secret-of-remit-at-keycloak'
/** Nobody listens there: who drives a sign-in reads the address it ends with. */
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

/** As an organization's own mappers would: one claim by its name, one inside another, one of each type. */
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

/** What an administrator of Keycloak would set up for Remit at `remit` and the sample agent (`--import-realm`). */
export function realm(remit: string): object {
  const client = {
    enabled: true,
    protocol: 'openid-connect',
    standardFlowEnabled: true,
    directAccessGrantsEnabled: false,
    protocolMappers: [GROUPS, ...ATTRIBUTES],
  }
  // Keycloak refuses authorization requests of these clients that come without PKCE.
  const pkce = { 'pkce.code.challenge.method': 'S256' }
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
    ],
  }
}
