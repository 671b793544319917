import { endCall, footingHooks, footingOf, keepResult } from '../../calls/calls/index.ts'
import { exact, scrub } from '../../calls/mcp-messages/index.ts'
import {
  type GatewayPorts,
  type LeaveReason,
  noSlot,
  problemOf,
} from '../../edges/gateway/index.ts'
import { sha256url } from '../../platform/lib/bytes.ts'
import { isObject, type Json, type JsonObject, printJson } from '../../platform/lib/json.ts'
import { slotHolders } from '../../platform/lib/under-way/held-places.ts'
import {
  type ExchangeResult,
  exchange,
  printMessage,
  type RpcError,
  type RpcResult,
} from '../../platform/net/index.ts'
import type { EquippedAgentCall, Metadata } from './call-steps.ts'
import { a2aError, passedError, rpcFailure } from './errors.ts'
import { forClient, NoAnswer, payloadOf, taskForClient, taskIdOf, wordsForClient } from './ids.ts'
import { asTask, withOurs } from './waiting.ts'

/** A call that has ended. */
export interface CompletedAgentCall extends EquippedAgentCall {
  readonly ended: CallEnd
}
interface CallEnd {
  readonly state: 'answered' | 'failed' | 'not_sent'
  readonly status: number | undefined
  readonly latencyMs: number
  readonly digest?: string
  readonly reason?: string
  /** Answer to keep for a repetition of the approved call: the agent's, without secrets. */
  readonly kept?: JsonObject | undefined
  /** Answer to the client; `undefined`: its stream ends. */
  readonly reply: RpcResult | RpcError | undefined
  /** True for an answer of the agent that is no stream. */
  readonly isWhole?: boolean
}

/** Sends the call and passes the answer on. Never throws: the outcome is the value. */
export async function send(
  equipped: EquippedAgentCall,
  ports: GatewayPorts,
): Promise<CompletedAgentCall> {
  const { resource, rpc, verdict } = equipped
  const slot = await ports.slots.takeSoon(new URL(resource.upstream).origin, slotHolders(verdict))
  if (!slot) {
    const { code, detail } = noSlot()
    const metadata = { decision_id: verdict.decisionId, retry_after: '1' }
    const { reply } = rpcFailure(rpc.id, 'internalError', detail, metadata)
    return {
      ...equipped,
      ended: { state: 'not_sent', status: undefined, latencyMs: 0, reason: code, reply },
    }
  }
  equipped.answer.decidedBy(verdict.decisionId)
  const began = ports.decisions.clock.monotonic()
  const passing = new AnswerRelay(equipped)
  const leaving = new AbortController()
  let left: LeaveReason
  const leave = (why: LeaveReason) => {
    left ??= why
    leaving.abort()
  }
  const footing = footingOf(ports.decisions, [verdict])
  const unwatch = ports.running.watch(footing, leave)
  const onGone = () => leave('cancelled')
  if (equipped.isStream) equipped.answer.gone.addEventListener('abort', onGone)
  if (equipped.isStream && equipped.answer.gone.aborted) onGone()
  try {
    const answered = await exchanged(
      equipped,
      passing,
      { ...footingHooks(footing), signal: leaving.signal },
      ports,
    )
    const latencyMs = ports.decisions.clock.monotonic() - began
    return { ...equipped, ended: endOf(equipped, passing, answered, { latencyMs, left, ports }) }
  } finally {
    unwatch()
    equipped.answer.gone.removeEventListener('abort', onGone)
    slot()
  }
}

function exchanged(
  { headers, isStream, params, resource, verdict, wire }: EquippedAgentCall,
  passing: AnswerRelay,
  hooks: ReturnType<typeof footingHooks> & { readonly signal: AbortSignal },
  ports: GatewayPorts,
): Promise<ExchangeResult> {
  const { answersWithin: timeMs, events, resultBytes: bytes } = ports.mcp
  const id = verdict.decisionId
  const body = printMessage({ kind: 'request', id, method: wire, params })
  const post = { url: resource.upstream, method: 'POST', headers, body, id } as const
  return exchange(
    ports.dispatcher,
    post,
    { bytes, events, timeMs },
    {
      ...hooks,
      onStream: () => {
        passing.isStreamed = true
      },
      ...(isStream ? { onPart: ({ result }: RpcResult) => passing.part(result) } : {}),
    },
  )
}

/** Passes on what an agent answers: without our secrets, with the ids that the client knows. */
class AnswerRelay {
  readonly #call: EquippedAgentCall
  /** Task of the agent that the answer is about, once that is known. */
  #task: string | undefined
  /** First task or message: what the call was answered with. */
  kept: JsonObject | undefined
  /** True when the agent answers by a stream. */
  isStreamed = false
  /** True when parts of a stream were passed on. */
  isBegun = false

  constructor(call: EquippedAgentCall) {
    this.#call = call
    const { params, wire } = call
    const message = params.get('message')
    const about = isObject(message) ? message.get('taskId') : params.get('id')
    if (typeof about === 'string' && wire !== 'ListTasks') this.#task = about
  }

  /** Passes on one part of a stream. @throws NoAnswer */
  part(result: JsonObject): void {
    const { answer, rpc } = this.#call
    answer.part(rpc.id, this.#payload(result))
    this.isBegun = true
  }

  /** Writes an answer for the client. @throws NoAnswer */
  whole(result: JsonObject): JsonObject {
    const { ids, params, redactor, wire } = this.#call
    if (wire === 'ListTasks')
      return listed(scrub(result, redactor), params.get('contextId'), this.#call)
    if (wire !== 'GetTask' && wire !== 'CancelTask') return this.#payload(result)
    const said = scrub(result, redactor)
    this.#about(taskIdOf('task', said))
    return withOurs(taskForClient(said, ids), this.#decision())
  }

  #payload(result: JsonObject): JsonObject {
    const { deferred, ids, isStream, redactor } = this.#call
    const said = scrub(result, redactor)
    const [name, value] = payloadOf(said)
    const about = taskIdOf(name, value)
    this.#about(about)
    if (name === 'task' || name === 'message') this.kept ??= new Map([[name, value]])
    // The client knows the task by the id under which it waited.
    if (deferred && about !== undefined) ids.rename(about, deferred.id)
    const told = withOurs(forClient(name, value, ids), this.#decision())
    if (!deferred) return new Map([[name, told]])
    const task = name === 'message' ? asTask(deferred, told) : told
    if (!isStream) return task
    return new Map([[name === 'message' ? 'task' : name, task]])
  }

  /** INVARIANT: an answer about another task than the one that was asked about is none. */
  #about(task: string | undefined): void {
    if (task === undefined) return
    if (this.#task !== undefined && this.#task !== task)
      throw new NoAnswer('the answer is about another task')
    this.#task = task
  }

  /** INVARIANT: events are alike in every stream of a task (A2A 1.0, section 3.5.2); of a stream, a header names the decision. */
  #decision(): Metadata {
    return this.#call.isStream ? [] : [['remit/decision', this.#call.verdict.decisionId]]
  }
}

/** Leaves in a list the tasks of the requested context. */
function listed(
  said: JsonObject,
  context: Json | undefined,
  { ids, verdict }: EquippedAgentCall,
): JsonObject {
  const tasks = said.get('tasks') ?? []
  if (!Array.isArray(tasks)) throw new NoAnswer('the answer has no list of tasks')
  const own = tasks.filter((each: Json) => isObject(each) && each.get('contextId') === context)
  const ours = [['remit/decision', verdict.decisionId]] as const
  const shown = own.map((each: Json) => withOurs(taskForClient(each, ids), ours))
  // The number of tasks of others is not told.
  const total = own.length === tasks.length ? said.get('totalSize') : undefined
  return new Map<string, Json>([
    ['tasks', shown],
    ['nextPageToken', said.get('nextPageToken') ?? ''],
    ['pageSize', said.get('pageSize') ?? exact(own.length)],
    ['totalSize', total ?? exact(own.length)],
  ])
}

interface Circumstances {
  readonly latencyMs: number
  readonly left: LeaveReason
  readonly ports: GatewayPorts
}

function endOf(
  call: EquippedAgentCall,
  passing: AnswerRelay,
  ended: ExchangeResult,
  { latencyMs, left, ports }: Circumstances,
): CallEnd {
  const { redactor, rpc, verdict } = call
  const metadata = { decision_id: verdict.decisionId }
  const about = { status: ended.status, latencyMs }
  const invalidAgentResponse = (words: string): CallEnd => {
    const { reply } = a2aError(rpc.id, 'INVALID_AGENT_RESPONSE', words, metadata)
    return { ...about, state: 'failed', reason: 'upstream.not_a2a', reply }
  }
  if (ended.state === 'answered' && ended.answer?.kind === 'result') {
    const { result } = ended.answer
    const digest = sha256url(printJson(result))
    try {
      const told = passing.isBegun ? undefined : passing.whole(result)
      const reply = told && ({ kind: 'result', id: rpc.id, result: told } as const)
      return { ...about, state: 'answered', digest, kept: passing.kept, reply }
    } catch (error) {
      if (error instanceof NoAnswer) return invalidAgentResponse(error.message)
      throw error
    }
  }
  if (ended.state === 'answered') {
    if (ended.answer?.kind !== 'error') throw new Error('a call was answered without a message')
    const { code, message } = ended.answer
    const said = wordsForClient(redactor.text(message), call.params, call.ids)
    const words = `the agent answered with an error: ${said}`
    const { reply } = passedError(rpc.id, code, words, metadata)
    const isWhole = !passing.isStreamed
    return { ...about, state: 'answered', digest: sha256url(words), reply, isWhole }
  }
  const problem = problemOf(ended, left, 'agent')
  if (problem.cause)
    ports.log.warn({ decision: verdict.decisionId, err: problem.cause }, problem.code)
  const { detail: words } = problem
  if (ended.failure === 'unexpected') return { ...invalidAgentResponse(words), state: ended.state }
  const { reply } = rpcFailure(rpc.id, 'internalError', words, metadata)
  const reason = left === 'cancelled' ? 'call.cancelled' : problem.code
  return { ...about, state: ended.state, reason, kept: passing.kept, reply }
}

/**
 * Records the outcome, whatever it was, and then answers. A store that fails now cannot undo what the
 * agent did, and a caller that is told of a failure repeats the call: so the answer is still sent.
 */
export async function finish(
  done: CompletedAgentCall,
  ports: GatewayPorts,
): Promise<CompletedAgentCall> {
  const { answer, ended, verdict } = done
  const { isWhole, kept, reply, ...recorded } = ended
  const { decisionId, obligations, settles } = verdict
  const failing = (words: string) => (error: unknown) =>
    ports.log.error({ decision: decisionId, err: error }, words)
  if (kept)
    await keepResult(ports.decisions, decisionId, printJson(kept), obligations).catch(
      failing('an answer was not kept'),
    )
  const said = settles.length > 0 ? { said: { unsaid: 'not_json' } as const } : {}
  const { late } = await endCall(ports.decisions, decisionId, { ...recorded, ...said })
  if (late !== undefined) failing('an outcome is not stored yet')(late)
  answer.end(reply, isWhole)
  return done
}
