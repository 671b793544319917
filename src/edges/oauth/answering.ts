import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { GrantParts } from '../../grants/grants/index.ts'
import { logBug, type RawContext, type RawHandler, toProblem } from '../../platform/http/index.ts'
import type { Problem } from '../../platform/lib/problem.ts'
import { CHALLENGE_HEADER, isAttested } from './attestation.ts'
import type { WrittenAnswer } from './introspect.ts'
import { oauthAnswer } from './render-problem.ts'

/** Work of one of our own endpoints; `undefined`: other code has answered. */
export type EndpointWork = (
  message: IncomingMessage,
  reply: ServerResponse,
) => Promise<object | undefined>

/** Makes a handler of what an endpoint does. */
export type EndpointHandler = (work: EndpointWork, given?: AnsweringOptions) => RawHandler['handle']

export interface AnsweringOptions {
  /** Status of a success. Default: 200. */
  readonly status?: number
  /** Mark of a refusal that was counted where it was decided. */
  readonly counted?: 'counted'
  /** Errors have the members of the standard and no more (CIBA section 13); our code is in a header. */
  readonly plainErrors?: true
}

/**
 * The one place where something thrown becomes an OAuth error, and where a client that needs a fresh value for the next request is told it:
 * the nonce of a proof (RFC 9449 section 8), the challenge of an attestation (section 6.2 of the draft on those).
 */
export function answeringFor(ports: FreshValues): EndpointHandler {
  return (work, given = {}) =>
    (message, reply, context) =>
      answering({ message, reply, context }, ports, { work, ...given })
}

interface Exchange {
  readonly message: IncomingMessage
  readonly reply: ServerResponse
  readonly context: RawContext
}

interface FreshValues {
  readonly issuer: string
  readonly decisions: Pick<GrantParts, 'challenges' | 'nonces'>
  /** Certificates, where clients can prove a key by one, too. */
  readonly certificates?: object | undefined
}

async function answering(
  { context, message, reply }: Exchange,
  { certificates, decisions, issuer }: FreshValues,
  { counted, plainErrors, status = 200, work }: AnsweringOptions & { readonly work: EndpointWork },
): Promise<void> {
  const { challenges, nonces } = decisions
  if (challenges && isAttested(message)) reply.setHeader(CHALLENGE_HEADER, challenges.now())
  try {
    const body = await work(message, reply)
    if (body) writeOauthAnswer(reply, status, body)
  } catch (error) {
    const { bug, problem: found } = toProblem(error)
    if (bug !== undefined) logBug(context.log, bug)
    else context.explain(found)
    const problem = context.judge(found, counted)
    if (nonces && problem.code === 'proof.nonce_required')
      reply.setHeader('dpop-nonce', nonces.current(issuer))
    const answer = oauthAnswer(problem, context.requestId)
    const asked = WANTED[problem.code] ?? {}
    // RFC 8705 has no error of its own: a client that shows nothing did not necessarily mean to send a proof.
    const mended = certificates && problem.code === 'proof.missing' ? INVALID_REQUEST : {}
    const { error: name, error_description, ...more } = { ...answer.body, ...mended }
    const body = { error: name, error_description, ...(plainErrors ? {} : more) }
    const coded = plainErrors ? { 'remit-problem': answer.body.code } : {}
    if (reply.headersSent) reply.destroy()
    else
      writeOauthAnswer(reply, answer.status, body, {
        ...retryOf(problem, answer.status),
        ...asked,
        ...coded,
      })
  }
}

const INVALID_REQUEST = { error: 'invalid_request' } as const

/** RFC 9110 section 11.6.1: what a secret can be sent in. */
const SECRETS: OutgoingHttpHeaders = {
  'www-authenticate': 'Basic realm="remit", Bearer realm="remit"',
}
const WANTED: Readonly<Record<string, OutgoingHttpHeaders>> = {
  'client.unauthenticated': SECRETS,
  'introspection.unauthenticated': SECRETS,
  'registration.unauthorized': { 'www-authenticate': 'Bearer error="invalid_token"' },
}

/** RFC 9110 section 10.2.3, seconds. */
const RETRY: Readonly<Record<number, OutgoingHttpHeaders>> = {
  429: { 'retry-after': '60' },
  503: { 'retry-after': '2' },
}

function retryOf({ members }: Problem, status: number): OutgoingHttpHeaders {
  const { retry_after: seconds } = members
  return typeof seconds === 'number' ? { 'retry-after': `${seconds}` } : (RETRY[status] ?? {})
}

/** RFC 6749 section 5.1: never cached. */
function writeOauthAnswer(
  reply: ServerResponse,
  status: number,
  body: object,
  headers: OutgoingHttpHeaders = {},
): void {
  writeText(reply, status, { type: 'application/json', text: JSON.stringify(body) }, headers)
}

export function writeText(
  reply: ServerResponse,
  status: number,
  { text, type }: WrittenAnswer,
  headers: OutgoingHttpHeaders = {},
): void {
  reply.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    pragma: 'no-cache',
    ...headers,
  })
  reply.end(text)
}
