import { footingHooks, footingOf } from '../../../../calls/calls/index.ts'
import { declaredCapabilities, TASKS_CAPABILITY } from '../../../../calls/mcp-sessions/index.ts'
import type { ServerTask } from '../../../../calls/mcp-tasks/index.ts'
import type { Resource } from '../../../../catalog/catalog/index.ts'
import type { Json } from '../../../../platform/lib/json.ts'
import { slotHolders } from '../../../../platform/lib/under-way/held-places.ts'
import {
  ask,
  type ExchangeResult,
  type McpSession,
  STATELESS_REVISION,
} from '../../../../platform/net/index.ts'
import type { PreparedCall } from '../call-steps.ts'
import type { McpPorts } from '../ports.ts'
import { upstreamPeer } from '../upstream/peer.ts'

/** Time that a server has to say how a task stands. */
const ANSWERS_WITHIN_MS = 30_000
const WITHOUT_SESSION: McpSession = { revision: STATELESS_REVISION, id: undefined }
/** Limits of a message whose answer no client waits for. */
const ASIDE = { bytes: 65_536, events: 100, timeMs: 5_000 }

/**
 * Sends a request about a task to its server, in the name of the client that asks now, while they may. `may`:
 * capabilities of the client that the server may use. `undefined`: the caller holds its share of the
 * connections already.
 */
export async function askTaskServer(
  { cancelled, peer, verdict }: PreparedCall,
  { decisionId, serverTask }: ServerTask,
  {
    may,
    method,
    more = [],
  }: {
    readonly may: readonly string[]
    readonly method: 'tasks/get' | 'tasks/update'
    readonly more?: readonly (readonly [string, Json])[]
  },
  { decisions, running, slots }: McpPorts,
): Promise<ExchangeResult | undefined> {
  const release = slots.take(new URL(peer.url).origin, slotHolders(verdict))
  if (!release) return undefined
  const leaving = new AbortController()
  const footing = footingOf(decisions, [verdict])
  const unwatch = running.watch(footing, () => leaving.abort())
  const timeMs = Math.min(peer.limits.timeMs, ANSWERS_WITHIN_MS)
  const params = new Map<string, Json>([['taskId', serverTask], ...more])
  try {
    return await ask(
      { ...peer, limits: { ...peer.limits, timeMs } },
      WITHOUT_SESSION,
      { id: decisionId, method, params },
      {
        ...footingHooks(footing),
        signal: AbortSignal.any([leaving.signal, cancelled]),
      },
      { capabilities: declaredCapabilities([...may, TASKS_CAPABILITY]) },
    )
  } finally {
    unwatch()
    release()
  }
}

/**
 * Tells a server that its task is not wanted any more. Nothing follows from its answer.
 * INVARIANT: the id of a task goes to the server that gave it, also when the resource has moved.
 */
export async function cancelAtServer(
  { decisionId, serverTask, upstream }: Pick<ServerTask, 'decisionId' | 'serverTask' | 'upstream'>,
  resource: Resource | undefined,
  ports: McpPorts,
): Promise<void> {
  if (resource?.upstream !== upstream) return
  try {
    const { peer } = await upstreamPeer(resource, undefined, ports)
    const params = new Map([['taskId', serverTask]])
    const capabilities = declaredCapabilities([TASKS_CAPABILITY])
    const request = { id: `${decisionId}.cancel`, method: 'tasks/cancel', params }
    await ask({ ...peer, limits: ASIDE }, WITHOUT_SESSION, request, {}, { capabilities })
  } catch (error) {
    ports.log.warn({ resource: resource.name, err: error }, 'a server was not told of an end')
  }
}
