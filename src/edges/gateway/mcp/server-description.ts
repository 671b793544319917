import {
  type Action,
  hasCapability,
  type Resource,
  type ServerCapability,
} from '../../../catalog/catalog/index.ts'
import type { Json, JsonObject } from '../../../platform/lib/json.ts'
import { MCP, type McpRevision, STATELESS_REVISION } from '../../../platform/net/index.ts'
import type { ServerOffer } from './group/offers.ts'

/**
 * Names what the server offers, as far as it was reviewed. To clients without sessions, the gateway
 * offers MCP tasks of its own.
 */
export function serverCapabilities(
  actions: readonly Action[],
  servers: readonly Resource[],
  revision: McpRevision,
): JsonObject {
  const has = (kind: string) => actions.some(({ definition }) => definition?.kind === kind)
  const changes = new Map([['listChanged', true]])
  const capabilities = new Map<string, Json>()
  if (has('tool')) capabilities.set('tools', changes)
  if (has('prompt')) capabilities.set('prompts', changes)
  const offered = (capability: ServerCapability) =>
    servers.some(({ server }) => hasCapability(server, capability))
  // The gateway itself tells that lists changed; the rest is the server's to offer.
  if (has('resource')) {
    const subscribe = offered('resources/subscribe') ? [['subscribe', true] as const] : []
    capabilities.set('resources', new Map([...changes, ...subscribe]))
  }
  if ((has('prompt') || has('resource')) && offered('completions'))
    capabilities.set('completions', new Map())
  if (offered('logging')) capabilities.set('logging', new Map())
  if (revision === STATELESS_REVISION)
    capabilities.set('extensions', new Map([[MCP.tasks, new Map()]]))
  return capabilities
}

/**
 * Instructions for a client whose lists are all empty: an empty list does not say why, nor whom to
 * ask.
 */
const NOTHING =
  'From the gateway, not from the server: nothing of this server may be used in this task now, so nothing is listed. Tell the person you work for; an administrator can permit it.'

/** Maximum actions that instructions name. */
const MAX_NAMED = 20

/** Words for a client that asked for more than it was allowed: its model would otherwise work with less and not know. */
function lacks(identifier: string, missing: readonly string[]): string {
  const names = missing.slice(0, MAX_NAMED).map((name) => `\`${name}\``)
  const more = missing.length > MAX_NAMED ? ` and ${missing.length - MAX_NAMED} more` : ''
  return `From the gateway, not from the server: this client asked for ${names.join(', ')}${more}, which this task was not given. The person that it is for can allow it: if it is needed, ask them to let this client in again at ${identifier}, with that as the scope.`
}

/** Maximum characters of the instructions of one member of a group. */
const MAX_OF_MEMBER = 2_000

/** The member `instructions`, if there is something to say. */
export function serverInstructions(
  { identifier, members, server }: Resource,
  offers: readonly ServerOffer[],
  missing: readonly string[],
): [string, Json][] {
  const useless = offers.every(
    ({ reach: { actions, attainable } }) => actions.length + attainable.length === 0,
  )
  const closed = offers.filter(({ reach }) => !reach.isOpen).map(({ resource }) => resource.name)
  const instructions = [
    useless ? NOTHING : undefined,
    missing.length > 0 ? lacks(identifier, missing) : undefined,
    ...(members ? [isClosed(closed), ...offers.map(ofMember)] : [server?.instructions]),
  ].filter(Boolean)
  return instructions.length === 0 ? [] : [['instructions', instructions.join('\n\n')]]
}

/** INVARIANT: what a group leaves out for now is told. */
function isClosed(names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined
  return `From the gateway: not available now, so nothing of it is listed: ${names.join(', ')}.`
}

/** The words of a member, under its name: they speak of its tools as it names them. */
function ofMember({ resource: { name, server, title }, reach }: ServerOffer): string | undefined {
  if (!server?.instructions || reach.actions.length === 0) return undefined
  const words = server.instructions.slice(0, MAX_OF_MEMBER).toWellFormed()
  return `${title} (names that begin with ${name}__):\n${words}`
}
