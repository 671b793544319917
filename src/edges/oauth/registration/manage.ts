import type { IncomingMessage } from 'node:http'
import { deregisterClient, describeClient } from '../../../grants/code-grant/index.ts'
import type { GrantParts } from '../../../grants/grants/index.ts'
import { opaqueDigest } from '../../../identity/opaque-tokens/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { type ClientRegistration, readClientMetadata } from './read-metadata.ts'
import {
  bearerOf,
  type KeptRegistration,
  REGISTER,
  type RegistrationAnswer,
  type RegistrationPorts,
  readJson,
  registered,
  requireAllowed,
} from './register.ts'
import { selfRegistered } from './self-registered.ts'

/** A registration, read and changed by the client that holds its token. */
interface ManagedRegistration {
  readonly client_id: string
  readonly client: ClientRegistration & { readonly client_id: string }
  readonly kept: KeptRegistration
  readonly token: string
}

/**
 * A client that manages its own registration (RFC 7592). `undefined`: it is gone.
 * @throws Problem `registration.…`, `request.method_not_allowed`
 */
export async function managementEndpoint(
  message: IncomingMessage,
  ports: RegistrationPorts & { readonly decisions: GrantParts },
): Promise<RegistrationAnswer | undefined> {
  const managed = await requireManaged(message, ports)
  if (message.method === 'GET') return registered(ports, managed)
  if (message.method === 'PUT') return replace(message, ports, managed)
  if (message.method === 'DELETE') {
    await deregisterClient(ports.decisions, managed.client_id)
    return undefined
  }
  throw new Problem('request.method_not_allowed', 'GET, PUT or DELETE is needed')
}

/** INVARIANT: one answer for a client that is not there and a token that is not its own (section 2.1). */
async function requireManaged(
  message: IncomingMessage,
  { records }: RegistrationPorts,
): Promise<ManagedRegistration> {
  const client_id = /^\/([a-z0-9-]{1,64})$/.exec((message.url ?? '').slice(REGISTER.length))?.[1]
  const token = bearerOf(message)
  const digest = token === undefined ? undefined : opaqueDigest('remit_rm', token)
  const kept =
    client_id && digest
      ? await records.find<KeptRegistration>('Registration', client_id)
      : undefined
  const client =
    client_id && kept?.digest === digest
      ? await records.find<ManagedRegistration['client']>('Client', client_id)
      : undefined
  if (!client_id || !token || !kept || !client)
    throw new Problem('registration.unauthorized', 'the token does not belong to this client')
  return { client_id, client, kept, token }
}

/** Replaces the whole registration (section 2.2). Consents end when the client describes itself in another way. */
async function replace(
  message: IncomingMessage,
  ports: RegistrationPorts & { readonly decisions: GrantParts },
  managed: ManagedRegistration,
): Promise<RegistrationAnswer> {
  const { client_id } = managed
  const body = await readJson(message)
  const given: Readonly<Record<string, unknown>> = { ...Object(body) }
  if (given.client_id !== client_id)
    throw new Problem('registration.bad_metadata', '`client_id` has to be its own')
  const ours = OURS.find((name) => Object.hasOwn(given, name))
  if (ours !== undefined)
    throw new Problem('registration.bad_metadata', `the client cannot set \`${ours}\``)
  const client = readClientMetadata(body, ports)
  await requireAllowed(ports, client_id, client)
  await describeClient(ports.decisions, selfRegistered(client_id, client))
  const replaced = { client_id, ...client }
  if (!(await ports.records.replace({ kind: 'Client', id: client_id, payload: replaced })))
    throw new Problem('registration.unauthorized', 'the registration is gone')
  return registered(ports, { ...managed, client })
}

const OURS = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret',
  'client_secret_expires_at',
  'client_id_issued_at',
]
