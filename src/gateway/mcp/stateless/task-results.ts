import type { AccessRequest } from '../../../access-requests/index.ts'
import type { Json } from '../../../lib/json.ts'
import type { RpcError, RpcId, RpcResult } from '../../../net/index.ts'
import { exact } from '../tool-error.ts'

/** Time between two questions of a client, in milliseconds. */
const POLL_MS = 5_000

/** A task without a result (Tasks extension), with words for people. */
export function openTask(
  id: RpcId,
  request: AccessRequest,
  status: 'working' | 'cancelled',
  words?: string,
): RpcResult {
  return taskResult(id, request, status, words === undefined ? [] : [['statusMessage', words]])
}

/** Answer to the call itself: it has become a task. */
export function createdTask(id: RpcId, request: AccessRequest, words: string): RpcResult {
  return taskResult(id, request, 'working', [
    ['statusMessage', words],
    ['resultType', 'task'],
  ])
}

/** Writes the answer to a call as that of its task, which has ended. */
export function endedTask(answer: RpcResult | RpcError, request: AccessRequest): RpcResult {
  const { id } = answer
  if (id === undefined) throw new Error('an answer of ours names its request')
  if (answer.kind === 'result')
    return taskResult(id, request, 'completed', [['result', answer.result]])
  const { code, data, message } = answer
  const error = new Map<string, Json>([
    ['code', exact(code)],
    ['message', message],
    ...(data === undefined ? [] : [['data', data] as [string, Json]]),
  ])
  return taskResult(id, request, 'failed', [['error', error]])
}

function taskResult(
  id: RpcId,
  { answeredAt, createdAt, deadline, id: taskId }: AccessRequest,
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
      ['lastUpdatedAt', new Date(answeredAt ?? createdAt).toISOString()],
      ['ttlMs', exact(deadline - createdAt)],
      ['pollIntervalMs', exact(POLL_MS)],
      ...more,
    ]),
  }
}
