import type { IncomingMessage, ServerResponse } from 'node:http'
import { type KnownClient, presentedClient } from '../../identity/machine-clients/index.ts'
import {
  logBug,
  type RawContext,
  type RawHandler,
  shownCredential,
  toProblem,
} from '../../platform/http/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { AnswerBody } from './answer.ts'
import type { EvaluationPlan } from './answering.ts'
import { evaluate, evaluateAll } from './evaluate.ts'
import { issuingMode } from './issuance/issuing-mode.ts'
import { challenges, METADATA_PATH, metadataText, PATHS } from './metadata.ts'
import { policyOnly } from './policy-only-mode.ts'
import type { AuthzenPorts } from './ports.ts'
import { type ReadRequest, readRequest } from './read-request.ts'
import { requestHandlers } from './requests/endpoints.ts'
import { search } from './search.ts'
import { taskMode } from './tasks/task-mode.ts'

/** Answers one request of a known enforcement point. */
type Act = (
  ports: AuthzenPorts,
  answering: EvaluationPlan,
  given: { readonly known: KnownClient<'pep'>; readonly request: ReadRequest },
) => Promise<AnswerBody>

/** Names the record of an answer. */
const EVALUATION_ID = 'evaluation-id'

const ACTS: Readonly<Record<keyof typeof PATHS, Act>> = {
  evaluation: (ports, answering, { request }) => evaluate(ports, answering, request),
  evaluations: (ports, answering, { request }) => evaluateAll(ports, answering, request),
  subject: (ports, answering, given) => search(ports, answering, { ...given, sought: 'subject' }),
  resource: (ports, answering, given) => search(ports, answering, { ...given, sought: 'resource' }),
  action: (ports, answering, given) => search(ports, answering, { ...given, sought: 'action' }),
}

/** The paths of the Authorization API, taken before the router. */
export function authzenHandlers(ports: AuthzenPorts): RawHandler[] {
  const names = Object.keys(PATHS) as (keyof typeof PATHS)[] // as: its own keys
  return [
    ...names.map((name) => ({
      name: `authzen ${name}`,
      edge: 'authzen',
      paths: [PATHS[name]],
      inBooks: true,
      atOnce: true,
      isWork: true,
      handle: (message: IncomingMessage, reply: ServerResponse, context: RawContext) =>
        answering(message, reply, { ports, context, work: () => post(ports, message, ACTS[name]) }),
    })),
    ...requestHandlers(ports),
    {
      name: 'authzen metadata',
      edge: 'authzen',
      paths: [METADATA_PATH],
      atOnce: true,
      handle: (message, reply, context) =>
        answering(message, reply, {
          ...{ ports, context, headers: METADATA_HEADERS },
          work: () => metadata(ports, message),
        }),
    },
  ]
}

/**
 * Answers a question. The caller is checked before the question: a stranger learns nothing from how a
 * request is refused, and cannot make us read much.
 */
async function post(ports: AuthzenPorts, message: IncomingMessage, act: Act): Promise<AnswerBody> {
  if (message.method !== 'POST') throw notOffered(message)
  const presented = presentedClient(shownCredential(message))
  const known =
    ports.clients.atHand(presented, 'evaluations') ??
    (await ports.clients.authenticate(presented, 'evaluations'))
  ports.decisions.disk?.requireRoom()
  const request = await readRequest(message)
  const mode = modeOf(ports, known)
  return act(ports, mode instanceof Promise ? await mode : mode, { known, request })
}

function modeOf(
  ports: AuthzenPorts,
  known: KnownClient<'pep'>,
): EvaluationPlan | Promise<EvaluationPlan> {
  const { issuing, mode } = known.client.settings
  if (issuing) return issuingMode(ports, known, issuing)
  return mode === 'policy-only' ? policyOnly(ports.only, known) : taskMode(ports, known)
}

const METADATA_HEADERS = ['cache-control', 'public, max-age=300']

async function metadata(
  ports: AuthzenPorts,
  message: IncomingMessage,
): Promise<Pick<AnswerBody, 'text'>> {
  if (message.method !== 'GET' && message.method !== 'HEAD') throw notOffered(message)
  return { text: await metadataText(ports) }
}

function notOffered({ method }: IncomingMessage): Problem {
  return new Problem('request.method_not_allowed', `\`${method}\` is not offered here`)
}

/** The one place where something thrown becomes an answer. */
async function answering(
  message: IncomingMessage,
  reply: ServerResponse,
  given: {
    ports: AuthzenPorts
    context: RawContext
    work: () => Promise<Pick<AnswerBody, 'text'> & Partial<AnswerBody>>
    /** Headers of the answer, name and value in turns. */
    headers?: readonly string[]
  },
): Promise<void> {
  const { context, headers, ports, work } = given
  const exchange = { context, message, reply }
  try {
    const { evaluationId, text } = await work()
    const named = evaluationId === undefined ? headers : [EVALUATION_ID, evaluationId]
    writeEvaluation(exchange, 200, 'application/json', text, named)
  } catch (error) {
    const { bug, problem: found } = toProblem(error)
    if (bug !== undefined) logBug(context.log, bug)
    else context.explain(found)
    const problem = context.judge(found)
    if (reply.headersSent) reply.destroy()
    else refuseEvaluation(exchange, { issuer: ports.issuer, problem })
  }
}

/** Statuses below 500 that are more than "it is wrong". */
const TOLD = new Set([401, 405, 429])

interface Exchange {
  readonly context: RawContext
  readonly message: IncomingMessage
  readonly reply: ServerResponse
}

/**
 * Errors are a status and a message (Authorization API 1.0, Error Responses): 400, 401, 403 and 500. Whatever is wrong with a
 * request is 400; only another method is told as HTTP does.
 */
function refuseEvaluation(
  exchange: Exchange,
  { issuer, problem }: { readonly issuer: string; readonly problem: Problem },
): void {
  const { code, detail, members, status } = problem
  const { message } = exchange
  const retry = status === 429 ? ['retry-after', `${members.retry_after}`] : []
  const headers = [
    ...(status === 401 ? challenges(issuer).flatMap((each) => ['www-authenticate', each]) : []),
    ...retry,
    ...(status === 405
      ? ['allow', message.url?.startsWith(METADATA_PATH) ? 'GET, HEAD' : 'POST']
      : []),
    // Unread bytes of the request must not be taken for the next one.
    ...(message.complete ? [] : ['connection', 'close']),
  ]
  const shown = TOLD.has(status) || status >= 500 ? Math.min(status, 500) : 400
  writeEvaluation(exchange, shown, 'text/plain; charset=utf-8', `${code}: ${detail}\n`, headers)
}

/** `more`: name and value in turns; they take the place of those that every answer has. */
function writeEvaluation(
  { context, message, reply }: Exchange,
  status: number,
  type: string,
  text: string,
  more: readonly string[] = [],
): void {
  // "If the PEP specified a request identifier in the request, the PDP MUST include the same identifier in the response."
  const requestId = message.headers['x-request-id']
  const own = context.headers()
  const headers = more.length === 0 ? own : without(more, own)
  headers.push('content-type', type, 'content-length', String(Buffer.byteLength(text)), ...more)
  if (typeof requestId === 'string') headers.push('x-request-id', requestId)
  reply.writeHead(status, headers)
  reply.end(text)
}

function without(names: readonly string[], headers: readonly string[]): string[] {
  return headers.filter((_, i) => !names.includes(headers[i - (i % 2)] ?? ''))
}
