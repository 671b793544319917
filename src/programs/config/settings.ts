import { isIP } from 'node:net'
import { Problem } from '../../platform/lib/problem.ts'
import { Secret } from '../../platform/lib/secret.ts'
import {
  oneOf,
  optional,
  plainHttpMistakes,
  readAddress,
  readAddresses,
  readBetween,
  readCommand,
  readListen,
  readOrigin,
  readRate,
  readTimeZone,
  type SettingValues,
  setting,
  textSetting,
} from '../../platform/lib/setting.ts'
import type { StorageOptions } from '../../platform/storage/index.ts'
import { buildFor, MODULE_SETTINGS, MODULES } from '../modules.ts'
import { CLIENT_SETTINGS } from './client-settings.ts'
import { DEFAULT_DATA, DEFAULT_ISSUER } from './defaults.ts'
import { INBOUND_SETTINGS } from './inbound-settings.ts'
import { NOTIFICATION_SETTINGS } from './notification-settings.ts'
import { PASSKEY_SETTINGS } from './passkey-settings.ts'
import { PROVIDER_SETTINGS } from './provider-settings.ts'

export {
  isLoopback,
  type Listen,
  readOrigin,
  type SettingDefinition,
} from '../../platform/lib/setting.ts'

export const SETTINGS = {
  issuer: setting(
    'REMIT_ISSUER',
    DEFAULT_ISSUER,
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
    'Public origin of the gateway. Resource identifiers begin with it. It must differ from the issuer.',
    readOrigin,
  ),
  gatewayListen: setting(
    'REMIT_GATEWAY_LISTEN',
    '127.0.0.1:7481',
    'Address and port to listen on, for the gateway.',
    readListen,
  ),
  ...INBOUND_SETTINGS,
  processes: setting(
    'REMIT_PROCESSES',
    '1',
    'Number of processes that serve: as many as Remit may use processor cores. With more than one, `remit serve` starts them, gives each connection to one of them in turn, and starts one that ends again. Limits of memory, connections and rates are those of each process.',
    readBetween(1, 64),
  ),
  data: setting(
    'REMIT_DATA',
    DEFAULT_DATA,
    'Directory of the embedded database and the master key. Created if missing, readable by its owner only.',
    textSetting,
  ),
  databaseUrl: optional(
    'DATABASE_URL',
    'Use PostgreSQL instead of the embedded database: `postgres://user:password@host/database`.',
    (value) => new Secret(value),
  ),
  masterKey: optional(
    'REMIT_MASTER_KEY',
    'Key that seals signing keys and credentials: 32 bytes, base64url. To rotate it, put the new key first and the old one after a comma. Not set: Remit creates and uses a file in the data directory.',
    (value) => new Secret(value),
  ),
  signer: setting(
    'REMIT_SIGNER',
    'here',
    'Where Remit creates new keys that sign tokens: `here`, sealed with the master key, or `external`, by the signer program, which they never leave. Existing keys stay where they are.',
    oneOf('here', 'external'),
  ),
  signerCommand: optional(
    'REMIT_SIGNER_COMMAND',
    'Signer program that holds keys which sign tokens, such as the one for PKCS #11: program and arguments, separated by spaces.',
    readCommand,
  ),
  trustDomain: setting(
    'REMIT_TRUST_DOMAIN',
    'remit',
    'Audience of transaction tokens: one name for all APIs behind the gateway.',
    textSetting,
  ),
  ...NOTIFICATION_SETTINGS,
  ...PASSKEY_SETTINGS,
  ...PROVIDER_SETTINGS,
  databaseReplication: setting(
    'REMIT_DATABASE_REPLICATION',
    'warned',
    'Whether PostgreSQL must replicate each commit to a standby: `required` (Remit does not start without `synchronous_standby_names`; use it with several machines), `warned` (Remit logs a warning at the start and after a failover), or `single` (no standby, on purpose).',
    oneOf('warned', 'required', 'single'),
  ),
  timeZone: setting(
    'REMIT_TIME_ZONE',
    'UTC',
    'Time zone of the organization (IANA, such as `Europe/Berlin`), for the hour in risk signals and rules.',
    readTimeZone,
  ),
  policyEngine: setting(
    'REMIT_POLICY_ENGINE',
    'compiled',
    'What evaluates policies: `compiled`, our own engine, or `cedar-wasm`, the official one, which is hundreds of times slower.',
    oneOf('compiled', 'cedar-wasm'),
  ),
  signInsPerMinute: setting(
    'REMIT_SIGN_INS_PER_MINUTE',
    '120',
    'Rate limit for sign-in pages and codes: requests of one client address in a minute, also the burst size. 0: no limit. An address is an IPv4 address or an IPv6 /64. Behind a proxy set REMIT_TRUSTED_PROXIES, otherwise all clients share one address.',
    readRate,
  ),
  tokensPerMinute: setting(
    'REMIT_TOKENS_PER_MINUTE',
    '6000',
    'Rate limit for the token endpoint and revocation: requests of one client address in a minute. Introspection allows ten times as many.',
    readRate,
  ),
  refusalsPerMinute: setting(
    'REMIT_REFUSALS_PER_MINUTE',
    '600',
    'Rate limit for refused requests of unidentified callers: one client address in a minute, also the burst size. Beyond it the answer is 429. Identified callers are not affected. 0: no limit.',
    readRate,
  ),
  diskReserveMb: setting(
    'REMIT_DISK_RESERVE_MB',
    '128',
    'Megabytes of disk in the data directory reserved for revocation and sign-in. Below it, Remit refuses calls, new tasks and tokens; below twice as much, it writes no records of refusals. 0: no reserve. Does not apply to PostgreSQL, whose disk Remit cannot see.',
    readBetween(0, 1_000_000),
  ),
  ...CLIENT_SETTINGS,
  agentDormantDays: setting(
    'REMIT_AGENT_DORMANT_DAYS',
    '180',
    'An agent is suspended after this number of days without a task, until an administrator resumes it. 0: never.',
    readBetween(0, 3650),
  ),
  mostWaiting: setting(
    'REMIT_MOST_WAITING',
    '100000',
    'Maximum number of pending requests in all: deferred requests, CIBA requests and device codes. The same number of pushed authorization requests is allowed in addition.',
    readBetween(1, 10_000_000),
  ),
  mostWaitingOfAgent: setting(
    'REMIT_MOST_WAITING_OF_AGENT',
    '1000',
    'Maximum number of pending requests of one agent. For pushed authorization requests: of one client, or of one client address if the client does not authenticate.',
    readBetween(1, 10_000_000),
  ),
  registrationsPerMinute: setting(
    'REMIT_REGISTRATIONS_PER_MINUTE',
    '30',
    'Rate limit for client registration: requests of one client address in a minute.',
    readRate,
  ),
  deviceCodes: setting(
    'REMIT_DEVICE_CODES',
    'off',
    'Device authorization (RFC 8628) for agents on devices without a browser: `on` or `off`. Device codes are easy to use for phishing; if the agent knows its person, use CIBA.',
    oneOf('off', 'on'),
  ),
  mcpHoldSeconds: setting(
    'REMIT_MCP_HOLD_SECONDS',
    '55',
    'How long an MCP call waits for approval if its client did not ask for progress. Many clients give up after 60 seconds.',
    readBetween(0, 600),
  ),
  mcpHoldProgressSeconds: setting(
    'REMIT_MCP_HOLD_PROGRESS_SECONDS',
    '210',
    'How long an MCP call waits for approval if its client asked for progress. Some proxies cut a connection after four minutes.',
    readBetween(0, 3600),
  ),
  mcpWatchSeconds: setting(
    'REMIT_MCP_WATCH_SECONDS',
    '60',
    'Minimum time between two checks whether an MCP server in use changed its tools, or an A2A agent its card. 0: no checks.',
    readBetween(0, 86_400),
  ),
  mcpResultBytes: setting(
    'REMIT_MCP_RESULT_BYTES',
    '10485760',
    'Maximum size of one answer of an MCP server, including its notifications.',
    readBetween(1024, 104_857_600),
  ),
  clientCertificatesFrom: setting(
    'REMIT_CLIENT_CERT_FROM',
    '',
    'Addresses of the proxies that end TLS and report the client certificate in `Client-Cert` (RFC 9440), separated by commas. Empty: Remit ignores the header, and binds nothing to certificates.',
    readAddresses,
  ),
  clientAuthorities: setting(
    'REMIT_CLIENT_CA_FILE',
    '',
    'PEM file with the certificate authorities for client certificates; agents authenticate with the names in such certificates (`tls_client_auth`, RFC 8705). Needs REMIT_CLIENT_CERT_FROM. Empty: `tls_client_auth` is off.',
    textSetting,
  ),
  dpopNonces: setting(
    'REMIT_DPOP_NONCES',
    'auto',
    'Where DPoP proofs need a nonce from Remit: `auto`, for writes and high-risk calls; `always`; or `off`.',
    oneOf('auto', 'always', 'off'),
  ),
  freshSignInMinutes: setting(
    'REMIT_FRESH_SIGN_IN_MINUTES',
    '0',
    'Maximum age of the sign-in, in minutes, for answers that widen access: a consent, an act of an administrator, the approval of a call of high or critical risk. If it is older, people must sign in again. 0: any session is enough.',
    readBetween(0, 720),
  ),
  freshSignInAcrValues: setting(
    'REMIT_FRESH_SIGN_IN_ACR_VALUES',
    '',
    'Accepted authentication methods (`acr`) for such an answer, separated by spaces. Empty: any.',
    (value) => value.split(' ').filter(Boolean),
  ),
  personFreshHours: setting(
    'REMIT_PERSON_FRESH_HOURS',
    '24',
    "Maximum age, in hours, of what the identity provider said about a task's person (status, groups). If it is older, calls are denied until the person signs in again.",
    readBetween(1, 720),
  ),
  absentPersonFreshDays: setting(
    'REMIT_ABSENT_PERSON_FRESH_DAYS',
    '30',
    'The same limit, in days, for people who did not open the task with their own sign-in: sponsors, and people in a conversation where everyone present needs permission.',
    readBetween(1, 366),
  ),
  logLevel: setting(
    'REMIT_LOG_LEVEL',
    'info',
    'Log level: `fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`.',
    oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
  ),
  releases: optional(
    'REMIT_RELEASES',
    'Address of a JSON document whose `version` is the newest release, such as the document `latest` of a package in a registry. `remit doctor` compares it with its own; a server never asks. Not set: newer releases are not looked for.',
    readAddress,
  ),
  ...MODULE_SETTINGS,
} as const

/** Variables that other commands read; known, so that they do not stop the server. */
const OTHERS = new Set(['REMIT_URL'])

export type Settings = SettingValues<typeof SETTINGS>

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
  if (Boolean(settings.tlsCertificate) !== Boolean(settings.tlsKey))
    found.push('REMIT_TLS_CERTIFICATE and REMIT_TLS_KEY are set together')
  const secure = settings.tlsCertificate !== undefined
  for (const [name, at] of [
    ['REMIT_LISTEN', secure ? undefined : settings.listen],
    ['REMIT_GATEWAY_LISTEN', secure ? undefined : settings.gatewayListen],
  ] as const)
    found.push(...plainHttpMistakes(name, at, settings))
  if (settings.providerIssuer && !settings.providerClientId)
    found.push('REMIT_IDP_CLIENT_ID is missing')
  if (settings.passkeysFor.length > 0 && isIP(new URL(settings.issuer).hostname) !== 0)
    found.push(
      'REMIT_PASSKEYS_FOR needs a REMIT_ISSUER with a name: browsers make no passkeys for addresses',
    )
  for (const module of MODULES) found.push(...(module.contradictions?.(settings) ?? []))
  if (settings.signer === 'external' && !settings.signerCommand)
    found.push('REMIT_SIGNER_COMMAND is missing')
  if (settings.databaseUrl && !/^postgres(?:ql)?:\/\//.test(settings.databaseUrl.reveal())) {
    found.push('DATABASE_URL is not a PostgreSQL address')
  }
  return found
}

/** Options of the store that the settings name. */
export function storageOptions(settings: Settings) {
  const { data, databaseReplication: replication, databaseUrl } = settings
  const build = buildFor(databaseUrl ? 'postgres' : 'sqlite')
  return databaseUrl
    ? ({ kind: 'postgres', url: databaseUrl.reveal(), replication, build } satisfies StorageOptions)
    : ({ kind: 'sqlite', directory: data, build } satisfies StorageOptions)
}
