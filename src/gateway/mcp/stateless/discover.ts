import { type AdmittedRequest, reachOf } from '../../../calls/index.ts'
import type { Resource } from '../../../catalog/index.ts'
import type { Json, JsonObject } from '../../../lib/json.ts'
import { MCP_REVISIONS, STATELESS_REVISION } from '../../../net/index.ts'
import type { McpPorts } from '../ports.ts'
import { serverCapabilities, serverInstructions } from '../server-description.ts'

/** Result of `server/discover`: describes the server as it was reviewed, without asking it. */
export async function discover(
  resource: Resource,
  who: AdmittedRequest,
  ports: McpPorts,
): Promise<JsonObject> {
  const catalog = await ports.catalog.current()
  const { actions } = await reachOf(ports.decisions, who)
  return new Map<string, Json>([
    ['supportedVersions', [...MCP_REVISIONS]],
    ['capabilities', serverCapabilities(catalog.actionsOf(resource.name), STATELESS_REVISION)],
    ...serverInstructions(resource, actions.length === 0),
  ])
}
