import type { Resource } from '../../catalog/catalog/index.ts'
import { isObject, type Json, type JsonObject } from '../../platform/lib/json.ts'
import { MCP, RPC, type RpcError, type RpcResult } from '../../platform/net/index.ts'
import { exact, NOT_PERMITTED } from './tool-error.ts'

/** Last code of the range that the revision reserves for itself. */
const LAST_RESERVED = -32099

function codeFor(code: number): number {
  const undefinedHere = code < MCP.error.unsupportedRevision && code >= LAST_RESERVED
  return undefinedHere ? RPC.internalError : (CODES[code] ?? code)
}

/** Methods whose results say how long they may be kept ("Cacheable Results"). */
const CACHEABLE = new Set([
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
])

/**
 * Error codes that the revision does not have ("Error Codes"), and those that stand for them: "not
 * permitted" outside of the range that is reserved, and "resource not found".
 */
const CODES: Readonly<Record<number, number>> = {
  [NOT_PERMITTED]: 403,
  [-32002]: RPC.invalidParams,
}

/**
 * Writes an answer as revision 2026-07-28 has it. INVARIANT: an answer decided for one task is
 * for no other, and not for later: every result is private, and stale at once.
 */
export function statelessAnswer(
  answer: RpcResult | RpcError,
  method: string,
  resource: Resource,
): RpcResult | RpcError {
  if (answer.kind === 'error') return { ...answer, code: codeFor(answer.code) }
  const type = answer.result.get('resultType') ?? 'complete'
  const meta = answer.result.get('_meta')
  const cached: [string, Json][] =
    type === 'complete' && CACHEABLE.has(method)
      ? [
          ['ttlMs', exact(0)],
          ['cacheScope', 'private'],
        ]
      : []
  const result = new Map<string, Json>([
    ...answer.result,
    ['resultType', type],
    ...cached,
    [
      '_meta',
      new Map<string, Json>([
        ...(isObject(meta) ? meta : []),
        [MCP.meta.serverInfo, serverInfo(resource)],
      ]),
    ],
  ])
  return { ...answer, result }
}

/** Names the server as it was reviewed. */
export function serverInfo({ name, server, title }: Resource): JsonObject {
  return new Map([
    ['name', server?.name ?? name],
    ['version', server?.version ?? '0'],
    ['title', server?.title ?? title],
  ])
}
