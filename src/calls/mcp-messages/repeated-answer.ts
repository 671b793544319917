import {
  isObject,
  type Json,
  type JsonObject,
  parseJson,
  printJson,
} from '../../platform/lib/json.ts'
import type { RpcError, RpcId, RpcRequest, RpcResult } from '../../platform/net/index.ts'
import type { Verdict } from '../calls/index.ts'
import { RpcAnswer } from './rpc-answer.ts'
import { errorObject, readErrorObject } from './task-results.ts'
import { META, type Meta, notExecuted, textContent } from './tool-error.ts'

/**
 * Text of an answer that is kept to be repeated. An error is kept as an error, so that it does not
 * read as a success.
 */
export function keptText(reply: RpcResult | RpcError): string {
  const kept: [string, Json] =
    reply.kind === 'result' ? ['result', reply.result] : ['error', errorObject(reply)]
  return printJson(new Map([kept]))
}

/** Reads a kept answer as the one to this request. */
export function readKept(kept: string, id: RpcId): RpcResult | RpcError | undefined {
  const read = parseJson(kept, { bytes: Buffer.byteLength(kept) })
  const [result, error] = isObject(read) ? [read.get('result'), read.get('error')] : []
  if (isObject(result)) return { kind: 'result', id, result }
  const failed = readErrorObject(error)
  return failed && { ...failed, id }
}

/** Answer to a call that was approved and sent before: its result, marked as repeated. */
export function repeatedAnswer(message: RpcRequest, verdict: Verdict<'executed'>): RpcAnswer {
  const { decisionId, kept, state } = verdict
  const meta: Meta = { [META.decision]: decisionId, [META.told]: true }
  const read = kept === undefined ? undefined : readKept(kept, message.id)
  if (read?.kind === 'result') return again(message, read.result, verdict, meta)
  const words = read ? `the server answered with an error: ${read.message}` : became(verdict)
  const more = state === 'sending' ? '' : ` ${onceMore(verdict)}`
  const text = `This call was approved before, and its approval is used; it is not sent again (decision ${decisionId}): ${words}.${more}`
  return notExecuted(message, text, meta)
}

/**
 * Answer of a task whose call was approved and sent: as often as it is asked for, the result or the error that there was,
 * without a mark, and what failed stays failed (Tasks extension, `tasks/get`).
 */
export function toldOfTask(message: RpcRequest, verdict: Verdict<'executed'>): RpcAnswer {
  const read = verdict.kept === undefined ? undefined : readKept(verdict.kept, message.id)
  return read ? new RpcAnswer(read) : repeatedAnswer(message, verdict)
}

/** Repeats the kept result; the caller of a tool is also told in words. */
function again(
  message: RpcRequest,
  result: JsonObject,
  { decisionId }: Verdict<'executed'>,
  meta: Meta,
): RpcAnswer {
  const told = new Map(result)
  if (message.method === 'tools/call') {
    const content = result.get('content')
    const words = `This call was approved and executed before (decision ${decisionId}). It is not executed again; this is the earlier answer.`
    told.set('content', [textContent(words), ...(Array.isArray(content) ? content : [])])
  }
  const before = result.get('_meta')
  const ours = Object.entries(meta)
  told.set('_meta', new Map<string, Json>([...(isObject(before) ? before : []), ...ours]))
  return new RpcAnswer({ kind: 'result', id: message.id, result: told })
}

/**
 * Describes the result of the earlier call. INVARIANT: nothing that is not known is told as if it
 * were.
 */
function became({ larger, outdated, state }: Verdict<'executed'>): string {
  switch (state) {
    case 'sending':
      return 'an earlier request is using the approval, and what became of it is not known yet. Send this exact call again in a moment to be told'
    case 'answered':
      if (outdated)
        return 'it was executed, and its answer is not repeated, because the policies on what may be shown have changed'
      return `it was executed, and its answer ${larger ? 'was too large to be kept' : 'is not kept any more'}`
    case 'failed':
    case 'indeterminate':
      return 'no whole answer came, so whether it was executed is not known. Find out by reading before anything else is done'
  }
}

function onceMore({ requestId, requestUrl }: Verdict<'executed'>): string {
  return `It can be executed once more only after people were asked again: POST {"request_id": "${requestId}"} to ${requestUrl} with the task token, or make the call in a new task.`
}
