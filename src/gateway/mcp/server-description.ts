import type { Action, Resource } from '../../catalog/index.ts'
import type { Json, JsonObject } from '../../lib/json.ts'
import { MCP, type McpRevision, STATELESS_REVISION } from '../../net/index.ts'

/** Names the server as it was reviewed. */
export function serverInfo({ name, server, title }: Resource): JsonObject {
  return new Map([
    ['name', server?.name ?? name],
    ['version', server?.version ?? '0'],
    ['title', server?.title ?? title],
  ])
}

/**
 * Names what the server offers, as far as it was reviewed. To clients without sessions, the gateway
 * offers MCP tasks of its own.
 */
export function serverCapabilities(actions: readonly Action[], revision: McpRevision): JsonObject {
  const has = (kind: string) => actions.some(({ definition }) => definition?.kind === kind)
  // Only clients without sessions have a way to hear of changes.
  const changes = new Map([['listChanged', revision === STATELESS_REVISION]])
  const capabilities = new Map<string, Json>()
  if (has('tool')) capabilities.set('tools', changes)
  if (has('prompt')) capabilities.set('prompts', changes)
  if (has('resource')) capabilities.set('resources', new Map([...changes, ['subscribe', false]]))
  if (revision === STATELESS_REVISION) {
    // Whether this server has anything to log, nobody asked it.
    capabilities.set('logging', new Map())
    capabilities.set('extensions', new Map([[MCP.tasks, new Map()]]))
  }
  return capabilities
}

/**
 * Instructions for a client whose lists are all empty: an empty list does not say why, nor whom to
 * ask.
 */
const NOTHING =
  'From the gateway, not from the server: nothing of this server may be used in this task now, so nothing is listed. Tell whoever you work for; an administrator can permit it.'

/** The member `instructions`, if there is something to say. `useless`: nothing may be used. */
export function serverInstructions({ server }: Resource, useless: boolean): [string, Json][] {
  const instructions = [useless ? NOTHING : undefined, server?.instructions].filter(Boolean)
  return instructions.length === 0 ? [] : [['instructions', instructions.join('\n\n')]]
}
