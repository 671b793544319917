import type { Verdict } from '../../../../calls/calls/index.ts'
import type { Resource } from '../../../../catalog/catalog/index.ts'
import type { McpPeer } from '../../../../platform/net/index.ts'
import { injectedHeaders } from '../../injected-headers.ts'
import type { McpPorts } from '../ports.ts'

/** Finds the server behind a resource, and the secrets in our headers that must not come back. */
export async function upstreamPeer(
  resource: Resource,
  verdict: Verdict<'permit'> | undefined,
  ports: McpPorts,
): Promise<{ peer: McpPeer; secrets: readonly string[] }> {
  const { headers, secrets } = await injectedHeaders(resource, verdict, ports)
  const { answersWithin: timeMs, events, resultBytes: bytes } = ports.mcp
  const limits = { bytes, events, timeMs }
  return {
    peer: {
      dispatcher: ports.dispatcher,
      url: resource.upstream,
      headers,
      limits,
      known: ports.spoken,
    },
    secrets,
  }
}
