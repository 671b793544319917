import { logLevelOf, RpcAnswer, rpcError } from '../../../calls/mcp-messages/index.ts'
import { openState } from '../../../calls/mcp-sessions/index.ts'
import {
  COMPLETE,
  isCompleted,
  parsedDefinition,
  readCompletion,
} from '../../../catalog/argument-types/index.ts'
import type { Action } from '../../../catalog/catalog/index.ts'
import { ExactNumber, isObject, type Json, type JsonObject } from '../../../platform/lib/json.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import {
  MCP,
  RPC,
  type RpcId,
  type RpcRequest,
  STATELESS_REVISION,
} from '../../../platform/net/index.ts'
import { refuseStranger } from '../check-caller.ts'
import { admitted } from './admitted.ts'
import type { CallInput, CallRequest, ResolvedCall } from './call-steps.ts'
import type { McpPorts } from './ports.ts'

/** Methods that count as calls, and the members that their `params` have besides `_meta`. */
const CALLS: Readonly<Record<string, readonly string[]>> = {
  'tools/call': ['name', 'arguments'],
  'prompts/get': ['name', 'arguments'],
  'resources/read': ['uri'],
  [MCP.subscribe]: ['uri'],
  [COMPLETE]: ['ref', 'argument', 'context'],
}
/**
 * Member that asks to be answered later (revision 2025-11-25): we do not offer that, so it is
 * ignored.
 */
const IGNORED = 'task'
/** Members with which the call is made again (2026-07-28, "Multi Round-Trip Requests"). */
const INPUT = ['inputResponses', 'requestState']
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
  const stateless = asked.conversation.revision === STATELESS_REVISION
  const params = readParams(rpc, stateless && rpc.method !== COMPLETE ? INPUT : [])
  const input = typeof params === 'string' ? params : await readInput(asked, params.rest, ports)
  const logLevel = stateless ? logLevelOf(rpc.params.get('_meta')) : undefined
  if (typeof params === 'string' || typeof input === 'string' || logLevel === false) {
    await admitted(asked, ports)
    throw badParams(rpc.id, typeof input === 'string' ? input : 'there is no such log level')
  }
  const listed = (await ports.catalog.current()).actionsOf(resource.name)
  const action = listed.find((each) => isNamed(each, rpc.method, params.rest))
  if (action) {
    const { progressToken, rest } = params
    const level = logLevel === undefined ? {} : { logLevel }
    return { ...asked, action, params: rest, progressToken, ...level, ...(input ? { input } : {}) }
  }
  await admitted(asked, ports)
  throw unknownAction(asked)
}

function isNamed(action: Action, method: string, params: JsonObject): boolean {
  const { definition } = action
  if (method === COMPLETE)
    return isCompleted(action, definition && parsedDefinition(action, definition), params)
  // A notice that a resource changed says something about it, so subscribing is decided like reading.
  if (action.method !== (method === MCP.subscribe ? 'resources/read' : method)) return false
  return action.method === 'resources/read' || action.path === params.get('name')
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
  beside: readonly string[],
): { rest: JsonObject; progressToken: RpcId | undefined } | string {
  const members = CALLS[rpc.method] ?? []
  const rest = new Map<string, Json>()
  for (const [name, value] of rpc.params) {
    if (members.includes(name)) rest.set(name, value)
    else if (name !== '_meta' && name !== IGNORED && !beside.includes(name))
      return `\`params\` may only have ${members.join(', ')}`
  }
  const read = rpc.method === COMPLETE ? readCompletion(rest) : readNamed(rpc.method, rest)
  if (typeof read === 'string') return read
  const meta = rpc.params.get('_meta')
  if (meta !== undefined && !isObject(meta)) return '`_meta` has to be an object'
  const token = meta?.get('progressToken')
  if (token !== undefined && !isToken(token)) return '`progressToken` is a string or an integer'
  return { rest: read, progressToken: token }
}

function readNamed(method: string, rest: JsonObject): JsonObject | string {
  const by = method.startsWith('resources/') ? 'uri' : 'name'
  if (typeof rest.get(by) !== 'string') return `\`${by}\` has to be a string`
  const isPlain = !rest.has('arguments') || isObject(rest.get('arguments'))
  return isPlain ? rest : '`arguments` has to be an object'
}

/**
 * Reads what the client answers to an earlier round of the same call. Answers without a state belong
 * to nothing, and are ignored.
 */
async function readInput(
  asked: CallRequest,
  params: JsonObject,
  ports: McpPorts,
): Promise<CallInput | string | undefined> {
  const { resource, rpc } = asked
  const given = rpc.params.get('requestState')
  if (given === undefined || asked.conversation.revision !== STATELESS_REVISION) return undefined
  const answers = rpc.params.get('inputResponses')
  const responses = answers === undefined ? NOTHING : answers
  if (typeof given !== 'string' || !isObject(responses)) return BAD_STATE
  const call = { resource: resource.name, method: rpc.method, params }
  const state = openState(ports.master, call, given, ports.decisions.clock.now())
  // INVARIANT: a state is of use to the task that got it, for the call that it was given for.
  if (!state || (await refuseStranger(asked, ports)).task !== state.task) return BAD_STATE
  return { ...state, responses }
}

const NOTHING: JsonObject = new Map()
const BAD_STATE =
  'the `requestState` is not of this call, or past its time: make the call again without it'

function isToken(value: Json): value is RpcId {
  if (typeof value === 'string') return value.length <= MAX_TOKEN
  return value instanceof ExactNumber && /^-?[0-9]{1,16}$/.test(value.text)
}
