import type { Action, CatalogView, Resource } from '../../catalog/catalog/index.ts'
import type { GatewayPorts, OwnAnswer } from '../../edges/gateway/index.ts'
import { sha256url } from '../../platform/lib/bytes.ts'
import { isObject, type Json, type JsonObject, parseJson } from '../../platform/lib/json.ts'
import type { Binding } from './reply.ts'

/** Path of the public card below the identifier (A2A 1.0, section 8.2). */
export const CARD_PATH = '.well-known/agent-card.json'
/** Bindings that are served at the identifier, the preferred one first. */
const BINDINGS: readonly Binding[] = ['JSONRPC', 'HTTP+JSON']
/** Revision of A2A that is spoken here, as `A2A-Version` names it. */
export const A2A_VERSION = '1.0'

/**
 * Builds the card that anybody may read: where the agent is and how to get a token. It has no skills;
 * who may know them asks for the extended card.
 */
export function publicCard(
  catalog: CatalogView,
  resource: Resource,
  ports: Pick<GatewayPorts, 'issuer'>,
): unknown {
  return JSON.parse(JSON.stringify(card(resource, catalog.actionsOf(resource.name), ports)))
}

/** Time that a reader of the public card may keep it, in seconds. */
const CARD_AGE = 300

/** Answers with the public card, or that the one which the client has is still the one (A2A 1.0, section 8.6; RFC 9110, section 13.1.2). */
export function cardAnswer(body: unknown, ifNoneMatch: string | undefined): OwnAnswer {
  const etag = `"${sha256url(JSON.stringify(body))}"`
  const headers = { etag, 'cache-control': `public, max-age=${CARD_AGE}` }
  const has = (ifNoneMatch ?? '').split(',').map((each) => each.trim().replace(/^W\//, ''))
  if (!has.includes(etag) && !has.includes('*')) return { status: 200, headers, body }
  return { status: 304, headers, isBodiless: true }
}

/** Builds the card for one task: with the skills that it could use now, as they were reviewed. */
export function extendedCard(
  resource: Resource,
  actions: readonly Action[],
  reachable: readonly Action[],
  ports: Pick<GatewayPorts, 'issuer'>,
): JsonObject {
  const skills = reachable
    .filter(({ method }) => method === 'a2a/skill')
    .map((action) => definitionOf(action))
  const text = JSON.stringify(card(resource, actions, ports))
  const built = parseJson(text)
  if (!isObject(built)) throw new Error('a card is an object')
  return new Map<string, Json>([...built, ['skills', skills]])
}

function card(
  { identifier, server, title }: Resource,
  actions: readonly Action[],
  { issuer }: Pick<GatewayPorts, 'issuer'>,
) {
  const message = actions.find(({ path }) => path === 'SendMessage')
  const reviewed = message ? definitionOf(message) : new Map()
  const modes = (name: string) => {
    const list: unknown = reviewed.get(name)
    return Array.isArray(list) ? list.filter((mode) => typeof mode === 'string') : []
  }
  return {
    name: title,
    description: server?.instructions ?? '',
    version: server?.version ?? '',
    supportedInterfaces: BINDINGS.map((protocolBinding) => ({
      ...{ url: identifier, protocolBinding, protocolVersion: A2A_VERSION },
    })),
    capabilities: {
      streaming: isStreaming(reviewed),
      pushNotifications: false,
      extendedAgentCard: true,
    },
    securitySchemes: {
      remit: {
        oauth2SecurityScheme: {
          description:
            'A token of Remit for this address; with a DPoP proof, where it is bound to a key',
          flows: {
            authorizationCode: {
              authorizationUrl: `${issuer}/oauth/authorize`,
              tokenUrl: `${issuer}/oauth/token`,
              scopes: {},
              pkceRequired: true,
            },
          },
          oauth2MetadataUrl: `${issuer}/.well-known/oauth-authorization-server`,
        },
      },
    },
    securityRequirements: [{ schemes: { remit: { list: [] } } }],
    defaultInputModes: modes('defaultInputModes'),
    defaultOutputModes: modes('defaultOutputModes'),
    skills: [],
  }
}

function isStreaming(reviewed: JsonObject): boolean {
  const capabilities = reviewed.get('capabilities')
  return isObject(capabilities) && capabilities.get('streaming') === true
}

/** Parses a definition as it was reviewed. */
function definitionOf({ definition }: Action): JsonObject {
  const value = parseJson(definition?.json ?? '{}', { bytes: 1024 * 1024 })
  if (!isObject(value)) throw new Error('a definition is an object')
  return value
}
