import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { type MachineClient, presentedClient } from '../../../identity/machine-clients/index.ts'
import {
  headerValues,
  logBug,
  type RawContext,
  type RawHandler,
  shownCredential,
  toProblem,
} from '../../../platform/http/index.ts'
import { Problem, type ProblemCode } from '../../../platform/lib/problem.ts'
import { challenges } from '../metadata.ts'
import type { AuthzenPorts } from '../ports.ts'
import { readRequest } from '../read-request.ts'
import { keptOf } from '../record.ts'
import { cancelSubmitted, findSubmitted, submitRequest } from '../submissions/index.ts'
import { REQUESTS_PATH, type ShownTask, shownTask } from './shown-task.ts'
import { readSubmission } from './submission.ts'

/** Seconds after which an enforcement point looks again while people think. */
const RETRY_SECONDS = '5'

/** Access requests of enforcement points (AuthZEN Access Request and Approval Profile, draft 1). */
export function requestHandlers(ports: AuthzenPorts): RawHandler[] {
  return [
    {
      name: 'authzen access requests',
      edge: 'authzen',
      paths: [REQUESTS_PATH, `${REQUESTS_PATH}/`],
      handle: (message, reply, context) => answering(ports, { message, reply, context }),
    },
  ]
}

interface Exchange {
  readonly message: IncomingMessage
  readonly reply: ServerResponse
  readonly context: RawContext
}

async function answering(ports: AuthzenPorts, exchange: Exchange): Promise<void> {
  const { context, message, reply } = exchange
  const requestId = message.headers['x-request-id']
  if (typeof requestId === 'string') reply.setHeader('x-request-id', requestId)
  reply.setHeader('cache-control', 'no-store')
  try {
    // The caller is checked before the question, as everywhere here.
    const presented = presentedClient(shownCredential(message))
    const { client: pep } = await ports.clients.authenticate(presented, 'evaluations')
    await route(ports, pep, exchange)
  } catch (error) {
    const { bug, problem } = toProblem(error)
    if (bug !== undefined) logBug(context.log, bug)
    if (reply.headersSent) reply.destroy()
    else refuseSubmission(ports, exchange, context.judge(problem))
  }
}

/** Routes a request. Whose address is not one of these has no task, and none of anybody else's. */
async function route(
  ports: AuthzenPorts,
  pep: MachineClient<'pep'>,
  exchange: Exchange,
): Promise<void> {
  const { message, reply } = exchange
  const [path = ''] = (message.url ?? '').split('?')
  if (path === REQUESTS_PATH) return submit(ports, pep, exchange)
  const [id = '', act, ...more] = path.slice(REQUESTS_PATH.length + 1).split('/')
  if (act === undefined) {
    allowed(message, 'GET', 'HEAD')
    return writeSubmission(
      reply,
      200,
      shownTask(ports.issuer, await findSubmitted(ports.decisions, pep, id)),
    )
  }
  if (act !== 'cancel' || more.length > 0)
    throw new Problem('request.not_found', 'there is nothing here')
  allowed(message, 'POST', 'DELETE')
  const kept = hasBody(message) ? keptOf(await readRequest(message)) : {}
  const cancelled = await cancelSubmitted(ports.decisions, pep, { id, kept })
  writeSubmission(reply, 200, shownTask(ports.issuer, cancelled))
}

async function submit(
  ports: AuthzenPorts,
  pep: MachineClient<'pep'>,
  { message, reply }: Exchange,
): Promise<void> {
  allowed(message, 'POST')
  const keys = headerValues(message, 'idempotency-key')
  const submission = readSubmission(ports, await readRequest(message), keys)
  const shown = shownTask(ports.issuer, await submitRequest(ports.decisions, pep, submission))
  writeSubmission(reply, shown.status === 'pending' ? 202 : 201, shown, {
    location: shown.statusEndpoint,
  })
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}

function allowed({ method = '' }: IncomingMessage, ...methods: readonly string[]): void {
  if (methods.includes(method)) return
  const members = { allow: methods.join(', ') }
  throw new Problem('request.method_not_allowed', `\`${method}\` is not offered here`, { members })
}

function writeSubmission(
  reply: ServerResponse,
  status: number,
  shown: ShownTask,
  headers: OutgoingHttpHeaders = {},
): void {
  reply.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(shown.text),
    ...(shown.status === 'pending' ? { 'retry-after': RETRY_SECONDS } : {}),
    ...headers,
  })
  reply.end(shown.text)
}

/** ARAP, Error Responses: the problem types that it names; all others are ours. */
const TYPES: Partial<Readonly<Record<ProblemCode, string>>> = {
  'access_request.bad_binding': 'invalid_denial_binding',
  'access_request.denial_expired': 'expired_denial',
  'access_request.duplicate': 'duplicate_request',
  'access_request.expired': 'task_expired',
  'access_request.not_pending': 'invalid_task_state',
  'access_request.not_requestable': 'not_requestable',
  'access_request.unknown': 'unknown_task',
}

function refuseSubmission({ issuer }: AuthzenPorts, exchange: Exchange, problem: Problem): void {
  const { context, message, reply } = exchange
  const { allow, ...rest } = problem.toJSON()
  const type = TYPES[problem.code]
  const named = type && { type: `urn:openid:authzen:access-request:error:${type}` }
  const text = JSON.stringify({ ...rest, ...named, request_id: context.requestId })
  reply.writeHead(problem.status, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(text),
    ...(problem.status === 401 ? { 'www-authenticate': challenges(issuer) } : {}),
    ...(typeof allow === 'string' ? { allow } : {}),
    ...(problem.status === 429 ? { 'retry-after': `${problem.members.retry_after}` } : {}),
    // Unread bytes of the request must not be taken for the next one.
    ...(message.complete ? {} : { connection: 'close' }),
  })
  reply.end(text)
}
