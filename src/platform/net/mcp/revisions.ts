/**
 * Revision of MCP without sessions: each request says which revision it speaks, and what its client
 * can do.
 */
export const STATELESS_REVISION = '2026-07-28'
/** Revisions with sessions, which `initialize` begins; the one we prefer first. */
export const SESSION_REVISIONS = ['2025-11-25', '2025-06-18'] as const
export type SessionRevision = (typeof SESSION_REVISIONS)[number]
/** Revisions of MCP that are spoken here, the one we prefer first. */
export const MCP_REVISIONS = [STATELESS_REVISION, ...SESSION_REVISIONS] as const
export type McpRevision = (typeof MCP_REVISIONS)[number]

export function isSessionRevision(value: unknown): value is SessionRevision {
  return SESSION_REVISIONS.some((revision) => revision === value)
}

/** Names and numbers of MCP, most of them of revision 2026-07-28. */
export const MCP = {
  sessions: SESSION_REVISIONS,
  /** Members of `_meta` that each hop says for itself ("General fields"). */
  meta: {
    protocolVersion: 'io.modelcontextprotocol/protocolVersion',
    clientInfo: 'io.modelcontextprotocol/clientInfo',
    clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
    logLevel: 'io.modelcontextprotocol/logLevel',
    serverInfo: 'io.modelcontextprotocol/serverInfo',
    subscriptionId: 'io.modelcontextprotocol/subscriptionId',
  },
  /** Error codes that it reserves ("Error Codes"). */
  error: { headerMismatch: -32020, missingCapability: -32021, unsupportedRevision: -32022 },
  /** Request to be told of one resource, in revisions with sessions. */
  subscribe: 'resources/subscribe',
  /** Identifier of the Tasks extension (modelcontextprotocol/ext-tasks). */
  tasks: 'io.modelcontextprotocol/tasks',
} as const

const NAMED_BY: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
}

/** Parameter that the header `Mcp-Name` repeats; `undefined`: the method has none. */
export function namedBy(method: string): string | undefined {
  return Object.hasOwn(NAMED_BY, method) ? NAMED_BY[method] : undefined
}

const ENCODED = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/
/** Visible ASCII, with spaces and tabs inside only: what a header carries as it is. */
const PLAIN = /^(?:[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?$/

/** Encodes a value for `Mcp-Name` or `Mcp-Param-…` ("Value Encoding"). */
export function headerValue(value: string): string {
  if (PLAIN.test(value) && !ENCODED.test(value)) return value
  return `=?base64?${Buffer.from(value).toString('base64')}?=`
}

/** Decodes such a header; `undefined`: it is not encoded as the revision says. */
export function headerText(header: string): string | undefined {
  const base64 = ENCODED.exec(header)?.[1]
  if (base64 === undefined) return header
  const text = Buffer.from(base64, 'base64').toString()
  return Buffer.from(text).toString('base64') === base64 ? text : undefined
}
