import type { FrozenCall } from '../../approvals/access-requests/index.ts'
import type { Json } from '../../platform/lib/json.ts'
import type { Call } from '../../tasks/facts/index.ts'

/** The call as it is hashed, shown and sent, for the one who makes it. */
export function freezeCall(
  call: Call,
  by: { readonly person: string; readonly chain: readonly string[]; readonly task: string },
): FrozenCall {
  const { method, path, query, headers } = call.sent
  return {
    ...by,
    resource: call.resource.name,
    upstream: call.resource.upstream,
    definition: call.action.digest,
    action: call.action.name,
    method,
    path,
    query,
    headers,
    body: frozenBody(call.sent.body),
  }
}

function frozenBody(body: Call['sent']['body']): FrozenCall['body'] {
  if (body === undefined) return { kind: 'none' }
  return isDigest(body) ? { kind: 'digest', digest: body.digest } : { kind: 'json', value: body }
}

/** JSON objects are Maps here, so a plain object with a digest is never one. */
function isDigest(body: Json | { readonly digest: string }): body is { readonly digest: string } {
  return typeof body === 'object' && body !== null && 'digest' in body
}
