import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AttestationChallenges } from '../agent-authentication/index.ts'
import type { RawHandler } from '../http/index.ts'
import type { Providers } from '../identity-providers/index.ts'
import { Problem } from '../lib/problem.ts'
import type { IntrospectionParts } from '../token-status/index.ts'
import { answeringFor, type EndpointHandler, type EndpointWork, writeText } from './answering.ts'
import { CHALLENGE, challengeEndpoint } from './attestation.ts'
import { BACKCHANNEL, backchannelEndpoint } from './authentication-request.ts'
import { DETAIL_TYPES, detailTypes } from './detail-types.ts'
import { DEVICE, deviceEndpoint } from './device-request.ts'
import { authorizationHandler } from './interactive/authorization-endpoint.ts'
import { introspectionEndpoint } from './introspect.ts'
import { LOG_OUT, logOutEndpoint } from './log-out.ts'
import { INTROSPECT } from './presented-caller.ts'
import type { AuthorizationServer } from './provider.ts'
import { PUSHED, pushedRequestEndpoint } from './pushed-request.ts'
import { managementEndpoint } from './registration/manage.ts'
import { REGISTER, type RegistrationPorts, registrationEndpoint } from './registration/register.ts'
import { REVOKE, revocationEndpoint } from './revoke.ts'
import { type TokenPorts, tokenEndpoint } from './token.ts'

/** What the authorization server's paths work with. */
export interface OAuthPorts
  extends Omit<TokenPorts, 'provider' | 'decisions'>,
    Pick<RegistrationPorts, 'fapi2' | 'registration' | 'registrationToken'> {
  readonly decisions: IntrospectionParts
  readonly server: AuthorizationServer
  /** Identity providers, which say who has signed out. */
  readonly signingOut: Pick<Providers, 'logOut'>
}

/** What is refused there is counted by `decisions`. */
const COUNTED = { counted: 'counted' } as const

/** The authorization server's paths, taken before the router: ours first, everything else of the protocol to the provider. */
export function oauthHandlers(given: OAuthPorts): RawHandler[] {
  const { artefacts, decisions, server } = given
  const { clock, random, storage } = decisions
  const registering = { ...given, artefacts, clock, random, storage }
  const ports: TokenPorts = { ...given, provider: server.handle }
  const answer = answeringFor(given)
  // What is not done without a record. Revocation and introspection go on.
  const recorded =
    (work: EndpointWork): EndpointWork =>
    async (message, reply) => {
      decisions.disk?.requireRoom()
      return work(message, reply)
    }
  return [
    {
      name: 'token endpoint',
      paths: ['/oauth/token'],
      // Tokens are in the ledger, what is refused is in the log.
      inBooks: true,
      handle: answer(
        recorded((message, reply) => tokenEndpoint(message, reply, ports)),
        COUNTED,
      ),
    },
    ...(decisions.challenges ? [challengeHandler(answer, decisions.challenges)] : []),
    {
      name: 'pushed authorization requests',
      paths: [PUSHED],
      handle: answer(recorded((message, reply) => pushedRequestEndpoint(message, reply, ports))),
    },
    {
      name: 'revocation endpoint',
      paths: [REVOKE],
      handle: answer((message) => revocationEndpoint(message, ports).then(() => ({}))),
    },
    {
      name: 'sign-outs at identity providers',
      paths: [LOG_OUT],
      handle: answer((message) => logOutEndpoint(message, given).then(() => ({}))),
    },
    {
      name: 'introspection endpoint',
      paths: [INTROSPECT],
      handle: answer(async (message, reply) => {
        writeText(reply, 200, await introspectionEndpoint(message, given))
        return undefined
      }),
    },
    {
      name: 'backchannel authentication endpoint',
      paths: [BACKCHANNEL],
      handle: answer(
        recorded((message) => backchannelEndpoint(message, ports)),
        { ...COUNTED, plainErrors: true },
      ),
    },
    ...(given.deviceCodes
      ? [
          {
            name: 'device authorization endpoint',
            paths: [DEVICE],
            handle: answer(
              recorded((message) => deviceEndpoint(message, ports)),
              COUNTED,
            ),
          },
        ]
      : []),
    {
      name: 'types of details',
      paths: [DETAIL_TYPES],
      handle: answer(async (message) => {
        if (message.method !== 'GET' && message.method !== 'HEAD')
          throw new Problem('request.method_not_allowed', 'GET is needed')
        return detailTypes(given.issuer)
      }),
    },
    {
      name: 'registration endpoint',
      paths: [REGISTER],
      handle: answer(
        recorded((message) => registrationEndpoint(message, registering)),
        {
          status: 201,
        },
      ),
    },
    {
      name: 'registrations',
      paths: [`${REGISTER}/`],
      handle: answer(async (message, reply) => {
        const told = await managementEndpoint(message, registering)
        // RFC 7592 section 2.3.
        if (!told) reply.writeHead(204, { 'cache-control': 'no-store' }).end()
        return told
      }),
    },
    authorizationHandler(server, answer),
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

function challengeHandler(answer: EndpointHandler, challenges: AttestationChallenges): RawHandler {
  return {
    name: 'challenge endpoint',
    paths: [CHALLENGE],
    handle: answer(async (message) => challengeEndpoint(message, challenges)),
  }
}
