import { looksLikeClientUrl } from '../../platform/lib/client-url.ts'
import { isName } from '../../platform/lib/id.ts'
import { issuerMembers } from './read-keys.ts'
import { badTrustedIssuer, type PeerMapping, type PeopleMapping } from './trusted-issuer.ts'

const MAX_RESOURCES = 64
const MAX_CLIENTS = 1_000

/** `{provider?, subject?, email?, admits?, delegates?}` as it was sent. Throws `issuer.bad`. */
export function readPeopleMapping(value: unknown, issuer: string): PeopleMapping | null {
  if (value === null) return null
  const {
    admits = false,
    delegates = false,
    email = false,
    provider = issuer,
    subject = 'sub',
    ...more
  } = issuerMembers(value)
  if (Object.keys(more).length > 0) throw badTrustedIssuer('`people` has an unknown member')
  if (typeof provider !== 'string' || !/^[\x21-\x7e]{1,2048}$/.test(provider))
    throw badTrustedIssuer(
      '`provider` is the identity provider whose people the assertions speak for',
    )
  if (subject !== 'sub' && subject !== 'aud_sub')
    throw badTrustedIssuer('`subject` is `sub` or `aud_sub`')
  if (typeof admits !== 'boolean' || typeof delegates !== 'boolean' || typeof email !== 'boolean')
    throw badTrustedIssuer('`admits`, `delegates` and `email` are true or false')
  return { provider, subject, email, admits, delegates }
}

/** `{resources, clients?, details?}` as it was sent. Throws `issuer.bad`. */
export function readPeer(value: unknown): PeerMapping | null {
  if (value === null) return null
  const { clients = {}, details = false, resources, ...more } = issuerMembers(value)
  if (Object.keys(more).length > 0) throw badTrustedIssuer('`peer` has an unknown member')
  if (typeof details !== 'boolean') throw badTrustedIssuer('`details` is true or false')
  if (!Array.isArray(resources) || resources.length === 0 || resources.length > MAX_RESOURCES)
    throw badTrustedIssuer('`resources` are identifiers of what the peer protects')
  return { resources: resources.map(readIdentifier), clients: readClients(clients), details }
}

function readIdentifier(value: unknown): string {
  if (typeof value !== 'string' || !/^[\x21-\x7e]{1,2048}$/.test(value))
    throw badTrustedIssuer('a resource is an identifier of the catalog')
  return value
}

function readClients(value: unknown): PeerMapping['clients'] {
  const all = Object.entries(issuerMembers(value))
  if (all.length > MAX_CLIENTS) throw badTrustedIssuer(`at most ${MAX_CLIENTS} clients`)
  return Object.fromEntries(all.map(readClient))
}

function readClient([agent, clientId]: [string, unknown]): [string, string] {
  if (!isName(agent) || looksLikeClientUrl(agent))
    throw badTrustedIssuer('`clients` maps agents to their client ids')
  if (typeof clientId !== 'string' || !/^[\x21-\x7e]{1,512}$/.test(clientId))
    throw badTrustedIssuer('a client id is plain text')
  return [agent, clientId]
}
