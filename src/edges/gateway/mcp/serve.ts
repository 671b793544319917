import type { AdmittedRequest } from '../../../calls/calls/index.ts'
import {
  callError,
  RpcAnswer,
  rpcError,
  statelessAnswer,
} from '../../../calls/mcp-messages/index.ts'
import { isLogLevel, type McpConversation, setLogging } from '../../../calls/mcp-sessions/index.ts'
import { COMPLETE } from '../../../catalog/argument-types/index.ts'
import {
  hasCapability,
  type Resource,
  type ServerCapability,
} from '../../../catalog/catalog/index.ts'
import { ExactNumber, type JsonObject, printJson } from '../../../platform/lib/json.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import {
  endMcpSession,
  MCP,
  RPC,
  type RpcError,
  type RpcNotification,
  type RpcRequest,
  type RpcResult,
  STATELESS_REVISION,
} from '../../../platform/net/index.ts'
import type { Task } from '../../../tasks/tasks/index.ts'
import { PipelineEnd } from '../ended.ts'
import type { LocatedRequest } from '../passage.ts'
import { tellAdmitted } from '../tell-admitted.ts'
import { admitted } from './admitted.ts'
import type { PlacedCall } from './call-steps.ts'
import { notHeard } from './ended.ts'
import { badParams, isCall } from './find-action.ts'
import { enterMember } from './group/enter-member.ts'
import { inGroup } from './group/in-group.ts'
import { offersAt, restsOf, type ServerOffer } from './group/offers.ts'
import { initialize } from './initialize.ts'
import { isListMethod, list } from './lists.ts'
import { MCP_CALL, MCP_MESSAGE } from './pipeline.ts'
import type { McpPorts } from './ports.ts'
import { McpReply } from './reply.ts'
import { discover } from './stateless/discover.ts'
import { listen } from './streams/listen.ts'
import { drop, serveStream } from './streams/session-stream.ts'
import { isTaskMethod } from './task-methods.ts'
import { serveTask } from './tasks/serve-task.ts'
import { upstreamPeer } from './upstream/peer.ts'
import { upstreamKey } from './upstream/sending.ts'

/**
 * Serves one HTTP request to an MCP server behind the gateway. Throws what the gateway renders,
 * where nothing was answered yet.
 */
export async function serveMcp(located: LocatedRequest, ports: McpPorts): Promise<void> {
  const placed = await arrived(located, ports)
  if (!placed) return
  const { conversation, rpc: message } = placed
  if (conversation && located.request.method === 'GET')
    return await serveStream(placed, conversation, ports)
  if (message?.kind !== 'request') {
    const reply = new McpReply(located.reply)
    if (!conversation) throw new Error('only `initialize` has no session')
    await admitted(placed, ports)
    if (!message) await endConversation(placed, conversation, ports)
    else if (message.kind === 'notification') heard(message, conversation, ports)
    else ports.desk.answer(conversation.key, String(message.id), message)
    reply.empty(message ? 202 : 204)
    return
  }
  const asked = await enterMember({ ...placed, rpc: message }, ports)
  const reply = new McpReply(located.reply, writing(asked))
  try {
    await answerMcpRequest(asked, asked.rpc, reply, ports)
  } catch (error) {
    render(error, message, reply, ports)
  }
}

/** Writes answers as the address and the revision of the client have them. */
function writing(asked: PlacedCall & { rpc: RpcRequest }) {
  const { audience, conversation, resource, rpc } = asked
  return (told: RpcResult | RpcError) => {
    const written = inGroup(told, asked)
    return isWithoutSession(conversation)
      ? statelessAnswer(written, rpc.method, audience ?? resource)
      : written
  }
}

/** `undefined`: the message was refused, in JSON-RPC. */
async function arrived(located: LocatedRequest, ports: McpPorts): Promise<PlacedCall | undefined> {
  try {
    return await MCP_MESSAGE.run(located, ports)
  } catch (error) {
    if (!(error instanceof RpcAnswer)) throw error
    new McpReply(located.reply).end(error.reply, error)
    return undefined
  }
}

function isWithoutSession(conversation: McpConversation | undefined): boolean {
  return conversation?.revision === STATELESS_REVISION
}

async function answerMcpRequest(
  placed: PlacedCall,
  message: RpcRequest,
  reply: McpReply,
  ports: McpPorts,
): Promise<void> {
  const { conversation } = placed
  const { id, method } = message
  if (!conversation) {
    await initialize(placed, message, reply, ports)
  } else if (isWithoutSession(conversation) && isTaskMethod(method)) {
    await serveTask({ placed, rpc: message, conversation }, reply, ports)
  } else if (isWithoutSession(conversation) && method === 'subscriptions/listen') {
    await listen(placed, conversation, message, reply, ports)
  } else if (isCall(method) && !(isWithoutSession(conversation) && method === MCP.subscribe)) {
    await call({ ...placed, rpc: message }, conversation, reply, ports)
  } else {
    // Before listing: tools that this quarantines are not listed.
    if (isListMethod(method) || method === 'server/discover')
      await ports.watch.look(placed.resource)
    const who = await admitted(placed, ports)
    const told = isListMethod(method) || method === 'server/discover'
    const make = async (now: AdmittedRequest) => {
      const offers = told ? await offersAt(now, ports) : []
      const at = { ...placed, expiresAt: now.ticket.deadline, offers, task: now.task }
      const answer = await resultOf(message, conversation, at, ports)
      return { answer, rests: restsOf(offers) }
    }
    await tellAdmitted(who, make, (result) => reply.end({ kind: 'result', id, result }), ports)
  }
}

async function resultOf(
  message: RpcRequest,
  conversation: McpConversation,
  {
    expiresAt,
    offers,
    resource,
    task,
  }: PlacedCall & { expiresAt: number; offers: readonly ServerOffer[]; task: Task },
  ports: McpPorts,
): Promise<JsonObject> {
  const { id, method } = message
  const stateless = isWithoutSession(conversation)
  if (isListMethod(method)) return list(message, offers)
  if (stateless && method === 'server/discover') return discover(resource, offers, task, ports)
  if (!stateless && method === 'ping') return new Map()
  const servers = (await ports.catalog.current()).at(resource.identifier).resources
  const isOffered = (capability: ServerCapability) =>
    !stateless && servers.some(({ server }) => hasCapability(server, capability))
  if (method === 'logging/setLevel' && isOffered('logging')) {
    const level = message.params.get('level')
    if (!isLogLevel(level)) throw badParams(id, 'there is no such log level')
    await setLogging(ports.decisions.storage, { session: conversation.key, level, expiresAt })
    return new Map()
  }
  if (method === 'resources/unsubscribe' && isOffered('resources/subscribe')) {
    await drop(conversation, String(message.params.get('uri')), servers, ports)
    return new Map()
  }
  throw notOffered(message, stateless ? 404 : 200)
}

function notOffered({ id, method }: RpcRequest, status: 200 | 404): RpcAnswer {
  const words = `\`${method.slice(0, 64)}\` is not offered`
  return new RpcAnswer(callError(id, words, {}, RPC.methodNotFound), { status })
}

/** Capabilities that a server needs for calls of these methods. */
const NEEDED: ReadonlyMap<string, ServerCapability> = new Map([
  [MCP.subscribe, 'resources/subscribe'],
  [COMPLETE, 'completions'],
])

async function call(
  placed: PlacedCall & { rpc: RpcRequest },
  conversation: McpConversation,
  reply: McpReply,
  ports: McpPorts,
): Promise<void> {
  const needed = NEEDED.get(placed.rpc.method)
  if (needed && !hasCapability(placed.resource.server, needed)) {
    await admitted(placed, ports)
    throw notOffered(placed.rpc, isWithoutSession(conversation) ? 404 : 200)
  }
  const id = printJson(placed.rpc.id)
  const notified = ports.desk.begin(conversation.key, id)
  if (!notified) {
    const problem = new Problem('mcp.bad_message', 'a request with this `id` is already running')
    throw notHeard(problem, RPC.invalidRequest)
  }
  // Without a session, a client cancels by leaving; with one, leaving does not cancel.
  const cancelled = isWithoutSession(conversation)
    ? AbortSignal.any([notified, reply.gone])
    : notified
  void ports.watch.begin(placed.resource)
  const { subscriptions } = ports
  let recorded: Promise<void> | undefined
  try {
    if (placed.rpc.method === MCP.subscribe && subscriptions.isFull(conversation.key))
      throw new RpcAnswer(callError(placed.rpc.id, 'too many subscriptions', {}, RPC.internalError))
    const call = { ...placed, conversation, answer: reply, cancelled }
    recorded = (await MCP_CALL.run(call, ports)).recorded
  } finally {
    ports.desk.done(conversation.key, id)
  }
  // The caller may use the id again.
  await recorded
}

function heard(said: RpcNotification, conversation: McpConversation, { desk }: McpPorts): void {
  if (said.method !== 'notifications/cancelled') return
  const id = said.params.get('requestId')
  if (typeof id === 'string' || id instanceof ExactNumber)
    desk.cancel(conversation.key, printJson(id))
}

/**
 * Ends the session because the client is done with it, and our session with the server, if it allows
 * that. The task goes on: clients end a session with each call, and begin another one (contract 12.7).
 */
async function endConversation(
  { resource }: PlacedCall,
  conversation: McpConversation,
  ports: McpPorts,
): Promise<void> {
  ports.desk.end(conversation.key)
  ports.subscriptions.end(conversation.key)
  // A courtesy: a server that cannot be told does not keep our session from ending.
  const endUpstreamSession = async (server: Resource) => {
    const session =
      ports.desk.reopened(upstreamKey(server, conversation.key)) ?? conversation.upstream
    if (session) await endMcpSession((await upstreamPeer(server, undefined, ports)).peer, session)
  }
  for (const server of (await ports.catalog.current()).at(resource.identifier).resources)
    await endUpstreamSession(server).catch((error: unknown) =>
      ports.log.warn({ resource: server.name, err: error }, 'a server was not told of an end'),
    )
}

/** Answers an error as JSON-RPC where that is possible; throws every other error for the gateway to render. */
function render(error: unknown, { id }: RpcRequest, reply: McpReply, ports: McpPorts): void {
  if (error instanceof RpcAnswer) {
    reply.end(error.reply, error)
    return
  }
  if (!reply.begun) throw error
  // The stream has begun, so no status can tell it any more.
  const problem =
    error instanceof PipelineEnd && error.answer.problem
      ? error.answer.problem
      : new Problem('server.failed', 'the call failed')
  if (!(error instanceof PipelineEnd)) ports.log.error({ err: error }, 'a call failed')
  reply.end(rpcError(id, RPC.internalError, problem))
}
