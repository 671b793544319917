import { recordOf } from '../wire/problem.ts'

const REVISION = 'io.modelcontextprotocol/protocolVersion'

/** Parameter that `Mcp-Name` repeats, by method (2026-07-28, Streamable HTTP, "Request Metadata"; ext-tasks). */
const NAMED_BY: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
}

/** Headers that repeat what a request of 2026-07-28 says: those name their revision in `_meta`. Others have none. */
export function requestHeaders(message: object): readonly (readonly [string, string])[] {
  const { id, method, params } = recordOf(message)
  const given = recordOf(params)
  const revision = recordOf(given._meta)[REVISION]
  if (id === undefined || typeof method !== 'string' || typeof revision !== 'string') return []
  const name = Object.hasOwn(NAMED_BY, method) ? given[NAMED_BY[method] ?? ''] : undefined
  return [
    ['mcp-protocol-version', revision],
    ['mcp-method', method],
    ...(typeof name === 'string' ? [['mcp-name', encoded(name)] as const] : []),
  ]
}

/** Visible ASCII, with spaces and tabs inside only: what a header carries as it is. */
const PLAIN = /^(?:[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?$/

/** Text as a header ("Value Encoding"). */
function encoded(value: string): string {
  if (PLAIN.test(value) && !value.startsWith('=?base64?')) return value
  const bytes = new TextEncoder().encode(value)
  return `=?base64?${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))}?=`
}
