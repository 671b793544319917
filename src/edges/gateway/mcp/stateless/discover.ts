import type { Resource } from '../../../../catalog/catalog/index.ts'
import { leftOut } from '../../../../grants/code-grant/index.ts'
import type { Json, JsonObject } from '../../../../platform/lib/json.ts'
import { MCP_REVISIONS, STATELESS_REVISION } from '../../../../platform/net/index.ts'
import type { Task } from '../../../../tasks/tasks/index.ts'
import type { ServerOffer } from '../group/offers.ts'
import type { McpPorts } from '../ports.ts'
import { serverCapabilities, serverInstructions } from '../server-description.ts'

/** Result of `server/discover`: describes the server as it was reviewed, without asking it. */
export async function discover(
  resource: Resource,
  offers: readonly ServerOffer[],
  task: Task,
  ports: McpPorts,
): Promise<JsonObject> {
  const catalog = await ports.catalog.current()
  return new Map<string, Json>([
    ['supportedVersions', [...MCP_REVISIONS]],
    [
      'capabilities',
      serverCapabilities(
        catalog.at(resource.identifier).actions,
        catalog.at(resource.identifier).resources,
        STATELESS_REVISION,
      ),
    ],
    ...serverInstructions(resource, offers, await leftOut(ports.decisions, task)),
  ])
}
