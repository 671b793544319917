import type { ServerQuestions } from '../../../../calls/mcp-messages/index.ts'
import { base64url } from '../../../../platform/lib/bytes.ts'
import { isObject, type Json, type JsonObject } from '../../../../platform/lib/json.ts'
import type { RpcError, RpcRequest, RpcResult } from '../../../../platform/net/index.ts'
import type { SendingCall } from '../call-steps.ts'
import type { McpPorts } from '../ports.ts'

const ID_BYTES = 12

type ClientCall = Pick<SendingCall, 'answer' | 'conversation'>

/**
 * Puts a question of the server to a client with a session, on the stream of the call, and waits for
 * its answer. `undefined`: no answer came in time, or the client has gone.
 */
export async function askClient(
  { answer, conversation }: ClientCall,
  question: JsonObject,
  leaving: AbortSignal,
  { decisions, desk, mcp, wait }: McpPorts,
): Promise<RpcResult | RpcError | undefined> {
  const id = `remit-${base64url(decisions.random.bytes(ID_BYTES))}`
  const over = new AbortController()
  const until = AbortSignal.any([leaving, answer.gone, over.signal])
  const answered = desk.question(conversation.key, id, until)
  void wait(mcp.answersWithin, until).then(() => over.abort())
  if (!answer.ask(asRequest(id, question, conversation.revision))) over.abort()
  return answered.finally(() => over.abort())
}

/** Writes a question as the revision of the client has it: the older one knows no modes. */
function asRequest(id: string, question: JsonObject, revision: string): RpcRequest {
  const given = question.get('params')
  const params = new Map<string, Json>(isObject(given) ? given : [])
  if (params.get('mode') === 'url') params.set('elicitationId', id)
  else if (revision === '2025-06-18') params.delete('mode')
  return { kind: 'request', id, method: String(question.get('method')), params }
}

/**
 * Puts all questions of a round to the client, one after the other. `undefined`: one of them has no
 * answer.
 */
export async function askAll(
  asking: ClientCall,
  { questions }: ServerQuestions,
  leaving: AbortSignal,
  ports: McpPorts,
): Promise<JsonObject | undefined> {
  const responses = new Map<string, Json>()
  for (const [key, question] of questions) {
    const told = await askClient(asking, question, leaving, ports)
    if (told?.kind !== 'result') return undefined
    responses.set(key, told.result)
  }
  return responses
}
