import type { Resource } from '../../../catalog/catalog/index.ts'
import { planMcpImportInWorker } from '../../../catalog/catalog-changes/index.ts'
import { sha256url } from '../../../platform/lib/bytes.ts'
import { canonicalJson } from '../../../platform/lib/canonical-json.ts'
import { describeMcpServer, type SpokenMemory } from '../../../platform/net/index.ts'
import { injectedHeaders } from '../injected-headers.ts'
import type { GatewayPorts } from '../ports.ts'
import type { CurrentDefinitions } from '../watch-definitions.ts'

/** Asks an MCP server for its lists, in a session of our own. */
export async function askServer(
  resource: Resource,
  signal: AbortSignal,
  ports: GatewayPorts & { readonly spoken: SpokenMemory },
): Promise<CurrentDefinitions> {
  const { dispatcher, spoken } = ports
  const { headers } = await injectedHeaders(resource, undefined, ports)
  // Asked each time: a server may be replaced by one of another revision.
  const known: SpokenMemory = { get: () => undefined, set: (...how) => spoken.set(...how) }
  const at = { url: resource.upstream, headers }
  const only = { only: 'definitions', signal, known } as const
  const description = await describeMcpServer({ dispatcher }, at, only)
  const { prompts, tools } = description
  return {
    digest: sha256url(canonicalJson({ prompts, tools })),
    plan: (options) => planMcpImportInWorker(description, options),
    listed: ({ kind, name }) =>
      (kind === 'prompt' ? prompts : tools).find((each) => each.get('name') === name),
  }
}
