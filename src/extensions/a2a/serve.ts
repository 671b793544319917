import { type AccessRequest, findRequest } from '../../approvals/access-requests/index.ts'
import { withdrawRequest } from '../../approvals/approvals/index.ts'
import { type AdmittedRequest, admit, reachOf, readResult } from '../../calls/calls/index.ts'
import { RpcAnswer } from '../../calls/mcp-messages/index.ts'
import {
  type GatewayPorts,
  type LocatedRequest,
  type McpPorts,
  PipelineEnd,
  presented,
  refusalAnswer,
  tellAdmitted,
} from '../../edges/gateway/index.ts'
import { isObject, type JsonObject, parseJson } from '../../platform/lib/json.ts'
import { findOwnQuestion } from './authority.ts'
import type { AgentCall, OwnedRequest } from './call-steps.ts'
import { extendedCard } from './card.ts'
import { a2aError, rpcFailure, taskNotFound } from './errors.ts'
import { payloadOf, taskIdOf } from './ids.ts'
import { messageArguments } from './message-arguments.ts'
import { A2A_CALL, A2A_REQUEST, bindingOf, render } from './pipeline.ts'
import { isTaskMethod, noPush, ownTask, readOfTask, readSending } from './read-params.ts'
import { A2aReply } from './reply.ts'
import { handedOnBy } from './ticket.ts'
import { answeredTask, asAnswer, waitingTask } from './waiting.ts'

const REQUEST_ID = /^req_[0-9A-Za-z_-]{1,64}$/
const CONSENT_ID = /^cns_[0-9A-Za-z_-]{1,64}$/
const NOTHING: JsonObject = new Map()

type AgentPorts = GatewayPorts & Pick<McpPorts, 'watch'>

/** Serves one HTTP request to an A2A agent behind the gateway. Throws what the gateway renders. */
export async function serveAgent(located: LocatedRequest, ports: AgentPorts): Promise<void> {
  let owned: OwnedRequest
  try {
    owned = await A2A_REQUEST.run(located, ports)
  } catch (error) {
    if (!(error instanceof RpcAnswer)) throw error
    new A2aReply(located.reply, bindingOf(located), false).end(error.reply)
    return
  }
  try {
    await answerAgentRequest(owned, ports)
  } catch (error) {
    render(error, owned.answer, ports)
  }
}

async function answerAgentRequest(owned: OwnedRequest, ports: AgentPorts): Promise<void> {
  const { id, method, params } = owned.rpc
  // The list of skills waits for the current card; a call does not.
  if (method === 'GetExtendedAgentCard') await ports.watch.look(owned.resource)
  else void ports.watch.begin(owned.resource)
  if (method === 'SendMessage' || method === 'SendStreamingMessage') await sendMessage(owned, ports)
  else if (isTaskMethod(method)) await ofTask(owned, readOfTask(id, method, params), ports)
  else if (method === 'GetExtendedAgentCard') await tellCard(owned, ports)
  else if (/PushNotificationConfigs?$/.test(method)) throw noPush(id)
  else if (method.includes('/'))
    throw rpcFailure(id, 'methodNotFound', 'method names of A2A 0.3 are not spoken here')
  else throw rpcFailure(id, 'methodNotFound', `\`${method.slice(0, 64)}\` is not offered`)
}

async function sendMessage(owned: OwnedRequest, ports: GatewayPorts): Promise<void> {
  const { rpc } = owned
  const { message } = Object.fromEntries(rpc.params)
  const task = isObject(message) ? message.get('taskId') : undefined
  if (typeof task === 'string' && REQUEST_ID.test(task)) await resume(owned, task, ports)
  const { given, params, skill } = readSending(rpc.id, rpc.params, owned.ids)
  await call(
    owned,
    { wire: rpc.method, params, given, ...(skill === undefined ? {} : { skill }) },
    ports,
  )
}

type WantedCall = Pick<AgentCall, 'wire' | 'params' | 'given'> &
  Pick<Partial<AgentCall>, 'skill' | 'deferred' | 'handsOn'>

async function call(owned: OwnedRequest, wanted: WantedCall, ports: GatewayPorts): Promise<void> {
  await A2A_CALL.run({ ...owned, ...wanted, isStream: isStream(owned) }, ports)
}

function isStream({ rpc: { method } }: OwnedRequest): boolean {
  return method === 'SendStreamingMessage' || method === 'SubscribeToTask'
}

async function ofTask(owned: OwnedRequest, params: JsonObject, ports: GatewayPorts): Promise<void> {
  const { ids, rpc } = owned
  const { contextId, id } = Object.fromEntries(params)
  if (rpc.method === 'ListTasks') {
    const context = typeof contextId === 'string' ? ids.contextToAgent(contextId) : undefined
    if (context === undefined) throw rpcFailure(rpc.id, 'invalidParams', '`contextId` is no id')
    const own = new Map([...params, ['contextId', context]])
    return call(owned, { wire: rpc.method, params: own, given: NOTHING }, ports)
  }
  const given = String(id)
  if (REQUEST_ID.test(given)) return ofRequest(owned, given, params, ports)
  if (CONSENT_ID.test(given)) return ofQuestion(owned, given, params, ports)
  const own = new Map([...params, ['id', ownTask(rpc.id, given, ids)]])
  return call(owned, { wire: rpc.method, params: own, given: NOTHING }, ports)
}

/**
 * Finds the access request of a call to this agent, of the caller's own task. INVARIANT: to every other
 * caller it is unknown, as if there were none.
 */
async function ownRequest(
  owned: OwnedRequest,
  id: string,
  ports: GatewayPorts,
): Promise<AccessRequest> {
  const request = await findRequest(ports.decisions, id)
  if (request?.resource !== owned.resource.name || request.taskId !== owned.task)
    throw taskNotFound(owned.rpc.id)
  return request
}

/** Id of the agent's task that an approved call led to; `undefined`: none, or it is not known any more. */
async function taskBehind(
  { ids }: OwnedRequest,
  { id, usedBy }: AccessRequest,
  ports: GatewayPorts,
): Promise<string | undefined> {
  const kept = usedBy ? await readResult(ports.decisions, usedBy) : undefined
  const value =
    kept && 'text' in kept
      ? parseJson(kept.text, { bytes: Buffer.byteLength(kept.text) })
      : undefined
  const task = isObject(value) ? taskIdOf(...payloadOf(value)) : undefined
  if (task !== undefined) ids.rename(task, id)
  return task
}

/** Lets a message go on with a task that waited for people, once it exists at the agent. */
async function resume(owned: OwnedRequest, id: string, ports: GatewayPorts): Promise<void> {
  const task = await taskBehind(owned, await ownRequest(owned, id, ports), ports)
  if (task === undefined)
    throw a2aError(owned.rpc.id, 'UNSUPPORTED_OPERATION', 'the task takes no messages as it stands')
  owned.ids.readAs(id, task)
}

/**
 * Answers a request about a call that waits for people, under the id of its access request. Once it is
 * approved, the next question executes it, with all that the call itself goes through.
 */
async function ofRequest(
  owned: OwnedRequest,
  id: string,
  params: JsonObject,
  ports: GatewayPorts,
): Promise<void> {
  const { rpc } = owned
  const request = await ownRequest(owned, id, ports)
  const behind = await taskBehind(owned, request, ports)
  if (behind !== undefined) {
    const own = new Map([...params, ['id', behind]])
    return call(owned, { wire: rpc.method, params: own, given: NOTHING }, ports)
  }
  const waits = request.state === 'approved'
  if (waits && rpc.method !== 'CancelTask') return execute(owned, request, ports)
  await admitted(owned, ports)
  const asked = { ...owned, wire: rpc.method, params, given: NOTHING, isStream: isStream(owned) }
  if (rpc.method !== 'CancelTask') {
    const page = `${ports.issuer}/approvals/${id}`
    throw asAnswer(
      asked,
      request.state === 'pending' ? waitingTask(request, page) : answeredTask(request),
    )
  }
  await withdrawRequest(ports.decisions, owned.task, id)
  const after = await ownRequest(owned, id, ports)
  if (after.state === 'cancelled') throw asAnswer(asked, answeredTask(after))
  throw a2aError(rpc.id, 'TASK_NOT_CANCELABLE', 'the task is not waiting any more')
}

/** Answers a request about authority that a person was asked for, under the id of the question. */
async function ofQuestion(
  owned: OwnedRequest,
  id: string,
  params: JsonObject,
  ports: GatewayPorts,
): Promise<void> {
  const { rpc } = owned
  const question = await findOwnQuestion(await admitted(owned, ports), id, ports)
  if (!question) throw taskNotFound(rpc.id)
  if (rpc.method === 'CancelTask')
    throw a2aError(rpc.id, 'TASK_NOT_CANCELABLE', 'a person was asked; the question ends by itself')
  const asked = { ...owned, wire: rpc.method, params, given: NOTHING, isStream: isStream(owned) }
  throw asAnswer(asked, question)
}

/** Makes the approved call as it was frozen. */
async function execute(
  owned: OwnedRequest,
  request: AccessRequest,
  ports: GatewayPorts,
): Promise<void> {
  const { message, params, skill } = frozenMessage(request)
  if (!message) throw taskNotFound(owned.rpc.id)
  const given = messageArguments(message) ?? NOTHING
  const wire = isStream(owned) ? 'SendStreamingMessage' : 'SendMessage'
  await call(
    owned,
    { wire, params, given, ...skill, ...handedOnBy(request), deferred: request },
    ports,
  )
}

/** Message of a call as it was frozen, with all of its parameters; none where it was no message. */
function frozenMessage({ call: text }: AccessRequest) {
  const frozen = parseJson(text, { bytes: Buffer.byteLength(text) })
  const { body, method, path } = isObject(frozen) ? Object.fromEntries(frozen) : {}
  const value = isObject(body) ? body.get('value') : undefined
  const params = isObject(value) ? value : NOTHING
  const message = params.get('message')
  return {
    params,
    message: isObject(message) ? message : undefined,
    skill: method === 'a2a/skill' && typeof path === 'string' ? { skill: path } : {},
  }
}

async function admitted(owned: OwnedRequest, ports: GatewayPorts) {
  const { ip, resource } = owned
  const who = await admit(ports.decisions, { ...presented(owned, ports), resource, origin: { ip } })
  if (who.outcome === 'deny') throw new PipelineEnd(refusalAnswer(who, resource, ports))
  return who
}

/** Tells a task the card with the skills that it could use now. */
async function tellCard(owned: OwnedRequest, ports: GatewayPorts): Promise<void> {
  const { resource, rpc } = owned
  const make = async (who: AdmittedRequest) => {
    const { actions, rests } = await reachOf(ports.decisions, who)
    const catalog = await ports.catalog.current()
    const listed = catalog.actionsOf(resource.name)
    return { answer: extendedCard(resource, listed, actions, ports), rests: [rests] }
  }
  const endWithResult = (result: JsonObject) =>
    owned.answer.end({ kind: 'result', id: rpc.id, result })
  await tellAdmitted(await admitted(owned, ports), make, endWithResult, ports)
}
