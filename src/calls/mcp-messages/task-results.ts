import type { AccessRequest } from '../../approvals/access-requests/index.ts'
import { ExactNumber, isObject, type Json, type JsonObject } from '../../platform/lib/json.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'
import type { RpcError, RpcId, RpcResult } from '../../platform/net/index.ts'
import type { ServerTask } from '../mcp-tasks/index.ts'
import { exact } from './tool-error.ts'

/** Time between two questions of a client, in milliseconds; what a server may say instead. */
const POLL_MS = 5_000
const MIN_POLL_MS = 250
const MAX_POLL_MS = MINUTE

/** A task as a client sees it. Times in epoch milliseconds. */
export interface ClientTask {
  readonly id: string
  readonly createdAt: number
  readonly updatedAt: number
  readonly endsAt: number
  readonly pollMs?: number
}

export function shownRequest({ answeredAt, createdAt, deadline, id }: AccessRequest): ClientTask {
  return { id, createdAt, updatedAt: answeredAt ?? createdAt, endsAt: deadline }
}

/** `said`: what the server says of it, if it was asked. */
export function shownServerTask(
  { createdAt, expiresAt: endsAt, id }: ServerTask,
  now: number,
  said: JsonObject = new Map(),
): ClientTask {
  const poll = said.get('pollIntervalMs')
  const pollMs = poll instanceof ExactNumber ? Number(poll.text) : POLL_MS
  const within = Math.min(Math.max(Math.ceil(pollMs), MIN_POLL_MS), MAX_POLL_MS)
  return { id, createdAt, updatedAt: now, endsAt, pollMs: within }
}

/** A task without a result (Tasks extension), with words for people. */
export function openTaskResult(
  id: RpcId,
  task: ClientTask,
  status: 'working' | 'cancelled',
  words?: string,
): RpcResult {
  return taskResult(id, task, status, words === undefined ? [] : [['statusMessage', words]])
}

/** A task whose server asks something. */
export function askingTask(
  id: RpcId,
  task: ClientTask,
  questions: ReadonlyMap<string, JsonObject>,
): RpcResult {
  return taskResult(id, task, 'input_required', [['inputRequests', questions]])
}

/** Answer to the call itself: it has become a task. */
export function createdTask(id: RpcId, task: ClientTask, words: string): RpcResult {
  return taskResult(id, task, 'working', [
    ['statusMessage', words],
    ['resultType', 'task'],
  ])
}

/** Writes the answer to a call as that of its task, which has ended. */
export function endedTask(answer: RpcResult | RpcError, task: ClientTask): RpcResult {
  const { id } = answer
  if (id === undefined) throw new Error('an answer of ours names its request')
  return answer.kind === 'result'
    ? taskResult(id, task, 'completed', [['result', answer.result]])
    : taskResult(id, task, 'failed', [['error', errorObject(answer)]])
}

/** Checks whether a result describes a task. */
export function isTask(answer: RpcResult | RpcError): answer is RpcResult {
  return answer.kind === 'result' && answer.result.has('taskId')
}

/** Writes an error as an object (JSON-RPC section 5.1). */
export function errorObject({ code, data, message }: RpcError): JsonObject {
  return new Map<string, Json>([
    ['code', exact(code)],
    ['message', message],
    ...(data === undefined ? [] : [['data', data] as [string, Json]]),
  ])
}

/** Reads such an object; `undefined`: it is none. */
export function readErrorObject(value: Json | undefined): Omit<RpcError, 'id'> | undefined {
  if (!isObject(value)) return undefined
  const { code, data, message } = Object.fromEntries(value)
  if (!(code instanceof ExactNumber) || !/^-?[0-9]{1,15}$/.test(code.text)) return undefined
  return typeof message === 'string'
    ? { kind: 'error', code: Number(code.text), message, data }
    : undefined
}

function taskResult(
  id: RpcId,
  { createdAt, endsAt, id: taskId, pollMs = POLL_MS, updatedAt }: ClientTask,
  status: string,
  more: readonly [string, Json][],
): RpcResult {
  return {
    kind: 'result',
    id,
    result: new Map<string, Json>([
      ['taskId', taskId],
      ['status', status],
      ['createdAt', new Date(createdAt).toISOString()],
      ['lastUpdatedAt', new Date(updatedAt).toISOString()],
      ['ttlMs', exact(endsAt - createdAt)],
      ['pollIntervalMs', exact(pollMs)],
      ...more,
    ]),
  }
}
