import type { IncomingMessage, ServerResponse } from 'node:http'
import type { GrantParts } from '../grants/index.ts'
import type { ClientAddresses, ClientCertificates } from '../http/index.ts'
import { Problem } from '../lib/problem.ts'
import { readClientForm } from './attestation.ts'
import { deviceCode } from './device-request.ts'
import { type Form, required } from './form.ts'
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
import { presentedAt, withBody } from './presented.ts'
import type { PushedRoom } from './pushed-room.ts'
import {
  replaceTransactionToken,
  type TransactionAnswer,
  wantsTransaction,
} from './replace-transaction.ts'
import type { TokenAnswer } from './token-answer.ts'

/** What the token endpoint works with. */
export interface TokenPorts extends InteractiveParts {
  readonly issuer: string
  /** Whether devices without a browser may ask. */
  readonly deviceCodes: boolean
  readonly certificates?: ClientCertificates | undefined
  /** Where requests come from. */
  readonly addresses: ClientAddresses
  /** Authorization requests that were pushed, and wait for their browser. */
  readonly pushed: PushedRoom
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

type Grant = (parts: GrantParts, presented: Presented, form: Form) => Promise<TokenAnswer>

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
  const { form, text } = await readClientForm(message)
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
  const presented = presentedAt(message, ports, '/oauth/token')
  if (grant === tokenExchange && wantsAssertion(form))
    return assertionFor(ports.decisions, presented, form)
  if (interactive) return interactive(ports, presented, form)
  return grant?.(ports.decisions, presented, form)
}
