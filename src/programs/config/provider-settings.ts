import { Secret } from '../../platform/lib/secret.ts'
import { oneOf, optional, readList, setting, textSetting } from '../../platform/lib/setting.ts'

/** The identity provider that the settings name. */
export const PROVIDER_SETTINGS = {
  providerIssuer: optional(
    'REMIT_IDP_ISSUER',
    'Issuer of the OpenID Connect provider that people sign in with. You can add more later.',
    textSetting,
  ),
  providerName: setting(
    'REMIT_IDP_NAME',
    'Single sign-on',
    'Name of the provider on the sign-in page.',
    textSetting,
  ),
  providerClientId: optional(
    'REMIT_IDP_CLIENT_ID',
    "Remit's client id at that provider. The redirect URI is `<issuer>/sign-in/callback`.",
    textSetting,
  ),
  providerClientSecret: optional(
    'REMIT_IDP_CLIENT_SECRET',
    'The secret of that client.',
    (value) => new Secret(value),
  ),
  providerGroupsClaim: setting(
    'REMIT_IDP_GROUPS_CLAIM',
    'groups',
    "Claim of the ID token that lists the person's groups.",
    textSetting,
  ),
  providerSignOut: setting(
    'REMIT_IDP_SIGN_OUT',
    'sessions',
    'What ends when a person signs out at that provider (OpenID Connect Back-Channel Logout): their `sessions`, or their `sessions-and-tasks`.',
    oneOf('sessions', 'sessions-and-tasks'),
  ),
  providerAcrValues: setting(
    'REMIT_IDP_ACR_VALUES',
    '',
    'Accepted authentication methods (`acr`), separated by spaces. Remit requests them at sign-in, and the ID token must have one of them. Empty: any.',
    (value) => value.split(' ').filter(Boolean),
  ),
  providerAttributes: setting(
    'REMIT_IDP_ATTRIBUTES',
    '',
    'Claims of that provider that become attributes of people: `department=dept, roles=/realm_access/roles`.',
    readList,
  ),
  providerDomains: setting(
    'REMIT_IDP_DOMAINS',
    '',
    'E-mail domains of its people, separated by commas. A person who types such an address on the sign-in page is sent to this provider.',
    readList,
  ),
} as const
