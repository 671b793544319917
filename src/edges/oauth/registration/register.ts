import type { IncomingMessage } from 'node:http'
import type { GrantParts } from '../../../grants/grants/index.ts'
import { agentOfClient, isLetIn } from '../../../identity/client-metadata/index.ts'
import { newOpaqueToken, type ProtocolRecords } from '../../../identity/opaque-tokens/index.ts'
import { headerValues } from '../../../platform/http/index.ts'
import { sameBytes } from '../../../platform/lib/bytes.ts'
import type { Clock } from '../../../platform/lib/clock.ts'
import { parseJson } from '../../../platform/lib/json.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { Random } from '../../../platform/lib/random.ts'
import type { Secret } from '../../../platform/lib/secret.ts'
import { DAY_SECONDS, HOUR_SECONDS } from '../../../platform/lib/time-units.ts'
import { readFormText } from '../form.ts'
import { type ClientRegistration, readClientMetadata } from './read-metadata.ts'
import { selfRegistered } from './self-registered.ts'

/** Seconds after which an unused registration is forgotten. One that a person has brought stays: it is an agent. */
export const UNUSED_SECONDS = 7 * DAY_SECONDS
/** Number of registrations that can wait for their first use, in all replicas together. */
const MAX_UNUSED = 10_000
/**
 * Age under which none is forgotten when there is no room: longer than anyone takes from
 * registering to the first use.
 */
const YOUNG_SECONDS = HOUR_SECONDS
const MAX_BYTES = 16 * 1024

/**
 * Policy on who may register. `open`: anyone. `listed`: those that an admission rule would let in.
 * `off`: no client.
 */
export type RegistrationPolicy = 'open' | 'listed' | 'off'

export interface RegistrationPorts {
  /** Remit's own. */
  readonly issuer: string
  readonly records: ProtocolRecords
  readonly storage: Pick<GrantParts['storage'], 'read'>
  readonly clock: Clock
  readonly random: Random
  readonly registration: RegistrationPolicy
  /** True when the FAPI 2.0 Security Profile holds for every client. */
  readonly fapi2?: boolean | undefined
  /** Needed to register, where one is set (RFC 7591 section 3, initial access token). */
  readonly registrationToken?: Secret | undefined
  /** Number that may wait for their first use; only tests say it. */
  readonly mostUnused?: number
}

/** Management of a registration: its token's digest, and since when. */
export interface KeptRegistration {
  readonly digest: string
  readonly issuedAt: number
}

/** The answer of RFC 7591 section 3.2.1 with RFC 7592 section 3. There is no secret. */
export type RegistrationAnswer = ClientRegistration & {
  readonly client_id: string
  readonly client_id_issued_at: number
  readonly registration_access_token: string
  readonly registration_client_uri: string
}

/** Below it is where a client manages itself. */
export const REGISTER = '/oauth/register'

/**
 * Dynamic client registration (RFC 7591): anyone may introduce a client, as far as the policy allows. That alone gives it nothing:
 * it can ask a person, and is an agent only once a person has brought it, under the admission rules.
 * @throws Problem `registration.…`, `input.…`
 */
export async function registrationEndpoint(
  message: IncomingMessage,
  ports: RegistrationPorts,
): Promise<RegistrationAnswer> {
  const { records, clock, random } = ports
  if (message.method !== 'POST') throw new Problem('request.method_not_allowed', 'POST is needed')
  requireInitialToken(message, ports)
  const client = readClientMetadata(await readJson(message), ports)
  // Lower case only: it becomes the name of an agent.
  const client_id = `client-${Buffer.from(random.bytes(16)).toString('hex')}`
  await requireAllowed(ports, client_id, client)
  await makeRoom(ports)
  const { digest, token } = newOpaqueToken('remit_rm', random)
  const kept: KeptRegistration = { digest, issuedAt: Math.floor(clock.now() / 1000) }
  // Stored with its management token: without it the client could not be deleted.
  const both = [
    { kind: 'Registration', id: client_id, payload: kept },
    { kind: 'Client', id: client_id, payload: { client_id, ...client } },
  ]
  const another = await agentOfClient(ports.storage.read, selfRegistered(client_id, client))
  await records.putAll(both, another ? DAY_SECONDS : UNUSED_SECONDS)
  return registered(ports, { client_id, client, kept, token })
}

export function registered(
  { issuer }: Pick<RegistrationPorts, 'issuer'>,
  of: {
    readonly client_id: string
    readonly client: ClientRegistration
    readonly kept: KeptRegistration
    readonly token: string
  },
): RegistrationAnswer {
  return {
    client_id: of.client_id,
    client_id_issued_at: of.kept.issuedAt,
    ...of.client,
    registration_access_token: of.token,
    registration_client_uri: `${issuer}${REGISTER}/${of.client_id}`,
  }
}

/** @throws Problem `registration.unauthorized` */
function requireInitialToken(
  message: IncomingMessage,
  { registrationToken }: RegistrationPorts,
): void {
  if (!registrationToken) return
  const shown = Buffer.from(bearerOf(message) ?? '')
  if (!sameBytes(shown, Buffer.from(registrationToken.reveal())))
    throw new Problem('registration.unauthorized', 'an initial access token is needed to register')
}

/**
 * The policy about who may register, also about who may become something else.
 * @throws Problem `registration.not_permitted`
 */
export async function requireAllowed(
  { registration, storage }: Pick<RegistrationPorts, 'registration' | 'storage'>,
  clientId: string,
  { redirect_uris: redirectUris, software_id: softwareId }: ClientRegistration,
): Promise<void> {
  if (registration === 'off')
    throw new Problem('registration.not_permitted', 'client registration is turned off')
  if (registration === 'open') return
  const client = { clientId, redirectUris, ...(softwareId === undefined ? {} : { softwareId }) }
  if (!(await isLetIn(storage.read, client)))
    throw new Problem('registration.not_permitted', 'no admission rule matches this client')
}

/**
 * Makes room: a flood of registrations keeps others out for an hour at most, not for a
 * week.
 * @throws Problem `registration.too_many`
 */
async function makeRoom({
  records,
  clock,
  mostUnused = MAX_UNUSED,
}: RegistrationPorts): Promise<void> {
  const isFull = async () => (await records.countExpiring('Client')) >= mostUnused
  if (!(await isFull())) return
  const before = clock.now() + (UNUSED_SECONDS - YOUNG_SECONDS) * 1000
  await records.forgetExpiring('Client', before)
  await records.forgetExpiring('Registration', before)
  if (await isFull())
    throw new Problem('registration.too_many', 'there are too many unused registrations')
}

export async function readJson(message: IncomingMessage): Promise<unknown> {
  const type = (message.headers['content-type'] ?? '').toLowerCase()
  if (!/^application\/json(?:[ \t]*;[ \t]*charset=utf-8)?$/.test(type))
    throw new Problem('registration.bad_metadata', 'the body has to be `application/json`')
  const text = await readFormText(message, MAX_BYTES)
  try {
    // Strict first: `JSON.parse` would take the last of two equal names and any depth.
    parseJson(text)
    return JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Problem ? cause.detail : 'it cannot be read'
    throw new Problem('registration.bad_metadata', `the body: ${why}`, { cause })
  }
}

/** The one bearer token of a request, in its one spelling (RFC 6750 section 2.1). */
export function bearerOf(message: IncomingMessage): string | undefined {
  const [value = '', ...more] = headerValues(message, 'authorization')
  if (more.length > 0) return undefined
  return /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(value)?.[1]
}
