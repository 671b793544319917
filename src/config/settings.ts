import { Problem } from '../lib/problem.ts'
import { Secret } from '../lib/secret.ts'
import { INBOUND_SETTINGS } from './inbound-settings.ts'
import {
  isLoopback,
  oneOf,
  optional,
  readAddresses,
  readBetween,
  readList,
  readListen,
  readOrigin,
  readRate,
  readTimeZone,
  readToken,
  type SettingDefinition,
  setting,
  text,
} from './setting.ts'

export { isLoopback, type Listen, readOrigin, type SettingDefinition } from './setting.ts'

export const SETTINGS = {
  issuer: setting(
    'REMIT_ISSUER',
    'http://127.0.0.1:7480',
    'Public origin of the authorization server, the management API and the pages. It is in every token: choose it once.',
    readOrigin,
  ),
  listen: setting(
    'REMIT_LISTEN',
    '127.0.0.1:7480',
    'Address and port to listen on, for that origin.',
    readListen,
  ),
  gateway: setting(
    'REMIT_GATEWAY',
    'http://127.0.0.1:7481',
    'Public origin of the gateway. Resource identifiers begin with it. Never the same as the issuer.',
    readOrigin,
  ),
  gatewayListen: setting(
    'REMIT_GATEWAY_LISTEN',
    '127.0.0.1:7481',
    'Address and port to listen on, for the gateway.',
    readListen,
  ),
  ...INBOUND_SETTINGS,
  data: setting(
    'REMIT_DATA',
    '.remit',
    'Directory of the embedded database and the master key. Made when missing, readable by its owner only.',
    text,
  ),
  databaseUrl: optional(
    'DATABASE_URL',
    'PostgreSQL instead of the embedded database: `postgres://user:password@host/database`.',
    (value) => new Secret(value),
  ),
  masterKey: optional(
    'REMIT_MASTER_KEY',
    'Key that seals signing keys and credentials: 32 bytes, base64url. While it is changed, the key of before may follow after a comma. Without it a file in the data directory is made and used.',
    (value) => new Secret(value),
  ),
  signer: setting(
    'REMIT_SIGNER',
    'here',
    'Where new keys that sign tokens are made: `here`, sealed with the master key, or `pkcs11`, in a token that they never leave. Keys that are there already stay where they are.',
    oneOf('here', 'pkcs11'),
  ),
  pkcs11Module: optional(
    'REMIT_PKCS11_MODULE',
    'Path of the PKCS #11 library of a token (an HSM, or a service that speaks this) that holds keys which sign tokens.',
    text,
  ),
  pkcs11Token: optional('REMIT_PKCS11_TOKEN', 'Label of that token.', text),
  pkcs11Pin: optional(
    'REMIT_PKCS11_PIN',
    'PIN of its user. A wrong one is tried once only: tokens lock themselves after failures.',
    (value) => new Secret(value),
  ),
  pkcs11Addon: setting(
    'REMIT_PKCS11_ADDON',
    'pkcs11js',
    'The package `pkcs11js`, by its name or the address of its main file (`file:///…`). It is native code, and not installed with Remit.',
    text,
  ),
  trustDomain: setting(
    'REMIT_TRUST_DOMAIN',
    'remit',
    'Audience of transaction tokens: the name of the APIs behind the gateway, together.',
    text,
  ),
  providerIssuer: optional(
    'REMIT_IDP_ISSUER',
    'Issuer of the OpenID Connect provider that people sign in with. More can be added later.',
    text,
  ),
  providerName: setting(
    'REMIT_IDP_NAME',
    'Single sign-on',
    'What the sign-in page calls it.',
    text,
  ),
  providerClientId: optional(
    'REMIT_IDP_CLIENT_ID',
    "Remit's client at that provider; its redirect URI is `<issuer>/sign-in/callback`.",
    text,
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
    text,
  ),
  providerSignOut: setting(
    'REMIT_IDP_SIGN_OUT',
    'sessions',
    'What ends here when somebody signs out at that provider (OpenID Connect Back-Channel Logout): their `sessions`, or their `sessions-and-tasks`.',
    oneOf('sessions', 'sessions-and-tasks'),
  ),
  providerAcrValues: setting(
    'REMIT_IDP_ACR_VALUES',
    '',
    'Ways to prove who one is (`acr`), separated by spaces. Sign-ins at that provider ask for them and have to say one. Empty: any will do.',
    (value) => value.split(' ').filter(Boolean),
  ),
  providerAttributes: setting(
    'REMIT_IDP_ATTRIBUTES',
    '',
    "Which of that provider's claims are which attributes of people: `department=dept, roles=/realm_access/roles`.",
    readList,
  ),
  providerDomains: setting(
    'REMIT_IDP_DOMAINS',
    '',
    'Domains of the addresses of its people, separated by commas: who types such an address at the sign-in page is sent there.',
    readList,
  ),
  databaseReplication: setting(
    'REMIT_DATABASE_REPLICATION',
    'warned',
    'Whether a commit has to be on a standby of PostgreSQL before it counts: `required` (without `synchronous_standby_names` nothing starts, which is what several machines should have), `warned` (it is told at the start, and after a failover), or `single` (there is no standby, and that is wanted).',
    oneOf('warned', 'required', 'single'),
  ),
  timeZone: setting(
    'REMIT_TIME_ZONE',
    'UTC',
    'Where the organization works (IANA, such as `Europe/Berlin`): the hour that risk signals and rules speak of.',
    readTimeZone,
  ),
  policyEngine: setting(
    'REMIT_POLICY_ENGINE',
    'compiled',
    'What evaluates policies: `compiled`, our own engine, or `cedar-wasm`, the official one, which is slower by a factor of hundreds.',
    oneOf('compiled', 'cedar-wasm'),
  ),
  signInsPerMinute: setting(
    'REMIT_SIGN_INS_PER_MINUTE',
    '120',
    'How often one address may ask for pages and codes of signing in, in a minute; as many at once. 0: no limit. An address is an IPv4 address or an IPv6 /64. Behind a proxy everyone has its address: name it in REMIT_TRUSTED_PROXIES.',
    readRate,
  ),
  tokensPerMinute: setting(
    'REMIT_TOKENS_PER_MINUTE',
    '6000',
    'The same for requests to the token endpoint and to revoke; ten times as many for questions about tokens (introspection).',
    readRate,
  ),
  refusalsPerMinute: setting(
    'REMIT_REFUSALS_PER_MINUTE',
    '600',
    'How often one address is told why it is refused, where nobody could be identified, in a minute; as many at once. Beyond that the answer is 429. Callers who can be identified are served all the same. 0: no limit.',
    readRate,
  ),
  diskReserveMb: setting(
    'REMIT_DISK_RESERVE_MB',
    '128',
    "Megabytes of the data directory's file system that are kept for revocation and sign-in. Below it, calls, new tasks and tokens are refused; below twice as much, records of refusals are not written. 0: no reserve. Not with PostgreSQL, whose disk cannot be seen from here.",
    readBetween(0, 1_000_000),
  ),
  clientDocuments: setting(
    'REMIT_CLIENT_DOCUMENTS',
    'on',
    'Clients whose id is the address of a metadata document: `on`, any address is fetched; `listed`, only those that are agents already and those at hosts that an admission rule names; `off`, none.',
    oneOf('on', 'listed', 'off'),
  ),
  securityProfile: setting(
    'REMIT_SECURITY_PROFILE',
    'standard',
    'What every client is held to: `standard`, or `fapi2`, the FAPI 2.0 Security Profile. With it clients authenticate by a key of their own or a certificate, push every authorization request, and get bound tokens only. One client can be held to it by its own registration.',
    oneOf('standard', 'fapi2'),
  ),
  pushedRequests: setting(
    'REMIT_PUSHED_REQUESTS',
    'offered',
    'Whether clients have to push authorization requests (RFC 9126): `offered`, or `required` of all. A client can require it of itself.',
    oneOf('offered', 'required'),
  ),
  freshKeys: setting(
    'REMIT_FRESH_KEYS',
    'off',
    'Whether clients that ask a person need a new key for each sign-in: `off`, one key may serve all tasks of a client; `on`, each task has its own. Agents that open tasks by themselves always need a new one.',
    oneOf('off', 'on'),
  ),
  registration: setting(
    'REMIT_REGISTRATION',
    'open',
    'Which clients may register themselves (RFC 7591): `open`, any; `listed`, those that an admission rule would let in; `off`, none.',
    oneOf('open', 'listed', 'off'),
  ),
  registrationToken: optional(
    'REMIT_REGISTRATION_TOKEN',
    'Initial access token: without it, nobody registers. At least 32 characters.',
    readToken,
  ),
  registrationKeptDays: setting(
    'REMIT_REGISTRATION_KEPT_DAYS',
    '90',
    'An agent that registered itself, and that nobody allows anything, is retired after so many days without a task. 0: never.',
    readBetween(0, 3650),
  ),
  agentDormantDays: setting(
    'REMIT_AGENT_DORMANT_DAYS',
    '180',
    'An agent is suspended after so many days without a task, until an administrator resumes it. 0: never.',
    readBetween(0, 3650),
  ),
  mostWaiting: setting(
    'REMIT_MOST_WAITING',
    '100000',
    'Most requests that wait for an answer at once: deferred ones, those that agents put to people (CIBA), device codes. As many again may be pushed to the authorization endpoint.',
    readBetween(1, 10_000_000),
  ),
  mostWaitingOfAgent: setting(
    'REMIT_MOST_WAITING_OF_AGENT',
    '1000',
    'Most of those for one agent; of pushed ones for one client, or of one address where a client does not authenticate.',
    readBetween(1, 10_000_000),
  ),
  registrationsPerMinute: setting(
    'REMIT_REGISTRATIONS_PER_MINUTE',
    '30',
    'How often one address may register clients, in a minute.',
    readRate,
  ),
  deviceCodes: setting(
    'REMIT_DEVICE_CODES',
    'off',
    'Whether agents on devices without a browser may show a code for people to type (RFC 8628): `on` or `off`. Such codes are what phishing likes best; where an agent knows whom it works for, CIBA is safer.',
    oneOf('off', 'on'),
  ),
  mcpHoldSeconds: setting(
    'REMIT_MCP_HOLD_SECONDS',
    '55',
    'How long an MCP call waits for people who have to approve it, when its client is not told about progress. Many clients give up after 60.',
    readBetween(0, 600),
  ),
  mcpHoldProgressSeconds: setting(
    'REMIT_MCP_HOLD_PROGRESS_SECONDS',
    '210',
    'The same when its client is told. Some proxies cut a connection after four minutes.',
    readBetween(0, 3600),
  ),
  mcpWatchSeconds: setting(
    'REMIT_MCP_WATCH_SECONDS',
    '60',
    'How often an MCP server that is in use is asked whether its tools are still what was reviewed, at most; 0 for never.',
    readBetween(0, 86_400),
  ),
  mcpResultBytes: setting(
    'REMIT_MCP_RESULT_BYTES',
    '10485760',
    'Most bytes of one answer of an MCP server, with everything it tells on the way.',
    readBetween(1024, 104_857_600),
  ),
  clientCertificatesFrom: setting(
    'REMIT_CLIENT_CERT_FROM',
    '',
    'Addresses of the proxies that end TLS in front of this server and say in `Client-Cert` (RFC 9440) which certificate a client showed, separated by commas. Empty: the header is ignored, and nothing is bound to certificates.',
    readAddresses,
  ),
  clientAuthorities: setting(
    'REMIT_CLIENT_CA_FILE',
    '',
    'File with the certificates (PEM) of the authorities that sign client certificates: agents are known by the names in those (`tls_client_auth`, RFC 8705). Needs REMIT_CLIENT_CERT_FROM. Empty: nobody is.',
    text,
  ),
  dpopNonces: setting(
    'REMIT_DPOP_NONCES',
    'auto',
    'Where DPoP proofs have to be made with a nonce of ours: `auto` for calls that change something or are high risk, `always`, or `off`.',
    oneOf('auto', 'always', 'off'),
  ),
  freshSignInMinutes: setting(
    'REMIT_FRESH_SIGN_IN_MINUTES',
    '0',
    'How long ago somebody may have signed in, at most, who says yes on a page of ours to what widens access: a consent, an act of an administrator, a call of high or critical risk. Older: they sign in again first. 0: a session is enough.',
    readBetween(0, 720),
  ),
  freshSignInAcrValues: setting(
    'REMIT_FRESH_SIGN_IN_ACR_VALUES',
    '',
    'Ways to prove who one is (`acr`), separated by spaces, one of which the sign-in before such a yes has to say. Empty: any will do.',
    (value) => value.split(' ').filter(Boolean),
  ),
  personFreshHours: setting(
    'REMIT_PERSON_FRESH_HOURS',
    '24',
    'How old what the identity provider said of a person (status, groups) may be while a task for them works. Older: calls are denied until they sign in again.',
    readBetween(1, 720),
  ),
  absentPersonFreshDays: setting(
    'REMIT_ABSENT_PERSON_FRESH_DAYS',
    '30',
    'The same for those whose own sign-in began nothing: sponsors, and people in a conversation where all present have to be permitted.',
    readBetween(1, 366),
  ),
  logLevel: setting(
    'REMIT_LOG_LEVEL',
    'info',
    'How much is logged: `fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`.',
    oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
  ),
} as const

/** Variables that other commands read; known, so that they do not stop the server. */
const OTHERS = new Set(['REMIT_URL'])

export type Settings = {
  readonly [K in keyof typeof SETTINGS]: (typeof SETTINGS)[K] extends SettingDefinition<infer T>
    ? (typeof SETTINGS)[K]['default'] extends string
      ? T
      : T | undefined
    : never
}

/**
 * Reads all settings from `environment`. Throws `config.invalid` naming every mistake at once: a value that does not read, an
 * unknown `REMIT_…` variable (a typing error must never switch protection off), settings that contradict each other.
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const mistakes: string[] = []
  const known = new Set<string>(Object.values(SETTINGS).map(({ environment: name }) => name))
  for (const name of Object.keys(environment)) {
    if (name.startsWith('REMIT_') && !known.has(name) && !OTHERS.has(name))
      mistakes.push(`${name} is not a setting`)
  }
  const values: Record<string, unknown> = {}
  for (const [key, { environment: name, default: fallback, read }] of Object.entries(SETTINGS)) {
    const given = environment[name] || fallback
    try {
      values[key] = given === undefined ? undefined : read(given)
    } catch (error) {
      mistakes.push(`${name} ${error instanceof Error ? error.message : 'cannot be read'}`)
    }
  }
  const settings = values as Settings // every key was read above, or is a mistake
  if (mistakes.length === 0) mistakes.push(...contradictions(settings))
  if (mistakes.length) throw new Problem('config.invalid', mistakes.join('; '))
  return Object.freeze(settings)
}

function contradictions(settings: Settings): string[] {
  const found: string[] = []
  if (settings.issuer === settings.gateway)
    found.push('REMIT_GATEWAY has to be another origin than REMIT_ISSUER')
  for (const [name, { host }] of [
    ['REMIT_LISTEN', settings.listen],
    ['REMIT_GATEWAY_LISTEN', settings.gatewayListen],
  ] as const)
    if (settings.plainHttp === 'loopback' && !isLoopback(host))
      found.push(
        `${name} is no loopback address, and plain HTTP is served there: credentials could be read on the way. Where a proxy that ends TLS is all that reaches it, set REMIT_PLAIN_HTTP=behind-proxy`,
      )
  if (settings.providerIssuer && !settings.providerClientId)
    found.push('REMIT_IDP_CLIENT_ID is missing')
  const { pkcs11Module, pkcs11Pin, pkcs11Token, signer } = settings
  const token = [pkcs11Module, pkcs11Token, pkcs11Pin]
  if ((signer === 'pkcs11' || token.some(Boolean)) && !token.every(Boolean))
    found.push('REMIT_PKCS11_MODULE, REMIT_PKCS11_TOKEN and REMIT_PKCS11_PIN belong together')
  if (settings.databaseUrl && !/^postgres(?:ql)?:\/\//.test(settings.databaseUrl.reveal())) {
    found.push('DATABASE_URL is not a PostgreSQL address')
  }
  return found
}
