import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  logBug,
  type RawContext,
  type RawHandler,
  toProblem,
} from '../../../platform/http/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { answerUrl, errorAnswer, mayBeToldAtOnce } from './answer-client.ts'
import { beginWaiting } from './begin.ts'
import { checkRequest, redirectOf } from './check-request.ts'
import { queryParameters, type RequestParameters } from './parameters.ts'
import type { AuthorizationPorts } from './ports.ts'
import { findPushed } from './pushed-request.ts'
import { findRequestingClient, type RequestingClient } from './requesting-client.ts'
import { resume } from './resume.ts'

export const AUTHORIZE = '/oauth/authorize'

interface Exchange {
  readonly message: IncomingMessage
  readonly reply: ServerResponse
  readonly context: RawContext
}

/** The authorization endpoint (RFC 6749 section 3.1), and the way back to it from the pages. */
export function authorizationHandler(ports: AuthorizationPorts): RawHandler {
  return {
    name: 'authorization endpoint',
    paths: [AUTHORIZE, `${AUTHORIZE}/`],
    async handle(message, reply, context) {
      const exchange = { message, reply, context }
      try {
        // RFC 6749 section 3.1: POST is optional, and one in a form is what no browser sends by a link.
        if (message.method !== 'GET' && message.method !== 'HEAD')
          throw new Problem('request.not_found', 'there is nothing at this address')
        const id = idIn(message.url ?? '')
        const to =
          id === undefined ? await authorize(ports, exchange) : await resume(ports, message, id)
        reply.writeHead(303, { location: to }).end()
      } catch (error) {
        showProblem(ports, exchange, error)
      }
    },
  }
}

/**
 * Checks a request, and answers where the browser goes: to the page on which a person is asked, or back to the client with an error.
 * @throws Problem that only the person can be told
 */
async function authorize(ports: AuthorizationPorts, exchange: Exchange): Promise<string> {
  const { decisions, issuer } = ports
  const query = queryParameters(exchange.message.url ?? '')
  requireQueryMode(query)
  const client = await clientOf(ports, query)
  let asked = query
  let pushedId: string | undefined
  try {
    if (query.form.has('request_uri')) {
      const pushed = await findPushed(ports, client, query.form)
      asked = pushed.parameters
      pushedId = pushed.id
    } else if (ports.pushedOnly || client.terms.pushed) {
      throw new Problem('oauth.invalid_request', 'requests of this client are pushed (RFC 9126)')
    }
    const request = await checkRequest(decisions, client, asked)
    return await beginWaiting(ports, exchange, { client, request, pushedId })
  } catch (error) {
    if (!(error instanceof Problem) || error.status >= 500) throw error
    const redirectUri = redirectOf(client, asked)
    if (!(await mayBeToldAtOnce(decisions, client, redirectUri)))
      throw badAuthorizationRequest(error.detail)
    const state = asked.repeated.has('state') ? undefined : asked.form.get('state')
    return answerUrl({ issuer, redirectUri, state }, errorAnswer(error))
  }
}

/** Before anything else: an error would be sent in that mode, too. */
function requireQueryMode({ form, repeated }: RequestParameters): void {
  if (repeated.has('response_mode') || (form.get('response_mode') ?? 'query') !== 'query')
    throw badAuthorizationRequest('responses are sent in the query: leave `response_mode` out')
}

async function clientOf(
  { records, decisions: { documents } }: AuthorizationPorts,
  { form, repeated }: RequestParameters,
): Promise<RequestingClient> {
  const id = form.get('client_id')
  if (id === undefined || repeated.has('client_id'))
    throw badAuthorizationRequest('exactly one `client_id` is needed')
  const client = await findRequestingClient({ records, documents }, id)
  if (client) return client
  throw badAuthorizationRequest(
    'the program is not registered here, or not any more; it has to register again',
  )
}

function idIn(target: string): string | undefined {
  return /^\/oauth\/authorize\/([A-Za-z0-9_-]{1,64})$/.exec(target)?.[1]
}

/** Tells a person what cannot be sent back to the client. */
function showProblem(
  ports: AuthorizationPorts,
  { context, reply }: Exchange,
  error: unknown,
): void {
  const { bug, problem: found } = toProblem(error)
  if (bug !== undefined) logBug(context.log, bug)
  else context.explain(found)
  const problem = context.judge(found)
  const page = ports.problemPage(problem, context.requestId)
  reply.writeHead(problem.status, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(page),
    'cache-control': 'no-store',
  })
  reply.end(page)
}

function badAuthorizationRequest(detail: string): Problem {
  return new Problem('authorization.bad_request', detail)
}
