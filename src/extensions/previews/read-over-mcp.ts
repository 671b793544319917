import type { Verdict } from '../../calls/calls/index.ts'
import { RpcAnswer } from '../../calls/mcp-messages/index.ts'
import { typeArguments } from '../../catalog/argument-types/index.ts'
import { equipTool, type McpPorts, recordTool, sendTool } from '../../edges/gateway/index.ts'
import { base64url } from '../../platform/lib/bytes.ts'
import {
  ExactNumber,
  isObject,
  type Json,
  type JsonObject,
  parseJson,
} from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { STATELESS_REVISION } from '../../platform/net/index.ts'
import { RESHAPING } from '../../policy/obligations/index.ts'
import { type PreviewAnswer, unfetched } from '../../tasks/approval-desk/index.ts'
import type { Call } from '../../tasks/facts/index.ts'
import { MAX_PREVIEW } from './answer-buffer.ts'
import type { PreviewPlan } from './preview-plan.ts'
import { PREVIEW_MS } from './read-over-http.ts'

type DecidedCall = Pick<Call, 'action' | 'arguments' | 'doable' | 'resource' | 'sent'>

/** Bytes of the key of one call. */
const KEY_BYTES = 12

/** Calls a tool of an MCP server that only reads. `decide` is asked about exactly the sent request. */
export async function readOverMcp(
  { read, resource, values }: PreviewPlan,
  decide: (call: DecidedCall) => Promise<Verdict<'permit'> | PreviewAnswer>,
  ports: McpPorts,
): Promise<PreviewAnswer> {
  const given: JsonObject = new Map(
    read.arguments.arguments.flatMap(({ name, wire }) => {
      const leaf = values.get(name)
      return leaf ? [[wire, jsonOf(leaf)] as const] : []
    }),
  )
  const typed = typeArguments(read, { path: new Map(), query: [], body: given })
  if (!typed.ok) return unfetched('the values of the call do not fit its arguments')
  const method = read.method
  const params = new Map<string, Json>([
    ['name', read.path],
    ['arguments', given],
  ])
  const verdict = await decide({
    ...{ action: read, resource, arguments: typed.arguments, doable: RESHAPING },
    sent: { method, path: read.path, query: [], headers: [], body: params },
  })
  if ('state' in verdict) return verdict
  const { decisionId } = verdict
  const limited: McpPorts = {
    ...ports,
    mcp: { ...ports.mcp, answersWithin: PREVIEW_MS, resultBytes: MAX_PREVIEW },
  }
  const call = {
    ...{ action: read, resource, params, verdict, progressToken: undefined, answer: NO_CLIENT },
    rpc: { kind: 'request', id: decisionId, method, params } as const,
    conversation: {
      key: base64url(ports.decisions.random.bytes(KEY_BYTES)),
      ...({ task: undefined, resource: resource.name, revision: STATELESS_REVISION } as const),
      ...{ capabilities: [], upstream: undefined },
    },
    cancelled: new AbortController().signal,
  }
  try {
    const done = await sendTool(await equipTool(call, limited), limited)
    await recordTool(done, ports)
    return previewAnswer(done.outcome, decisionId)
  } catch (error) {
    if (error instanceof RpcAnswer) return unfetched('the call could not be sent', decisionId)
    throw error
  }
}

/** Client that can neither be asked nor told anything. */
const NO_CLIENT = {
  gone: new AbortController().signal,
  ask: () => false,
  notify: () => {},
  progress: () => {},
}

function jsonOf({ kind, text }: { readonly kind: string; readonly text: string }): Json {
  if (kind === 'boolean') return text === 'true'
  return kind === 'integer' || kind === 'decimal' ? new ExactNumber(text) : text
}

function previewAnswer(
  { reply, state }: Awaited<ReturnType<typeof sendTool>>['outcome'],
  decisionId: string,
): PreviewAnswer {
  if (state !== 'answered' || reply.kind !== 'result')
    return unfetched('the MCP server did not answer in time, or with an error', decisionId)
  const { result } = reply
  if (result.get('isError') === true || result.has('resultType'))
    return unfetched('the MCP server answered with an error', decisionId)
  const structured = result.get('structuredContent')
  if (structured !== undefined) return { state: 'fetched', decisionId, value: structured }
  const content = result.get('content')
  const texts = (Array.isArray(content) ? Array.from<Json>(content) : []).flatMap((item) => {
    const text = isObject(item) ? item.get('text') : undefined
    return typeof text === 'string' ? [text] : []
  })
  if (texts.length === 0) return unfetched('the answer has no text', decisionId)
  const text = texts.join('\n')
  try {
    return { state: 'fetched', decisionId, value: parseJson(text, { bytes: MAX_PREVIEW }) }
  } catch (error) {
    if (error instanceof Problem) return { state: 'fetched', decisionId, value: text }
    throw error
  }
}
