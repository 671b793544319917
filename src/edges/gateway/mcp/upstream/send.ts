import {
  failedCall,
  forwardedAnswer,
  META,
  printedTexts,
  reshaped,
} from '../../../../calls/mcp-messages/index.ts'
import { TASKS_CAPABILITY } from '../../../../calls/mcp-sessions/index.ts'
import { countOpenTasks, MAX_OPEN_TASKS } from '../../../../calls/mcp-tasks/index.ts'
import { sha256url } from '../../../../platform/lib/bytes.ts'
import { configuredUrl } from '../../../../platform/lib/client-url.ts'
import { ExactNumber, type JsonObject, printJson } from '../../../../platform/lib/json.ts'
import { slotHolders } from '../../../../platform/lib/under-way/held-places.ts'
import { type ExchangeResult, MCP, STATELESS_REVISION } from '../../../../platform/net/index.ts'
import { noSlot } from '../../http/upstream-failure.ts'
import { saidInResult } from '../../read-answer.ts'
import type { CallOutcome, EndedCall, SendingCall } from '../call-steps.ts'
import type { McpPorts } from '../ports.ts'
import { reshapeOf } from './inject-credential.ts'
import { UpstreamCall } from './sending.ts'
import { type LeaveReason, problemOf } from './upstream-failure.ts'

/** Sends the call and waits for its answer. Never throws: the outcome is the value. */
export async function send<C extends SendingCall>(
  equipped: C,
  ports: McpPorts,
): Promise<C & EndedCall> {
  if (isCrowded(equipped, ports)) return { ...equipped, outcome: crowdedOutcome(equipped) }
  const { origin } = configuredUrl(equipped.peer.url)
  const slot = await ports.slots.takeSoon(origin, slotHolders(equipped.verdict))
  if (!slot) return { ...equipped, outcome: noSlotOutcome(equipped) }
  const mayGoOn = await mayBecomeTask(equipped, ports).catch(() => false)
  const began = ports.decisions.clock.monotonic()
  const sending = new UpstreamCall(equipped, ports, { mayGoOn })
  const ended = await sending.run().catch(brokenOff).finally(slot)
  const latencyMs = ports.decisions.clock.monotonic() - began
  const outcome = sending.question
    ? asksOutcome(equipped, sending.question, { latencyMs, status: ended.status })
    : exchangeOutcome(equipped, ended, sending.left, latencyMs, ports)
  return {
    ...equipped,
    outcome: { ...outcome, ...saidIn(equipped, ended) },
    ...(sending.began ? { began: sending.began } : {}),
  }
}

/**
 * Checks whether a call may become a task of its server: the client has to declare that it
 * understands, and there has to be room for one more.
 */
async function mayBecomeTask(
  { conversation, rpc, verdict }: SendingCall,
  { decisions }: McpPorts,
): Promise<boolean> {
  if (rpc.method !== 'tools/call' || conversation.revision !== STATELESS_REVISION) return false
  if (!conversation.capabilities.includes(TASKS_CAPABILITY)) return false
  return (await countOpenTasks(decisions.storage.read, verdict.task.id)) < MAX_OPEN_TASKS
}

/** Outcome of a call that its server wants to hear more about: the client asks, and calls again. */
function asksOutcome(
  { rpc }: SendingCall,
  result: JsonObject,
  { latencyMs, status }: { latencyMs: number; status: number | undefined },
): CallOutcome {
  const digest = sha256url(printJson(result))
  const reply = { kind: 'result', id: rpc.id, result } as const
  return { state: 'answered', status, latencyMs, digest, reason: undefined, reply }
}

/** Checks whether a call begins a subscription of a session for which others have left no place here. */
function isCrowded(
  { conversation, rpc, verdict }: SendingCall,
  { decisions, subscriptions }: McpPorts,
): boolean {
  if (rpc.method !== MCP.subscribe || conversation.revision === STATELESS_REVISION) return false
  return !subscriptions.hasRoom(slotHolders(verdict), decisions.clock.now())
}

function crowdedOutcome({ rpc, verdict }: SendingCall): CallOutcome {
  const meta = { [META.decision]: verdict.decisionId }
  const reply = failedCall(rpc, 'too many subscriptions', meta)
  return notSent('request.too_many', reply)
}

/** Outcome for a caller that holds its share of the connections to the server already. */
function noSlotOutcome({ rpc, verdict }: SendingCall): CallOutcome {
  const { code, detail } = noSlot()
  const meta = { [META.decision]: verdict.decisionId, [META.retryAfter]: new ExactNumber('1') }
  const text = `Not executed: ${detail}. ${AGAIN} Decision ${verdict.decisionId}.`
  return notSent(code, failedCall(rpc, text, meta))
}

function notSent(reason: string, reply: CallOutcome['reply']): CallOutcome {
  const nothing = { status: undefined, latencyMs: 0, digest: undefined }
  return { state: 'not_sent', ...nothing, reason, reply }
}

/** Reads amounts from the server's answer, before anything is left out of it. */
function saidIn({ verdict }: SendingCall, ended: ExchangeResult): Pick<CallOutcome, 'said'> {
  if (verdict.settles.length === 0) return {}
  if (ended.state === 'answered' && ended.answer) return { said: saidInResult(ended.answer) }
  const left = ended.state === 'failed' && ended.failure === 'left'
  const large = ended.state === 'failed' && ended.failure === 'too_large'
  return { said: { unsaid: left ? 'cut' : large ? 'too_large' : 'failed' } }
}

/** Outcome when our own code fails while something may be sent already. */
function brokenOff(cause: unknown): ExchangeResult {
  const nothing = { status: undefined, session: undefined, bytes: 0 }
  return { state: 'failed', failure: 'cut', cause, ...nothing }
}

/**
 * Outcome of a call that the server executed and whose answer cannot be changed as policies
 * require.
 */
function withheldOutcome(
  { rpc, verdict }: SendingCall,
  { latencyMs, status }: { latencyMs: number; status: number | undefined },
): CallOutcome {
  const text = `Executed, and the answer is withheld: policies say what may be told of it, and it is not in a form in which that can be done. Do not repeat the call. Decision ${verdict.decisionId}.`
  return {
    state: 'answered',
    status,
    latencyMs,
    digest: undefined,
    reason: 'obligation.failed',
    reply: failedCall(rpc, text, { [META.decision]: verdict.decisionId }),
  }
}

const AGAIN = 'The same call can be made again.'
const LOOK_FIRST = 'Find out by reading whether it did before anything is tried again.'

/** Outcome of a call by what came of it. `left`: why we did not wait for more. */
export function exchangeOutcome(
  equipped: SendingCall,
  ended: ExchangeResult,
  left: LeaveReason,
  latencyMs: number,
  ports: McpPorts,
): CallOutcome {
  const { rpc, verdict } = equipped
  const { status } = ended
  if (ended.state === 'answered' && ended.answer) {
    const passed = forwardedAnswer(ended.answer, equipped)
    const reshape = reshapeOf(equipped, ports)
    const reply = reshape ? reshaped(passed, equipped, reshape) : passed
    if (!reply) return withheldOutcome(equipped, { status, latencyMs })
    const text =
      reply.kind === 'result' ? printedTexts.result(reply.result) : printJson(reply.message)
    const digest = sha256url(text)
    return { state: 'answered', status, latencyMs, digest, reason: undefined, reply }
  }
  if (ended.state === 'answered') throw new Error('a call was answered without a message')
  const problem = problemOf(ended, left)
  if (problem.cause)
    ports.log.warn({ decision: verdict.decisionId, err: problem.cause }, problem.code)
  const next = ended.state === 'not_sent' ? AGAIN : LOOK_FIRST
  const text = `Failed: ${problem.detail}. ${next} Decision ${verdict.decisionId}.`
  return {
    state: ended.state,
    status,
    latencyMs,
    digest: undefined,
    reason: left === 'cancelled' ? 'call.cancelled' : problem.code,
    reply: failedCall(rpc, text, { [META.decision]: verdict.decisionId }),
  }
}
