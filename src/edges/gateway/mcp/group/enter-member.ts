import { COMPLETE } from '../../../../catalog/argument-types/index.ts'
import type { Resource } from '../../../../catalog/catalog/index.ts'
import { groupNames, uriOfMember } from '../../../../catalog/resource-groups/index.ts'
import { isObject, type Json } from '../../../../platform/lib/json.ts'
import { MCP, type RpcRequest } from '../../../../platform/net/index.ts'
import type { PlacedCall } from '../call-steps.ts'
import type { McpPorts } from '../ports.ts'
import { findTaskRecords, isTaskMethod } from '../task-methods.ts'

type MemberCall = PlacedCall & { readonly rpc: RpcRequest }

/**
 * Leads a call that came to a group on to the member that it names, in the member's own words: from
 * there on it is decided, and sent, as at the member's own address. What names no member stays at
 * the group, where it is unknown.
 */
export async function enterMember(asked: MemberCall, ports: McpPorts): Promise<MemberCall> {
  const { resource: group, rpc } = asked
  if (!group.members) return asked
  const found = await memberOf(asked, ports)
  if (!found || !group.members.includes(found.member.name)) return asked
  const { member, renamed } = found
  const params = new Map<string, Json>([...rpc.params, ...renamed])
  return { ...asked, resource: member, audience: group, rpc: { ...rpc, params } }
}

interface MemberMatch {
  readonly member: Resource
  readonly renamed: readonly (readonly [string, Json])[]
}

async function memberOf(
  { resource: group, rpc: { method, params } }: MemberCall,
  ports: McpPorts,
): Promise<MemberMatch | undefined> {
  const view = await ports.catalog.current()
  const memberMatch = (name: string | undefined, ...renamed: MemberMatch['renamed']) => {
    const member = view.resources.get(name ?? '')
    return member && { member, renamed }
  }
  if (isTaskMethod(method)) {
    const { request, server } = await findTaskRecords(params.get('taskId'), ports)
    return memberMatch((server ?? request)?.resource)
  }
  // A completion names what it is about in a member.
  const ref = method === COMPLETE ? params.get('ref') : params
  if (!isObject(ref)) return undefined
  const [name, uri] = [ref.get('name'), ref.get('uri')]
  const renamed = (by: 'name' | 'uri', to: string): [string, Json] =>
    method === COMPLETE ? ['ref', new Map(ref).set(by, to)] : [by, to]
  const byAddress = [COMPLETE, 'resources/read', MCP.subscribe].includes(method)
  if (byAddress && typeof uri === 'string') {
    const of = uriOfMember(uri)
    return of && memberMatch(of.member, renamed('uri', of.uri))
  }
  const listed = method === COMPLETE ? 'prompts/get' : method
  const action = typeof name === 'string' ? groupNames(view, group).find(listed, name) : undefined
  return action && memberMatch(action.resource, renamed('name', action.path))
}
