import { groundOf, mayContinue, stillLive } from '../../../calls/index.ts'
import { sha256url } from '../../../lib/bytes.ts'
import { ExactNumber, type Json, printJson } from '../../../lib/json.ts'
import {
  ask,
  type Exchanged,
  headerValue,
  MCP,
  type McpSession,
  type NotAnswered,
  needsNoSession,
  notify,
  openSession,
  RPC,
  type RpcNotification,
  type RpcRequest,
  sameId,
} from '../../../net/index.ts'
import { noSlot } from '../../http/upstream-failure.ts'
import { type Reshape, reshapeFor } from '../../obligations/reshape.ts'
import { saidInResult } from '../../read-answer.ts'
import { slotHolders } from '../../upstream-slots.ts'
import type { CallOutcome, CompletedCall, PreparedCall } from '../call-steps.ts'
import type { McpPorts } from '../ports.ts'
import { headerParameters } from '../stateless/header-parameters.ts'
import { failedCall, META } from '../tool-error.ts'
import { passedOn, reshaped } from './passed-on.ts'
import { type Left, problemOf } from './upstream-failure.ts'

/** Sends the call and waits for its answer. Never throws: the outcome is the value. */
export async function send(equipped: PreparedCall, ports: McpPorts): Promise<CompletedCall> {
  const slot = ports.slots.take(originOf(equipped.peer.url), slotHolders(equipped.verdict))
  if (!slot) return { ...equipped, outcome: noSlotOutcome(equipped) }
  const began = ports.decisions.clock.monotonic()
  const sending = new Sending(equipped, ports)
  const ended = await sending.run().catch(brokenOff).finally(slot)
  const latencyMs = ports.decisions.clock.monotonic() - began
  const outcome = outcomeOf(equipped, ended, sending.left, latencyMs, ports)
  return { ...equipped, outcome: { ...outcome, ...saidIn(equipped, ended) } }
}

function originOf(url: string): string {
  return new URL(url).origin
}

/** Outcome for a caller that holds its share of the connections to the server already. */
function noSlotOutcome({ rpc, verdict }: PreparedCall): CallOutcome {
  const { code, detail } = noSlot()
  const meta = { [META.decision]: verdict.decisionId, [META.retryAfter]: new ExactNumber('1') }
  const text = `Not executed: ${detail}. ${AGAIN} Decision ${verdict.decisionId}.`
  const reply = failedCall(rpc, text, meta)
  return {
    state: 'not_sent',
    status: undefined,
    latencyMs: 0,
    digest: undefined,
    reason: code,
    reply,
  }
}

/** Reads amounts from the server's answer, before anything is left out of it. */
function saidIn({ verdict }: PreparedCall, ended: Exchanged): Pick<CallOutcome, 'said'> {
  if (verdict.settles.length === 0) return {}
  if (ended.state === 'answered' && ended.answer) return { said: saidInResult(ended.answer) }
  const left = ended.state === 'failed' && ended.failure === 'left'
  const large = ended.state === 'failed' && ended.failure === 'too_large'
  return { said: { unsaid: left ? 'cut' : large ? 'too_large' : 'failed' } }
}

/** Outcome when our own code fails while something may be sent already. */
function brokenOff(cause: unknown): Exchanged {
  const nothing = { status: undefined, session: undefined, bytes: 0 }
  return { state: 'failed', failure: 'cut', cause, ...nothing }
}

class Sending {
  readonly #equipped: PreparedCall
  readonly #ports: McpPorts
  readonly #leaving = new AbortController()
  readonly #reshaped: boolean
  left: Left

  constructor(equipped: PreparedCall, ports: McpPorts) {
    this.#equipped = equipped
    this.#ports = ports
    this.#reshaped = reshapeOf(equipped, ports) !== undefined
  }

  async run(): Promise<Exchanged> {
    const { cancelled, verdict } = this.#equipped
    const { decisions, running } = this.#ports
    const unwatch = running.watch(
      { views: groundOf(verdict), lives: () => mayContinue(decisions, verdict) },
      (cut) => this.#leave(cut),
    )
    const onCancel = () => this.#leave('cancelled')
    cancelled.addEventListener('abort', onCancel)
    if (cancelled.aborted) onCancel()
    try {
      return await this.#exchange()
    } finally {
      unwatch()
      cancelled.removeEventListener('abort', onCancel)
    }
  }

  /**
   * Sends the call, and once more in a new session when the server has forgotten the first: a 404
   * says that nothing was done (MCP, session management).
   */
  async #exchange(): Promise<Exchanged> {
    const first = await this.#session()
    if (!first.ok) return { ...first.ended, state: 'not_sent' }
    const ended = await this.#ask(first.session)
    if (!isForgotten(ended, first.session)) return ended
    this.#ports.spoken.forget(this.#equipped.peer.url)
    const anew = await this.#open()
    return anew.ok ? this.#ask(anew.session) : anew.ended
  }

  /** Finds the session with the server, or opens it for a task that speaks without sessions. */
  async #session(): Promise<SessionOrNot> {
    const { desk } = this.#ports
    const { upstream } = this.#equipped.conversation
    const known = () => desk.reopened(this.#sessionKey()) ?? upstream
    const session = known()
    if (session) return { ok: true, session }
    const done = await desk.turn(this.#sessionKey(), this.#leaving.signal)
    try {
      const opened = known()
      return opened ? { ok: true, session: opened } : await this.#open()
    } finally {
      done()
    }
  }

  async #open(): Promise<SessionOrNot> {
    const opened = await openSession(this.#equipped.peer, this.#hooks())
    if (!opened.ok) return opened
    const { session } = opened.opened
    this.#ports.desk.reopen(this.#sessionKey(), session)
    return { ok: true, session }
  }

  /** INVARIANT: what a server keeps in a session is seen by the calls of one task only. */
  #sessionKey(): string {
    const { conversation, resource, verdict } = this.#equipped
    return conversation.task === undefined
      ? `${resource.name} ${verdict.task.id}`
      : conversation.key
  }

  async #ask(session: McpSession): Promise<Exchanged> {
    const { rpc, peer, verdict } = this.#equipped
    const request = { id: verdict.decisionId, method: rpc.method, params: this.#params() }
    const onMessage = (said: RpcRequest | RpcNotification) => this.#relay(said)
    const hooks = { ...this.#hooks(), onMessage }
    const ended = await ask(peer, session, request, hooks, this.#declared(session))
    // Without a session, the end of the connection says it (2026-07-28, "Cancellation").
    if (ended.state === 'failed' && ended.failure === 'left' && !needsNoSession(session)) {
      const params = new Map([['requestId', verdict.decisionId]])
      void notify(peer, session, 'notifications/cancelled', params)
    }
    return ended
  }

  /** Declares what a server of 2026-07-28 wants to hear, with the arguments that it wants twice. */
  #declared(session: McpSession): Parameters<typeof ask>[4] {
    if (!needsNoSession(session)) return {}
    const { action, params } = this.#equipped
    const repeated = [...headerParameters(action, params.get('arguments'))]
    const headers = repeated.flatMap(([name, text]) =>
      text === undefined ? [] : [[name, headerValue(text)] as const],
    )
    return { headers: Object.fromEntries(headers) }
  }

  #hooks() {
    const { decisions } = this.#ports
    const mayStart = () => stillLive(decisions, this.#equipped.verdict)
    return { mayStart, signal: this.#leaving.signal }
  }

  #params() {
    const { params, progressToken, verdict } = this.#equipped
    if (progressToken === undefined) return params
    const meta = new Map([['progressToken', verdict.decisionId]])
    return new Map<string, Json>([...params, ['_meta', meta]])
  }

  /**
   * Passes on progress of this very call, under the token of its client. No other message of a
   * server is passed on.
   */
  #relay(said: RpcRequest | RpcNotification): void {
    const { answer, progressToken, redactor, resource, verdict } = this.#equipped
    if (said.kind === 'notification' && LISTS_CHANGED.has(said.method))
      this.#ports.watch.due(resource.name)
    if (said.kind !== 'notification' || said.method !== 'notifications/progress') return
    const { message, progress, progressToken: about, total } = Object.fromEntries(said.params)
    if (progressToken === undefined || typeof about !== 'string') return
    if (!sameId(about, verdict.decisionId)) return
    const at = numberOf(progress)
    if (at === undefined) return
    // Words about a call of which not all may be told are not told.
    const words =
      typeof message === 'string' && !this.#reshaped ? redactor.text(message) : undefined
    answer.progress(progressToken, at, words, numberOf(total))
  }

  #leave(left: Left): void {
    this.left ??= left
    this.#leaving.abort()
  }
}

type SessionOrNot =
  | { readonly ok: true; readonly session: McpSession }
  | { readonly ok: false; readonly ended: NotAnswered }

const LISTS_CHANGED = new Set([
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
])

function reshapeOf({ verdict }: PreparedCall, { master }: McpPorts): Reshape | undefined {
  return reshapeFor(verdict.obligations, () => master.derive('obligation-hash'))
}

/**
 * Outcome of a call that the server executed and whose answer cannot be changed as policies
 * require.
 */
function withheldOutcome(
  { rpc, verdict }: PreparedCall,
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

/**
 * Checks whether a server says that it did nothing, because it does not know the session, or has
 * sessions after all (2026-07-28, Streamable HTTP, "Backward Compatibility").
 */
function isForgotten(ended: Exchanged, session: McpSession): boolean {
  if (!needsNoSession(session))
    return ended.state === 'failed' && ended.status === 404 && session.id !== undefined
  if (ended.state === 'answered')
    return (
      ended.status === 400 && ended.answer?.kind === 'error' && ENDED_CODES.has(ended.answer.code)
    )
  return ended.failure === 'unexpected' && OTHER_ERA.has(ended.status ?? 0)
}

const OTHER_ERA = new Set([400, 404, 405])
/** The revision is not spoken any more; and what servers with sessions say of a request without one. */
const ENDED_CODES = new Set<number>([MCP.error.unsupportedRevision, RPC.invalidRequest, -32000])

function numberOf(value: Json | undefined): number | undefined {
  const number = value instanceof ExactNumber ? Number(value.text) : Number.NaN
  return Number.isFinite(number) && number >= 0 ? number : undefined
}

const AGAIN = 'The same call can be made again.'
const LOOK_FIRST = 'Find out by reading whether it did before anything is tried again.'

function outcomeOf(
  equipped: PreparedCall,
  ended: Exchanged,
  left: Left,
  latencyMs: number,
  ports: McpPorts,
): CallOutcome {
  const { rpc, verdict } = equipped
  const { status } = ended
  if (ended.state === 'answered' && ended.answer) {
    const passed = passedOn(ended.answer, equipped)
    const reshape = reshapeOf(equipped, ports)
    const reply = reshape ? reshaped(passed, equipped, reshape) : passed
    if (!reply) return withheldOutcome(equipped, { status, latencyMs })
    const digest = sha256url(printJson(reply.kind === 'result' ? reply.result : reply.message))
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
