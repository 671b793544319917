import type { Dispatcher } from 'undici'
import { isObject, type Json, type JsonObject } from '../../lib/json.ts'
import { Problem } from '../../lib/problem.ts'
import { exchange } from './exchange.ts'
import type { ExchangeLimits, ExchangeResult, Hooks, UnansweredExchange } from './exchanged.ts'
import {
  printMessage,
  RPC,
  type RpcError,
  type RpcMessage,
  type RpcNotification,
  type RpcRequest,
  type RpcResult,
} from './message.ts'
import {
  headerValue,
  isSessionRevision,
  MCP,
  type McpRevision,
  namedBy,
  SESSION_REVISIONS,
  STATELESS_REVISION,
} from './revisions.ts'

/** An MCP server and how it is reached. */
export interface McpPeer {
  readonly dispatcher: Dispatcher
  readonly url: string
  /** Headers that are sent besides MCP's own: the credential. */
  readonly headers: Readonly<Record<string, string>>
  readonly limits: ExchangeLimits
  /** Memory of how servers are spoken to, by URL. Without one, each is asked every time. */
  readonly known?: SpokenMemory
}

/** Generation of MCP: with sessions (to 2025-11-25), or without (2026-07-28). */
export type McpGeneration = 'stateless' | 'sessions'

/**
 * Remembers how servers are spoken to for clients of a generation: a server that has both is spoken to in the client's. `undefined`: not
 * known (any more).
 */
export interface SpokenMemory {
  get(url: string, wanted: McpGeneration): McpGeneration | undefined
  set(url: string, wanted: McpGeneration, spoken: McpGeneration): void
}

/**
 * A conversation that `openSession` began, or the mark that none is needed. A value: any replica
 * that has it can go on with it.
 */
export interface McpSession {
  readonly revision: McpRevision
  /** `Mcp-Session-Id`; a server need not have one. */
  readonly id: string | undefined
}

/** A server's answer to `initialize`, checked as far as it is used. */
export interface OpenedSession {
  readonly session: McpSession
  readonly capabilities: JsonObject
  readonly serverInfo: JsonObject
  readonly instructions: string | undefined
}

export type OpeningResult =
  | { readonly ok: true; readonly opened: OpenedSession }
  | { readonly ok: false; readonly ended: UnansweredExchange }

/** Visible ASCII (revision 2025-11-25, transports, session management), and not without end. */
const SESSION_ID = /^[\x21-\x7e]{1,512}$/
const CLIENT: JsonObject = new Map(Object.entries({ name: 'remit', version: '0' }))
/** Time that a server gets to say its revisions; a server that does not know the question may stay silent. */
const PROBE_MS = 5_000
/** Limits of messages that no caller waits for. */
const ASIDE: ExchangeLimits = { bytes: 64 * 1024, events: 0, timeMs: 5_000 }
/** Questions of a server during one exchange that are answered at all. */
const MAX_QUESTIONS = 32

/**
 * Finds out how a server is spoken to, and begins. A server of 2026-07-28 says so when it is asked
 * (`server/discover`); any other answer than one that settles it leads to `initialize` and
 * `notifications/initialized` (2026-07-28, "Backward Compatibility"). We say who we are, and what the
 * capabilities of the client whose session this is; they are empty for sessions of the gateway itself.
 *
 * `wanted` is the generation of the client that this is for. It is tried first: what a server of both can do in one, such as asking the
 * client while a call runs, it need not be able to do in the other.
 */
export async function openMcpSession(
  peer: McpPeer,
  hooks: Hooks = {},
  { capabilities = new Map(), wanted = 'stateless' }: OpeningWish = {},
): Promise<OpeningResult> {
  const known = peer.known?.get(peer.url, wanted)
  if (known === 'stateless') return { ok: true, opened: NOT_ASKED }
  const isFirst = known === 'sessions' || wanted === 'sessions'
  const found = isFirst ? undefined : await discover(peer, hooks, wanted)
  if (found) return found
  const began = await initialize(peer, hooks, capabilities)
  if (began.ok) peer.known?.set(peer.url, wanted, 'sessions')
  // A server may have no sessions, or none any more. Nothing was done, so it is asked again.
  const isOther = isFirst && !began.ok && began.ended.failure === 'unexpected'
  const isRefused = !began.ok && REFUSED.has(began.ended.status ?? 0)
  return (isOther && !isRefused ? await discover(peer, hooks, wanted) : undefined) ?? began
}

export interface OpeningWish {
  /** Capabilities of the client whose session this is. Default: none. */
  readonly capabilities?: JsonObject
  /** Default: without sessions. */
  readonly wanted?: McpGeneration
}

/** Statuses of a server that refuses the credential; it is not shown it again. */
const REFUSED: ReadonlySet<number> = new Set([401, 403])

const STATELESS: McpSession = { revision: STATELESS_REVISION, id: undefined }
const NOT_ASKED: OpenedSession = {
  session: STATELESS,
  capabilities: new Map(),
  serverInfo: new Map(),
  instructions: undefined,
}

/** Asks a server for its revisions; `undefined`: it has sessions, or does not say. */
async function discover(
  peer: McpPeer,
  hooks: Hooks,
  wanted: McpGeneration,
): Promise<OpeningResult | undefined> {
  const limits = { ...peer.limits, timeMs: Math.min(peer.limits.timeMs, PROBE_MS) }
  const request = { id: 'discover', method: 'server/discover', params: new Map() }
  const probe = () => ask({ ...peer, limits }, STATELESS, request, hooks)
  const first = await probe()
  // It is asked again, once, in the revision that it names; there is no other without sessions.
  const ended = namesStateless(first) ? await probe() : first
  if (ended.state !== 'answered') {
    const refused = REFUSED.has(ended.status ?? 0)
    const settled = ended.state === 'not_sent' || ended.failure === 'left' || refused
    return settled ? { ok: false, ended } : undefined
  }
  const result = ended.answer?.kind === 'result' ? ended.answer.result : undefined
  const versions = result?.get('supportedVersions')
  const capabilities = result?.get('capabilities')
  if (!Array.isArray(versions) || !versions.includes(STATELESS_REVISION)) return undefined
  if (!result || !isObject(capabilities)) return undefined
  peer.known?.set(peer.url, wanted, 'stateless')
  const meta = result.get('_meta')
  const serverInfo = isObject(meta) ? meta.get(MCP.meta.serverInfo) : undefined
  const instructions = result.get('instructions')
  return {
    ok: true,
    opened: {
      session: STATELESS,
      capabilities,
      serverInfo: isObject(serverInfo) ? serverInfo : new Map(),
      instructions: typeof instructions === 'string' ? instructions : undefined,
    },
  }
}

/** Checks whether a server that refuses a revision names the one without sessions among those that it speaks. */
function namesStateless(ended: ExchangeResult): boolean {
  const answer = ended.state === 'answered' ? ended.answer : undefined
  if (answer?.kind !== 'error' || answer.code !== MCP.error.unsupportedRevision) return false
  const supported = isObject(answer.data) ? answer.data.get('supported') : undefined
  return Array.isArray(supported) && supported.includes(STATELESS_REVISION)
}

async function initialize(
  peer: McpPeer,
  hooks: Hooks,
  capabilities: JsonObject,
): Promise<OpeningResult> {
  const params = new Map<string, Json>([
    ['protocolVersion', SESSION_REVISIONS[0]],
    ['capabilities', capabilities],
    ['clientInfo', CLIENT],
  ])
  const message: RpcRequest = { kind: 'request', id: 'initialize', method: 'initialize', params }
  const ended = await talk(peer, undefined, message, hooks)
  const opened = ended.state === 'answered' ? readOpened(ended.answer, ended.session) : undefined
  if (!opened)
    return {
      ok: false,
      ended: ended.state === 'answered' ? unexpected(ended, otherRevision(ended.answer)) : ended,
    }
  const said = await notify(peer, opened.session, 'notifications/initialized', new Map(), hooks)
  return said.state === 'answered' ? { ok: true, opened } : { ok: false, ended: said }
}

function readOpened(
  answer: RpcResult | RpcError | undefined,
  id: string | undefined,
): OpenedSession | undefined {
  if (answer?.kind !== 'result') return undefined
  const revision = answer.result.get('protocolVersion')
  const capabilities = answer.result.get('capabilities')
  const serverInfo = answer.result.get('serverInfo')
  const instructions = answer.result.get('instructions')
  if (!isSessionRevision(revision) || !isObject(capabilities) || !isObject(serverInfo))
    return undefined
  if (id !== undefined && !SESSION_ID.test(id)) return undefined
  return {
    session: { revision, id },
    capabilities,
    serverInfo,
    instructions: typeof instructions === 'string' ? instructions : undefined,
  }
}

/** Members of a request to a server of 2026-07-28 besides its parameters. */
export interface DeclaredMembers {
  /** Capabilities of the client that it is made for. Default: none. */
  readonly capabilities?: JsonObject
  /** Headers in which the tool's arguments are repeated. */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Sends one request. The id must not have been used in the session before (MCP, base protocol,
 * requests).
 */
export async function ask(
  peer: McpPeer,
  session: McpSession,
  request: Omit<RpcRequest, 'kind'>,
  hooks: Hooks = {},
  declared: DeclaredMembers = {},
): Promise<ExchangeResult> {
  if (!needsNoSession(session)) return talk(peer, session, { kind: 'request', ...request }, hooks)
  const { method, params } = request
  const meta = params.get('_meta')
  const _meta = new Map<string, Json>([
    ...(isObject(meta) ? meta : []),
    [MCP.meta.protocolVersion, STATELESS_REVISION],
    [MCP.meta.clientInfo, CLIENT],
    [MCP.meta.clientCapabilities, declared.capabilities ?? new Map()],
  ])
  const name = params.get(namedBy(method) ?? '')
  const headers = {
    ...peer.headers,
    ...declared.headers,
    'mcp-method': method,
    ...(typeof name === 'string' ? { 'mcp-name': headerValue(name) } : {}),
  }
  const message: RpcRequest = {
    kind: 'request',
    ...request,
    params: new Map<string, Json>([...params, ['_meta', _meta]]),
  }
  const ended = await talk({ ...peer, headers }, session, message, hooks)
  const { answer } = ended.state === 'answered' ? ended : {}
  return answer?.kind === 'result' && !isKnown(answer, method, declared)
    ? unexpected(ended, undefined)
    : ended
}

/**
 * A result of a type that we do not know is none (2026-07-28, "ResultType"), and neither is a
 * question, or a task, for a client that did not declare it. Only calls of tools become tasks.
 */
function isKnown(
  { result }: RpcResult,
  method: string,
  { capabilities = new Map() }: DeclaredMembers,
): boolean {
  const type = result.get('resultType') ?? 'complete'
  if (type !== 'task')
    return type === 'complete' || (type === 'input_required' && capabilities.size > 0)
  const extensions = capabilities.get('extensions')
  return method === 'tools/call' && isObject(extensions) && extensions.has(MCP.tasks)
}

export function needsNoSession({ revision }: McpSession): boolean {
  return revision === STATELESS_REVISION
}

/** Sends one notification in a session; nothing is answered. */
export function notify(
  peer: McpPeer,
  session: McpSession,
  method: string,
  params: JsonObject,
  hooks: Hooks = {},
): Promise<ExchangeResult> {
  const message: RpcNotification = { kind: 'notification', method, params }
  return talk({ ...peer, limits: ASIDE }, session, message, hooks)
}

/**
 * Listens to what a server with sessions says without being asked (2025-11-25, "Listening for Messages from the Server"), until
 * it ends the stream or a limit is reached. A server need not have such a stream.
 */
export function listenTo(
  peer: McpPeer,
  session: McpSession,
  hooks: Hooks,
): Promise<ExchangeResult> {
  const headers = { ...peer.headers, ...headersOf(session) }
  const post = { url: peer.url, method: 'GET', headers, body: undefined, id: undefined } as const
  let open = 0
  return exchange(peer.dispatcher, post, peer.limits, {
    ...hooks,
    onMessage(said) {
      hooks.onMessage?.(said)
      if (said.kind !== 'request' || open >= MAX_QUESTIONS) return
      open++
      void reply(peer, session, said, hooks).finally(() => open--)
    },
  })
}

/** Ends the session with `DELETE`. Servers may refuse that (405), and nothing follows from it. */
export async function endMcpSession(peer: McpPeer, session: McpSession): Promise<void> {
  if (session.id === undefined) return
  const headers = { ...peer.headers, ...headersOf(session) }
  const post = { url: peer.url, method: 'DELETE', headers, body: undefined, id: undefined } as const
  await exchange(peer.dispatcher, post, ASIDE)
}

function talk(
  peer: McpPeer,
  session: McpSession | undefined,
  message: RpcMessage,
  hooks: Hooks,
): Promise<ExchangeResult> {
  const post = {
    url: peer.url,
    method: 'POST',
    headers: { ...peer.headers, ...(session ? headersOf(session) : {}) },
    body: printMessage(message),
    id: message.kind === 'request' ? message.id : undefined,
    ...(session ? ({ errorStatuses: true } as const) : {}),
  } as const
  // Without a session a server asks in its results, and in no other way.
  let questions = session && needsNoSession(session) ? MAX_QUESTIONS : 0
  return exchange(peer.dispatcher, post, peer.limits, {
    ...hooks,
    onMessage(said) {
      if (said.kind === 'request' && ++questions <= MAX_QUESTIONS)
        void reply(peer, session, said, hooks)
      hooks.onMessage?.(said)
    },
  })
}

/**
 * Answers a server's request: a `ping` with a result, everything else as the hook does, or with the
 * error that we do not offer it.
 */
async function reply(
  peer: McpPeer,
  session: McpSession | undefined,
  question: RpcRequest,
  hooks: Hooks,
): Promise<void> {
  const { id, method } = question
  const answer: RpcMessage =
    method === 'ping'
      ? { kind: 'result', id, result: new Map() }
      : ((await hooks.onQuestion?.(question)) ?? notOffered(id))
  await talk({ ...peer, limits: ASIDE }, session, answer, {})
}

function notOffered(id: RpcRequest['id']): RpcError {
  return { kind: 'error', id, code: RPC.methodNotFound, message: 'not offered', data: undefined }
}

function headersOf({ id, revision }: McpSession): Record<string, string> {
  return {
    'mcp-protocol-version': revision,
    ...(id === undefined ? {} : { 'mcp-session-id': id }),
  }
}

/**
 * Problem for a server of another revision. Most servers that we cannot talk to are only older or
 * newer, and an operator can mend that.
 */
function otherRevision(answer: RpcResult | RpcError | undefined): Problem | undefined {
  const revision = answer?.kind === 'result' ? answer.result.get('protocolVersion') : undefined
  if (typeof revision !== 'string' || !/^[0-9A-Za-z.-]{1,32}$/.test(revision)) return undefined
  if (isSessionRevision(revision)) return undefined
  const detail = `the MCP server speaks revision ${revision}; ${SESSION_REVISIONS.join(' and ')} are spoken here, and ${STATELESS_REVISION}`
  return new Problem('outbound.unexpected_answer', detail)
}

function unexpected(ended: ExchangeResult, cause: Problem | undefined): UnansweredExchange {
  const { bytes, session, status } = ended
  return { state: 'failed', failure: 'unexpected', cause, bytes, session, status }
}
