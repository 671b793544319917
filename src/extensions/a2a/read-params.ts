import type { RpcAnswer } from '../../calls/mcp-messages/index.ts'
import { ExactNumber, isObject, type Json, type JsonObject } from '../../platform/lib/json.ts'
import type { RpcId } from '../../platform/net/index.ts'
import { a2aError, rpcFailure, taskNotFound } from './errors.ts'
import type { OwnedIds } from './ids.ts'
import { messageArguments } from './message-arguments.ts'

type Check = (value: Json) => boolean
type Shape = Readonly<Record<string, Check>>

const isText: Check = (value) => typeof value === 'string' && value.isWellFormed()
const isFlag: Check = (value) => typeof value === 'boolean'
const isCount: Check = (value) => value instanceof ExactNumber && /^[0-9]{1,9}$/.test(value.text)
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText)
const isNone: Check = (value) => value === '' || (Array.isArray(value) && value.length === 0)

/** Members of the parameters of each method (A2A 1.0, section 3.2); others are refused. */
const SEND: Shape = { message: isObject, configuration: isObject, metadata: isObject }
const MESSAGE: Shape = {
  messageId: (value) => isText(value) && value !== '',
  contextId: isText,
  taskId: isText,
  role: (value) => value === 'ROLE_USER',
  parts: Array.isArray,
  metadata: isObject,
  // An extension changes what a message means, in a way that is not known here.
  extensions: isNone,
  referenceTaskIds: isTexts,
}
const CONFIGURATION: Shape = {
  acceptedOutputModes: isTexts,
  historyLength: isCount,
  returnImmediately: isFlag,
}
const BY_ID = { id: isText }
const OF_TASKS: Readonly<Record<string, Shape>> = {
  GetTask: { ...BY_ID, historyLength: isCount },
  CancelTask: { ...BY_ID, metadata: isObject },
  SubscribeToTask: BY_ID,
  ListTasks: {
    contextId: isText,
    status: isText,
    pageSize: isCount,
    pageToken: isText,
    historyLength: isCount,
    statusTimestampAfter: isText,
    includeArtifacts: isFlag,
  },
}

/** Name of a member in lower snake case, as the definitions of A2A have it. */
const SNAKE = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/

/** The name of a member in JSON. Readers of ProtoJSON take the name of the definition, too (`page_size`). */
export function jsonName(name: string): string {
  return SNAKE.test(name) ? name.replace(/_([a-z0-9])/g, (_, next) => next.toUpperCase()) : name
}

/**
 * Writes the members of parameters by their names in JSON, so that the decided and sent call has one spelling. A member that is there by
 * both names stays by both, and is refused as one that is not known.
 */
export function withJsonNames(params: JsonObject): JsonObject {
  const named = byJsonName(params)
  for (const name of ['message', 'configuration']) {
    const member = named.get(name)
    if (isObject(member)) named.set(name, byJsonName(member))
  }
  const message = named.get('message')
  const parts = isObject(message) ? message.get('parts') : undefined
  if (isObject(message) && Array.isArray(parts)) {
    const each = parts.map((part: Json) => (isObject(part) ? byJsonName(part) : part))
    named.set('message', new Map([...message, ['parts', each]]))
  }
  return named
}

function byJsonName(value: JsonObject): Map<string, Json> {
  return new Map(
    [...value].map(([name, member]) => [value.has(jsonName(name)) ? name : jsonName(name), member]),
  )
}

/** Checks whether an object with names in JSON has a member by its other name as well. */
function isTwofold(value: Json): boolean {
  return isObject(value) && [...value.keys()].some((name) => jsonName(name) !== name)
}

function isReserved(name: string): boolean {
  return /^remit\//i.test(name)
}

export function isTaskMethod(method: string): boolean {
  return Object.hasOwn(OF_TASKS, method)
}

/** A message as it is decided on: with the agent's own ids. */
export interface ReadMessage {
  readonly params: JsonObject
  readonly given: JsonObject
  readonly skill: string | undefined
}

/** Reads the parameters of a message that is sent. @throws RpcAnswer */
export function readSending(id: RpcId, params: JsonObject, ids: OwnedIds): ReadMessage {
  const asked = params.get('configuration')
  if (isObject(asked) && asked.has('taskPushNotificationConfig')) throw noPush(id)
  const whole = readParamsObject(id, params, SEND, 'params')
  const message = readParamsObject(id, whole.get('message'), MESSAGE, 'message')
  for (const name of ['messageId', 'role', 'parts'])
    if (!message.has(name)) throw invalidParams(id, `\`message.${name}\` is missing`)
  const configuration =
    asked === undefined ? undefined : readParamsObject(id, asked, CONFIGURATION, 'configuration')
  const parts = message.get('parts')
  if (Array.isArray(parts) && parts.some(isTwofold))
    throw invalidParams(id, 'a part has a member by both of its names')
  const given = messageArguments(message)
  if (!given) throw invalidParams(id, 'each part has exactly one of text, raw, url and data')
  const told = withOwnIds(id, message, ids)
  const skill = skillOf(id, message)
  const rest = [...whole].filter(([name]) => name === 'metadata')
  return {
    params: new Map<string, Json>([
      ['message', told],
      ...(configuration ? [['configuration', configuration] as const] : []),
      ...rest,
    ]),
    given,
    skill,
  }
}

/** Reads the parameters of a method about tasks. @throws RpcAnswer */
export function readOfTask(id: RpcId, method: string, params: JsonObject): JsonObject {
  const known = readParamsObject(id, params, OF_TASKS[method] ?? {}, 'params')
  const needed = method === 'ListTasks' ? 'contextId' : 'id'
  // The agent does not know which Remit task a caller has. A context belongs to one, so the list needs it.
  if (!known.has(needed)) throw invalidParams(id, `\`${needed}\` is needed`)
  return known
}

export function noPush(id: RpcId): RpcAnswer {
  return a2aError(id, 'PUSH_NOTIFICATION_NOT_SUPPORTED', 'push notifications are not supported')
}

export function invalidParams(id: RpcId, words: string): RpcAnswer {
  return rpcFailure(id, 'invalidParams', words)
}

/**
 * Reads an object with no members but these. Proto3 may write an empty string or list where there is
 * nothing; that is left out.
 */
function readParamsObject(
  id: RpcId,
  value: Json | undefined,
  shape: Shape,
  what: string,
): Map<string, Json> {
  if (!isObject(value)) throw invalidParams(id, `\`${what}\` has to be an object`)
  const known = new Map<string, Json>()
  for (const [name, member] of value) {
    if (isNone(member) && name !== 'parts') continue
    const check = Object.hasOwn(shape, name) ? shape[name] : undefined
    if (!check?.(member))
      throw invalidParams(id, `\`${name.slice(0, 64)}\` of \`${what}\` is not accepted`)
    // An agent that reads them would take them for ours.
    if (name === 'metadata' && isObject(member) && [...member.keys()].some(isReserved))
      throw invalidParams(id, 'names in `metadata` that begin with `remit/` are reserved')
    known.set(name, member)
  }
  return known
}

/** Skill that a message names, in its `metadata`. Messages of A2A have no member for it. */
function skillOf(id: RpcId, message: JsonObject): string | undefined {
  const metadata = message.get('metadata')
  if (!isObject(metadata)) return undefined
  const skill = metadata.get('skillId')
  if (skill !== undefined && typeof skill !== 'string')
    throw invalidParams(id, '`skillId` has to be a string')
  return skill
}

function withOwnIds(id: RpcId, message: JsonObject, ids: OwnedIds): JsonObject {
  const told = new Map(message)
  const context = message.get('contextId')
  if (typeof context === 'string') {
    const own = ids.contextToAgent(context)
    if (own === undefined) throw invalidParams(id, '`contextId` is no id')
    told.set('contextId', own)
  }
  const task = message.get('taskId')
  if (typeof task === 'string') told.set('taskId', ownTask(id, task, ids))
  const others = message.get('referenceTaskIds')
  if (Array.isArray(others))
    told.set(
      'referenceTaskIds',
      others.map((each: Json) => ownTask(id, String(each), ids)),
    )
  return told
}

/** Reads the id of a task. One of another Remit task is unknown, as if there were none. @throws RpcAnswer */
export function ownTask(id: RpcId, given: string, ids: OwnedIds): string {
  const own = ids.toAgent('task', given)
  if (own === undefined) throw taskNotFound(id)
  return own
}
