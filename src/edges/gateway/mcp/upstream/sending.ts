import { footingHooks, footingOf } from '../../../../calls/calls/index.ts'
import {
  askable,
  logMessage,
  MAX_ROUNDS,
  META,
  mayBeAsked,
  passedQuestion,
  readQuestions,
  type ServerQuestions,
  scrub,
  taskCreatedBy,
} from '../../../../calls/mcp-messages/index.ts'
import {
  declaredCapabilities,
  STATE_LIVES_MS,
  sealState,
  TASKS_CAPABILITY,
  tellLevel,
} from '../../../../calls/mcp-sessions/index.ts'
import { COMPLETE } from '../../../../catalog/argument-types/index.ts'
import type { Resource } from '../../../../catalog/catalog/index.ts'
import { ExactNumber, isObject, type Json, type JsonObject } from '../../../../platform/lib/json.ts'
import { Problem } from '../../../../platform/lib/problem.ts'
import {
  ask,
  type ExchangeResult,
  headerValue,
  MCP,
  type McpPeer,
  type McpSession,
  needsNoSession,
  notify,
  openMcpSession,
  RPC,
  type RpcError,
  type RpcNotification,
  type RpcRequest,
  type RpcResult,
  STATELESS_REVISION,
  sameId,
  type UnansweredExchange,
} from '../../../../platform/net/index.ts'
import type { SendingCall } from '../call-steps.ts'
import type { McpPorts } from '../ports.ts'
import { headerParameters } from '../stateless/header-parameters.ts'
import { askAll, askClient } from './ask-client.ts'
import { reshapeOf } from './inject-credential.ts'
import { listening } from './server-feeds.ts'
import type { LeaveReason } from './upstream-failure.ts'

/** One call on its way to a server, until there is an answer or none. */
export class UpstreamCall {
  readonly #equipped: SendingCall
  readonly #ports: McpPorts
  readonly #leaving = new AbortController()
  readonly #reshaped: boolean
  readonly #may: readonly string[]
  #rounds = 0
  left: LeaveReason
  /** Result that asks the client for what the server wants to know. */
  question: JsonObject | undefined
  /** Result with which the server says that it goes on with the call as a task. */
  began: JsonObject | undefined
  readonly #mayGoOn: boolean
  readonly #footing: ReturnType<typeof footingOf>

  /** `mayGoOn`: as a task of its server. */
  constructor(equipped: SendingCall, ports: McpPorts, { mayGoOn }: { readonly mayGoOn: boolean }) {
    this.#equipped = equipped
    this.#mayGoOn = mayGoOn
    this.#ports = ports
    this.#footing = footingOf(ports.decisions, [equipped.verdict])
    this.#reshaped = reshapeOf(equipped, ports) !== undefined
    const { method } = equipped.rpc
    const nothing =
      equipped.deferred !== undefined || method === COMPLETE || method === MCP.subscribe
    this.#may = nothing ? [] : mayBeAsked(equipped, this.#reshaped)
  }

  async run(): Promise<ExchangeResult> {
    const { cancelled } = this.#equipped
    const unwatch = this.#ports.running.watch(this.#footing, (cut) => this.#leave(cut))
    const onCancel = () => this.#leave('cancelled')
    cancelled.addEventListener('abort', onCancel)
    if (cancelled.aborted) onCancel()
    const release = this.#reshaped ? this.#ports.desk.reshape(this.#sessionKey()) : undefined
    try {
      return await this.#exchange()
    } finally {
      unwatch()
      release?.()
      cancelled.removeEventListener('abort', onCancel)
    }
  }

  /**
   * Sends the call, and once more in a new session when the server has forgotten the first: a 404
   * says that nothing was done (MCP, session management).
   */
  async #exchange(): Promise<ExchangeResult> {
    const first = await this.#session()
    if (!first.ok) return { ...first.ended, state: 'not_sent' }
    // Questions of a server during a call may come on the stream of the session.
    await this.#ports.feeds.ready(this.#sessionKey())
    const ended = await this.#ask(first.session)
    if (!isForgotten(ended, first.session)) return this.#goOn(first.session, ended)
    this.#ports.spoken.forget(this.#equipped.peer.url)
    const again = await this.#open()
    return again.ok ? this.#goOn(again.session, await this.#ask(again.session)) : again.ended
  }

  /**
   * Answers what the server asks, and sends the call again with the answers: rounds of one call, of
   * one decision. A client without a session makes them itself.
   */
  async #goOn(session: McpSession, ended: ExchangeResult): Promise<ExchangeResult> {
    const { conversation } = this.#equipped
    this.began = ended.state === 'answered' ? taskCreatedBy(ended.answer) : undefined
    if (this.began) return refusedExchange(ended, NOT_KEPT)
    const asks = ended.state === 'answered' ? questionOf(ended.answer, session) : undefined
    if (!asks) return ended
    const read = readQuestions(asks, this.#equipped, this.#may)
    if (read instanceof Problem) return refusedExchange(ended, read)
    if (conversation.revision === STATELESS_REVISION) return this.#askLater(ended, read)
    const leaving = this.#leaving.signal
    const responses = await askAll(this.#equipped, read, leaving, this.#ports)
    if (!responses || ++this.#rounds >= MAX_ROUNDS) return refusedExchange(ended, UNANSWERED)
    const input = new Map<string, Json>([
      ['inputResponses', responses],
      ...(read.state === undefined ? [] : [['requestState', read.state] as [string, Json]]),
    ])
    return this.#goOn(session, await this.#ask(session, input))
  }

  /** Leaves the questions to the client: it makes the same call again, with answers. */
  #askLater(ended: ExchangeResult, { questions, state }: ServerQuestions): ExchangeResult {
    const { params, resource, rpc, verdict } = this.#equipped
    const { decisions, master } = this.#ports
    const call = { resource: resource.name, method: rpc.method, params }
    const requestState = sealState(master, call, {
      task: verdict.task.id,
      expiresAt: decisions.clock.now() + STATE_LIVES_MS,
      of: 'server',
      ...(state === undefined ? {} : { server: state }),
    })
    if (requestState === undefined) return refusedExchange(ended, TOO_LONG)
    this.question = new Map<string, Json>([
      ['resultType', 'input_required'],
      ...(questions.size === 0 ? [] : [['inputRequests', questions] as [string, Json]]),
      ['requestState', requestState],
      ['_meta', new Map([[META.decision, verdict.decisionId]])],
    ])
    return ended
  }

  /** Finds the session with the server, or opens it for a task that speaks without sessions. */
  async #session(): Promise<SessionResult> {
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

  async #open(): Promise<SessionResult> {
    const { conversation, peer, resource } = this.#equipped
    const single = conversation.revision === STATELESS_REVISION
    const names = single ? [] : askable(conversation.capabilities, resource)
    const capabilities = declaredCapabilities(names)
    const opened = await openMcpSession(peer, this.#hooks(), {
      capabilities,
      wanted: single ? 'stateless' : 'sessions',
    })
    if (!opened.ok) return opened
    const { session } = opened.opened
    this.#ports.desk.reopen(this.#sessionKey(), session)
    this.#ports.feeds.renew(this.#sessionKey())
    return { ok: true, session }
  }

  /** INVARIANT: what a server keeps in a session is seen by the calls of one task only. */
  #sessionKey(): string {
    const { conversation, resource, verdict } = this.#equipped
    return upstreamKey(
      resource,
      conversation.task === undefined ? verdict.task.id : conversation.key,
    )
  }

  async #ask(session: McpSession, input = this.#given(session)): Promise<ExchangeResult> {
    const { rpc, peer, verdict } = this.#equipped
    if (rpc.method === MCP.subscribe && needsNoSession(session)) return this.#isTold(session)
    await this.#tellLevel(session)
    const id = this.#rounds === 0 ? verdict.decisionId : `${verdict.decisionId}.${this.#rounds}`
    const params = new Map([...this.#params(session), ...input])
    const request = { id, method: rpc.method, params }
    const onMessage = (said: RpcRequest | RpcNotification) => this.#relay(said)
    const onQuestion = (question: RpcRequest) => this.#answerTo(question)
    const hooks = { ...this.#hooks(), onMessage, onQuestion }
    const isSubscription = rpc.method === MCP.subscribe
    const at = isSubscription ? patientFor(peer) : peer
    const ended = await ask(at, session, request, hooks, this.#declared(session))
    if (isSubscription && isSilent(ended)) return notTold(ended, rpc)
    // Without a session, the end of the connection says it (2026-07-28, "Cancellation").
    if (ended.state === 'failed' && ended.failure === 'left' && !needsNoSession(session)) {
      const params = new Map([['requestId', verdict.decisionId]])
      void notify(peer, session, 'notifications/cancelled', params)
    }
    return ended
  }

  /**
   * Asks a server of 2026-07-28 to be told of a resource, until it says whether it does. The stream
   * that is for all resources of the task begins again then (`ServerFeeds`).
   */
  async #isTold(session: McpSession): Promise<ExchangeResult> {
    const { params, peer, rpc, verdict } = this.#equipped
    const uri = String(params.get('uri'))
    const said = new AbortController()
    let honoured: Json | undefined
    const { signal, ...hooks } = this.#hooks()
    const ended = await ask(patientFor(peer), session, listening([uri], verdict.decisionId), {
      ...hooks,
      signal: AbortSignal.any([signal, said.signal]),
      onMessage({ method, params: told }) {
        if (method !== 'notifications/subscriptions/acknowledged' || said.signal.aborted) return
        const filter = told.get('notifications')
        honoured = (isObject(filter) && filter.get('resourceSubscriptions')) || []
        said.abort()
      },
    })
    if (honoured === undefined && !isSilent(ended)) return ended
    if (!Array.isArray(honoured) || !honoured.includes(uri)) return notTold(ended, rpc)
    const { bytes, status } = ended
    const answer = { kind: 'result', id: rpc.id, result: new Map() } as const
    return { state: 'answered', answer, bytes, status, session: undefined }
  }

  /** Declares what a server of 2026-07-28 wants to hear, with the arguments that it wants twice. */
  #declared(session: McpSession): Parameters<typeof ask>[4] {
    if (!needsNoSession(session)) return {}
    const { action, params } = this.#equipped
    const headers = [...headerParameters(action, params.get('arguments'))].flatMap(
      ([name, text]) => (text === undefined ? [] : [[name, headerValue(text)] as const]),
    )
    const can = [...this.#may, ...(this.#mayGoOn ? [TASKS_CAPABILITY] : [])]
    const capabilities = declaredCapabilities(can)
    return { capabilities, headers: Object.fromEntries(headers) }
  }

  /** Answers of a client without a session to what the server asked in the round before. */
  #given(session: McpSession): ReadonlyMap<string, Json> {
    const { input } = this.#equipped
    // A server that has sessions by now asked nothing in this way.
    if (input?.of !== 'server' || !needsNoSession(session)) return new Map()
    const { responses, server } = input
    return new Map<string, Json>([
      ['inputResponses', responses],
      ...(server === undefined ? [] : [['requestState', server] as [string, Json]]),
    ])
  }

  /** Answers a question that a server with a session asks while it works. */
  async #answerTo(question: RpcRequest): Promise<RpcResult | RpcError | undefined> {
    // A single request has no way to be asked while it is under way.
    if (this.#equipped.conversation.revision === STATELESS_REVISION) return undefined
    const said = scrub(new Map([['params', question.params]]), this.#equipped.redactor)
    const asked = new Map<string, Json>([['method', question.method], ...said])
    const passed = passedQuestion(asked, this.#equipped, this.#may)
    if (passed instanceof Problem) return undefined
    const told = await askClient(this.#equipped, passed, this.#leaving.signal, this.#ports)
    return told && { ...told, id: question.id }
  }

  async #tellLevel(session: McpSession): Promise<void> {
    const { conversation, logLevel, peer, verdict } = this.#equipped
    if (logLevel === undefined || this.#reshaped || needsNoSession(session)) return
    const of = { key: this.#sessionKey(), isShared: conversation.task === undefined }
    const at = { ...of, id: `${verdict.decisionId}.level`, session, peer, hooks: this.#hooks() }
    await tellLevel(this.#ports.desk, at, logLevel)
  }

  #hooks() {
    return { ...footingHooks(this.#footing), signal: this.#leaving.signal }
  }

  #params(session: McpSession) {
    const { logLevel, params, progressToken, verdict } = this.#equipped
    const logs = logLevel !== undefined && !this.#reshaped && needsNoSession(session)
    const meta = new Map([
      ...(progressToken === undefined ? [] : [['progressToken', verdict.decisionId] as const]),
      ...(logs ? [[MCP.meta.logLevel, logLevel] as const] : []),
    ])
    return meta.size === 0 ? params : new Map<string, Json>([...params, ['_meta', meta]])
  }

  /**
   * Passes on progress of this very call, under the token of its client, and the log messages that
   * it asked for. No other message of a server is passed on.
   */
  #relay(said: RpcRequest | RpcNotification): void {
    const { answer, logLevel, progressToken, redactor, resource, verdict } = this.#equipped
    if (said.kind === 'notification' && logLevel !== undefined && !this.#reshaped) {
      const told = logMessage(said, logLevel, redactor)
      if (told) answer.notify(said.method, told)
    }
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

  #leave(left: LeaveReason): void {
    this.left ??= left
    this.#leaving.abort()
  }
}

/** Time that a server gets to acknowledge that it tells of a resource; one that stays silent is taken for one that does not. */
const ACKNOWLEDGED_MS = 5_000

function patientFor(peer: McpPeer): McpPeer {
  const timeMs = Math.min(peer.limits.timeMs, ACKNOWLEDGED_MS)
  return { ...peer, limits: { ...peer.limits, timeMs } }
}

function isSilent(ended: ExchangeResult): boolean {
  return ended.state === 'failed' && ended.failure === 'timed_out'
}

/** Outcome of a subscription that the server does not keep: no client would ever be told. */
function notTold(
  { bytes, status }: ExchangeResult,
  { id }: Pick<RpcRequest, 'id'>,
): ExchangeResult {
  const message = 'the server tells nothing of this resource'
  const answer = { kind: 'error', id, code: RPC.methodNotFound, message, data: undefined } as const
  return { state: 'answered', answer, bytes, status, session: undefined }
}

/** Key of the session with a server, of a task that speaks without sessions or of a client's session. */
export function upstreamKey({ name }: Pick<Resource, 'name'>, of: string): string {
  return `${name} ${of}`
}

type SessionResult =
  | { readonly ok: true; readonly session: McpSession }
  | { readonly ok: false; readonly ended: UnansweredExchange }

const LISTS_CHANGED = new Set([
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
])

/** Result in which a server asks for input; `undefined`: it does not. */
function questionOf(
  answer: RpcResult | RpcError | undefined,
  session: McpSession,
): JsonObject | undefined {
  if (answer?.kind !== 'result' || !needsNoSession(session)) return undefined
  return answer.result.get('resultType') === 'input_required' ? answer.result : undefined
}

const UNANSWERED = new Problem('upstream.asks', 'the MCP server asked, and no one answered')
const NOT_KEPT = new Problem(
  'upstream.task_ended',
  'the MCP server began a task that cannot be followed',
)
const TOO_LONG = new Problem('upstream.asks', 'the MCP server wants to keep too long a state')

/** Outcome of a call whose server asked a question that is not passed on, or not answered. */
function refusedExchange(
  { bytes, session, status }: ExchangeResult,
  cause: Problem,
): ExchangeResult {
  return { state: 'failed', failure: 'unexpected', cause, bytes, session, status }
}

/**
 * Checks whether a server says that it did nothing, because it does not know the session, or has
 * sessions after all (2026-07-28, Streamable HTTP, "Backward Compatibility").
 */
function isForgotten(ended: ExchangeResult, session: McpSession): boolean {
  const { status = 0 } = ended
  const single = needsNoSession(session)
  if (!single && session.id === undefined) return false
  if (ended.state !== 'answered')
    return ended.failure === 'unexpected' && (single ? OTHER_ERA.has(status) : status === 404)
  if (ended.answer?.kind !== 'error') return false
  return (status === 404 && !single) || (status === 400 && ENDED_CODES.has(ended.answer.code))
}

const OTHER_ERA = new Set([400, 404, 405])
/**
 * Codes of servers that do not speak the revision any more, and of those that do not know the
 * session: the SDK's own examples answer so, and not with 404.
 */
const ENDED_CODES = new Set<number>([MCP.error.unsupportedRevision, RPC.invalidRequest, -32000])

function numberOf(value: Json | undefined): number | undefined {
  const number = value instanceof ExactNumber ? Number(value.text) : Number.NaN
  return Number.isFinite(number) && number >= 0 ? number : undefined
}
