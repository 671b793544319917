import { type AccessRequest, findRequest } from '../../approvals/access-requests/index.ts'
import type { Verdict } from '../../calls/calls/index.ts'
import { RpcAnswer } from '../../calls/mcp-messages/index.ts'
import { type GatewayPorts, whoMay } from '../../edges/gateway/index.ts'
import { isObject, type Json, type JsonObject, parseJson } from '../../platform/lib/json.ts'
import type { RpcResult } from '../../platform/net/index.ts'
import type { AgentCall, Metadata, TypedAgentCall } from './call-steps.ts'
import { rpcFailure } from './errors.ts'
import { forClient, payloadOf, taskIdOf } from './ids.ts'

/** Adds what only we say about an answer. */
export function withOurs(value: JsonObject, ours: Metadata): JsonObject {
  if (ours.length === 0) return value
  const metadata = value.get('metadata')
  const theirs = isObject(metadata) ? [...metadata] : []
  return new Map<string, Json>([...value, ['metadata', new Map([...theirs, ...ours])]])
}

/** Answer to a call that people have to approve: a task of ours, under the id of the access request. */
export async function waiting(
  call: TypedAgentCall,
  verdict: Verdict<'requestable'>,
  ports: GatewayPorts,
): Promise<RpcAnswer> {
  const request = await findRequest(ports.decisions, verdict.request.id)
  if (!request) throw new Error(`the access request ${verdict.request.id} has no row`)
  const ours: Metadata = [
    ['remit/decision', verdict.decisionId],
    ['remit/approval', approvalOf(verdict)],
  ]
  return asAnswer(call, withOurs(waitingTask(request, verdict.request.page), ours))
}

function approvalOf({ request }: Verdict<'requestable'>): JsonObject {
  return new Map([
    ['id', request.id],
    ['url', request.url],
    ['page', request.page],
    ['expires_at', new Date(request.expiresAt).toISOString()],
  ])
}

/** Writes a task of ours as the method wants it: GetTask and CancelTask answer with it, the others with a payload. */
export function asAnswer(call: AgentCall, task: JsonObject): RpcAnswer {
  const { isStream, rpc } = call
  const bare = !isStream && rpc.method !== 'SendMessage'
  const result: RpcResult['result'] = bare ? task : new Map([['task', task]])
  return new RpcAnswer({ kind: 'result', id: rpc.id, result })
}

/** A task that waits for people. It has no secret: a person who opens the page signs in. */
export function waitingTask(request: AccessRequest, page: string): JsonObject {
  const words = `Waiting for approval by ${whoMay(request)}: ${page}`
  return ourTask(request, 'TASK_STATE_AUTH_REQUIRED', words)
}

/** Task for a call that people answered, or did not answer in time. */
export function answeredTask(request: AccessRequest): JsonObject {
  switch (request.state) {
    case 'denied': {
      const why = request.reason === null ? '' : `: ${request.reason}`
      return ourTask(request, 'TASK_STATE_REJECTED', `Not executed: a person denied this${why}.`)
    }
    case 'cancelled':
      return ourTask(request, 'TASK_STATE_CANCELED', 'Not executed: the request was withdrawn.')
    case 'expired':
      return ourTask(request, 'TASK_STATE_FAILED', 'Not executed: no one answered in time.')
    case 'approved':
    case 'pending':
      return ourTask(request, 'TASK_STATE_WORKING', 'Being executed.')
  }
}

/** Writes an agent's answer that is a message as the end of the task under which the call waited. */
export function asTask(
  { answeredAt, createdAt, id }: AccessRequest,
  message: JsonObject,
): JsonObject {
  const status = new Map<string, Json>([
    ['state', 'TASK_STATE_COMPLETED'],
    ['message', message],
    ['timestamp', new Date(answeredAt ?? createdAt).toISOString()],
  ])
  const context = message.get('contextId')
  return new Map<string, Json>([
    ['id', id],
    ...(context === undefined ? [] : [['contextId', context] as const]),
    ['status', status],
  ])
}

/** Writes a task of ours, which only says how something stands. */
export function ourTask(
  {
    answeredAt,
    createdAt,
    id,
  }: Pick<AccessRequest, 'answeredAt' | 'createdAt'> & { readonly id: string },
  state: string,
  words: string,
): JsonObject {
  const message = new Map<string, Json>([
    ['messageId', `${id}-${state.toLowerCase()}`],
    ['taskId', id],
    ['role', 'ROLE_AGENT'],
    ['parts', [new Map([['text', words]])]],
  ])
  const status = new Map<string, Json>([
    ['state', state],
    ['message', message],
    ['timestamp', new Date(answeredAt ?? createdAt).toISOString()],
  ])
  return new Map<string, Json>([
    ['id', id],
    ['status', status],
  ])
}

/** Answer to a call that was approved and sent before. It is not executed again. */
export function toldAgain(call: TypedAgentCall, verdict: Verdict<'executed'>): RpcAnswer {
  const { deferred, ids, rpc } = call
  const { decisionId, kept, state } = verdict
  const read = kept === undefined ? undefined : parseJson(kept, { bytes: Buffer.byteLength(kept) })
  const ours: Metadata = [
    ['remit/decision', decisionId],
    // A task is told as it is, however often it is asked for.
    ...(deferred ? [] : [['remit/told-again', true] as const]),
  ]
  if (isObject(read)) {
    const [name, value] = payloadOf(read)
    const about = taskIdOf(name, value)
    if (deferred && about !== undefined) ids.rename(about, deferred.id)
    const told = withOurs(forClient(name, value, ids), ours)
    if (!deferred && name === 'message')
      return new RpcAnswer({ kind: 'result', id: rpc.id, result: new Map([[name, told]]) })
    return asAnswer(call, deferred && name === 'message' ? asTask(deferred, told) : told)
  }
  if (deferred && state === 'sending') return asAnswer(call, answeredTask(deferred))
  const metadata = { decision_id: decisionId }
  return rpcFailure(rpc.id, 'internalError', BECAME[state], metadata)
}

/** INVARIANT: nothing that is not known is told as if it were. */
const BECAME: Readonly<Record<Verdict<'executed'>['state'], string>> = {
  sending: 'this call was approved, and is being sent; ask again in a moment',
  answered: 'this call was approved and executed once; its answer is not kept any more',
  failed: 'this call was approved and sent once; no whole answer came',
  indeterminate: 'this call was approved and used once; whether it was sent is not known',
}
