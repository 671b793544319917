import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { AttestationChallenges } from '../agents/index.ts'
import type { IntrospectionParts } from '../decisions/index.ts'
import { logBug, type RawContext, type RawHandler, toProblem } from '../http/index.ts'
import { Problem } from '../lib/problem.ts'
import type { Providers } from '../people/index.ts'
import { CHALLENGE, challengeEndpoint } from './attestation.ts'
import { BACKCHANNEL, backchannelEndpoint } from './backchannel/authentication-request.ts'
import { DEVICE, deviceEndpoint } from './backchannel/device-request.ts'
import { DETAIL_TYPES, detailTypes } from './detail-types.ts'
import { authorizationHandler } from './interactive/authorization-endpoint.ts'
import { introspectionEndpoint, type Told } from './introspection/introspect.ts'
import { LOG_OUT, logOutEndpoint } from './log-out.ts'
import type { AuthorizationServer } from './provider.ts'
import { managementEndpoint } from './registration/manage.ts'
import { REGISTER, type RegistrationPorts, registrationEndpoint } from './registration/register.ts'
import { oauthAnswer } from './render-problem.ts'
import { revocationEndpoint } from './revoke.ts'
import { type TokenPorts, tokenEndpoint } from './token.ts'

/** What the authorization server's paths work with. */
export interface OAuthPorts
  extends Omit<TokenPorts, 'provider' | 'decisions'>,
    Pick<RegistrationPorts, 'registration' | 'registrationToken'> {
  readonly decisions: IntrospectionParts
  readonly server: AuthorizationServer
  /** Identity providers, which say who has signed out. */
  readonly signingOut: Pick<Providers, 'logOut'>
}

/** The authorization server's paths, taken before the router: ours first, everything else of the protocol to the provider. */
export function oauthHandlers(given: OAuthPorts): RawHandler[] {
  const { artefacts, decisions, server } = given
  const { clock, random, storage } = decisions
  const registering = { ...given, artefacts, clock, random, storage }
  const ports: TokenPorts = { ...given, provider: server.handle }
  return [
    {
      name: 'token endpoint',
      paths: ['/oauth/token'],
      handle: (message, reply, context) =>
        answering(reply, context, () =>
          tokenEndpoint(message, reply, ports).catch(tellingNonce(reply, ports)),
        ),
    },
    ...(decisions.challenges ? [challengeHandler(decisions.challenges)] : []),
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
      name: 'sign-outs at identity providers',
      paths: [LOG_OUT],
      handle: (message, reply, context) =>
        answering(reply, context, async () => {
          await logOutEndpoint(message, given)
          return {}
        }),
    },
    {
      name: 'introspection endpoint',
      paths: ['/oauth/introspect'],
      handle: (message, reply, context) =>
        answering(reply, context, async () => {
          writeText(reply, 200, await introspectionEndpoint(message, given))
          return undefined
        }),
    },
    {
      name: 'backchannel authentication endpoint',
      paths: [BACKCHANNEL],
      handle: (message, reply, context) =>
        answering(reply, context, () => backchannelEndpoint(message, ports)),
    },
    ...(given.deviceCodes
      ? [
          {
            name: 'device authorization endpoint',
            paths: [DEVICE],
            handle: (message: IncomingMessage, reply: ServerResponse, context: RawContext) =>
              answering(reply, context, () => deviceEndpoint(message, ports)),
          },
        ]
      : []),
    {
      name: 'types of details',
      paths: [DETAIL_TYPES],
      handle: (message, reply, context) =>
        answering(reply, context, async () => {
          if (message.method !== 'GET' && message.method !== 'HEAD')
            throw new Problem('request.method_not_allowed', 'GET is needed')
          return detailTypes(given.issuer)
        }),
    },
    {
      name: 'registration endpoint',
      paths: [REGISTER],
      handle: (message, reply, context) =>
        answering(reply, context, () => registrationEndpoint(message, registering), 201),
    },
    {
      name: 'registrations',
      paths: [`${REGISTER}/`],
      handle: (message, reply, context) =>
        answering(reply, context, async () => {
          const told = await managementEndpoint(message, registering)
          // RFC 7592 section 2.3.
          if (!told) reply.writeHead(204, { 'cache-control': 'no-store' }).end()
          return told
        }),
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

/** RFC 9449 section 8: whoever is told to use a nonce is told which. */
function tellingNonce(reply: ServerResponse, { decisions, issuer }: TokenPorts) {
  return (error: unknown): never => {
    const nonce = decisions.nonces?.current(issuer)
    if (error instanceof Problem && error.code === 'proof.nonce_required' && nonce !== undefined)
      reply.setHeader('dpop-nonce', nonce)
    throw error
  }
}

function challengeHandler(challenges: AttestationChallenges): RawHandler {
  return {
    name: 'challenge endpoint',
    paths: [CHALLENGE],
    handle: (message, reply, context) =>
      answering(reply, context, async () => challengeEndpoint(message, challenges)),
  }
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
    const asked = WANTED[problem.code] ?? {}
    if (reply.headersSent) reply.destroy()
    else write(reply, answer.status, answer.body, { ...RETRY[answer.status], ...asked })
  }
}

/** RFC 9110 section 11.6.1: what a secret can be sent in. */
const SECRETS: OutgoingHttpHeaders = {
  'www-authenticate': 'Basic realm="remit", Bearer realm="remit"',
}
const WANTED: Readonly<Record<string, OutgoingHttpHeaders>> = {
  'enforcer.unauthenticated': SECRETS,
  'introspection.unauthenticated': SECRETS,
  'registration.unauthorized': { 'www-authenticate': 'Bearer error="invalid_token"' },
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
  writeText(reply, status, { type: 'application/json', text: JSON.stringify(body) }, headers)
}

function writeText(
  reply: ServerResponse,
  status: number,
  { text, type }: Told,
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
