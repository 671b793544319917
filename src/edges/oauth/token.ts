import type { IncomingMessage } from 'node:http'
import type { GrantParts } from '../../grants/grants/index.ts'
import type { IntrospectionParts } from '../../grants/token-status/index.ts'
import type { ClientAddresses, ClientCertificates } from '../../platform/http/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { readClientForm } from './attestation.ts'
import type { ParQuota } from './authorization/par-quota.ts'
import { type Form, required } from './form.ts'
import {
  CIBA,
  CLIENT_CREDENTIALS,
  DEFERRED,
  DEVICE_CODE,
  ID_JAG,
  JWT,
  JWT_BEARER,
  TOKEN_EXCHANGE,
  TRANSACTION_TOKEN,
} from './grant-types.ts'
import {
  authorizationCode,
  type InteractiveParts,
  refreshToken,
} from './grants/authorization-code.ts'
import { clientCredentials } from './grants/client-credentials.ts'
import { ciba, deferred, deviceCode } from './grants/deferred.ts'
import { type AssertionAnswer, assertionFor } from './grants/issue-assertion.ts'
import { jwtBearer } from './grants/jwt-bearer.ts'
import { deferringOf, type RequestCredentials } from './grants/read.ts'
import { tokenExchange } from './grants/token-exchange.ts'
import { presentedAt } from './presented.ts'
import { replaceTransactionToken, type TransactionAnswer } from './replace-transaction.ts'
import type { TokenAnswer } from './token-answer.ts'

/** Ports that the token endpoint works with. */
export interface TokenPorts extends InteractiveParts {
  readonly issuer: string
  readonly decisions: IntrospectionParts
  /** True when devices without a browser may ask. */
  readonly deviceCodes: boolean
  readonly certificates?: ClientCertificates | undefined
  /** Addresses that requests come from. */
  readonly addresses: ClientAddresses
  /** Authorization requests that were pushed, and wait for their browser. */
  readonly pushed: ParQuota
  /** Audience of transaction tokens. */
  readonly trustDomain: string
}

type Answer = TokenAnswer | TransactionAnswer | AssertionAnswer

/**
 * Row for one grant type, and one requested token type, where that makes another grant of it: it
 * answers their requests.
 */
interface GrantRow {
  readonly grantType: string
  /** RFC 8693 section 2.1; left out: whatever is not in a row of its own. */
  readonly requestedTokenType?: string
  readonly answer: (message: IncomingMessage, form: Form, ports: TokenPorts) => Promise<Answer>
}

/** Every grant that something is issued for. */
const GRANTS: readonly GrantRow[] = [
  { grantType: 'authorization_code', answer: interactive(authorizationCode) },
  { grantType: 'refresh_token', answer: interactive(refreshToken) },
  {
    grantType: TOKEN_EXCHANGE,
    requestedTokenType: TRANSACTION_TOKEN,
    answer: replaceTransactionToken,
  },
  { grantType: TOKEN_EXCHANGE, requestedTokenType: ID_JAG, answer: presenting(assertionFor) },
  { grantType: TOKEN_EXCHANGE, requestedTokenType: JWT, answer: presenting(assertionFor) },
  { grantType: TOKEN_EXCHANGE, answer: presenting(tokenExchange) },
  { grantType: JWT_BEARER, answer: presenting(jwtBearer) },
  { grantType: CLIENT_CREDENTIALS, answer: presenting(clientCredentials) },
  { grantType: DEFERRED, answer: presenting(deferred) },
  { grantType: CIBA, answer: presenting(ciba) },
  { grantType: DEVICE_CODE, answer: presenting(deviceCode) },
]

type Grant<Parts> = (parts: Parts, presented: RequestCredentials, form: Form) => Promise<Answer>

function interactive(grant: Grant<InteractiveParts>): GrantRow['answer'] {
  return (message, form, ports) => grant(ports, presentedAt(message, ports, '/oauth/token'), form)
}

function presenting(grant: Grant<GrantParts>): GrantRow['answer'] {
  return interactive(({ decisions }, presented, form) => grant(decisions, presented, form))
}

/** Every grant type that something is issued for. */
export const GRANT_TYPES: readonly string[] = [...new Set(GRANTS.map(({ grantType }) => grantType))]

/**
 * The token endpoint (RFC 6749 section 3.2).
 * @throws Problem `oauth.unsupported_grant`, and those of the grants
 */
export async function tokenEndpoint(message: IncomingMessage, ports: TokenPorts): Promise<Answer> {
  if (message.method !== 'POST') throw new Problem('request.method_not_allowed', 'POST is needed')
  const { form } = await readClientForm(message)
  const type = required(form, 'grant_type')
  const rows = GRANTS.filter(({ grantType }) => grantType === type)
  const wanted = form.get('requested_token_type')
  const row =
    rows.find(({ requestedTokenType }) => requestedTokenType === wanted) ??
    rows.find(({ requestedTokenType }) => requestedTokenType === undefined)
  if (!row || (type === DEVICE_CODE && !ports.deviceCodes))
    throw new Problem('oauth.unsupported_grant', 'nothing is issued for this `grant_type`')
  // On every grant: what cannot be read is refused, whether or not it would be deferred.
  deferringOf(form)
  return row.answer(message, form, ports)
}
