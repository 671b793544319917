import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { logBug, type RawContext, type RawHandler, toProblem } from '../http/index.ts'
import { authorizationHandler } from './interactive/authorization-endpoint.ts'
import type { AuthorizationServer } from './provider.ts'
import { registrationEndpoint } from './registration/register.ts'
import { oauthAnswer } from './render-problem.ts'
import { revocationEndpoint } from './revoke.ts'
import { type TokenPorts, tokenEndpoint } from './token.ts'

/** What the authorization server's paths work with. */
export interface OAuthPorts extends Omit<TokenPorts, 'provider'> {
  readonly server: AuthorizationServer
}

/** The authorization server's paths, taken before the router: ours first, everything else of the protocol to the provider. */
export function oauthHandlers(given: OAuthPorts): RawHandler[] {
  const { artefacts, decisions, server } = given
  const { clock, random } = decisions
  const ports: TokenPorts = { ...given, provider: server.handle }
  return [
    {
      name: 'token endpoint',
      paths: ['/oauth/token'],
      handle: (message, reply, context) =>
        answering(reply, context, () => tokenEndpoint(message, reply, ports)),
    },
    {
      name: 'revocation endpoint',
      paths: ['/oauth/revoke'],
      handle: (message, reply, context) =>
        answering(reply, context, async () => {
          await revocationEndpoint(message, ports)
          return {}
        }),
    },
    {
      name: 'registration endpoint',
      paths: ['/oauth/register'],
      handle: (message, reply, context) =>
        answering(
          reply,
          context,
          () => registrationEndpoint(message, { artefacts, clock, random }),
          201,
        ),
    },
    authorizationHandler(server, (reply, context, work) =>
      answering(reply, context, async () => {
        await work()
        return undefined
      }),
    ),
    {
      name: 'protocol',
      paths: [
        '/oauth/',
        '/.well-known/openid-configuration',
        '/.well-known/oauth-authorization-server',
      ],
      handle: (message: IncomingMessage, reply: ServerResponse) => ports.provider(message, reply),
    },
  ]
}

/** The one place where something thrown becomes an OAuth error. `undefined`: someone else has answered. */
async function answering(
  reply: ServerResponse,
  context: RawContext,
  work: () => Promise<object | undefined>,
  status = 200,
): Promise<void> {
  try {
    const body = await work()
    if (body) write(reply, status, body)
  } catch (error) {
    const { bug, problem } = toProblem(error)
    if (bug !== undefined) logBug(context.log, bug)
    const answer = oauthAnswer(problem, context.requestId)
    if (reply.headersSent) reply.destroy()
    else write(reply, answer.status, answer.body, RETRY[answer.status])
  }
}

/** RFC 9110 section 10.2.3, seconds. */
const RETRY: Readonly<Record<number, OutgoingHttpHeaders>> = {
  429: { 'retry-after': '60' },
  503: { 'retry-after': '2' },
}

/** RFC 6749 section 5.1: never cached. */
function write(
  reply: ServerResponse,
  status: number,
  body: object,
  headers: OutgoingHttpHeaders = {},
): void {
  const text = JSON.stringify(body)
  reply.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    pragma: 'no-cache',
    ...headers,
  })
  reply.end(text)
}
