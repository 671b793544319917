import { uriInGroup } from '../../../../catalog/resource-groups/index.ts'
import { isObject, type Json, type JsonObject } from '../../../../platform/lib/json.ts'
import type { RpcError, RpcResult } from '../../../../platform/net/index.ts'
import type { PlacedCall } from '../call-steps.ts'

/** Writes an answer of a member as the group gives it: addresses in it lead through the group. */
export function inGroup(
  answer: RpcResult | RpcError,
  { audience, resource }: Pick<PlacedCall, 'audience' | 'resource'>,
): RpcResult | RpcError {
  if (!audience || answer.kind === 'error') return answer
  const result = new Map(answer.result)
  for (const name of ['content', 'contents', 'messages']) {
    const items = result.get(name)
    if (Array.isArray(items))
      result.set(
        name,
        items.map((item: Json) => addressed(item, resource.name)),
      )
  }
  return { ...answer, result }
}

/** Members of an item that hold others: of a message, and of content with a resource in it. */
const HOLDING = ['content', 'resource']

function addressed(item: Json, member: string): Json {
  if (Array.isArray(item)) return item.map((each: Json) => addressed(each, member))
  if (!isObject(item)) return item
  const written: JsonObject = new Map(
    Array.from(item, ([name, value]): [string, Json] => {
      if (name === 'uri' && typeof value === 'string') return [name, uriInGroup(member, value)]
      return HOLDING.includes(name) ? [name, addressed(value, member)] : [name, value]
    }),
  )
  return written
}
