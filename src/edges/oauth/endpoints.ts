import type { IntrospectionParts } from '../../grants/token-status/index.ts'
import type { AttestationChallenges } from '../../identity/agent-authentication/index.ts'
import type { Providers } from '../../identity/identity-providers/index.ts'
import type { RawHandler } from '../../platform/http/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { answeringFor, type EndpointHandler, type EndpointWork, writeText } from './answering.ts'
import { CHALLENGE, challengeEndpoint } from './attestation.ts'
import { BACKCHANNEL, backchannelEndpoint } from './authentication-request.ts'
import { authorizationHandler } from './authorization/endpoint.ts'
import type { AuthorizationPorts } from './authorization/ports.ts'
import { PUSHED, pushedRequestEndpoint } from './authorization/pushed-request.ts'
import { DETAIL_TYPES, detailTypes } from './detail-types.ts'
import { DEVICE, deviceEndpoint } from './device-request.ts'
import { introspectionEndpoint } from './introspect.ts'
import { LOG_OUT, logOutEndpoint } from './log-out.ts'
import { METADATA, metadataEndpoint } from './metadata.ts'
import { INTROSPECT } from './presented-caller.ts'
import { managementEndpoint } from './registration/manage.ts'
import { REGISTER, type RegistrationPorts, registrationEndpoint } from './registration/register.ts'
import { REVOKE, revocationEndpoint } from './revoke.ts'
import { type TokenPorts, tokenEndpoint } from './token.ts'

/** Ports that the authorization server's paths work with. */
export interface OAuthPorts
  extends Omit<TokenPorts, 'decisions'>,
    Pick<AuthorizationPorts, 'cookies' | 'problemPage' | 'pushedOnly'>,
    Pick<RegistrationPorts, 'fapi2' | 'registration' | 'registrationToken'> {
  readonly decisions: IntrospectionParts
  /** Identity providers, which say who has signed out. */
  readonly signingOut: Pick<Providers, 'logOut'>
}

/** Option for endpoints whose refusals are counted by `decisions`. */
const COUNTED = { counted: 'counted' } as const

/** The authorization server's paths, taken before the router. */
export function oauthHandlers(ports: OAuthPorts): RawHandler[] {
  const { records, decisions } = ports
  const { clock, random, storage } = decisions
  const registering = { ...ports, records, clock, random, storage }
  const answer = answeringFor(ports)
  // Endpoints that need room for a record. Revocation and introspection go on.
  const recorded =
    (work: EndpointWork): EndpointWork =>
    async (message, reply) => {
      decisions.disk?.requireRoom()
      return work(message, reply)
    }
  return [
    {
      name: 'token endpoint',
      edge: 'token',
      isWork: true,
      paths: ['/oauth/token'],
      // Issued tokens have a ledger record; refusals have a log line.
      inBooks: true,
      handle: answer(
        recorded((message) => tokenEndpoint(message, ports)),
        COUNTED,
      ),
    },
    ...(decisions.challenges ? [challengeHandler(answer, decisions.challenges)] : []),
    {
      name: 'pushed authorization requests',
      isWork: true,
      paths: [PUSHED],
      handle: answer(
        recorded((message) => pushedRequestEndpoint(message, ports)),
        { status: 201 },
      ),
    },
    {
      name: 'revocation endpoint',
      paths: [REVOKE],
      handle: answer((message) => revocationEndpoint(message, ports).then(() => ({}))),
    },
    {
      name: 'sign-outs at identity providers',
      paths: [LOG_OUT],
      handle: answer((message) => logOutEndpoint(message, ports).then(() => ({}))),
    },
    {
      name: 'introspection endpoint',
      isWork: true,
      paths: [INTROSPECT],
      handle: answer(async (message, reply) => {
        writeText(reply, 200, await introspectionEndpoint(message, ports))
        return undefined
      }),
    },
    {
      name: 'backchannel authentication endpoint',
      isWork: true,
      paths: [BACKCHANNEL],
      handle: answer(
        recorded((message) => backchannelEndpoint(message, ports)),
        { ...COUNTED, plainErrors: true },
      ),
    },
    ...(ports.deviceCodes
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
        return detailTypes(ports.issuer)
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
    authorizationHandler(ports),
    {
      name: 'metadata',
      paths: METADATA,
      handle: answer((message, reply) => metadataEndpoint(message, reply, ports)),
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
