import { oneOf, optional, readBetween, readToken, setting } from '../../platform/lib/setting.ts'

/** OAuth clients: how they register, and what they have to do. */
export const CLIENT_SETTINGS = {
  clientDocuments: setting(
    'REMIT_CLIENT_DOCUMENTS',
    'on',
    'Clients whose id is the address of a metadata document: `on`, any address is fetched; `listed`, only existing agents and hosts in an admission rule; `off`, none.',
    oneOf('on', 'listed', 'off'),
  ),
  securityProfile: setting(
    'REMIT_SECURITY_PROFILE',
    'standard',
    'Security profile for all clients: `standard`, or `fapi2`, the FAPI 2.0 Security Profile. With `fapi2` clients authenticate with a key of their own or a certificate, push every authorization request, and get bound tokens only. The registration of a single client can require it, too.',
    oneOf('standard', 'fapi2'),
  ),
  pushedRequests: setting(
    'REMIT_PUSHED_REQUESTS',
    'offered',
    'Pushed authorization requests (RFC 9126): `offered`, or `required` of all clients. A single client can require it of itself.',
    oneOf('offered', 'required'),
  ),
  freshKeys: setting(
    'REMIT_FRESH_KEYS',
    'off',
    'Whether clients that use the code grant need a new key for each sign-in: `off`, a client may use one key for all its tasks; `on`, each task has its own key. Agents that open tasks themselves always need a new key.',
    oneOf('off', 'on'),
  ),
  registration: setting(
    'REMIT_REGISTRATION',
    'open',
    'Which clients may register themselves (RFC 7591): `open`, all; `listed`, those that match an admission rule; `off`, none.',
    oneOf('open', 'listed', 'off'),
  ),
  registrationToken: optional(
    'REMIT_REGISTRATION_TOKEN',
    'Initial access token, at least 32 characters. If set, clients need it to register.',
    readToken,
  ),
  registrationKeptDays: setting(
    'REMIT_REGISTRATION_KEPT_DAYS',
    '90',
    'An agent that registered itself and has no access is retired after this number of days without a task. 0: never.',
    readBetween(0, 3650),
  ),
} as const
