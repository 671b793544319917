import { matchAction } from '@remit/engine'
import type { Verdict } from '../../calls/calls/index.ts'
import { typeArguments } from '../../catalog/argument-types/index.ts'
import {
  buildTarget,
  injectCredential,
  type McpPorts,
  PipelineEnd,
  recordingFailure,
  recordOutcome,
  type StrictRequest,
  send,
} from '../../edges/gateway/index.ts'
import { readTarget } from '../../platform/http/index.ts'
import { parseJson } from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { isJsonType, RESHAPING } from '../../policy/obligations/index.ts'
import { type PreviewAnswer, unfetched } from '../../tasks/approval-desk/index.ts'
import type { Call } from '../../tasks/facts/index.ts'
import { AnswerBuffer, MAX_PREVIEW } from './answer-buffer.ts'
import type { PreviewPlan } from './preview-plan.ts'

/** Time that an approver waits for an API. */
export const PREVIEW_MS = 5_000

type DecidedCall = Pick<Call, 'action' | 'arguments' | 'doable' | 'resource' | 'sent'>

/** Reads over HTTP. `decide` is asked about exactly the sent request. */
export async function readOverHttp(
  { actions, read, resource, values }: PreviewPlan,
  decide: (call: DecidedCall) => Promise<Verdict<'permit'> | PreviewAnswer>,
  ports: McpPorts,
): Promise<PreviewAnswer> {
  const request = requestFor({ read, values })
  const found = request && matchAction(actions, request.method, request.segments)
  // INVARIANT: a value of the call never leads to another operation than the one that is named.
  if (!request || found?.action !== read)
    return unfetched('the values of the call do not fit its address')
  const { query } = request
  const typed = typeArguments(read, { path: found.path, query, body: undefined })
  if (!typed.ok) return unfetched('the values of the call do not fit its arguments')
  const base = new URL(resource.upstream).pathname
  const path = buildTarget(base === '/' ? '' : base, request.segments, [])
  const passedOn = [['accept', 'application/json']] as const
  const verdict = await decide({
    ...{ action: read, resource, arguments: typed.arguments, doable: RESHAPING },
    sent: { method: 'GET', path, query, headers: passedOn, body: undefined },
  })
  if ('state' in verdict) return verdict
  return sent({ action: read, resource, request, verdict, path, passedOn }, ports)
}

async function sent(
  permitted: Omit<Parameters<typeof injectCredential>[0], 'body'>,
  ports: McpPorts,
): Promise<PreviewAnswer> {
  const { decisionId } = permitted.verdict
  const reply = new AnswerBuffer()
  const over = new AbortController()
  void ports.wait(PREVIEW_MS, over.signal).then(() => reply.destroy())
  const patience = { startsWithin: PREVIEW_MS, pausesAtMost: PREVIEW_MS }
  try {
    const prepared = await recordingFailure(injectCredential)(
      { ...permitted, body: undefined },
      ports,
    )
    const done = await recordOutcome(
      await send({ ...prepared, reply }, { ...ports, patience }),
      ports,
    )
    if (done.forwarded.cut !== undefined)
      return unfetched(
        `the answer took too long, or has more than ${MAX_PREVIEW} bytes`,
        decisionId,
      )
  } catch (error) {
    if (!(error instanceof PipelineEnd)) throw error
    return unfetched(error.answer.problem?.detail ?? 'there was no answer', decisionId)
  } finally {
    over.abort()
  }
  if (reply.status < 200 || reply.status > 299)
    return unfetched(`the API answered ${reply.status}`, decisionId)
  try {
    if (!isJsonType(reply.contentType)) throw new Problem('input.malformed', 'no JSON')
    return { state: 'fetched', decisionId, value: parseJson(reply.body, { bytes: MAX_PREVIEW }) }
  } catch (error) {
    if (error instanceof Problem) return unfetched('the answer is no JSON', decisionId)
    throw error
  }
}

/** `undefined`: the values cannot stand in an address in only one reading. */
function requestFor({
  read,
  values,
}: Pick<PreviewPlan, 'read' | 'values'>): StrictRequest | undefined {
  const wire = new Map<string, string>()
  const query: [string, string][] = []
  for (const { name, place, wire: as } of read.arguments.arguments) {
    const text = values.get(name)?.text
    if (text === undefined) continue
    if (place === 'path') wire.set(as, text)
    else query.push([as, text])
  }
  const segments = read.path
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll(/\{([^{}]+)\}/g, (_, name: string) => wire.get(name) ?? ''))
  try {
    const target = readTarget(buildTarget('', segments, query))
    return { method: 'GET', headers: new Map(), ...target }
  } catch (error) {
    if (error instanceof Problem || error instanceof URIError) return undefined
    throw error
  }
}
