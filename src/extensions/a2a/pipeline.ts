import { decideCall } from '../../calls/calls/index.ts'
import { RpcAnswer } from '../../calls/mcp-messages/index.ts'
import { typeArguments } from '../../catalog/argument-types/index.ts'
import type { Action } from '../../catalog/catalog/index.ts'
import {
  endCalls,
  endUnsent,
  type GatewayPorts,
  injectedHeaders,
  type LocatedRequest,
  PipelineEnd,
  presented,
  readCallBody,
  refusalAnswer,
  refuseStranger,
} from '../../edges/gateway/index.ts'
import { startingWith } from '../../platform/lib/pipeline.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { Redactor } from '../../platform/lib/redaction/redactor.ts'
import { messageOf, RPC } from '../../platform/net/index.ts'
import { askForAuthority } from './authority.ts'
import type {
  A2aCaller,
  AgentCall,
  EquippedAgentCall,
  OwnedRequest,
  PermittedAgentCall,
  ResolvedAgentCall,
  TypedAgentCall,
} from './call-steps.ts'
import { A2A_VERSION } from './card.ts'
import { a2aError, denial, pending, rpcFailure } from './errors.ts'
import { OwnedIds } from './ids.ts'
import { invalidParams, withJsonNames } from './read-params.ts'
import { A2aReply, type Binding } from './reply.ts'
import { readRest, routeOf, VERSION_PARAMETER } from './rest.ts'
import { finish, send } from './send.ts'
import { decidedHeaders, TICKET, takeTicket, ticketFor } from './ticket.ts'
import { toldAgain, waiting } from './waiting.ts'

const STREAMS = new Set(['SendStreamingMessage', 'SubscribeToTask'])

/**
 * Steps of every request of A2A after its arrival, in order. A caller without a good token is told that
 * alone, before the body is waited for.
 */
export const A2A_REQUEST = startingWith<LocatedRequest, LocatedRequest, GatewayPorts>(
  'transport',
  checkTransport,
)
  .next('owner', findOwner)
  .next('whole message', takeMessage)

/**
 * Steps of a call to an agent, in order. Nothing else happens to it.
 *
 * `decision` is identify → facts → decide → reserve of `calls/`: behind it, proof, approval and
 * intent are durable. A failure from there on is recorded as not sent; a call that was sent is
 * recorded with its outcome.
 */
export const A2A_CALL = startingWith<AgentCall, ResolvedAgentCall, GatewayPorts>(
  'action',
  findAction,
)
  .next('typed arguments', typeCall)
  .next('ticket', takeTicket)
  .next('decision', decide)
  .next('credential', equip)
  .next('send', send)
  .next('outcome and answer', finish)

/** Binding that a request comes by: JSON-RPC at the identifier itself, HTTP+JSON below it. */
export function bindingOf({ segments }: Pick<LocatedRequest, 'segments'>): Binding {
  return segments.length === 0 ? 'JSONRPC' : 'HTTP+JSON'
}

/** Checks the HTTP request before its body is read: at an address of its binding, and from no page. */
function checkTransport(located: LocatedRequest, ports: GatewayPorts): LocatedRequest {
  const { request } = located
  const origin = request.headers.get('origin')
  if (origin !== undefined && origin !== ports.gateway)
    throw new Problem('request.cross_site', 'the request came from a page of another origin')
  if (bindingOf(located) === 'HTTP+JSON') {
    routeOf(located)
    return located
  }
  if (request.query.length > 0)
    throw new Problem('resource.unknown', 'an A2A agent is served at its identifier only')
  if (request.method === 'POST') return located
  throw new PipelineEnd({
    status: 405,
    headers: { allow: 'POST' },
    problem: new Problem('request.method_not_allowed', 'only POST is offered'),
  })
}

async function takeMessage(caller: A2aCaller): Promise<OwnedRequest> {
  const rpc = await readAgentMessage(caller)
  if (rpc.kind !== 'request') throw rpcFailure(undefined, 'invalidRequest', 'a request needs an id')
  if (versionsOf(caller).some((version) => version !== A2A_VERSION)) {
    const words = `only A2A ${A2A_VERSION} is spoken here: send \`A2A-Version: ${A2A_VERSION}\``
    throw a2aError(rpc.id, 'VERSION_NOT_SUPPORTED', words, { supported: A2A_VERSION })
  }
  const answer = new A2aReply(caller.reply, bindingOf(caller), STREAMS.has(rpc.method))
  return { ...caller, rpc: { ...rpc, params: withJsonNames(rpc.params) }, answer }
}

/** Versions that a request names, which have to agree; one that names none means 0.3 (section 3.6.2). */
function versionsOf({ request: { headers, query } }: LocatedRequest): readonly string[] {
  const header = headers.get('a2a-version')
  const given = query.filter(([name]) => name === VERSION_PARAMETER).map(([, value]) => value)
  const all = header === undefined ? given : [header, ...given]
  return all.length === 0 ? [''] : all
}

async function readAgentMessage(located: LocatedRequest) {
  try {
    if (bindingOf(located) === 'HTTP+JSON') return await readRest(located)
    const body = await readCallBody(located.message, located.request)
    if (body === undefined) throw new Problem('mcp.bad_message', 'there is no message')
    return messageOf(body)
  } catch (error) {
    if (!(error instanceof Problem) || !/^(?:input|mcp)\./.test(error.code)) throw error
    const code = error.code === 'input.malformed' ? 'parseError' : 'invalidRequest'
    throw rpcFailure(undefined, code, error.detail)
  }
}

/** Finds out whose ids the request speaks of; nothing is used up. */
async function findOwner(located: LocatedRequest, ports: GatewayPorts): Promise<A2aCaller> {
  const { task } = await refuseStranger(located, ports)
  return { ...located, task, ids: new OwnedIds(ports.master, located.resource, task) }
}

/** Finds the action by the skill that the message names, exactly as written, or by the operation. */
async function findAction(asked: AgentCall, ports: GatewayPorts): Promise<ResolvedAgentCall> {
  const { resource, skill, wire } = asked
  const catalog = await ports.catalog.current()
  const wanted: Pick<Action, 'method' | 'path'> =
    skill === undefined
      ? { method: 'a2a/operation', path: OPERATIONS[wire] ?? wire }
      : { method: 'a2a/skill', path: skill }
  const action = catalog
    .actionsOf(resource.name)
    .find(({ method, path }) => method === wanted.method && path === wanted.path)
  if (!action) throw invalidParams(asked.rpc.id, UNKNOWN_SKILL)
  return { ...asked, action }
}

/** Operations that are one action with another. */
const OPERATIONS: Readonly<Record<string, string>> = {
  SendStreamingMessage: 'SendMessage',
  ListTasks: 'GetTask',
  SubscribeToTask: 'GetTask',
}
const UNKNOWN_SKILL = 'the agent has no such skill'

function typeCall(found: ResolvedAgentCall): TypedAgentCall {
  const { action, given, rpc } = found
  const result = typeArguments(action, { path: new Map(), query: [], body: given })
  if (!result.ok) throw invalidParams(rpc.id, result.detail)
  return { ...found, arguments: result.arguments }
}

/**
 * Asks `calls/`. The hashed, shown and sent call is `params`, whole; the proof is for the resource's own
 * address. A call that needs people becomes a task that waits.
 */
async function decide(typed: TypedAgentCall, ports: GatewayPorts): Promise<PermittedAgentCall> {
  const { action, answer, ip, params, resource, rpc, task } = typed
  const verdict = await decideCall(ports.decisions, {
    ...presented(typed, ports),
    resource,
    action,
    arguments: typed.arguments,
    sent: {
      method: action.method,
      path: action.path,
      query: [],
      headers: decidedHeaders(typed),
      body: params,
    },
    origin: { ip },
    // Words of an agent are words: nothing can be taken out of them.
    doable: [],
  })
  typed.waits()
  switch (verdict.outcome) {
    case 'permit':
      // INVARIANT: the ids were read for the task that is permitted.
      if (verdict.task.id === task) return { ...typed, verdict }
      await endCalls(ports, [verdict], { state: 'not_sent', reason: 'call.no_longer_live' })
      throw rpcFailure(rpc.id, 'internalError', 'the token changed during the request')
    case 'requestable':
      throw typed.params.has('message')
        ? await waiting(typed, verdict, ports)
        : pending(rpc.id, verdict)
    case 'executed':
      throw toldAgain(typed, verdict)
    case 'deny':
      if (verdict.challenge && !answer.begun)
        throw new PipelineEnd(refusalAnswer(verdict, resource, ports))
      if (verdict.reason === 'task.not_covered' && typed.params.has('message')) {
        const asked = await askForAuthority(typed, verdict, ports)
        if (asked) throw asked
      }
      if (
        verdict.reason === 'task.not_covered' &&
        typed.skill !== undefined &&
        !(await isGiven(typed, ports))
      )
        throw invalidParams(rpc.id, UNKNOWN_SKILL)
      throw denial(rpc.id, verdict)
  }
}

/** Checks whether the task was given the skill at all: what it was not given is unknown to it. */
async function isGiven(
  { action, resource, task }: TypedAgentCall,
  ports: GatewayPorts,
): Promise<boolean> {
  const held = await ports.decisions.facts.task(task)
  return (held?.task.details ?? []).some(
    ({ actions, locations }) =>
      actions.includes(action.name) && locations.includes(resource.identifier),
  )
}

const GATEWAY = 'for a reason on the side of the gateway'

async function equip(
  permitted: PermittedAgentCall,
  ports: GatewayPorts,
): Promise<EquippedAgentCall> {
  const { resource, rpc, verdict } = permitted
  const notSent = async (error: unknown, words: string): Promise<never> => {
    await endUnsent(ports, [verdict], error)
    const about = { decision_id: verdict.decisionId }
    throw rpcFailure(rpc.id, 'internalError', `not executed: ${words}`, about)
  }
  const ticket = await ticketFor(permitted, ports).catch((error: unknown) => {
    // A ticket that the caller may not hand on any more is no failure of the gateway.
    const isTold = error instanceof Problem && error.status < 500
    return notSent(error, isTold ? error.detail : `the ticket could not be made, ${GATEWAY}`)
  })
  try {
    const { headers, secrets } = await injectedHeaders(resource, verdict, ports)
    return {
      ...permitted,
      headers: {
        ...headers,
        'a2a-version': A2A_VERSION,
        ...(ticket === undefined ? {} : { [TICKET]: ticket }),
      },
      redactor: new Redactor(ticket === undefined ? secrets : [...secrets, ticket]),
    }
  } catch (error) {
    return notSent(error, `the call could not be sent, ${GATEWAY}`)
  }
}

/** Answers an error as the binding has it, where that is possible; throws every other for the gateway to render. */
export function render(error: unknown, answer: A2aReply, ports: Pick<GatewayPorts, 'log'>): void {
  if (error instanceof RpcAnswer) answer.end(error.reply)
  else if (!answer.begun) throw error
  else {
    ports.log.error({ err: error }, 'a call failed')
    const words = 'the call failed'
    answer.end({
      kind: 'error',
      id: undefined,
      code: RPC.internalError,
      message: words,
      data: undefined,
    })
  }
}
