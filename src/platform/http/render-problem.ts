import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { Problem, type ProblemCode } from '../lib/problem.ts'
import { pathOf } from './request-gate.ts'

/** Renders a problem for a person. `pages/` has the one that ships. */
export type ProblemPage = (
  problem: Problem,
  requestId: string,
  request: IncomingMessage,
) => string | Promise<string>

/** Fastify's own refusals in our words. Anything of its that is not here is a bug of ours. */
const FROM_FASTIFY: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  FST_ERR_BAD_URL: ['request.ambiguous_target', 'the path is not percent-encoded UTF-8'],
  FST_ERR_MAX_PARAM_LENGTH: ['request.not_found', 'no name or id is that long'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['input.too_large', 'the body is larger than 1 MiB'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'request.unsupported_media_type',
    'the content type is not accepted here',
  ],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'request.malformed',
    'the body is not as long as its content-length says',
  ],
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
}

/** Errors of validation against a route's schema: where, and the expected value. */
function validationErrors(error: unknown): { path: string; message: string }[] | undefined {
  if (typeof error !== 'object' || error === null || !('validation' in error)) return undefined
  const { validation } = error
  if (!Array.isArray(validation)) return undefined
  return validation.slice(0, 20).map((one: ValidationError) => ({
    path: String(one.instancePath ?? ''),
    message: PATTERNS[one.params?.pattern ?? ''] ?? String(one.message ?? 'is not valid'),
  }))
}

interface ValidationError {
  readonly instancePath?: unknown
  readonly message?: unknown
  readonly params?: { readonly pattern?: string }
}

/** Explanations of the management API's patterns, for people who mistype a name. */
const PATTERNS: Readonly<Record<string, string>> = {
  '^[a-z][a-z0-9-]{0,61}[a-z0-9]$':
    'is not a name: lower-case letters, digits and hyphens, 2 to 63 characters',
  '^[a-z][a-z0-9-]*\\.[A-Za-z0-9._-]{1,128}$': 'is not an action, such as `orders.refund`',
}

/**
 * Turns anything thrown into a problem that may be shown. `bug` is the thrown value when it was not
 * meant for the caller: it is to be logged whole, and nothing of it is in the problem.
 */
export function toProblem(error: unknown): { problem: Problem; bug?: unknown } {
  if (error instanceof Problem) {
    return error.status >= 500 ? { problem: error, bug: error } : { problem: error }
  }
  const errors = validationErrors(error)
  if (errors) {
    const [first] = errors
    const detail = first ? `${first.path || 'it'} ${first.message}` : 'it does not fit the schema'
    return { problem: new Problem('request.malformed', detail, { members: { errors } }) }
  }
  const known = FROM_FASTIFY[codeOf(error)]
  if (known) return { problem: new Problem(known[0], known[1]) }
  return {
    problem: new Problem('server.failed', 'the log has the whole error under the request id'),
    bug: error,
  }
}

/** RFC 9457 text of a problem, with the request id by which the log can be searched. */
export function problemJson(problem: Problem, requestId: string): string {
  return JSON.stringify({ ...problem.toJSON(), request_id: requestId })
}

/** Headers that belong to a problem's status: RFC 9110 11.6.1 and 10.2.3, RFC 6585 4. */
export function problemHeaders(problem: Problem): Record<string, string> {
  if (problem.status === 401) return { 'www-authenticate': 'Bearer realm="remit"' }
  if (problem.status === 503) return { 'retry-after': '2' }
  const { retry_after: seconds } = problem.members
  if (problem.status === 429 && typeof seconds === 'number') return { 'retry-after': `${seconds}` }
  return {}
}

const FOR_PROGRAMS = /^\/(?:api|v1|oauth|\.well-known)(?:\/|$)/

function forPerson(request: FastifyRequest): boolean {
  const accept = request.headers.accept ?? ''
  return accept.includes('text/html') && !FOR_PROGRAMS.test(pathOf(request.raw.url ?? ''))
}

/**
 * Renders an error as an answer, as the only function that does: RFC 9457 for programs, a page for
 * people. An error that is no problem, or a problem of ours (5xx), is logged whole.
 */
export function renderProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
  page: ProblemPage,
): FastifyReply {
  const { problem, bug } = toProblem(error)
  if (bug !== undefined) logBug(request.log, bug)
  reply.code(problem.status)
  for (const [name, value] of Object.entries(problemHeaders(problem))) {
    if (!reply.hasHeader(name)) reply.header(name, value)
  }
  if (!forPerson(request))
    return reply
      .type('application/problem+json')
      .send(Buffer.from(problemJson(problem, request.id)))
  reply.type('text/html; charset=utf-8')
  const made = page(problem, request.id, request.raw)
  if (typeof made === 'string') return reply.send(made)
  made.then(
    (html) => reply.send(html),
    (failure: unknown) => {
      logBug(request.log, failure)
      reply.send('')
    },
  )
  return reply
}

/**
 * Failures of others, or of a load, that strangers can bring about as often as they like: no error of this server, and
 * their stack tells nothing.
 */
const BY_STRANGERS: ReadonlySet<ProblemCode> = new Set([
  'client_document.unavailable',
  'issuer.unreachable',
  'outbound.refused',
  'outbound.too_large',
  'outbound.unreachable',
  'server.busy',
  'sign_in.failed',
])

/** Logs a failure whole; its text goes nowhere else. What strangers can cause is a line without its stack. */
export function logBug(log: Pick<Logger, 'error' | 'info'>, error: unknown): void {
  if (error instanceof Problem && BY_STRANGERS.has(error.code)) {
    const { cause, code, detail } = error
    log.info({ code, cause: cause instanceof Error ? cause.message : undefined }, detail)
    return
  }
  log.error({ err: error }, error instanceof Error ? error.message : 'something was thrown')
}
