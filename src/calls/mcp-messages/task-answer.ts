import type { Resource } from '../../catalog/catalog/index.ts'
import { isObject, type Json, type JsonObject } from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Redactor } from '../../platform/lib/redaction/redactor.ts'
import {
  type ExchangeResult,
  RPC,
  type RpcError,
  type RpcResult,
} from '../../platform/net/index.ts'
import { readErrorObject } from './task-results.ts'

const MAX_ID = 1_024
const MAX_WORDS = 1_000

/** Answer of a server about one of its tasks. */
export type TaskAnswer =
  /** It could not be asked, or did not say. Nothing is known. */
  | { readonly is: 'silent' }
  | { readonly is: 'open'; readonly asks: boolean; readonly said: JsonObject }
  /** The task is over. `ended`: as a call that ends so. `cancelled`: by the server. */
  | { readonly is: 'over'; readonly ended: ExchangeResult; readonly cancelled?: true }

/**
 * Finds the task that a call has become, which `ask` lets through only where that was declared;
 * `undefined`: it has not.
 */
export function taskCreatedBy(answer: RpcResult | RpcError | undefined): JsonObject | undefined {
  const isOne = answer?.kind === 'result' && answer.result.get('resultType') === 'task'
  return isOne ? answer.result : undefined
}

/** Reads the id of a task; `undefined`: it has none that can be kept. */
export function readTaskId(said: JsonObject): string | undefined {
  const id = said.get('taskId')
  return typeof id === 'string' && id !== '' && id.length <= MAX_ID ? id : undefined
}

/**
 * Reads words of the server for people, in the gateway's frame. `undefined`: there are none, or policies leave something out of the
 * call, and nothing can be taken out of words.
 */
export function serverWords(
  said: JsonObject,
  { redactor, resource }: { readonly redactor: Redactor; readonly resource: Resource },
  reshaped: boolean,
): string | undefined {
  const words = said.get('statusMessage')
  if (typeof words !== 'string' || words === '' || reshaped) return undefined
  const told = `From the MCP server "${resource.title}": ${redactor.text(words)}`
  return told.slice(0, MAX_WORDS).toWellFormed()
}

/**
 * Reads a server's answer to `tasks/get` about the task of this id. Any other answer ends the
 * task: a server that speaks of another task, or of states that there are not, is not believed later.
 */
export function readTaskAnswer(ended: ExchangeResult, id: string): TaskAnswer {
  if (ended.state !== 'answered') {
    const came = ended.status === 200 && ended.failure === 'unexpected'
    return came || ended.failure === 'too_large' ? { is: 'over', ended } : { is: 'silent' }
  }
  const { answer } = ended
  if (answer?.kind !== 'result')
    return answer?.code === RPC.invalidParams ? over(ended, UNKNOWN) : { is: 'silent' }
  const said = answer.result
  if (said.get('taskId') !== id) return over(ended, undefined)
  switch (said.get('status')) {
    case 'working':
    case 'input_required':
      return { is: 'open', asks: said.get('status') === 'input_required', said }
    case 'completed':
      return finished(ended, readResult(said.get('result'), answer))
    case 'failed':
      return finished(ended, readFailure(said.get('error'), answer))
    case 'cancelled':
      return { ...over(ended, CANCELLED), cancelled: true }
    default:
      return over(ended, undefined)
  }
}

const UNKNOWN = new Problem('upstream.task_ended', 'the MCP server does not know the task any more')
const CANCELLED = new Problem('upstream.task_ended', 'the MCP server cancelled the task')

function over(ended: ExchangeResult, cause: Problem | undefined) {
  const { bytes, session, status } = ended
  const failed = { state: 'failed', failure: 'unexpected', cause, bytes, session, status } as const
  return { is: 'over', ended: failed } as const
}

function finished(ended: ExchangeResult, answer: RpcResult | RpcError | undefined): TaskAnswer {
  if (!answer) return over(ended, undefined)
  const { bytes, session, status } = ended
  return { is: 'over', ended: { state: 'answered', answer, bytes, session, status } }
}

/** A result that asks for more, or is a task again, is no end. */
function readResult(result: Json | undefined, { id }: RpcResult): RpcResult | undefined {
  if (!isObject(result)) return undefined
  const isWhole = (result.get('resultType') ?? 'complete') === 'complete'
  return isWhole ? { kind: 'result', id, result } : undefined
}

function readFailure(error: Json | undefined, { id }: RpcResult): RpcError | undefined {
  const failed = readErrorObject(error)
  return failed && { ...failed, id }
}
