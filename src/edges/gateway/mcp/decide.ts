import {
  type AdmittedRequest,
  decideCall,
  isRecorded,
  type Verdict,
} from '../../../calls/calls/index.ts'
import { META, RpcAnswer, rpcError } from '../../../calls/mcp-messages/index.ts'
import { COMPLETE, completionResult } from '../../../catalog/argument-types/index.ts'
import { leftOut } from '../../../grants/code-grant/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { RPC, type RpcRequest } from '../../../platform/net/index.ts'
import { RESHAPING } from '../../../policy/obligations/index.ts'
import { findDecision } from '../../../tasks/decision-log/index.ts'
import type { Call } from '../../../tasks/facts/index.ts'
import { endCalls } from '../end-calls.ts'
import { PipelineEnd } from '../ended.ts'
import { presented } from '../presented.ts'
import { refusalAnswer } from '../refusal.ts'
import type { DecidedCall, TypedCall } from './call-steps.ts'
import { isGiven, unknownAction } from './find-action.ts'
import { isOwn, unknownSession } from './find-conversation.ts'
import { denial, notGiven } from './people/refusal.ts'
import type { McpPorts } from './ports.ts'

/** Asks `calls/`. `who`: sender of the request, where it was admitted before: its proof is used up. */
export async function decide(
  typed: TypedCall,
  ports: McpPorts,
  who?: AdmittedRequest,
): Promise<DecidedCall> {
  const { conversation } = typed
  const call = callOf(typed, ports)
  const verdict = await decideCall(ports.decisions, call, who)
  typed.waits()
  const task = await taskOf(verdict, ports)
  if (task === null || isOwn(conversation, task)) return { ...typed, call, task, verdict }
  if (verdict.outcome === 'permit')
    await endCalls(ports, [verdict], { state: 'not_sent', reason: 'mcp.session_unknown' })
  throw unknownSession()
}

/**
 * Writes the call to decide: the hashed, shown and sent call is `params` without `_meta`; the
 * proof is for the resource's own address.
 */
export function callOf(typed: TypedCall, ports: McpPorts): Call {
  const { action, ip, params, resource, rpc } = typed
  return {
    ...presented(typed, ports),
    resource,
    action,
    arguments: typed.arguments,
    sent: { method: rpc.method, path: action.path, query: [], headers: [], body: params },
    origin: { ip },
    // Messages of prompts, and values to choose from, are words, of which nothing can be taken out.
    doable: rpc.method === 'prompts/get' || rpc.method === COMPLETE ? [] : RESHAPING,
    ...(rpc.method === COMPLETE ? { incomplete: true } : {}),
  }
}

/** Id of the caller's task. Null: no caller was identified. */
async function taskOf(verdict: Verdict, { decisions }: McpPorts): Promise<string | null> {
  if (verdict.outcome === 'permit') return verdict.task.id
  const decision = await findDecision(decisions.storage.read, verdict.decisionId)
  return decision?.taskId ?? null
}

/**
 * Answer to a client whose call was denied: a bad token is an HTTP matter (401), an action that the
 * task was never given is called unknown, and every other reason is told.
 */
export async function denied(
  found: DecidedCall,
  verdict: Verdict<'deny'>,
  ports: McpPorts,
): Promise<Error> {
  const { answer, audience, rpc, resource, task } = found
  if (verdict.challenge && !answer.begun)
    return new PipelineEnd(refusalAnswer(verdict, audience ?? resource, ports))
  const hidden = verdict.reason === 'task.not_covered' && !(await isGiven(found, task, ports))
  if (hidden) {
    const isTold = verdict.attainable || (await wasAskedFor(found, task, ports))
    return isTold ? notGiven(found, verdict) : unknownAction(found)
  }
  if (rpc.method === COMPLETE && verdict.reason === 'arguments.unseen') {
    const meta = new Map(isRecorded(verdict) ? [[META.decision, verdict.decisionId]] : [])
    return new RpcAnswer({ kind: 'result', id: rpc.id, result: completionResult(meta) })
  }
  return verdict.reason === 'external.unmapped' ? unmapped(rpc, verdict) : denial(rpc, verdict)
}

/** Checks whether the client asked its person for the action: then it is no secret, and the person can still allow it. */
async function wasAskedFor(
  { action }: DecidedCall,
  task: string | null,
  { decisions }: McpPorts,
): Promise<boolean> {
  const held = task === null ? undefined : await decisions.facts.task(task)
  return held !== undefined && (await leftOut(decisions, held.task)).includes(action.name)
}

/** Answer to a call whose `params` cannot be mapped to a request (COAZ-MCP, "Mapping Errors"). */
function unmapped({ id }: RpcRequest, verdict: Verdict<'deny'>): RpcAnswer {
  const { decisionId, detail, enough, reason } = verdict
  const members = { ...(isRecorded(verdict) ? { decision_id: decisionId } : {}), enough }
  return new RpcAnswer(rpcError(id, RPC.invalidParams, new Problem(reason, detail, { members })))
}
