import { IncomingMessage, type ServerResponse } from 'node:http'
import type { DecisionParts } from '../decisions/index.ts'
import { type ClientCertificates, headerValues } from '../http/index.ts'
import { Problem } from '../lib/problem.ts'
import { CHALLENGE_HEADER, isAttested, withAttestation } from './attestation.ts'
import { deviceCode } from './backchannel/device-request.ts'
import { type Form, readForm, required } from './form.ts'
import {
  CIBA,
  CLIENT_CREDENTIALS,
  DEFERRED,
  DEVICE_CODE,
  JWT_BEARER,
  TOKEN_EXCHANGE,
} from './grant-types.ts'
import {
  authorizationCode,
  type InteractiveParts,
  refreshToken,
} from './grants/authorization-code.ts'
import { ciba } from './grants/ciba.ts'
import { clientCredentials } from './grants/client-credentials.ts'
import { deferred } from './grants/deferred.ts'
import { type AssertionAnswer, assertionFor, wantsAssertion } from './grants/issue-assertion.ts'
import { jwtBearer } from './grants/jwt-bearer.ts'
import { deferringOf, type Presented } from './grants/read.ts'
import { tokenExchange } from './grants/token-exchange.ts'
import type { TokenAnswer } from './token-answer.ts'
import {
  replaceTransactionToken,
  type TransactionAnswer,
  wantsTransaction,
} from './transactions/replace.ts'

/** What the token endpoint works with. */
export interface TokenPorts extends InteractiveParts {
  readonly issuer: string
  /** Whether devices without a browser may ask. */
  readonly deviceCodes: boolean
  /** What clients showed at their TLS connections; absent where nobody ends those in front of us. */
  readonly certificates?: ClientCertificates | undefined
  /** Audience of transaction tokens. */
  readonly trustDomain: string
  /** The standard grants. */
  readonly provider: (request: IncomingMessage, reply: ServerResponse) => Promise<void>
}

type InteractiveGrant = (
  parts: InteractiveParts,
  presented: Presented,
  form: Form,
) => Promise<TokenAnswer>

/** Those of the authorization endpoint: the provider issues the code, and what it opens is ours. */
const INTERACTIVE: ReadonlyMap<string, InteractiveGrant> = new Map([
  ['authorization_code', authorizationCode],
  ['refresh_token', refreshToken],
])

type Grant = (parts: DecisionParts, presented: Presented, form: Form) => Promise<TokenAnswer>

/** Remit's own grants, by grant type. */
const GRANTS: ReadonlyMap<string, Grant> = new Map([
  [TOKEN_EXCHANGE, tokenExchange],
  [JWT_BEARER, jwtBearer],
  [CLIENT_CREDENTIALS, clientCredentials],
  [DEFERRED, deferred],
  [CIBA, ciba],
  [DEVICE_CODE, deviceCode],
])

/** Every grant type that something is issued for. */
export const GRANT_TYPES: readonly string[] = [...INTERACTIVE.keys(), ...GRANTS.keys()]

/**
 * The token endpoint (RFC 6749 section 3.2). Remit's own grants are answered here, on a path without detours; every
 * other grant goes to the provider. `undefined`: the provider answers.
 */
export async function tokenEndpoint(
  message: IncomingMessage,
  reply: ServerResponse,
  ports: TokenPorts,
): Promise<TokenAnswer | TransactionAnswer | AssertionAnswer | undefined> {
  if (message.method !== 'POST') throw new Problem('request.method_not_allowed', 'POST is needed')
  const { form: sent, text } = await readForm(message)
  const form = withAttestation(message, sent)
  const { challenges } = ports.decisions
  // Section 6.2 of the draft: the next proof answers this one.
  if (challenges && isAttested(message)) reply.setHeader(CHALLENGE_HEADER, challenges.now())
  const type = required(form, 'grant_type')
  const grant = type === DEVICE_CODE && !ports.deviceCodes ? undefined : GRANTS.get(type)
  const interactive = INTERACTIVE.get(type)
  if (!grant && !interactive) {
    await ports.provider(withBody(message, text), reply)
    return undefined
  }
  if (grant === tokenExchange && wantsTransaction(form))
    return replaceTransactionToken(message, form, ports)
  // On every grant: what cannot be read is refused, whether or not it would be deferred.
  deferringOf(form)
  const presented = {
    proof: headerValues(message, 'dpop'),
    certificate: ports.certificates?.read(message),
    method: 'POST',
    url: `${ports.issuer}/oauth/token`,
    origin: { ip: message.socket.remoteAddress ?? '' },
  }
  if (grant === tokenExchange && wantsAssertion(form))
    return assertionFor(ports.decisions, presented, form)
  if (interactive) return interactive(ports, presented, form)
  return grant?.(ports.decisions, presented, form)
}

/** The request as it was before its body was read: the provider reads bodies itself. */
function withBody(message: IncomingMessage, text: string): IncomingMessage {
  const again = new IncomingMessage(message.socket)
  const { headers, httpVersion, httpVersionMajor, httpVersionMinor, method, rawHeaders, url } =
    message
  const head = { headers, httpVersion, httpVersionMajor, httpVersionMinor, method, rawHeaders, url }
  Object.assign(again, head, { complete: true })
  again.push(text)
  again.push(null)
  return again
}
