import type { CallerToken } from '../../../calls/calls/index.ts'
import { authzenMapping } from '../../../catalog/catalog-changes/index.ts'
import { partyClaims } from '../../../identity/tokens/index.ts'
import { UnmappableCall } from '../../../platform/cel/index.ts'
import { isObject, type JsonObject, parseJson } from '../../../platform/lib/json.ts'
import type { Call } from '../../../tasks/facts/index.ts'
import { type MappedRequests, mappedRequests } from './requests.ts'

/**
 * The requests that decision points are asked in place of our own, where the tool declares them and an administrator trusts its
 * server with that. `undefined`: our own.
 */
export async function mappedRequestsFor(
  call: Call,
  says: CallerToken,
): Promise<MappedRequests | undefined> {
  const { action, resource, sent } = call
  if (!resource.mappingsTrusted) return undefined
  const mapping = authzenMapping(action)
  if (mapping === undefined) return undefined
  if (typeof mapping === 'string') return new UnmappableCall(mapping)
  const { body, method } = sent
  // A question of an enforcement point has no message: what would be asked about the call itself is not known.
  if (method !== 'tools/call' || !(body instanceof Map))
    return new UnmappableCall('there is no message of a tool call')
  return mappedRequests(mapping, { params: body, token: claimsOf(call, says) })
}

/**
 * Answers the claims of a token of ours; for an opaque one, the claims it would have. Never the
 * token itself.
 */
function claimsOf({ resource }: Call, { claims, issuer, parties }: CallerToken): JsonObject {
  const { ep: _, ...task } = claims.task
  const all = {
    iss: issuer,
    aud: resource.identifier,
    ...partyClaims(issuer, parties),
    client_id: task.id,
    ...claims,
    task,
  }
  const read = parseJson(JSON.stringify(all))
  if (!isObject(read)) throw new Error('claims are an object')
  return read
}
