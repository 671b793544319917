import type { Action } from '../../catalog/index.ts'
import { ExactNumber, isObject, type Json, type JsonObject } from '../../lib/json.ts'
import { Problem } from '../../lib/problem.ts'
import { RPC, type RpcId, type RpcRequest } from '../../net/index.ts'
import { admitted } from './admitted.ts'
import type { CallRequest, ResolvedCall } from './call-steps.ts'
import { RpcAnswer, rpcError } from './ended.ts'
import type { McpPorts } from './ports.ts'

/** Methods that count as calls, and the members that their `params` have besides `_meta`. */
const CALLS: Readonly<Record<string, readonly string[]>> = {
  'tools/call': ['name', 'arguments'],
  'prompts/get': ['name', 'arguments'],
  'resources/read': ['uri'],
}
/**
 * Member that asks to be answered later (revision 2025-11-25): we do not offer that, so it is
 * ignored.
 */
const IGNORED = 'task'
const MAX_TOKEN = 128

export function isCall(method: string): boolean {
  return Object.hasOwn(CALLS, method)
}

/**
 * Finds the action by method and wire name, exactly as written. That an action is unknown is told
 * only to a caller who may ask at all.
 */
export async function findAction(asked: CallRequest, ports: McpPorts): Promise<ResolvedCall> {
  const { rpc, resource } = asked
  const params = readParams(rpc)
  if (typeof params === 'string') {
    await admitted(asked, ports)
    throw badParams(rpc.id, params)
  }
  const catalog = await ports.catalog.current()
  const action = catalog.actionsOf(resource.name).find((each) => isNamed(each, rpc))
  if (action) return { ...asked, action, params: params.rest, progressToken: params.progressToken }
  await admitted(asked, ports)
  throw unknownAction(asked)
}

function isNamed(action: Action, { method, params }: RpcRequest): boolean {
  if (action.method !== method) return false
  return method === 'resources/read' || action.path === params.get('name')
}

/** Answer for an unknown action and for one that this task was not given. Both get one text. */
export function unknownAction({ rpc }: Pick<CallRequest, 'rpc'>): RpcAnswer {
  const [what = ''] = rpc.method.split('/', 1)
  return badParams(rpc.id, `unknown ${what.replace(/s$/, '')}`)
}

/** Checks whether the task was given the action at all, with whatever arguments. */
export async function isGiven(
  { action, resource }: ResolvedCall,
  task: string | null,
  { decisions }: McpPorts,
): Promise<boolean> {
  const held = task === null ? undefined : await decisions.facts.task(task)
  const details = held?.task.details ?? []
  return details.some(
    ({ actions, locations }) =>
      actions.includes(action.name) && locations.includes(resource.identifier),
  )
}

export function badParams(id: RpcId, detail: string): RpcAnswer {
  return new RpcAnswer(rpcError(id, RPC.invalidParams, new Problem('mcp.bad_message', detail)))
}

/** Reads `params`. Returns a text when something is wrong with them, which says what. */
function readParams(
  rpc: RpcRequest,
): { rest: JsonObject; progressToken: RpcId | undefined } | string {
  const members = CALLS[rpc.method] ?? []
  const rest = new Map<string, Json>()
  for (const [name, value] of rpc.params) {
    if (members.includes(name)) rest.set(name, value)
    else if (name !== '_meta' && name !== IGNORED)
      return `\`params\` may only have ${members.join(', ')}`
  }
  const { arguments: given, name, uri } = Object.fromEntries(rest)
  if (typeof (rpc.method === 'resources/read' ? uri : name) !== 'string')
    return `\`${members[0]}\` has to be a string`
  if (given !== undefined && !isObject(given)) return '`arguments` has to be an object'
  const meta = rpc.params.get('_meta')
  if (meta !== undefined && !isObject(meta)) return '`_meta` has to be an object'
  const token = meta?.get('progressToken')
  if (token !== undefined && !isToken(token)) return '`progressToken` is a string or an integer'
  return { rest, progressToken: token }
}

function isToken(value: Json): value is RpcId {
  if (typeof value === 'string') return value.length <= MAX_TOKEN
  return value instanceof ExactNumber && /^-?[0-9]{1,16}$/.test(value.text)
}
