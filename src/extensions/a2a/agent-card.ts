import { badDocument, textAt } from '../../catalog/argument-types/index.ts'
import { isObject, type Json, type JsonObject } from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Outbound } from '../../platform/net/index.ts'

/** Parts of an agent's card that an import needs (A2A 1.0, section 4.4.1). */
export interface AgentCard {
  readonly name: string
  readonly version: string
  readonly description: string
  /** Address of the JSON-RPC binding of A2A 1.x. */
  readonly endpoint: string
  readonly skills: readonly JsonObject[]
  /** Protected headers of its signatures, which name keys. */
  readonly signers: readonly string[]
}

/** Characters of the protected headers of all signatures. */
const MAX_SIGNERS = 8_192

/** Path of a card below the address of its agent (A2A 1.0, section 8.2). */
const CARD_PATH = '/.well-known/agent-card.json'
const CARD_LIMITS = { maxBytes: 1024 * 1024, timeoutMs: 10_000 }

/**
 * Reads the card of the agent at an address, with the credential of its connection.
 * @throws Problem `outbound.…`
 */
export async function fetchCard(
  fetchJson: Outbound['fetchJson'],
  address: string,
  how: Pick<NonNullable<Parameters<Outbound['fetchJson']>[1]>, 'headers' | 'signal'>,
): Promise<JsonObject> {
  const card = await fetchJson(address + CARD_PATH, { ...CARD_LIMITS, ...how })
  if (isObject(card)) return card
  throw new Problem('outbound.unexpected_answer', `the card at ${address} is no object`)
}

/**
 * Reads a card. The endpoint has to be at the origin that the administrator named: a card sends no
 * call, and no credential, to another host.
 * @throws Problem `catalog.bad_document`
 */
export function readCard(card: JsonObject, origin: string): AgentCard {
  const [name, version] = [textAt(card, 'name'), textAt(card, 'version')]
  if (name === undefined || version === undefined)
    throw badDocument('the card has no `name` or no `version`')
  const skills = listAt(card, 'skills')
  if (!skills.every(isObject)) throw badDocument('the card has a skill that is no object')
  const required = listAt(objectIn(card, 'capabilities'), 'extensions').find(
    (each) => isObject(each) && each.get('required') === true,
  )
  if (required) throw badDocument('the agent requires an extension, and Remit passes none on')
  const description = textAt(card, 'description') ?? ''
  const signers = listAt(card, 'signatures').map((each) =>
    isObject(each) ? (textAt(each, 'protected') ?? '') : '',
  )
  if (signers.join('').length > MAX_SIGNERS) throw badDocument('the card has too many signatures')
  return { name, version, description, endpoint: endpointOf(card, origin), skills, signers }
}

function endpointOf(card: JsonObject, origin: string): string {
  const usable = listAt(card, 'supportedInterfaces')
    .filter(isObject)
    .filter((each) => textAt(each, 'protocolBinding') === 'JSONRPC')
    .find((each) => /^1\.[0-9]+$/.test(textAt(each, 'protocolVersion') ?? ''))
  if (!usable) throw badDocument('the agent offers no JSON-RPC interface of A2A 1.0')
  if ((textAt(usable, 'tenant') ?? '') !== '')
    throw badDocument('the JSON-RPC interface of the agent has a tenant, which is not supported')
  const url = URL.parse(textAt(usable, 'url') ?? '')
  if (!url || url.origin !== origin)
    throw badDocument(`the JSON-RPC interface of the agent is not at ${origin}`)
  if (url.pathname !== '/' && url.pathname.endsWith('/'))
    throw badDocument(
      'the address of the JSON-RPC interface ends in a slash, which is not supported',
    )
  return url.href
}

function objectIn(value: JsonObject, name: string): JsonObject {
  const member = value.get(name)
  return isObject(member) ? member : new Map()
}

function listAt(value: JsonObject, name: string): readonly Json[] {
  const member = value.get(name) ?? []
  if (!Array.isArray(member)) throw badDocument(`\`${name}\` of the card is no list`)
  return member
}
