import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { fromBase64url } from '../../../platform/lib/bytes.ts'
import {
  type Diagnosis,
  failed,
  notApplicable,
  ok,
  warning,
  worst,
} from '../../../platform/lib/diagnosis.ts'
import type { Secret } from '../../../platform/lib/secret.ts'
import { isLoopback, type Settings } from '../../config/settings.ts'
import { MODULES } from '../../modules.ts'
import type { ProductionCheck } from '../production-check.ts'

const DEPLOY = 'operations/deploy.md'
const SECRETS = 'operations/secrets.md'

/** Checks of the settings. */
export const SETTINGS_CHECKS: readonly ProductionCheck[] = [
  {
    id: 'issuer',
    page: DEPLOY,
    look: ({ settings: { issuer } }) =>
      isLoopback(hostOf(issuer))
        ? failed(
            `The issuer is ${issuer}, which only this computer reaches.`,
            'Set REMIT_ISSUER to the public https origin. It is in every token.',
          )
        : ok(`The issuer is ${issuer}.`),
  },
  { id: 'origins', page: DEPLOY, look: ({ settings }) => lookAtOrigins(settings) },
  { id: 'listeners', page: DEPLOY, look: ({ settings }) => lookAtListeners(settings) },
  { id: 'proxies', page: DEPLOY, look: ({ settings }) => lookAtProxies(settings) },
  {
    id: 'audience',
    page: 'tokens.md',
    look: ({ settings: { trustDomain } }) =>
      trustDomain === 'remit'
        ? warning(
            'Transaction tokens have the audience `remit`, which every installation has that does not say otherwise.',
            'Set REMIT_TRUST_DOMAIN to a name of your own, and the same in your APIs.',
          )
        : ok(`Transaction tokens have the audience \`${trustDomain}\`.`),
  },
  { id: 'secrets', page: SECRETS, look: ({ settings }) => lookAtSecrets(settings) },
  {
    id: 'master-key',
    page: SECRETS,
    look: async ({ probes, settings: { data, masterKey } }) => {
      if (masterKey) return lookAtKey(masterKey.reveal(), 'REMIT_MASTER_KEY')
      const path = join(data, 'master.key')
      const mode = await probes.modeOf(path)
      if (mode === undefined)
        return failed(
          `There is no ${path}, and REMIT_MASTER_KEY is not set here.`,
          'Run the doctor with the settings and as the user of the server. If the key is lost, nothing in the database opens.',
        )
      if (process.platform !== 'win32' && (mode & 0o077) !== 0)
        return failed(`Others may read ${path}.`, `Run \`chmod 600 ${path}\`.`)
      return lookAtKey(await readFile(path, 'utf8'), path)
    },
  },
]

function lookAtOrigins({ gateway, issuer }: Settings): Diagnosis {
  if (isLoopback(hostOf(gateway)) && !isLoopback(hostOf(issuer)))
    return failed(
      `The gateway is ${gateway}, which only this computer reaches.`,
      'Set REMIT_GATEWAY to the public https origin of the gateway.',
    )
  if (hostOf(gateway) === hostOf(issuer) && !isLoopback(hostOf(issuer)))
    return warning(
      `Pages and gateway share the host ${hostOf(issuer)}; browsers send cookies to every port of a host.`,
      'Give the gateway a host name of its own.',
    )
  return ok(`The gateway has an origin of its own, ${gateway}.`)
}

function lookAtListeners({ plainHttp, ...settings }: Settings): Diagnosis {
  const secure = settings.tlsCertificate !== undefined
  const open = [
    ['REMIT_LISTEN', secure ? undefined : settings.listen],
    ['REMIT_GATEWAY_LISTEN', secure ? undefined : settings.gatewayListen],
    ...MODULES.flatMap((each) => each.listeners?.(settings) ?? []),
  ] as const
  const everywhere = open.filter(([, at]) => at && /^(?:0\.0\.0\.0|::)$/.test(at.host))
  if (everywhere.length === 0)
    return ok(
      plainHttp === 'loopback'
        ? 'Plain HTTP is served on loopback addresses only.'
        : 'Plain HTTP is served on addresses that are named.',
    )
  return warning(
    `Plain HTTP is served on every address: ${everywhere.map(([name]) => name).join(', ')}.`,
    'Name the address that the proxy connects to. In a container, publish the port to the proxy only.',
  )
}

/** Shortest prefix of a network of proxies, by family. */
const SHORTEST = { 4: 8, 6: 16 } as const

function lookAtProxies({ issuer, tlsCertificate, trustedProxies: given }: Settings): Diagnosis {
  if (isLoopback(hostOf(issuer))) return notApplicable('The issuer is on loopback.')
  if (given.length === 0 && tlsCertificate !== undefined)
    return ok('No proxy is trusted: Remit speaks TLS itself.')
  if (given.length === 0)
    return failed(
      'No proxy is trusted, so all clients seem to have the address of the proxy, and no limit for one address protects.',
      'Set REMIT_TRUSTED_PROXIES to the addresses of the proxies in front of Remit.',
    )
  const wide = given.find((each) => {
    const [address = '', bits] = each.split('/')
    return bits !== undefined && Number(bits) < (isIP(address) === 4 ? SHORTEST[4] : SHORTEST[6])
  })
  if (wide !== undefined)
    return failed(
      `Every client in ${wide} may claim any address.`,
      'Name the proxies in REMIT_TRUSTED_PROXIES, and nothing else.',
    )
  return ok(`${given.join(', ')} may say who the client is.`)
}

function lookAtSecrets(settings: Settings): Diagnosis {
  const named: readonly (readonly [string, Secret | undefined])[] = [
    ['REMIT_IDP_CLIENT_SECRET', settings.providerClientSecret],
    ['REMIT_REGISTRATION_TOKEN', settings.registrationToken],
    ['REMIT_SLACK_SIGNING_SECRET', settings.slackSigningSecret],
  ]
  const weak = named.filter(([, secret]) => secret && isGuessable(secret.reveal()))
  const database = settings.databaseUrl && new URL(settings.databaseUrl.reveal())
  if (
    database &&
    !isLoopback(database.hostname) &&
    isGuessable(database.password, database.username)
  )
    weak.push(['the password in DATABASE_URL', undefined])
  if (weak.length === 0) return ok('No secret is short, repeated or well known.')
  return failed(
    `Easy to guess: ${weak.map(([name]) => name).join(', ')}.`,
    'Make new ones, such as with `openssl rand -base64 32`.',
  )
}

const WELL_KNOWN = /^(?:(?:change-?me|password|secret|example|remit|postgres|admin|test)[^a-z]*)+$/i
const FEWEST_CHARACTERS = 6
const SHORTEST_SECRET = 12

/** Tells whether a secret is short, well known, like its user, or of few characters. An absent password is none. */
function isGuessable(secret: string, user?: string): boolean {
  if (secret === '') return false
  return (
    secret.length < SHORTEST_SECRET ||
    secret === user ||
    WELL_KNOWN.test(secret) ||
    new Set(secret).size < FEWEST_CHARACTERS
  )
}

/** Number of different bytes in a key. 32 random ones have fewer once in 10^18. */
const FEWEST_BYTES = 16

function lookAtKey(text: string, where: string): Diagnosis {
  const keys = text.trim().split(/[\s,]+/)
  const bytes = keys.map((each) => fromBase64url(each))
  if (bytes.some((each) => each?.byteLength !== 32))
    return failed(`${where} is not 32 bytes in base64url.`, 'Set the key that the server has.')
  const isWeak = (key: Uint8Array) =>
    new Set(key).size < FEWEST_BYTES ||
    new Set(key.subarray(1).map((byte, i) => byte - (key[i] ?? 0))).size === 1 ||
    key.every((byte) => byte >= 0x20 && byte < 0x7f)
  return worst(
    [
      ...bytes.flatMap((key) =>
        key && isWeak(key)
          ? [failed(`${where} is no random key.`, 'Make a random one and change to it.')]
          : [],
      ),
      ...(keys.length > 1
        ? [
            warning(
              `${where} has older keys besides, which still open what they sealed.`,
              'Seal everything again (`remit keys seal-again`), then remove them.',
            ),
          ]
        : []),
    ],
    `${where} is one random key.`,
  )
}

function hostOf(origin: string): string {
  return new URL(origin).hostname
}
