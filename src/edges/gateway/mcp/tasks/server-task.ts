import { DeferredCall, stillStands } from '../../../../calls/calls/index.ts'
import {
  askingTask,
  callError,
  endedTask,
  failedCall,
  keptText,
  META,
  mayBeAsked,
  openTaskResult,
  RpcAnswer,
  readKept,
  readQuestions,
  readTaskAnswer,
  serverWords,
  shownServerTask,
  type TaskAnswer,
} from '../../../../calls/mcp-messages/index.ts'
import {
  endTaskStep,
  extendTask,
  findServerTask,
  type ServerTask,
  taskEndOfLife,
} from '../../../../calls/mcp-tasks/index.ts'
import { typeArguments } from '../../../../catalog/argument-types/index.ts'
import { isObject, type JsonObject } from '../../../../platform/lib/json.ts'
import { Problem } from '../../../../platform/lib/problem.ts'
import { Redactor } from '../../../../platform/lib/redaction/redactor.ts'
import { RPC, type RpcResult } from '../../../../platform/net/index.ts'
import { PipelineEnd } from '../../ended.ts'
import { saidInResult } from '../../read-answer.ts'
import { refusalAnswer } from '../../refusal.ts'
import { admitted } from '../admitted.ts'
import type { PreparedCall } from '../call-steps.ts'
import { callOf } from '../decide.ts'
import { badParams } from '../find-action.ts'
import { inGroup } from '../group/in-group.ts'
import { denial } from '../people/refusal.ts'
import type { McpPorts } from '../ports.ts'
import type { McpReply } from '../reply.ts'
import type { TaskQuestion } from '../task-methods.ts'
import { reshapeOf } from '../upstream/inject-credential.ts'
import { upstreamPeer } from '../upstream/peer.ts'
import { exchangeOutcome } from '../upstream/send.ts'
import { askTaskServer, cancelAtServer } from './ask-server.ts'
import { ENDED_TASK_RETENTION_MS, endUnfinished } from './end-overdue.ts'

const NOTHING: JsonObject = new Map()

/** A task and its call, for the client that asks about it now. */
interface FollowedTask {
  readonly held: ServerTask
  readonly prepared: PreparedCall
  /** Capabilities of the client that the server may use. */
  readonly may: readonly string[]
  /** True where policies leave something out of the answer. */
  readonly reshaped: boolean
}

/**
 * Answers a request about a call that its server goes on with as a task. Each is decided as the call
 * was, on everything as it is now; only cancelling needs no more than the caller's own task.
 */
export async function serveServerTask(
  asked: TaskQuestion,
  held: ServerTask,
  reply: McpReply,
  ports: McpPorts,
): Promise<void> {
  const { placed, rpc } = asked
  if (held.expiresAt <= ports.decisions.clock.now()) {
    await endUnfinished(held, ports)
    await admitted(placed, ports)
    throw badParams(rpc.id, 'unknown task')
  }
  if (rpc.method === 'tasks/cancel') {
    await admitted(placed, ports)
    await cancel(held, asked, ports)
    reply.end({ kind: 'result', id: rpc.id, result: NOTHING })
    return
  }
  const followed = await follow(asked, held, reply, ports)
  const answer =
    rpc.method === 'tasks/get' ? await get(followed, ports) : await update(followed, asked, ports)
  // INVARIANT, second look: nothing of a task is told that rests on what has ended meanwhile.
  if (!(await stillStands(ports.decisions, [followed.prepared.verdict], 'begun')))
    throw new Problem('call.no_longer_live', 'something that the task depends on changed')
  reply.end(answer)
}

/** Decides whether the call may go on for the caller, and prepares to ask its server. */
async function follow(
  { conversation, placed, rpc }: TaskQuestion,
  held: ServerTask,
  reply: McpReply,
  ports: McpPorts,
): Promise<FollowedTask> {
  const { params, taskId: task } = held
  const { audience, resource } = placed
  const listed = (await ports.catalog.current()).actionsOf(resource.name)
  const action = listed.find(
    ({ method, path }) => method === 'tools/call' && path === params.get('name'),
  )
  const given = params.get('arguments')
  const body = isObject(given) ? given : NOTHING
  const typed = action && typeArguments(action, { path: new Map(), query: [], body })
  if (!action || !typed?.ok) {
    await admitted(placed, ports)
    throw new RpcAnswer(callError(rpc.id, 'the tool is not there any more as it was called', {}))
  }
  const resolved = {
    ...{ ...placed, conversation, action, params, arguments: typed.arguments },
    ...{ answer: reply, cancelled: reply.gone, progressToken: undefined },
    rpc: { ...rpc, method: 'tools/call', params },
  }
  const call = callOf(resolved, ports)
  const verdict = await new DeferredCall(ports.decisions, held.decisionId).decide(call)
  if (verdict.outcome === 'deny') {
    if (verdict.challenge)
      throw new PipelineEnd(refusalAnswer(verdict, audience ?? resource, ports))
    throw denial(rpc, verdict, 'Nothing is told of this task')
  }
  const { peer, secrets } = await upstreamPeer(resource, verdict, ports)
  const redactor = new Redactor(secrets)
  const prepared: PreparedCall = { ...resolved, call, task, verdict, peer, redactor }
  const reshaped = reshapeOf(prepared, ports) !== undefined
  return { held, prepared, may: mayBeAsked(prepared, reshaped), reshaped }
}

async function get(followed: FollowedTask, ports: McpPorts): Promise<RpcResult> {
  const { held, may, prepared, reshaped } = followed
  const { id } = prepared.rpc
  if (held.state !== 'open') return toldEnd(followed, ports)
  const answer = await state(followed, ports)
  const now = ports.decisions.clock.now()
  if (answer.is === 'silent')
    return openTaskResult(
      id,
      shownServerTask(held, now),
      'working',
      'From the gateway: no news of it',
    )
  if (answer.is === 'over') return endServerTask(followed, answer, ports)
  const { said } = answer
  const expiresAt = taskEndOfLife(
    said.get('ttlMs'),
    held.createdAt,
    prepared.verdict.ticket.deadline,
  )
  if (expiresAt !== held.expiresAt) await extendTask(ports.decisions, held, expiresAt)
  const shown = shownServerTask({ ...held, expiresAt }, now, said)
  if (!answer.asks)
    return openTaskResult(id, shown, 'working', serverWords(said, prepared, reshaped))
  const read = readQuestions(said, prepared, may)
  if (!(read instanceof Problem)) return askingTask(id, shown, read.questions)
  const cause = { state: 'failed', failure: 'unexpected', cause: read } as const
  const nothing = { bytes: 0, session: undefined, status: 200 }
  return endServerTask(followed, { is: 'over', ended: { ...cause, ...nothing } }, ports)
}

async function state({ held, may, prepared }: FollowedTask, ports: McpPorts): Promise<TaskAnswer> {
  const ended = await askTaskServer(prepared, held, { method: 'tasks/get', may }, ports)
  return ended ? readTaskAnswer(ended, held.serverTask) : { is: 'silent' }
}

/**
 * Passes on what the client answers to what the server asks. INVARIANT: only that: whatever else a
 * client says goes to a server as arguments, which are decided on.
 */
async function update(
  followed: FollowedTask,
  { rpc: { id, params } }: TaskQuestion,
  ports: McpPorts,
): Promise<RpcResult> {
  const { held, may, prepared } = followed
  const responses = params.get('inputResponses')
  if (!isObject(responses)) throw badParams(id, '`inputResponses` has to be an object')
  const done = { kind: 'result', id, result: NOTHING } as const
  if (held.state !== 'open' || may.length === 0 || responses.size === 0) return done
  const answer = await state(followed, ports)
  if (answer.is !== 'open' || !answer.asks) return done
  const read = readQuestions(answer.said, prepared, may)
  if (read instanceof Problem) return done
  const wanted = new Map([...responses].filter(([key]) => read.questions.has(key)))
  if (wanted.size === 0) return done
  const how = { method: 'tasks/update', may, more: [['inputResponses', wanted]] } as const
  const ended = await askTaskServer(
    prepared,
    held,
    { ...how, more: [['inputResponses', wanted]] },
    ports,
  )
  if (ended?.state === 'answered' && ended.answer?.kind === 'result') return done
  const words = 'the MCP server did not take the answers, or did not say that it did'
  throw new RpcAnswer(callError(id, words, {}, RPC.internalError))
}

async function cancel(
  held: ServerTask,
  { placed: { resource } }: TaskQuestion,
  ports: McpPorts,
): Promise<void> {
  if (held.state !== 'open') return
  const { clock, storage } = ports.decisions
  const ending = { state: 'failed', reason: 'call.cancelled', said: { unsaid: 'cut' } } as const
  const to = { state: 'cancelled', expiresAt: clock.now() + ENDED_TASK_RETENTION_MS } as const
  const step = endTaskStep(storage.read, held.id, to)
  const first = await new DeferredCall(ports.decisions, held.decisionId).end(ending, [step])
  if (first) await cancelAtServer(held, resource, ports)
}

/**
 * Ends the call with what its server answered: checked, changed and counted like every answer, and
 * recorded by the first request that sees it. Later ones get the kept answer.
 */
async function endServerTask(
  followed: FollowedTask,
  { cancelled, ended }: Extract<TaskAnswer, { is: 'over' }>,
  ports: McpPorts,
): Promise<RpcResult> {
  const { held, prepared } = followed
  const { decisions } = ports
  const { obligations, ticket } = prepared.verdict
  const now = decisions.clock.now()
  const { reply, ...outcome } = exchangeOutcome(
    prepared,
    ended,
    undefined,
    now - held.createdAt,
    ports,
  )
  const answer = ended.state === 'answered' ? ended.answer : undefined
  const said = answer ? saidInResult(answer) : ({ unsaid: 'failed' } as const)
  const until = Math.min(now + ENDED_TASK_RETENTION_MS, ticket.deadline)
  const to = { state: cancelled ? 'cancelled' : 'ended', expiresAt: until } as const
  const first = await new DeferredCall(decisions, held.decisionId).end(
    { ...outcome, said },
    [endTaskStep(decisions.storage.read, held.id, to)],
    { text: keptText(reply), obligations, until },
  )
  const after = { ...followed, held: { ...held, ...to } }
  if (!first) {
    const other = await findServerTask(decisions, held.id)
    return toldEnd({ ...after, held: other ?? after.held }, ports)
  }
  if (!answer && !cancelled) await cancelAtServer(held, prepared.resource, ports)
  if (cancelled) return toldEnd(after, ports)
  return endedTask(inGroup(reply, prepared), shownServerTask(after.held, now))
}

/** Tells how a task ended, as often as it is asked. */
async function toldEnd({ held, prepared }: FollowedTask, ports: McpPorts): Promise<RpcResult> {
  const { rpc, verdict } = prepared
  const shown = shownServerTask(held, ports.decisions.clock.now())
  if (held.state === 'cancelled') return openTaskResult(rpc.id, shown, 'cancelled')
  const call = new DeferredCall(ports.decisions, held.decisionId)
  const { kept, larger, outdated } = await call.answer(verdict.obligations)
  const read = kept === undefined ? undefined : readKept(kept, rpc.id)
  const words = outdated
    ? 'the policies on what may be shown have changed'
    : larger
      ? 'it was told once, and is too large to be kept'
      : 'it is not kept'
  const text = `The call has ended, and its answer is not told: ${words}. Do not repeat the call. Decision ${held.decisionId}.`
  const reply = read ?? failedCall(rpc, text, { [META.decision]: held.decisionId })
  return endedTask(inGroup(reply, prepared), shown)
}
