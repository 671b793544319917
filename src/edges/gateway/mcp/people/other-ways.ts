import type { AccessRequest } from '../../../../approvals/access-requests/index.ts'
import type { Verdict } from '../../../../calls/calls/index.ts'
import {
  createdTask,
  META,
  openTaskResult,
  RpcAnswer,
  shownRequest,
} from '../../../../calls/mcp-messages/index.ts'
import {
  STATE_LIVES_MS,
  sealState,
  TASKS_CAPABILITY,
} from '../../../../calls/mcp-sessions/index.ts'
import { isObject, type Json } from '../../../../platform/lib/json.ts'
import { STATELESS_REVISION } from '../../../../platform/net/index.ts'
import type { DecidedCall } from '../call-steps.ts'
import type { McpPorts } from '../ports.ts'
import { whoMay } from './refusal.ts'

/** Key of our question among `inputRequests`. */
const QUESTION = 'remit/approval'

/**
 * Answer to a call that needs approval, for clients that know better ways than to wait: the page of
 * approval first, and then a task that they ask about. `undefined`: it is held.
 */
export function instead(
  decided: DecidedCall,
  verdict: Verdict<'requestable'>,
  request: AccessRequest,
  ports: McpPorts,
): RpcAnswer | undefined {
  const { conversation, deferred, rpc } = decided
  const words = `Waiting for approval by ${whoMay(request)} – ${verdict.request.page}`
  if (deferred)
    return new RpcAnswer(openTaskResult(rpc.id, shownRequest(deferred), 'working', words))
  if (conversation.revision !== STATELESS_REVISION) return undefined
  const can = (name: string) => conversation.capabilities.includes(name)
  if (can('elicitation/url') && pageAction(decided) === undefined)
    return askToOpen(decided, verdict, request, ports)
  if (can(TASKS_CAPABILITY) && rpc.method === 'tools/call')
    return new RpcAnswer(createdTask(rpc.id, shownRequest(request), words))
  return undefined
}

/** Action of the client with the page: `accept`, `decline`, `cancel`; `undefined`: it has not seen it. */
export function pageAction({ input }: DecidedCall): Json | undefined {
  const answer = input?.of === 'people' ? input.responses.get(QUESTION) : undefined
  return isObject(answer) ? answer.get('action') : undefined
}

/**
 * Asks the client to open the page of approval. That it was opened is no approval: people's answer
 * is looked for where they give it.
 */
function askToOpen(
  { rpc, params, resource, task }: DecidedCall,
  { decisionId, request: { page } }: Verdict<'requestable'>,
  request: AccessRequest,
  { decisions, master }: McpPorts,
): RpcAnswer | undefined {
  if (task === null) return undefined
  const expiresAt = Math.min(decisions.clock.now() + STATE_LIVES_MS, request.expiresAt)
  const call = { resource: resource.name, method: rpc.method, params }
  const requestState = sealState(master, call, { task, expiresAt, of: 'people' })
  if (requestState === undefined) return undefined
  const message = `This call waits for approval by ${whoMay(request)}. The page says what is asked for; send it on to the people who may answer.`
  const question = new Map<string, Json>([
    ['method', 'elicitation/create'],
    ['params', new Map(Object.entries({ mode: 'url', message, url: page }))],
  ])
  const result = new Map<string, Json>([
    ['resultType', 'input_required'],
    ['inputRequests', new Map([[QUESTION, question]])],
    ['requestState', requestState],
    ['_meta', new Map([[META.decision, decisionId]])],
  ])
  return new RpcAnswer({ kind: 'result', id: rpc.id, result })
}
