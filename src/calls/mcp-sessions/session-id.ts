import type { MasterKey } from '../../platform/keys/index.ts'
import { base64url, fromBase64url } from '../../platform/lib/bytes.ts'
import {
  isSessionRevision,
  MCP_REVISIONS,
  type McpRevision,
  type McpSession,
} from '../../platform/net/index.ts'

/**
 * A conversation with one resource: a session of one task, all of which is in its id, so that any
 * replica can go on with it; or a single request of the revision without sessions.
 */
export interface McpConversation {
  /** Identifier of the conversation. */
  readonly key: string
  /**
   * Task that a session belongs to. INVARIANT: of no use to any other task, nor at any other
   * resource. `undefined`: a single request, whose token names its task.
   */
  readonly task: string | undefined
  readonly resource: string
  /** Revision that the client speaks. */
  readonly revision: McpRevision
  /** Names of the capabilities that the client declared (`capabilityNames`). */
  readonly capabilities: readonly string[]
  /**
   * Session with the server; `undefined` for a single request, whose is found by the task, and for a
   * group, whose members have one each.
   */
  readonly upstream: McpSession | undefined
}

/** A conversation that its id holds. */
export type SessionConversation = McpConversation & { readonly task: string }

type Sealer = Pick<MasterKey, 'seal' | 'open'>

const MAX_LENGTH = 4_096

/**
 * Seals a conversation as `Mcp-Session-Id`: sealed, so that a client learns nothing of the server's
 * own session; base64url, so visible ASCII.
 */
export function sessionId(master: Sealer, conversation: SessionConversation): string {
  const { capabilities, key, resource, revision, task, upstream } = conversation
  const { id = null, revision: spoken = null } = upstream ?? {}
  const parts = [key, task, revision, spoken, id, capabilities]
  return base64url(master.seal(JSON.stringify(parts), sessionIdPlace(resource)))
}

/** Opens a session id. `undefined`: not issued here, or for another resource. */
export function readSessionId(
  master: Sealer,
  resource: string,
  id: string,
): SessionConversation | undefined {
  const sealed = id.length <= MAX_LENGTH ? fromBase64url(id) : undefined
  if (!sealed) return undefined
  let parts: unknown[]
  try {
    parts = JSON.parse(Buffer.from(master.open(sealed, sessionIdPlace(resource))).toString())
  } catch {
    return undefined
  }
  const [key, task, revision, spoken, upstreamId, capabilities] = parts
  if (!isSessionRevision(revision)) return undefined
  const upstream = MCP_REVISIONS.find((each) => each === spoken)
  return {
    key: String(key),
    task: String(task),
    resource,
    revision,
    capabilities: Array.isArray(capabilities) ? capabilities.map(String) : [],
    upstream: upstream && {
      revision: upstream,
      id: typeof upstreamId === 'string' ? upstreamId : undefined,
    },
  }
}

function sessionIdPlace(resource: string): string {
  return `mcp/session/${resource}`
}
